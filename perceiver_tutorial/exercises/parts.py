"""Exercises in which a part of a Perceiver is written: it is tried property by property."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..perceiver.conformance import check_preprocessor
from ..perceiver.doors import Door
from .check import NotYet, your_turn


@dataclass(frozen=True)
class PreprocessorExercise:
    """A preprocessor to write.

    Attributes:
        task: what its rows are to be.
        example: makes raw input, two samples or more.
        reference: a class that is right; other rows of that shape may be right, too.
    """

    task: str
    example: Callable[[], Tensor]
    reference: Callable[[], nn.Module]

    def check(self, yours: Callable[[], nn.Module]) -> None:
        """Try your part, and name the first property that it lacks.

        Args:
            yours: a class; its `forward` may return `...` while it is not written yet.

        Raises:
            NotYet: if the part does not fit, or its rows have another shape.
        """
        raw = self.example()
        with torch.no_grad():
            rows = yours()(raw)
        if rows is ... or rows is None:
            print(your_turn(self.task))
            return
        if problems := check_preprocessor(yours(), raw).problems:
            raise NotYet(": ".join(next(iter(problems.items()))))
        wanted = self.reference()(raw).shape
        if rows.shape != wanted:
            raise NotYet(f"shape: expected {tuple(wanted)}, got {tuple(rows.shape)}.")
        print("right")


class MoveList(nn.Module):
    """Moves of chess: the two squares of each, looked up in one learned table."""

    num_channels = 16

    def __init__(self):
        super().__init__()
        self.door = Door("moves", ("moves", "from and to"), (None, 2), "A move is two squares.")
        self.squares = nn.Embedding(64, 8)

    def forward(self, moves: Tensor) -> Tensor:
        self.door.check(moves, integers=True)
        return self.squares(moves).flatten(2)


def _two_games() -> Tensor:
    """Two games of five moves, each a square (0 to 63) and another."""
    return torch.randint(64, (2, 5, 2), generator=torch.Generator().manual_seed(0))


MOVE_LIST = PreprocessorExercise(
    task="chess moves [batch, moves, 2] are pairs of squares, 0 to 63. Make each move one input "
    "of 16 channels: both squares looked up in one learned table of 64 rows of 8, side by side. "
    "Let nothing else in.",
    example=_two_games,
    reference=MoveList,
)
