"""What nbval never compares; and what every notebook needs, compared with its header."""

import os
import tempfile
from pathlib import Path

from perceiver_course.kit.keep import FOLDER
from tools import contents

USED = "used by the notebook"
measured = {}
os.environ[FOLDER] = tempfile.mkdtemp()  # a test writes into no reader's file


def pytest_collectstart(collector):
    """Add to the outputs that nbval skips; text and numbers stay compared."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += (
            *("stderr", "text/html", "image/svg+xml", "application/javascript"),
        )


def pytest_runtest_teardown(item, nextitem):
    """After a notebook's last cell, note what its kernel has used."""
    notebook = item.parent
    is_last = nextitem is None or nextitem.parent is not notebook
    if is_last and getattr(notebook, "kernel", None) and notebook.kernel.is_alive():
        used = contents.used_by(notebook.kernel.km.provisioner.pid)
        item.user_properties.append((USED, (used.seconds, used.gigabytes)))


def pytest_runtest_logreport(report):
    """Collect the notes, which come from several processes."""
    if report.when == "teardown":
        for name, used in report.user_properties:
            if name == USED:
                measured[Path(report.nodeid.split("::")[0]).stem] = contents.Needs(*used)


def pytest_sessionfinish(session):
    """Keep what was measured; a header that is wrong by more than a factor of two is a failure."""
    if measured:
        contents.keep(measured, session.config.rootpath)
        if wrong() and session.exitstatus == 0:
            session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    """Print what every notebook needed, and which headers are wrong."""
    if measured:
        terminalreporter.section("what the notebooks needed")
        for name, used in sorted(measured.items()):
            terminalreporter.line(f"{name:24} {used.seconds:6.1f} s  {used.gigabytes:4.1f} GB")
        for line in wrong():
            terminalreporter.line(f"WRONG {line}. Measure alone, then: python tools/contents.py")


def wrong() -> list[str]:
    """Complaints about the headers of the notebooks that ran."""
    folder = Path(__file__).parent
    texts = {name: (folder / f"{name}.ipynb").read_text(encoding="utf-8") for name in measured}
    said = {name: contents.said_in(text) for name, text in texts.items()}
    return contents.complaints(measured, said)
