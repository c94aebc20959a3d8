"""Shapes worth guessing, and the beliefs behind wrong guesses. Each is held to what runs."""

from difflib import get_close_matches
from pkgutil import iter_modules
from typing import Any

from . import chapters
from .kit.catalogue import Catalogue
from .kit.exercises import your_turn

TOPICS = [chapter.name for chapter in iter_modules(chapters.__path__)]
PREDICTIONS = Catalogue("PREDICTIONS", {topic: f"chapters.{topic}.exercises" for topic in TOPICS})


def predict(name: str, guess: Any) -> None:
    """Guess a shape before it is computed, and hear what the guess believes.

    A right guess about a step of a model is told where its sizes come from.

    Args:
        name: which shape.
        guess: numbers such as (1, 224, 3), or a formula such as "B, H*W, 3"; `...` asks.

    Raises:
        KeyError: if there is no such question.

    >>> predict("start.answer", (1, 1000))
    right: (1, 1000)
           1,000 = L: a score for each
    """
    if name not in PREDICTIONS:
        nearest = get_close_matches(name, PREDICTIONS, n=1, cutoff=0)[0]
        raise KeyError(f"no prediction is called {name!r}. Did you mean {nearest!r}?")
    prediction = PREDICTIONS[name]
    print(your_turn(prediction.question) if guess is ... else prediction.judge(guess))
