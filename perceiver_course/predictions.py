"""Shapes worth guessing, and the beliefs behind wrong guesses. Each is held to what runs."""

from difflib import get_close_matches
from pkgutil import iter_modules
from types import EllipsisType

from . import chapters
from .kit.catalogue import Catalogue
from .kit.exercises import your_turn

OTHER_WORDS = {  # with which names begin, where it is not the topic of the chapter
    "answers": "extending",
    "audio": "extending",
    "clouds": "point_clouds",
    "conv": "convolution",
    "cross": "cross_attention",
    "deit": "distillation_token",
    "detection": "extending",
    "film": "feature_maps",
    "fourier": "start",
    "hiera": "hierarchy",
    "language": "masked_language",
    "learned": "images_learned",
    "mae": "masked_pretraining",
    "maps": "feature_maps",
    "names": "extending",
    "places": "positions",
    "text-classes": "text_classification",
}
TOPICS = {chapter.name: chapter.name for chapter in iter_modules(chapters.__path__)}
PREDICTIONS = Catalogue(
    "PREDICTIONS",
    {word: f"chapters.{topic}.exercises" for word, topic in {**TOPICS, **OTHER_WORDS}.items()},
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
