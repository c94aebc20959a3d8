"""What was measured: kept in a file by processor, told as a table."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from . import machine
from .cases import BF16, FAST, PLAIN, THEIRS, cases

RESULTS = Path(__file__).parent / "results.json"
Record = dict[str, Any]
Side = Mapping[str, Any]


@dataclass(frozen=True)
class Ratio:
    """One side against transformers.

    Attributes:
        speed: how many times as fast; the median of all rounds.
        memory: peak of the activations, as a share of transformers'.
    """

    speed: float
    memory: float


def read(path: Path = RESULTS) -> dict[str, Record]:
    """Processor in one line -> its record; nothing, if there is no file yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def begin(described: Mapping[str, str], path: Path = RESULTS) -> Record:
    """What was measured so far on such a machine, or an empty record."""
    empty = {"machine": dict(described), "models": {}}
    return read(path).get(machine.in_one_line(described), empty)


def write(record: Record, path: Path = RESULTS) -> None:
    """Put a record among the others, the last measured last.

    The file is replaced in one step: whoever stops the program keeps the old or the new one.
    """
    order = {case.name: number for number, case in enumerate(cases())}
    models = sorted(record["models"].items(), key=lambda one: order.get(one[0], len(order)))
    name = machine.in_one_line(record["machine"])
    others = {other: found for other, found in read(path).items() if other != name}
    draft = path.with_suffix(".draft")
    text = json.dumps(others | {name: record | {"models": dict(models)}}, indent=1)
    draft.write_text(f"{text}\n", encoding="utf-8")
    os.replace(draft, path)


def ratios(sides: Mapping[str, Side]) -> dict[str, Ratio]:
    """Every side of one task against transformers, whose turns it shared."""
    theirs = sides[THEIRS]
    return {
        name: Ratio(_speed(theirs, side), side["bytes"] / theirs["bytes"])
        for name, side in sides.items()
        if name != THEIRS
    }


def _speed(theirs: Side, ours: Side) -> float:
    rounds = zip(theirs["seconds"], ours["seconds"], strict=True)
    return theirs["times"] / ours["times"] * median(their / our for their, our in rounds)


def table(record: Record) -> str:
    """The ratios of all models in Markdown."""
    lines = [
        "| Model | as you write it | sped up | memory | memory, sped up | rounds |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(name, sides) for name, sides in record["models"].items()]
    return "\n".join(lines)


def _row(name: str, sides: Mapping[str, Side]) -> str:
    found = ratios(sides)
    speeds = [f"{found[side].speed:.2f} x" for side in (PLAIN, FAST)]
    if BF16 in found:
        speeds[1] += f" (bf16 {found[BF16].speed:.2f} x)"
    memories = [f"{found[side].memory:.2f}" for side in (PLAIN, FAST)]
    cells = [name.split("/")[1], *speeds, *memories, str(len(sides[THEIRS]["seconds"]))]
    return f"| {' | '.join(cells)} |"
