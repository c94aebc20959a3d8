"""The same seeds, threads and offline rule for every test."""

import os

import jaxtyping
import pytest

from tutorial import REPRODUCIBLE

OFFLINE = {name: os.environ.get(name) for name in REPRODUCIBLE if name.endswith("OFFLINE")}
ON_REQUEST = ("seeds", "weights")

os.environ.update(REPRODUCIBLE)  # before torch and transformers read it

import torch  # noqa: E402

torch.set_num_threads(1)  # small models: a second thread waits more than it helps


@pytest.fixture(autouse=True)
def seeded():
    """Start every test from the same random numbers."""
    torch.manual_seed(0)


@pytest.fixture
def no_gradients():
    """Compute without gradients, as users do who only ask."""
    with torch.no_grad():
        yield


@pytest.fixture
def without_shape_checks():
    """Turn jaxtyping's checks off, as for users: they cost time, and our own sentences answer."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def pytest_configure(config):
    """Published weights may be fetched where they are asked for, unless somebody forbade it."""
    if "weights" in config.option.markexpr:
        for name, wished in OFFLINE.items():
            if wished is None:
                os.environ.pop(name, None)


def pytest_collection_modifyitems(config, items):
    """Five trainings of every recipe, and published weights, only where asked for by name."""
    for marker in ON_REQUEST:
        if marker not in config.option.markexpr:
            others = [item for item in items if item.get_closest_marker(marker)]
            config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if item not in others]


def pytest_terminal_summary(terminalreporter):
    """How many claims are checked and how fast explorers answer, where a run looked at it."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    print_explorers(terminalreporter, reports)
    if any("test_ledger.py" in (getattr(r, "nodeid", "") or "") for r in reports):
        print_claims(terminalreporter)


def print_explorers(terminalreporter, reports):
    """The slowest knob of every explorer, the slowest first."""
    found = {
        tuple(value)
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "slowest knob"
    }
    if found:
        terminalreporter.section("explorers: milliseconds of the slowest knob")
        for milliseconds, explorer, knob in sorted(found, reverse=True):
            terminalreporter.line(f"{milliseconds:4}  {explorer}, {knob}")


def print_claims(terminalreporter):
    """How many statements of every system are checked."""
    try:
        from perceiver_tutorial.ledger import report

        table = report()
    except Exception as error:
        table = f"no table: {error}"
    terminalreporter.section("claims")
    terminalreporter.line(table)
