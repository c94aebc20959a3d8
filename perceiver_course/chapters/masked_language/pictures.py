"""Guessed letters beneath the text they belong to, and text shaded by how much it is read."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.picture import INK, Picture

WIDEST, CELL, FAINT = 9.4, 0.155, 0.01
Guesses = Sequence[Mapping[str, float]]


def draw_guesses(guesses: Mapping[str, Guesses]) -> Picture:
    """Texts with blanks; beneath each blank its likeliest letters, darker where likelier.

    Letters with a probability below 1 in 100 are left out.

    Args:
        guesses: text -> for each of its underscores, letter -> probability, likeliest first.
    """
    longest = max(map(len, guesses))
    heights = [1.6 + max(len(letters) for letters in each) for each in guesses.values()]
    cell = min(CELL, WIDEST / longest)
    figure = Figure(figsize=(cell * longest, 1.25 * cell * sum(heights)), layout="constrained")
    panels = figure.subplots(len(guesses), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, height, (text, each) in zip(panels, heights, guesses.items(), strict=True):
        _write(axes, text, longest, height, cell)
        places = [place for place, letter in enumerate(text) if letter == "_"]
        for place, letters in zip(places, each, strict=True):
            _column(axes, place, letters, cell)
    told = "; ".join(f'"{text}" {best_letters(each)!r}' for text, each in guesses.items())
    return Picture(figure, f"Texts with blanks, and the likeliest letters for them: {told}.")


def best_letters(guesses: Guesses) -> str:
    """The likeliest letter for every blank, one after another.

    >>> best_letters([{"o": 0.9, "a": 0.1}, {"x": 0.8}])
    'ox'
    """
    return "".join(max(letters, key=letters.get) for letters in guesses)


def _write(axes: Axes, text: str, longest: int, height: float, cell: float) -> None:
    axes.set(xlim=(0, longest), ylim=(height, 0))
    axes.set_axis_off()
    for place, letter in enumerate(text):
        if letter == "_":
            colour = AXES["inputs"].colour
            axes.add_patch(Rectangle((place, 0), 1, 1, facecolor=colour, edgecolor="white"))
        _letter(axes, place, 0.0, "?" if letter == "_" else letter, cell)


def _column(axes: Axes, place: int, letters: Mapping[str, float], cell: float) -> None:
    for row, (letter, probability) in enumerate(letters.items(), start=1):
        if probability < FAINT:
            continue
        box = {"facecolor": AXES["queries"].colour, "alpha": probability, "edgecolor": "none"}
        axes.add_patch(Rectangle((place, row + 0.1), 1, 1, **box))
        _letter(axes, place, row + 0.1, letter, cell)


def _letter(axes: Axes, place: int, row: float, letter: str, cell: float) -> None:
    axes.text(
        place + 0.5, row + 0.55, letter, ha="center", va="center",
        fontsize=62 * cell / len(letter) ** 0.8, color=INK, family="monospace",
    )  # fmt: skip


def draw_reading(
    letters: Sequence[str], readings: Mapping[str, Float[Tensor, " inputs"]]
) -> Picture:
    """One text again and again, each time shaded by how much another reader reads each letter.

    Every line is shaded from zero to its own largest weight.

    Args:
        letters: what was read, one for each input.
        readings: who reads -> a weight for each letter.
    """
    cell = min(CELL, WIDEST / (len(letters) + 6))
    size = cell * (len(letters) + 6), 1.4 * cell * len(readings) + 0.1
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(-6, len(letters)), ylim=(len(readings), 0))
    axes.set_axis_off()
    for row, (reader, weights) in enumerate(readings.items()):
        axes.text(-0.7, row + 0.55, reader, ha="right", va="center", fontsize=8, color=INK)
        for place, share in enumerate((weights / weights.max()).tolist()):
            box = {"facecolor": AXES["inputs"].colour, "alpha": share, "edgecolor": "none"}
            axes.add_patch(Rectangle((place, row + 0.05), 1, 0.9, **box))
            _letter(axes, place, float(row), letters[place], cell)
    told = f"{''.join(letters)!r}, shaded by where attention goes"
    return Picture(figure, f"The text {told}, for {', '.join(readings)}.")
