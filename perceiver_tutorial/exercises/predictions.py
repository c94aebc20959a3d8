"""Shapes worth guessing, and the beliefs behind wrong guesses. Each is held to a real walk."""

from dataclasses import dataclass
from difflib import get_close_matches
from types import EllipsisType

from .check import your_turn
from .predict import Prediction

FOURIER = "deepmind/vision-perceiver-fourier"


@dataclass(frozen=True)
class WalkedPrediction(Prediction):
    """A prediction about one stop of a published model's walk.

    Attributes:
        model: published name.
        stage: name of the stop.
    """

    model: str = FOURIER
    stage: str = "answer"


IMAGE = {"B": 1, "H": 224, "W": 224, "K": 64, "N": 512, "D": 1024, "classes": 1000}

PREDICTIONS = {
    "fourier.input-array": WalkedPrediction(
        question="an image of 3 x 224 x 224 becomes an input array; 64 bands. Which shape has it?",
        formula="B, H*W, 3 + 2*(2*K + 1)",
        symbols=IMAGE,
        slips={
            "B, H*W, 2*(2*K + 1)": (
                "258 is the position code; the 3 colours are concatenated, not replaced."
            ),
            "B, H*W, 3 + 2*2*K": (
                "256 are the sines and cosines; the two raw coordinates are channels as well."
            ),
            "B, H*W, 3 + K": "64 bands are pitches; each has a sine and a cosine on both axes.",
            "B, 3, H*W": "every pixel is a row; channels, here colours and places, come last.",
            "B, 14*14, 3*16*16": "those are a vision transformer's patches; this one reads pixels.",
        },
        stage="preprocessor",
    ),
    "fourier.latents": WalkedPrediction(
        question="512 latents of width 1024 read the 50,176 inputs. Which shape comes out?",
        formula="B, N, D",
        symbols=IMAGE,
        slips={
            "B, H*W, D": "the latents ask, so there are as many rows as latents, not as inputs.",
            "B, N, 3 + 2*(2*K + 1)": "261 is what is read; the result is as wide as who asks.",
            "B, H*W, N": "that is an attention map turned round; its rows are mixed away.",
        },
        stage="encoder",
    ),
    "fourier.queries": WalkedPrediction(
        question="the decoder is asked one thing: which class? Which shape has that query?",
        formula="B, 1, D",
        symbols=IMAGE,
        slips={
            "B, 1, classes": (
                "so says the post, too; but the query is as wide as a latent, and a linear map "
                "makes 1000 scores of what it reads."
            ),
            "B, classes, D": "one query asks for all classes together, not one query for each.",
            "B, D": "queries are an array with rows, even if there is one: its axis stays.",
        },
        stage="queries",
    ),
    "fourier.answer": WalkedPrediction(
        question="and the answer?",
        formula="B, classes",
        symbols=IMAGE,
        slips={
            "B, 1, classes": "the axis of the one query is squeezed away at the end.",
            "B, classes, D": "a linear map turns 1024 channels into 1000 scores.",
        },
    ),
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
