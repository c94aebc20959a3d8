"""Shapes worth guessing, and the beliefs behind wrong guesses. Each is held to what runs."""

from difflib import get_close_matches
from types import EllipsisType

from .kit.catalogue import Catalogue
from .kit.exercises import your_turn

HOMES = {
    "answers": "extending",
    "attention": "attention",
    "audio": "extending",
    "bytes": "bytes",
    "checkpoints": "checkpoints",
    "clouds": "point_clouds",
    "conv": "convolution",
    "cost": "cost",
    "cross": "cross_attention",
    "decoders": "decoders",
    "deit": "distillation_token",
    "detection": "extending",
    "distillation": "distillation",
    "entities": "entities",
    "film": "feature_maps",
    "flow": "flow",
    "fourier": "start",
    "hiera": "hierarchy",
    "language": "masked_language",
    "learned": "images_learned",
    "mae": "masked_pretraining",
    "maps": "feature_maps",
    "multimodal": "multimodal",
    "names": "extending",
    "places": "positions",
    "shapes": "shapes",
    "text-classes": "text_classification",
}
PREDICTIONS = Catalogue(
    "PREDICTIONS", {word: f"chapters.{topic}.exercises" for word, topic in HOMES.items()}
)


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
