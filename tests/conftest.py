"""The same seeds, threads and offline rule for every test."""

import os

import pytest

from tutorial import REPRODUCIBLE

os.environ.update(REPRODUCIBLE)  # before torch and transformers read it

import torch

torch.set_num_threads(1)  # small models: a second thread waits more than it helps


@pytest.fixture(autouse=True)
def seeded():
    """Start every test from the same random numbers."""
    torch.manual_seed(0)


def pytest_collection_modifyitems(config, items):
    """Five trainings of every recipe run only where they are asked for by name."""
    if "seeds" not in config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("seeds")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter):
    """After a run that looked at the ledger, print how many claims are checked."""
    reports = (report for some in terminalreporter.stats.values() for report in some)
    if not any("test_ledger.py" in (getattr(r, "nodeid", "") or "") for r in reports):
        return
    try:
        from perceiver_tutorial.ledger import report

        table = report()
    except Exception as error:
        table = f"no table: {error}"
    terminalreporter.section("claims")
    terminalreporter.line(table)
