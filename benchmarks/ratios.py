"""How many times as fast, and in what share of the memory: bars beside each other."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from perceiver_course.kit.axes import AXES
from perceiver_course.kit.picture import INK, Picture

COLOURS = (AXES["latent channels"].colour, AXES["latents"].colour, AXES["queries"].colour)
NUMBER = {"va": "center", "fontsize": 7, "color": INK}
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.3}


def draw_ratios(panels: Mapping[str, Mapping[str, Mapping[str, float]]], reference: str) -> Picture:
    """Two ways or more to do the same, measured against a third, which is 1 everywhere.

    Args:
        panels: what was measured -> task -> way -> ratio to the reference.
        reference: what a ratio of 1 stands for.
    """
    rows = len(next(iter(panels.values())))
    figure = Figure(figsize=(9.0, 1.2 + 0.42 * rows), layout="constrained")
    areas = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, tasks) in zip(areas, panels.items(), strict=True):
        _bars(axes, tasks)
        axes.set_title(title, fontsize=10, color=INK)
    areas[0].set_yticks(range(rows), list(next(iter(panels.values()))), fontsize=8)
    areas[0].invert_yaxis()
    handles, labels = areas[0].get_legend_handles_labels()
    where = {"loc": "outside lower center", "ncols": len(labels), "frameon": False}
    figure.legend(handles, labels, fontsize=8, **where)
    told = "; ".join(f"{title}: {_told(tasks)}" for title, tasks in panels.items())
    return Picture(figure, f"Ratios to {reference}, which is 1. {told}.")


def _bars(axes: Axes, tasks: Mapping[str, Mapping[str, float]]) -> None:
    ways = list(dict.fromkeys(way for one in tasks.values() for way in one))
    thick = 0.8 / len(ways)
    for number, way in enumerate(ways):
        for row, one in enumerate(tasks.values()):
            if way not in one:
                continue
            place = row + (number - (len(ways) - 1) / 2) * thick
            label = way if row == 0 else None
            axes.barh(place, one[way], thick, color=COLOURS[number % len(COLOURS)], label=label)
            axes.text(one[way], place, f" {one[way]:.2f}", bbox=PAPER, **NUMBER)
    axes.axvline(1, color=INK, linewidth=1)
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _told(tasks: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(
        f"{task} {' and '.join(f'{way} {ratio:.2f}' for way, ratio in ways.items())}"
        for task, ways in tasks.items()
    )
