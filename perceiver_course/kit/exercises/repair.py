"""Repair a short model that is broken and runs: the check measures what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .draw import ROUNDS, Draw
from .replies import NotYet, reply_of

TRIES = 2


@dataclass(frozen=True)
class Stage:
    """Something that a right model does.

    Attributes:
        measure: called with the model's class or function and a `Draw`; a sentence about what was
            measured if it is wrong, else nothing.
        where: a sentence that says where to look, told after two tries.
    """

    measure: Callable[[Any, Draw], str]
    where: str


@dataclass(frozen=True)
class Repair:
    """A broken model that stands in a cell, to be repaired there.

    Attributes:
        task: what the model should do.
        stages: what is measured, one after the other, each with other random sizes.
    """

    task: str
    stages: tuple[Stage, ...]
    _tries: list[int] = field(default_factory=list, repr=False, compare=False)

    def check(self, yours: Any) -> None:
        """Print what is still wrong, or that all is right.

        Args:
            yours: the class or function in the cell.
        """
        for number, stage in enumerate(self.stages):
            for round_number in range(ROUNDS):
                if said := self._said(stage, yours, Draw(self.task, round_number)):
                    self._tries.append(number)
                    # the first run of the cell measures the broken model as it came
                    is_stuck = self._tries.count(number) > TRIES
                    print(f"not yet: {said}" + f" {stage.where}" * is_stuck)
                    return
        print(f"right: {len(self.stages)} measurements, each on {ROUNDS} sets of random sizes")

    def _said(self, stage: Stage, yours: Any, draw: Draw) -> str:
        try:
            said = reply_of(lambda: stage.measure(yours, draw) or "")
        except NotYet as error:
            said = str(error)
        return said
