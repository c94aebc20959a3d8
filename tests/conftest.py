"""The same seeds, threads and offline rule for every test."""

import os
import platform
import re
import socket
from pathlib import Path

import jaxtyping
import pytest

from tools.run_tests import PROCESSORS
from tutorial import REPRODUCIBLE

OFFLINE = {name: os.environ.get(name) for name in REPRODUCIBLE if name.endswith("OFFLINE")}
TESTS = Path(__file__).parent
SIMULATING = sorted({name for variables in PROCESSORS.values() for name in variables})
ON_REQUEST = ("seeds", "weights")
NUMERIC = {
    *("checkpoints", "claims", "course", "deit", "floor", "hiera", "parity", "perceiver", "speed"),
    *("gates/test_bad_input_models.py", "tracing/test_cost.py"),
}  # folders, and files of other folders
NO_NUMBERS = {"exercises", "explorers", "found", "ledger", "pictures"}  # these look at words

os.environ.update(REPRODUCIBLE)  # before torch and transformers read it

import torch  # noqa: E402
from shaken import in_float64  # noqa: E402

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
def float64():
    """For a test whose numbers are compared to the last digits."""
    with in_float64():
        yield


@pytest.fixture
def without_shape_checks():
    """Turn jaxtyping's checks off, as for users: they cost time, and our own sentences answer."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def no_network(monkeypatch):
    """Every connection fails, as on a machine without a cable."""

    def refuse(*_, **_options):
        raise OSError("this test has no network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache of sets of its own: the folder that the course keeps them in, not made yet."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "perceiver-tutorial"


def pytest_configure(config):
    """Published weights may be fetched where they are asked for, unless somebody forbade it."""
    if "weights" in config.option.markexpr:
        for name, wished in OFFLINE.items():
            if wished is None:
                os.environ.pop(name, None)


def pytest_sessionstart(session):
    """Say on which processor the tests run; where there are several workers, say it once."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        terminal.write_line(f"processor: {processor()}")


def processor() -> str:
    """What decides how results are rounded: the processor and the libraries that multiply."""
    build = torch.__config__.show()
    blas = re.search("BLAS_INFO=([^,]*)", build)
    onednn = re.search(r"MKL-DNN v([\d.]+)", build)
    simulated = (f"{name}={os.environ[name]}" for name in SIMULATING if name in os.environ)
    return ", ".join(
        [
            str(torch.cpu.get_capabilities().get("cpu_name", platform.processor())),
            torch.backends.cpu.get_cpu_capability(),
            f"oneDNN {onednn.group(1)}" if onednn else "no oneDNN",
            "bfloat16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "no bfloat16",
            f"BLAS {blas.group(1)}" if blas else "unknown BLAS",
            *simulated,
        ]
    )


def is_numeric(path: Path) -> bool:
    """Whether the results of a test file may differ in their last digits between processors."""
    if not path.is_relative_to(TESTS):
        return False
    file = path.relative_to(TESTS)
    words = set(re.split(r"_|\W", file.as_posix()))
    return not {file.parts[0], file.as_posix()}.isdisjoint(NUMERIC) and words.isdisjoint(NO_NUMBERS)


def pytest_ignore_collect(collection_path, config):
    """Other files are not even imported where numeric tests alone are asked for."""
    if collection_path.suffix == ".py" and config.option.markexpr.startswith("numeric"):
        return not is_numeric(collection_path)


def pytest_collection_modifyitems(config, items):
    """Mark numeric tests; what takes long or fetches weights runs only where asked for by name."""
    for item in items:
        if is_numeric(item.path):
            item.add_marker(pytest.mark.numeric)
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
        from perceiver_course.kit.coverage import report

        table = report()
    except Exception as error:
        table = f"no table: {error}"
    terminalreporter.section("claims")
    terminalreporter.line(table)
