"""What is seen of a curve, in words: for those who do not see it."""

import math

import numpy as np

PIXELS = 200  # about as many as a panel is high


def curve_words(values: np.ndarray, x: np.ndarray, span: float) -> str:
    """How a curve runs: where it begins and ends, how far it goes, how often it swings.

    Args:
        values: one for each x; NaN is a gap.
        x: what the values belong to.
        span: from the lowest to the highest number of the panel, as for `rounded`.

    >>> steps = np.arange(64)
    >>> curve_words(np.sin(steps * np.pi / 8), steps, 2.0)
    'swings 4 times between -1 and 1'
    >>> curve_words(np.array([0.0, np.nan, 2.0, 1e-9]), np.arange(4), 2.0)
    'at 3 of 4 places, from 0 to 0, up to 2 at 2'
    """
    is_known = np.isfinite(values)
    known, places = values[is_known], x[is_known]
    low, high = known.min(), known.max()
    gaps = "" if is_known.all() else f"at {len(known)} of {len(x)} places, "
    swings = (_turns(known) + 1) // 2
    if swings > 1:
        words = f"swings {swings} times between {rounded(low, span)} and {rounded(high, span)}"
    else:
        words = f"from {rounded(known[0], span)} to {rounded(known[-1], span)}"
        pixel = span / PIXELS
        if high > max(known[0], known[-1]) + pixel:
            words += f", up to {rounded(high, span)}{_where(known, places, pixel)}"
        if low < min(known[0], known[-1]) - pixel:
            words += f", down to {rounded(low, span)}{_where(-known, places, pixel)}"
    return gaps + words


def rounded(number: int | float | np.number, span: float) -> str:
    """A number to three digits of a span, at most five behind the point; span 0: of its own.

    >>> rounded(-1.192e-06, 5.2), rounded(8192.4, 8192.0), rounded(0.30859, 1.0)
    ('0', '8,192', '0.31')
    """
    span = span or abs(number) or 1.0
    digits = min(5, max(0, 2 - math.floor(math.log10(span))))
    shown = 0.0 if abs(number) < span / PIXELS else round(float(number), digits)
    return f"{shown:,.10g}"


def span_of(x: np.ndarray) -> float:
    """What places along x are rounded to; numbers that double are rounded each by itself."""
    return 0.0 if is_doubled(x) else float(np.ptp(x))


def is_doubled(x: np.ndarray) -> bool:
    """Whether every x is at least twice the one before."""
    return len(x) > 1 and bool(x[0] > 0) and bool((x[1:] >= 2 * x[:-1]).all())


def _where(known: np.ndarray, places: np.ndarray, pixel: float) -> str:
    """At which x the highest is, if there is one alone."""
    near = np.flatnonzero(known >= known.max() - pixel)
    if near[-1] - near[0] >= len(near):
        return ""
    middle = (places[near[0]] + places[near[-1]]) / 2
    return f" at {rounded(middle, span_of(places))}"


def _turns(known: np.ndarray) -> int:
    """How often a curve turns round by more than a quarter of its height."""
    least, turns, direction, last = float(np.ptp(known)) / 4, 0, 0, known[0]
    for value in known:
        if direction * (value - last) >= 0 and (direction or value == last):
            last = value
        elif abs(value - last) > least:
            turns += direction != 0
            direction, last = (1 if value > last else -1), value
    return turns
