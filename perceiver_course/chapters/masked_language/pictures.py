"""Guessed letters beneath the text they belong to."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from ...kit.axes import AXES
from ...kit.picture import Picture, box, middle, panels

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
    size = cell * longest, 1.25 * cell * sum(heights)
    figure, grid = panels(len(guesses), 1, *size, height_ratios=heights)
    for axes, height, (text, each) in zip(grid[:, 0], heights, guesses.items(), strict=True):
        axes.set(xlim=(0, longest), ylim=(height, 0))
        blanks = iter(each)
        for place, letter in enumerate(text):
            if letter != "_":
                _letter(axes, place, 0.0, letter, cell)
                continue
            box(axes, place, 0, 1, 1, facecolor=AXES["inputs"].colour, edgecolor="white")
            _letter(axes, place, 0.0, "?", cell)
            for row, (guess, share) in enumerate(next(blanks).items(), 1):
                if share >= FAINT:
                    green = AXES["queries"].colour
                    box(axes, place, row + 0.1, 1, 1, facecolor=green, alpha=share)
                    _letter(axes, place, row + 0.1, guess, cell)
    told = "; ".join(f'"{text}" {best_letters(each)!r}' for text, each in guesses.items())
    return Picture(figure, f"Texts with blanks, and the likeliest letters for them: {told}.")


def _letter(axes: Axes, place: int, row: float, letter: str, cell: float) -> None:
    points = 62 * cell / len(letter) ** 0.8
    middle(axes, place + 0.5, row + 0.55, letter, points, family="monospace")


def best_letters(guesses: Guesses) -> str:
    """The likeliest letter for every blank, one after another.

    >>> best_letters([{"o": 0.9, "a": 0.1}, {"x": 0.8}])
    'ox'
    """
    return "".join(max(letters, key=letters.get) for letters in guesses)
