"""Random inputs for exercises, so that no constant can be the answer."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

ROUNDS = 3
One = TypeVar("One")


class Draw:
    """Draws sizes and numbers; the same exercise and round give the same ones."""

    def __init__(self, exercise: str, round_number: int = 0) -> None:
        self.round = round_number
        seed = zlib.crc32(exercise.encode()) + round_number
        self.generator = torch.Generator().manual_seed(seed)

    def sizes(self, count: int, low: int = 2, high: int = 9) -> list[int]:
        """Different sizes from `low` to `high`, so that no axis can be taken for another."""
        drawn = torch.randperm(high - low + 1, generator=self.generator)[:count]
        return (low + drawn).tolist()

    def size(self, low: int = 2, high: int = 9) -> int:
        """One size from `low` to `high`."""
        return self.sizes(1, low, high)[0]

    def randn(self, *shape: int) -> Tensor:
        """Normal numbers."""
        return torch.randn(shape, generator=self.generator)

    def rand(self, *shape: int) -> Tensor:
        """Numbers from 0 to 1."""
        return torch.rand(shape, generator=self.generator)

    def randint(self, high: int, *shape: int) -> Tensor:
        """Whole numbers from 0 to `high` - 1."""
        return torch.randint(high, shape, generator=self.generator)

    def permutation(self, length: int) -> Tensor:
        """The numbers from 0 to `length` - 1 in a random order."""
        return torch.randperm(length, generator=self.generator)

    def choice(self, among: Sequence[One]) -> One:
        """One of several; in the first rounds each time another one."""
        start = int(torch.randint(len(among), (1,), generator=torch.Generator().manual_seed(0)))
        return among[(start + self.round) % len(among)]
