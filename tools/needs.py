"""What notebooks need of a machine: measured while they are tested, written into their headers.

python tutorial.py test notebooks     measures, and compares with what the headers say
python tools/needs.py                 writes what was measured into the headers and the README
"""

import json
import math
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
MEASURED = Path("build/needs.json")
FACTOR = 2
ENOUGH = 5  # notebooks by which the speed of a machine can be told
SAID = r"(\d+) seconds, (\d+\.\d) GB to run"
UNMEASURED = r"\d+ seconds(, \d+\.\d GB)? to run(, no network)?"
ROW = r"(\| \[.*?\]\(notebooks/{}\.ipynb\) \|.*\| )[^|]*\| [^|]* \|$"


@dataclass(frozen=True)
class Needs:
    """What one notebook takes.

    Attributes:
        seconds: of one core, from the kernel's start to the last cell.
        gigabytes: most memory at once.
    """

    seconds: float
    gigabytes: float

    def __str__(self) -> str:
        return f"{self.rounded_seconds} seconds, {self.gigabytes:.1f} GB to run"

    @property
    def rounded_seconds(self) -> int:
        """Up to the next five."""
        return 5 * math.ceil(self.seconds / 5)

    @property
    def cells(self) -> str:
        """As the last two columns of the README's table."""
        return f"{self.rounded_seconds} s | {self.gigabytes:.1f} GB |"


def used_by(pid: int) -> Needs:
    """What a running process has taken until now, and its children that have ended."""
    import psutil

    process = psutil.Process(pid)
    times, memory = process.cpu_times(), process.memory_info()
    children = getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    peak = getattr(memory, "peak_wset", 0) or _most_on_linux(pid) or memory.rss
    return Needs(times.user + times.system + children, peak / 1e9)


def _most_on_linux(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def said_in(notebook: str) -> Needs | None:
    """What a notebook's header says, or None."""
    found = re.search(SAID, notebook)
    return Needs(float(found[1]), float(found[2])) if found else None


def complaints(measured: Mapping[str, Needs], said: Mapping[str, Needs | None]) -> list[str]:
    """Notebooks whose header is wrong by more than a factor of two, or says nothing.

    Machines differ in speed: seconds are compared after taking out the factor by which all
    notebooks together are slower or faster here. With fewer than five of them it cannot be known.

    Args:
        measured: name -> what it took here.
        said: name -> what its header says.
    """
    pairs = {name: (needs, said[name]) for name, needs in measured.items() if said[name]}
    silent = [f"{name}: the header says nothing" for name in measured if name not in pairs]
    ratios = {name: needs.seconds / header.seconds for name, (needs, header) in pairs.items()}
    usual = median(ratios.values()) if len(ratios) >= ENOUGH else None
    return silent + [
        f"{name}: {needs}, the header says {header}"
        for name, (needs, header) in pairs.items()
        if _is_off(needs.gigabytes / header.gigabytes) or (usual and _is_off(ratios[name] / usual))
    ]


def _is_off(ratio: float) -> bool:
    return not 1 / FACTOR <= ratio <= FACTOR


def keep(measured: Mapping[str, Needs], root: Path = ROOT) -> None:
    """Add to the file of what was measured last."""
    file = root / MEASURED
    known = read(root) if file.exists() else {}
    file.parent.mkdir(exist_ok=True)
    every = {name: asdict(needs) for name, needs in {**known, **measured}.items()}
    _replace(file, json.dumps(every))


def read(root: Path = ROOT) -> dict[str, Needs]:
    """What was measured last."""
    stored = json.loads((root / MEASURED).read_text(encoding="utf-8"))
    return {name: Needs(**needs) for name, needs in stored.items()}


def write(measured: Mapping[str, Needs], root: Path = ROOT) -> None:
    """Put what was measured into the notebooks' headers and the README's table."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    for name, needs in measured.items():
        path = root / "notebooks" / f"{name}.ipynb"
        text = path.read_text(encoding="utf-8")
        _replace(path, re.sub(UNMEASURED, str(needs), text, count=1))
        row = ROW.format(re.escape(name))
        readme = re.sub(row, rf"\g<1>{needs.cells}", readme, flags=re.MULTILINE)
    _replace(root / "README.md", readme)


def _replace(path: Path, text: str) -> None:
    """In one step, so that an interruption leaves the old file whole."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    os.replace(draft, path)


def main(root: Path = ROOT) -> int:
    """Write what was measured; 1 if nothing was."""
    if not (root / MEASURED).exists():
        print("Nothing was measured yet: python tutorial.py test notebooks")
        return 1
    write(read(root), root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
