"""Scores of recipes, written down seed by seed with the fingerprint of what was run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from .. import DATA
from .recipe import Recipe


def known(file: Path) -> dict[str, Any]:
    """What a file of scores holds; nothing, if there is none yet.

    Raises:
        ValueError: if it holds something else.
    """
    if not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"expected scores in {file}, as JSON, got something else ({error}). Delete it, and "
            "measure them again."
        ) from error
    if not isinstance(found, dict):
        raise ValueError(
            f"expected a dictionary of scores in {file}, got {type(found).__name__}. Delete it, "
            "and measure them again."
        )
    return found


def replace_file(file: Path, text: str) -> None:
    """Write a file beside its place and move it there: whoever stops it keeps the old one."""
    beside = file.with_suffix(".part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)


@dataclass(frozen=True)
class Notes:
    """A file of scores.

    Attributes:
        file: where they are written down.
        fingerprint: of the recipe; scores of another one are not kept.
        command: measures what is missing.
    """

    file: Path
    fingerprint: str
    command: str

    def write(self, choice: str, seed: int, scores: Sequence[int | float]) -> None:
        """Write scores down beside those that other choices and seeds of this recipe reached."""
        notes = known(self.file)
        if notes.get("fingerprint") != self.fingerprint:
            notes = {"fingerprint": self.fingerprint, "scores": {}}
        row = notes["scores"].setdefault(choice, {})
        row[str(seed)] = [round(score, 4) for score in scores]
        replace_file(self.file, json.dumps(notes, indent=1) + "\n")

    def read(self) -> dict[str, list[list[int | float]]]:
        """Choice -> the scores of every seed.

        Raises:
            FileNotFoundError: if nothing was measured.
            ValueError: if the file holds something else.
        """
        if not self.file.exists():
            raise FileNotFoundError(
                f"expected scores in {self.file}. Measure them: {self.command}."
            )
        found = known(self.file).get("scores")
        if not isinstance(found, dict) or not all(isinstance(of, dict) for of in found.values()):
            raise ValueError(
                f"expected the scores of every choice and seed in {self.file}, got something else. "
                f"Measure them again: {self.command}."
            )
        return {choice: list(of_seed.values()) for choice, of_seed in found.items()}


SEEDS = range(1, 6)
FILE = DATA / "seeds.json"


@dataclass(frozen=True)
class Measured:
    """The scores of one recipe.

    Attributes:
        fingerprint: of the recipe that was trained, see `Recipe.fingerprint`.
        scores: one for each of `SEEDS`.
    """

    fingerprint: str
    scores: tuple[float, ...]

    def __str__(self) -> str:
        return f"{mean(self.scores):.3f} ± {stdev(self.scores):.3f} (n {len(self.scores)})"


def measured(name: str, file: Path = FILE) -> Measured:
    """What was measured for a recipe.

    Args:
        name: of a recipe.
        file: where it is written down.

    Raises:
        KeyError: if nothing was.
        ValueError: if the file holds something else.
    """
    written = known(file)
    if name not in written:
        raise KeyError(
            f"expected a recipe of which seeds were measured, got {name!r}. Measure them: python "
            f"tools/train_models.py --seeds {name}."
        )
    try:
        return Measured(written[name]["fingerprint"], tuple(written[name]["scores"]))
    except (TypeError, KeyError) as error:
        raise ValueError(
            f"expected fingerprint and scores of {name!r} in {file}, got {written[name]}. Measure "
            f"them again: python tools/train_models.py --seeds {name}."
        ) from error


def measure(recipe: Recipe) -> Measured:
    """Train a recipe with every seed, and score it."""
    scores = (round(recipe.score(recipe.train(seed)[0]), 4) for seed in SEEDS)
    return Measured(recipe.fingerprint, tuple(scores))


def write_down(name: str, found: Measured, file: Path = FILE) -> None:
    """Keep what was measured, beside what was measured for other recipes."""
    written = known(file)
    written[name] = {"fingerprint": found.fingerprint, "scores": list(found.scores)}
    lines = (f'  "{key}": {json.dumps(written[key])}' for key in sorted(written))
    replace_file(file, "{\n" + ",\n".join(lines) + "\n}\n")
