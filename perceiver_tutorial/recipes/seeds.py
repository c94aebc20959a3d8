"""What five seeds of every recipe scored, as `tools/train_models.py --seeds` measured it."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from ..doors import checked
from .notes import known, replace_file
from .recipe import Recipe

SEEDS = range(1, 6)
FILE = Path(__file__).parents[2] / "data" / "seeds.json"


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


@checked
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
