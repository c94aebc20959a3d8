"""Shapes worth guessing, and the beliefs behind wrong guesses. Each is held to what runs."""

from difflib import get_close_matches
from types import EllipsisType

from ..check import your_turn
from . import (
    attention,
    checkpoints,
    clouds,
    costs,
    cross,
    decoders,
    detection,
    distillation,
    distillation_token,
    entities,
    extending,
    feature_maps,
    flow,
    hierarchy,
    images,
    language,
    multimodal,
    places,
    pretraining,
    shapes,
    stems,
    texts,
)
from .kinds import ComputedPrediction, WalkedPrediction

PREDICTIONS: dict[str, WalkedPrediction | ComputedPrediction] = {
    **shapes.PREDICTIONS,
    **attention.PREDICTIONS,
    **cross.PREDICTIONS,
    **places.PREDICTIONS,
    **images.PREDICTIONS,
    **flow.PREDICTIONS,
    **decoders.PREDICTIONS,
    **clouds.PREDICTIONS,
    **detection.PREDICTIONS,
    **entities.PREDICTIONS,
    **extending.PREDICTIONS,
    **costs.PREDICTIONS,
    **stems.PREDICTIONS,
    **texts.PREDICTIONS,
    **language.PREDICTIONS,
    **multimodal.PREDICTIONS,
    **hierarchy.PREDICTIONS,
    **feature_maps.PREDICTIONS,
    **pretraining.PREDICTIONS,
    **distillation.PREDICTIONS,
    **distillation_token.PREDICTIONS,
    **checkpoints.PREDICTIONS,
}


def predict(name: str, guess: tuple[int, ...] | str | EllipsisType) -> None:
    """Guess a shape before it is computed, and hear what the guess believes.

    Args:
        name: which shape.
        guess: numbers such as (1, 224, 3), or a formula such as "B, H*W, 3"; `...` asks.

    Raises:
        KeyError: if there is no such question.
        ValueError: if the guess cannot be read.

    >>> predict("fourier.answer", (1, 1000))
    right: (1, 1000)
    """
    if name not in PREDICTIONS:
        nearest = get_close_matches(name, PREDICTIONS, n=1, cutoff=0)[0]
        raise KeyError(f"no prediction is called {name!r}. Did you mean {nearest!r}?")
    prediction = PREDICTIONS[name]
    print(your_turn(prediction.question) if guess is ... else prediction.judge(guess))
