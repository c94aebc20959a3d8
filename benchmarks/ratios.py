"""How many times as fast, and in what share of the memory: bars beside each other."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from perceiver_course.kit.axes import AXES
from perceiver_course.kit.picture import INK, Picture, legend_below, panels, title_above, write

COLOURS = (AXES["latent channels"].colour, AXES["latents"].colour, AXES["queries"].colour)


def draw_ratios(
    measured: Mapping[str, Mapping[str, Mapping[str, float]]], reference: str
) -> Picture:
    """Two ways or more to do the same, measured against a third, which is 1 everywhere.

    Args:
        measured: what was measured -> task -> way -> ratio to the reference.
        reference: what a ratio of 1 stands for.
    """
    rows = len(next(iter(measured.values())))
    size = 9.0, 1.2 + 0.42 * rows
    figure, (areas,) = panels(1, len(measured), *size, has_frames=True, sharey=True)
    for axes, (title, tasks) in zip(areas, measured.items(), strict=True):
        _bars(axes, tasks)
        title_above(axes, title, 10)
    areas[0].set_yticks(range(rows), list(next(iter(measured.values()))), fontsize=8)
    areas[0].invert_yaxis()
    legend_below(figure, areas[0].get_legend_handles_labels()[0], 8)
    told = "; ".join(f"{title}: {_told(tasks)}" for title, tasks in measured.items())
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
            write(axes, one[way], place, f" {one[way]:.2f}", 7, ground="white")
    axes.axvline(1, color=INK, linewidth=1)
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _told(tasks: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(
        f"{task} {' and '.join(f'{way} {ratio:.2f}' for way, ratio in ways.items())}"
        for task, ways in tasks.items()
    )
