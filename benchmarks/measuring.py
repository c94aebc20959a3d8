"""Time and memory of a run, measured in the same way whoever wrote the model."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

Run = Callable[[], Any]


@dataclass(frozen=True)
class Timing:
    """How often and how long to measure.

    Attributes:
        rounds: every run once in each, in turns.
        seconds: no further round is begun after so many.

    Raises:
        ValueError: if there are no rounds.
    """

    rounds: int = 5
    seconds: float = 60.0

    def __post_init__(self):
        if self.rounds < 1:
            raise ValueError(f"expected at least 1 round, got {self.rounds}.")


def in_turns(runs: Mapping[str, Run], timing: Timing) -> dict[str, list[float]]:
    """Time several runs in turns, so that whatever slows the machine slows them alike.

    Args:
        runs: name -> what to run; all of them ran before, so that nothing is made for the first
            time.
        timing: see `Timing`.

    Returns:
        Name -> seconds of every round.
    """
    taken: dict[str, list[float]] = {name: [] for name in runs}
    begun = time.perf_counter()
    for _ in range(timing.rounds):
        for name, run in runs.items():
            taken[name].append(_seconds(run))
        if time.perf_counter() - begun > timing.seconds:
            break
    return taken


def _seconds(run: Run) -> float:
    """On one thread the processor's time for this program, which others cannot lengthen by much."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    with torch.inference_mode():
        run()
    return clock() - start


@dataclass(frozen=True)
class Watched:
    """What a run answered, and what it took.

    Attributes:
        answer: of the run.
        peak_bytes: the most that tensors made during the run held at once, the answer included.
    """

    answer: Any
    peak_bytes: int


def watch(run: Run) -> Watched:
    """Run once more, and follow how much memory its tensors hold.

    torch's allocator tells the profiler of every tensor that it makes and frees, also of
    those inside an operation. Weights and inputs were there before and are not counted.

    Args:
        run: what to run.

    >>> watch(lambda: torch.zeros(1000) + 1).peak_bytes // 1000  # two tensors of 1000 float32
    8
    """
    with torch.inference_mode(), profile(
        activities=[ProfilerActivity.CPU], profile_memory=True, acc_events=True
    ) as seen:  # fmt: skip
        answer = run()
    events = seen.profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return Watched(answer, peak)
