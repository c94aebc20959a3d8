"""One set of packages, said three times: pyproject.toml, requirements.lock, environment.yml."""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tools import lock

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "requirements.lock", "environment.yml")
LOCKED = lock.locked()
CUDA = ("nvidia-", "cuda-", "triton")  # what torch brings besides, where it is built for CUDA


@pytest.fixture(scope="module")
def installed():
    """What the project needs on this machine, at the versions that are installed."""
    return lock.closure(lock.direct_requirements())


@pytest.mark.parametrize("requirement", lock.direct_requirements(), ids=str)
def test_every_dependency_is_locked_within_its_range(requirement):
    assert LOCKED[requirement.name] in requirement.specifier


def test_the_lowest_versions_are_those_of_the_project(capsys):
    lock.main(["lowest"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("==")[0] for line in lines] == sorted(lock.lowest())
    for requirement in lock.direct_requirements():
        assert f"{requirement.name}=={lock.lowest()[requirement.name]}" in lines
        assert lock.lowest()[requirement.name] in requirement.specifier


def test_the_lock_is_sorted_and_holds_nothing_but_names_and_versions():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert list(LOCKED) == sorted(LOCKED)
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==\d[a-z0-9.]*", pin)] == []


@pytest.mark.pinned
def test_the_running_environment_has_the_locked_versions(installed):
    pairs = {name: (LOCKED.get(name, version), version) for name, version in installed.items()}
    assert {name: pair for name, pair in pairs.items() if pair[0] != pair[1]} == {}


@pytest.mark.pinned
@pytest.mark.skipif(sys.platform != "linux", reason="other systems need other packages besides")
def test_the_lock_forgets_nothing(installed):
    assert {name for name in installed if not name.startswith(CUDA)} - set(LOCKED) == set()


@pytest.mark.pinned
@pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11),
    reason="locked on Linux, Python 3.11",
)
def test_the_lock_holds_nothing_that_is_not_needed(installed):
    assert set(LOCKED) - set(installed) == set()


@pytest.mark.pinned
@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_every_pin_installs_on_every_accepted_python(installed, python):
    needed = {name: metadata.metadata(name)["Requires-Python"] or "" for name in installed}
    assert [name for name, spec in needed.items() if not SpecifierSet(spec).contains(python)] == []


def test_conda_brings_python_and_pip_and_nothing_else():
    assert yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8")) == {
        "name": lock.project()["name"],
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.11",
            "pip",
            {"pip": ["--constraint requirements.lock", "-e .[notebooks]"]},
        ],
    }


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_a_server_or_a_place_on_one_machine(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"^Repository = .*", "", text, flags=re.MULTILINE)  # the project's own
    places = (
        r"://| @ |index-url|find-links|(?<![\w.])/(home|opt|root|tmp|usr|Users|work)\b|[A-Z]:\\"
    )
    assert not re.search(places, text)


@pytest.mark.pinned
def test_the_settings_of_jupyterlab_are_installed():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]
    for source, target in wheel["wheel"]["shared-data"].items():
        assert (Path(sys.prefix) / target).read_bytes() == (ROOT / source).read_bytes()
