"""An open task with a number: the best one is kept."""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..keep import FOLDER
from .replies import NotYet, is_unwritten, reply_of, your_turn

FILE = "my_scores.json"


@dataclass(frozen=True)
class Project:
    """A task without one right answer.

    Attributes:
        name: under which the best score is kept, e.g. "training.digits".
        task: what is asked for.
        score: the number that an answer reaches.
        rivals: who else -> what they reach.
        seconds: an answer may take, on one core.
        limits: what is limited -> (what an answer has of it, the most it may have).
        is_lower_better: whether small numbers are good.
    """

    name: str
    task: str
    score: Callable[[Any], int | float]
    rivals: Mapping[str, int | float] = field(default_factory=dict)
    seconds: int | float = 60
    limits: Mapping[str, tuple[Callable, int | float]] = field(default_factory=dict)
    is_lower_better: bool = False

    def check(self, yours: Any) -> None:
        """Run your answer within its budget, and print its score beside those of others.

        Args:
            yours: what the task asks for.

        Raises:
            NotYet: if it stops, takes too long, is larger than allowed, or has no finite score.
        """
        if is_unwritten(yours):
            others = ", ".join(f"{name} {value:.4g}" for name, value in self.rivals.items())
            print(your_turn(self.task + (f" To beat: {others}." if others else "")))
            return
        for what, (measure, most) in self.limits.items():
            if not (has := reply_of(measure, yours)) <= most:
                raise NotYet(f"{has:,.6g} {what}; at most {most:,.6g} are allowed.")
        started = time.process_time()
        score = float(reply_of(self.score, yours))
        took = time.process_time() - started
        if not math.isfinite(score):
            raise NotYet(f"the score is {score}; expected a finite number.")
        if took > self.seconds:
            raise NotYet(f"it took {took:.0f} seconds; at most {self.seconds:.0f} are allowed.")
        best = self._keep_best(score)
        rows = {"yours": score, "your best": best, **self.rivals}
        width = max(map(len, rows))
        for name in sorted(rows, key=rows.get, reverse=not self.is_lower_better):
            print(f"{name:{width}}  {rows[name]:.4g}")

    def _keep_best(self, score: float) -> float:
        """The best score so far, kept in the reader's folder."""
        place = Path(os.environ.get(FOLDER, ".")) / FILE
        try:
            known = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(
                f"expected scores in {FILE}, as JSON: {error}. Repair it, or move it away."
            ) from error
        choose = min if self.is_lower_better else max
        known[self.name] = choose(score, known.get(self.name, score))
        beside = place.with_suffix(".part")
        beside.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        beside.replace(place)
        return known[self.name]
