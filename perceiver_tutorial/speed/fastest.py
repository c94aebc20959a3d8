"""Which of several ways is the fastest here: measured, once for every shape.

No rule foresees it. oneDNN multiplies twice as fast as MKL on one processor and as fast on
the next; a kernel that is fast for 512 rows is slow for one; a copy that costs nothing on a
small array costs more than it saves on a large one. So whoever knows two ways runs both when
a shape comes for the first time, and takes the faster one from then on.
"""

import time
from collections.abc import Callable, Hashable, Mapping

import torch
from torch import Tensor

ROUNDS = 5
PATIENCE = 0.5  # seconds, after which two rounds are enough: what takes long is little disturbed
WORTH_IT = 1.05
_CHOSEN: dict[Hashable, str] = {}


def fastest(ways: Mapping[str, Callable[[], Tensor]], situation: Hashable) -> str:
    """The name of the fastest way.

    All ways take turns, and the best time of each counts: others may work on the same
    processor. The first way is the plain one; another is taken only if it saves a twentieth.

    Args:
        ways: name -> what to run. None of them may change anything.
        situation: shapes, types, and all else that times depend on. A situation is measured
            once in the life of the program, for every number of threads.

    >>> fastest({"slow": lambda: torch.ones(999, 999) @ torch.ones(999, 999),
    ...          "fast": lambda: torch.full((999, 999), 999.0)}, "ones times ones")
    'fast'
    """
    known = (situation, *ways, torch.get_num_threads())
    if known not in _CHOSEN:
        _CHOSEN[known] = _measured(ways)
    return _CHOSEN[known]


def _measured(ways: Mapping[str, Callable[[], Tensor]]) -> str:
    # On one thread others do not lengthen the processor's time; more threads spin while they wait.
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    best, began = dict.fromkeys(ways, float("inf")), clock()
    for number in range(ROUNDS):
        for name, run in ways.items():
            start = clock()
            run()
            best[name] = min(best[name], clock() - start)
        if number and clock() - began > PATIENCE:
            break
    plain, winner = next(iter(ways)), min(best, key=best.__getitem__)
    return winner if best[plain] > WORTH_IT * best[winner] else plain
