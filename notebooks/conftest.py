"""What nbval never compares, in any cell: text that differs between machines and versions."""


def pytest_collectstart(collector):
    """Add to the outputs that nbval skips; text and numbers stay compared."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += (
            *("stderr", "text/html", "image/svg+xml", "application/javascript"),
        )
