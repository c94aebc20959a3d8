"""What the label costs the picture: the recipe "clips" with other weights for the label."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import mean

from .clips import RECIPES, ClipScores, clip_loss, score_clips

FILE = Path(__file__).parents[2] / "data" / "clips_tradeoff.json"
LABEL_WEIGHTS = (0.003, 0.1, 3.0)
SEEDS = (1,)


def trade(label_weight: float, seed: int) -> ClipScores:
    """Train with another weight for the label, and score on clips that were not seen."""
    recipe = replace(
        RECIPES["clips"], loss=lambda *batch: clip_loss(*batch, label_weight=label_weight)
    )
    return score_clips(recipe.train(seed)[0])


def traded(file: Path = FILE) -> dict[float, ClipScores]:
    """Label weight -> the mean scores of what was trained with it.

    Raises:
        FileNotFoundError: if nothing was measured.
    """
    if not file.exists():
        raise FileNotFoundError(
            f"expected scores in {file}. Measure them: python tools/trade_clips.py."
        )
    found = json.loads(file.read_text(encoding="utf-8"))["scores"]
    return {
        float(weight): ClipScores(*map(mean, zip(*found[weight].values(), strict=True)))
        for weight in sorted(found, key=float)
    }


def note(label_weight: float, seed: int, scores: ClipScores, file: Path = FILE) -> None:
    """Write scores down beside those that other weights and seeds of this recipe reached."""
    fingerprint = RECIPES["clips"].fingerprint
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if known.get("fingerprint") != fingerprint:
        known = {"fingerprint": fingerprint, "scores": {}}
    row = known["scores"].setdefault(f"{label_weight:g}", {})
    row[str(seed)] = [round(score, 4) for score in scores]
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    beside.replace(file)
