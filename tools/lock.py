"""Write requirements.lock: every package that `.[test]` needs, at the version installed here.

    python tools/lock.py            the versions that are installed here, into the file
    python tools/lock.py lowest     the lowest that pyproject.toml allows, printed as constraints

Run it in the environment whose tests have just passed. The file holds names and versions only, so
pip can use it as constraints on every system: what another system needs besides stays free.
"""

import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEADER = """\
# The tested set: every package that `.[test]` needs, at the version its tests ran with.
# Made by `python tools/lock.py`; pip reads it as constraints (`--constraint requirements.lock`).
"""


def project() -> dict:
    """The project table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def direct_requirements() -> list[Requirement]:
    """What pyproject.toml asks for: the dependencies and all extras, without the project itself."""
    groups = [project()["dependencies"], *project()["optional-dependencies"].values()]
    wanted = [Requirement(line) for group in groups for line in group]
    return [requirement for requirement in wanted if requirement.name != project()["name"]]


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Name and version of every package that the wanted ones need here, themselves included."""
    versions: dict[str, str] = {}
    waiting, seen = list(wanted), set()
    while waiting:
        requirement = waiting.pop()
        distribution = metadata.distribution(requirement.name)
        versions[canonicalize_name(requirement.name)] = public_version(distribution.version)
        asked = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if asked not in seen:
            seen.add(asked)
            waiting += needs(distribution, requirement.extras)
    return versions


def needs(distribution: metadata.Distribution, extras: set[str]) -> list[Requirement]:
    """What one installed package requires on this system when it is asked for with these extras."""
    lines = [Requirement(line) for line in distribution.requires or []]
    asked = [{"extra": extra} for extra in {"", *extras}]
    return [need for need in lines if not need.marker or any(map(need.marker.evaluate, asked))]


def public_version(version: str) -> str:
    """The version without its local suffix (+cpu): other systems have other builds of it."""
    return version.split("+")[0]


def locked() -> dict[str, str]:
    """Name and version of every line of requirements.lock."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def lowest() -> dict[str, str]:
    """Name and lowest allowed version of everything that pyproject.toml asks for."""
    return {
        requirement.name: next(s.version for s in requirement.specifier if s.operator == ">=")
        for requirement in direct_requirements()
    }


def lines_of(versions: dict[str, str]) -> str:
    """Constraints as pip reads them, sorted by name."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def main(words: list[str]) -> None:
    """Print the lowest versions, or write the installed ones and say how many they are."""
    if words == ["lowest"]:
        print(lines_of(lowest()), end="")
        return
    versions = closure(direct_requirements())
    LOCK.write_text(HEADER + lines_of(versions), encoding="utf-8", newline="\n")
    print(f"{LOCK.name}: {len(versions)} packages")


if __name__ == "__main__":
    main(sys.argv[1:])
