"""What a teacher says at several temperatures, who agrees with whom, and seeds side by side."""

from collections.abc import Mapping, Sequence
from statistics import mean

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import HEAT
from ...kit.picture import INK, Picture, open_frame

Shares = Float[Tensor, " classes"]


def draw_softened(shares: Mapping[str, Shares], classes: Sequence[str]) -> Picture:
    """Distributions over the same classes as bars, one drawing for each.

    Args:
        shares: title -> probabilities.
        classes: their names, in the same order.
    """
    figure = Figure(figsize=(min(9.2, 2.4 * len(shares)), 2.2), layout="constrained")
    row = figure.subplots(1, len(shares), sharey=True, squeeze=False)[0]
    told = []
    for axes, (title, values) in zip(row, shares.items(), strict=True):
        values = values.detach()
        bars = axes.bar(classes, values.tolist(), color=AXES["classes"].colour, width=0.8)
        best = int(values.argmax())
        bars[best].set_edgecolor(INK)
        axes.text(best, float(values[best]) + 0.02, f"{values[best]:.2f}", ha="center", fontsize=8)
        axes.set(ylim=(0, 1.12), yticks=(0, 0.5, 1))
        axes.set_title(title, fontsize=10, color=INK)
        axes.tick_params(labelsize=7)
        open_frame(axes)
        told.append(f"{title}, {classes[best]} {values[best]:.2f}")
    row[0].set_ylabel("share", fontsize=8)
    return Picture(figure, f"Shares of {len(classes)} classes, the largest: {'; '.join(told)}.")


def draw_agreement(choices: Mapping[str, Sequence[int]]) -> Picture:
    """How often any two of several readers choose differently, in percent.

    Args:
        choices: name -> the class it chose for each image, all for the same images.
    """
    names, count = list(choices), len(next(iter(choices.values())))
    apart = [
        [sum(a != b for a, b in zip(choices[row], choices[column], strict=True)) / count
         for column in names]
        for row in names
    ]  # fmt: skip
    side = 0.62 * len(names)
    figure = Figure(figsize=(side + 1.9, side + 0.9), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(apart, cmap=HEAT, vmin=0, interpolation="nearest")
    _percents(axes, apart)
    places = range(len(names))
    axes.set_xticks(places, names, fontsize=8, rotation=30, ha="left", rotation_mode="anchor")
    axes.set_yticks(places, names, fontsize=8)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    told = (
        f"{a} and {b} {100 * apart[i][j]:.1f}"
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j
    )
    return Picture(figure, f"Different choices in percent of {count} images: {'; '.join(told)}.")


def _percents(axes: Axes, table: Sequence[Sequence[float]]) -> None:
    most = max(map(max, table))
    for y, row in enumerate(table):
        for x, share in enumerate(row):
            ink = "white" if share > 0.6 * most else INK
            words = f"{100 * share:.1f}" if x != y else ""
            axes.text(x, y, words, ha="center", va="center", fontsize=9, color=ink)


def draw_seeds(
    scores: Mapping[str, Sequence[float]], xlabel: str, levels: Mapping[str, float] | None = None
) -> Picture:
    """A line of dots for each way of training, one dot for each seed, and a bar at their mean.

    Args:
        scores: name -> one score for each seed, the same seeds everywhere.
        xlabel: what the scores are.
        levels: name -> score to compare with, a dashed line.
    """
    figure = Figure(figsize=(7.0, 0.9 + 0.42 * len(scores)), layout="constrained")
    axes = figure.add_subplot()
    for y, values in enumerate(scores.values()):
        axes.plot(values, [y] * len(values), "o", color=AXES["channels"].colour, markersize=6)
        axes.plot([mean(values)] * 2, [y - 0.32, y + 0.32], color=AXES["latents"].colour, lw=3)
        axes.text(mean(values), y - 0.4, f"{mean(values):.3f}", ha="center", fontsize=8)
    for name, level in (levels or {}).items():
        axes.axvline(level, color=INK, linewidth=1, linestyle="--")
        axes.annotate(name, (level, len(scores) - 0.55), (-3, 0), textcoords="offset points",
                      ha="right", va="center", fontsize=8)  # fmt: skip
    axes.set_yticks(range(len(scores)), list(scores), fontsize=9)
    axes.set_ylim(len(scores) - 0.4, -0.75)
    axes.set_xlabel(xlabel, fontsize=9)
    axes.margins(x=0.08)
    open_frame(axes)
    means = [f"{name} {mean(values):.3f}" for name, values in scores.items()]
    beside = [f"{name} {level:.3f}, a dashed line" for name, level in (levels or {}).items()]
    return Picture(figure, f"{xlabel}, a dot for each seed; means: {'; '.join(means + beside)}.")
