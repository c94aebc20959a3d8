"""What the label costs the picture: the recipe "clips" with other weights for the label."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean

from ...kit.recipes.clips import RECIPES, ClipScores, clip_loss, score_clips
from ...kit.recipes.scores import DATA, Notes

FILE = DATA / "clips_tradeoff.json"
LABEL_WEIGHTS = (0.003, 0.1, 3.0)
SEEDS = (1,)


def notes(file: Path = FILE) -> Notes:
    """Where the scores are written down."""
    return Notes(file, RECIPES["clips"].fingerprint, "python tools/trade_clips.py")


def trade(label_weight: float, seed: int) -> ClipScores:
    """Train with another weight for the label, and score on clips that were not seen."""
    recipe = replace(RECIPES["clips"], loss=partial(clip_loss, label_weight=label_weight))
    return score_clips(recipe.train(seed)[0])


def traded(file: Path = FILE) -> dict[float, ClipScores]:
    """Label weight -> the mean scores of what was trained with it.

    Raises:
        FileNotFoundError: if nothing was measured.
    """
    found = notes(file).read()
    return {
        float(weight): ClipScores(*map(mean, zip(*found[weight], strict=True)))
        for weight in sorted(found, key=float)
    }


def note(label_weight: float, seed: int, scores: ClipScores, file: Path = FILE) -> None:
    """Write scores down beside those that other weights and seeds of this recipe reached."""
    notes(file).write(f"{label_weight:g}", seed, scores)
