"""What was measured: kept in a file, told as a table."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import BF16, FAST, PLAIN, THEIRS, cases

RESULTS = Path(__file__).parent / "results.json"
Results = dict[str, Any]


@dataclass(frozen=True)
class Ratio:
    """One side against transformers.

    Attributes:
        speed: how many times as fast; best rounds of both.
        memory: peak of the activations, as a share of transformers'.
    """

    speed: float
    memory: float


def read(path: Path = RESULTS) -> Results:
    """What is in the file; nothing, if there is none yet."""
    if not path.exists():
        return {"machine": {}, "models": {}}
    return json.loads(path.read_text(encoding="utf-8"))


def write(results: Results, path: Path = RESULTS) -> None:
    """Replace the file in one step: whoever stops the program keeps the old or the new one."""
    order = {case.name: number for number, case in enumerate(cases())}
    models = sorted(results["models"].items(), key=lambda one: order.get(one[0], len(order)))
    draft = path.with_suffix(".draft")
    text = json.dumps(results | {"models": dict(models)}, indent=1)
    draft.write_text(f"{text}\n", encoding="utf-8")
    os.replace(draft, path)


def begin(machine: Mapping[str, str], path: Path = RESULTS) -> Results:
    """The results so far, if they were measured on the same machine; else none."""
    before = read(path)
    if before["machine"] == dict(machine):
        return before
    return {"machine": dict(machine), "models": {}}


def ratios(sides: Mapping[str, Mapping[str, Any]]) -> dict[str, Ratio]:
    """Every side of one task against transformers."""
    theirs = sides[THEIRS]
    best = min(theirs["seconds"]) * theirs["times"]
    return {
        name: Ratio(best / (min(side["seconds"]) * side["times"]), side["bytes"] / theirs["bytes"])
        for name, side in sides.items()
        if name != THEIRS
    }


def table(results: Results) -> str:
    """The ratios of all models in Markdown."""
    lines = [
        "| Model | as you write it | sped up | memory | memory, sped up | rounds |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(name, sides) for name, sides in results["models"].items()]
    return "\n".join(lines)


def _row(name: str, sides: Mapping[str, Mapping[str, Any]]) -> str:
    found = ratios(sides)
    speeds = [f"{found[side].speed:.2f} x" for side in (PLAIN, FAST)]
    if BF16 in found:
        speeds[1] += f" (bf16 {found[BF16].speed:.2f} x)"
    memories = [f"{found[side].memory:.2f}" for side in (PLAIN, FAST)]
    cells = [name.split("/")[1], *speeds, *memories, str(len(sides[THEIRS]["seconds"]))]
    return f"| {' | '.join(cells)} |"


def machine(results: Results) -> str:
    """What the results were measured on, in one line."""
    return ", ".join(f"{name} {value}" for name, value in results["machine"].items())
