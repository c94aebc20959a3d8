"""How long something takes, in a unit that a slow or busy machine stretches alike."""

import time
from collections.abc import Callable


def seconds(action: Callable[[], object], times: int = 1) -> float:
    """Processor time of the quickest of some runs."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return min(taken)


def count_to_a_million() -> None:
    """The unit: 20 to 40 milliseconds on a laptop."""
    for _ in range(1_000_000):
        pass
