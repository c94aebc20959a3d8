"""Scores of several seeds: every one of them, their mean and their spread."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from matplotlib.figure import Figure

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, open_frame


@checked
def draw_seed_scores(scores: Mapping[str, Sequence[float]], title: str) -> Picture:
    """A line for each way to train: a dot for every seed, a bar for mean ± standard deviation.

    Args:
        scores: way -> one score for each of two or more seeds.
        title: what the scores are.
    """
    figure = Figure(figsize=(7.4, 0.9 + 0.42 * len(scores)), layout="constrained")
    axes = figure.add_subplot()
    told = []
    for row, (name, some) in enumerate(scores.items()):
        middle, spread = mean(some), stdev(some)
        bar = {"color": AXES["latents"].colour, "linewidth": 2, "capsize": 5}
        axes.errorbar(middle, row, xerr=spread, fmt="|", markersize=16, **bar)
        axes.plot(some, [row] * len(some), "o", color=AXES["inputs"].colour, ms=5, alpha=0.8)
        told.append(f"{name} {middle:.3f} ± {spread:.3f}")
        label = f"{middle:.3f} ± {spread:.3f}"
        axes.annotate(
            label, (1.01, row), xycoords=("axes fraction", "data"), fontsize=9, va="center"
        )
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.margins(y=0.18)
    axes.set_xlabel(title)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    open_frame(axes)
    count = len(next(iter(scores.values())))
    return Picture(
        figure, f"{title}, mean ± standard deviation of {count} seeds: {'; '.join(told)}."
    )
