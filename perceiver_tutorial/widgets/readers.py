"""What a trained small model is to an explorer: what it is shown, its looks, and what it says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from .looks import Look
from .own import content_at, picture_in, text_in


@dataclass(frozen=True, eq=False)
class Given:
    """What a model is given.

    Attributes:
        raw: as the model takes it, a batch of one.
        told: what it is and how it was prepared, in a sentence.
        truth: the right answer, where it is known.
        letters: of a text, its characters with their ids.
    """

    raw: Tensor
    told: str
    truth: Any = None
    letters: tuple = ()


@dataclass(frozen=True, eq=False)
class Reader:
    """A trained model with its inputs.

    Attributes:
        load: makes the model.
        sample: one of the course's own inputs, by its number.
        prepare: what a reader brought, a picture or a text, to what the model takes.
        look: model and raw inputs to its looks and its answer.
        say: the answer in words.
        num_samples: how many there are.
        start: the sample and the row to begin with.
        is_text: whether it reads bytes instead of a picture.
        others: samples to compare with, as a batch; of pictures only.
        mark: the answer as places on the picture, row and column of each.
    """

    load: Callable[[], nn.Module]
    sample: Callable[[int], Given]
    prepare: Callable[[Any], Given]
    look: Callable[[nn.Module, Tensor], tuple[list[Look], Any]]
    say: Callable[[Any, Given], str]
    num_samples: int
    start: tuple[int, int] = (0, 0)
    is_text: bool = False
    others: Callable[[], Tensor] | None = None
    mark: Callable[[Any], Sequence[tuple[float, float]]] = lambda _answer: ()

    def given(self, upload: bytes | None, own: str, sample: int) -> Given:
        """What a reader brought, or else a sample; what was typed counts before a file.

        Raises:
            ValueError: if it cannot be read, in a sentence.
        """
        if upload is None and not own.strip():
            return self.sample(sample)
        if self.is_text:
            return self.prepare(own if own.strip() else text_in(upload))
        return self.prepare(picture_in(content_at(own) if own.strip() else upload))
