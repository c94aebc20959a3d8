"""Units on a field: who stands where, who points at whom, and how a battle goes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.picture import INK, Picture, arrow, middle, panels, title_above, write

# Shape tells the teams apart in grey, colour elsewhere: round and dark, pointed and bright.
MARKERS = {1: "o", -1: "^"}
COLOURS = {1: AXES["latents"].colour, -1: AXES["inputs"].colour}
INKS = {1: AXES["latents"].ink, -1: AXES["inputs"].ink}
NAMES = {1: "own", -1: "enemy"}
LOOK = AXES["queries"].colour
EDGE = 1.15
# Per cent below which a ring is left without its number.
WORTH_TELLING = 5
SMALL = {"va": "center_baseline", "size": 6.5, "clip_on": True, "zorder": 4}


def draw_situations(
    units: Float[Tensor, "situations units features=6"],
    mask: Bool[Tensor, "situations units"],
    titles: Sequence[str],
    *,
    chosen: Int[Tensor, " situations"] | None = None,
    weights: Float[Tensor, "situations units"] | None = None,
    reach: float | None = None,
) -> Picture:
    """Fields side by side, each as the unit sees it that is about to choose.

    Discs are its own side, triangles enemies; the larger, the healthier; the digit is
    the damage of a shot, from 1 to 3. A square frames the unit that acts.

    Args:
        units: x, y, health, damage, side, acts; see `FEATURES` of the skirmishes.
        mask: True where a unit is.
        titles: one for each field.
        chosen: at whom an arrow points.
        weights: shares of 1, as green rings: the thicker, the more.
        reach: radius of a dashed circle around the unit that acts.
    """
    figure, row = _fields(len(titles))
    for number, (axes, title) in enumerate(zip(row, titles, strict=True)):
        here = mask[number]
        some = units[number, here]
        if weights is not None:
            _rings(axes, some, weights[number, here])
        start = some[some[:, 5] > 0, :2][0]
        _acting(axes, start.numpy(), reach)
        if chosen is not None:
            way = units[number, chosen[number], :2] - start
            short = 1 - 0.15 / max(float(way.norm()), 0.16)
            arrow(axes, tuple(start.tolist()), tuple((start + short * way).tolist()))
        _stand(axes, some[:, :2], some[:, 2], some[:, 3], some[:, 4])
        title_above(axes, title)
    return Picture(figure, _told(units, mask, titles, weights))


def draw_battle(
    turns: Sequence[int],
    places: Float[Tensor, "frames units xy=2"],
    health: Float[Tensor, "frames units"],
    damage: Float[Tensor, " units"],
    team: Int[Tensor, " units"],
    targets: Int[Tensor, "frames units"],
) -> Picture:
    """A battle as a strip of film: who lives, and a line from each unit to its target.

    Args:
        turns: number of each frame's turn.
        places: where units stand.
        health: 0 where a unit is dead; the dead are left out.
        damage: of a shot, in units of the hardest.
        team: 1, drawn as discs, or -1, drawn as triangles.
        targets: number of a unit; negative: none.
    """
    figure, row = _fields(len(turns), rows=1 + (len(turns) > 4))
    for frame, (axes, turn) in enumerate(zip(row, turns, strict=True)):
        alive = health[frame] > 0
        for unit in (alive & (targets[frame] >= 0)).nonzero()[:, 0].tolist():
            side = int(team[unit])
            look = {"color": COLOURS[side], "linestyle": "-" if side == 1 else ":"}
            ends = places[frame, [unit, targets[frame, unit]]]
            axes.plot(*ends.T.numpy(), linewidth=1.0, zorder=1, **look)
        _stand(axes, places[frame, alive], health[frame, alive], damage[alive], team[alive])
        title_above(axes, f"turn {turn}: {_count(alive, team)}")
    told = (f"turn {t}, {_count(h > 0, team)}" for t, h in zip(turns, health, strict=True))
    return Picture(figure, f"A battle, discs to triangles: {'; '.join(told)}.")


def _fields(count: int, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Square fields without ticks, in one row or two."""
    columns = -(-count // rows)
    side = min(2.7, 8.4 / columns)
    figure, grid = panels(rows, columns, side * columns, (side + 0.25) * rows)
    for axes in grid.flat[:count]:
        axes.set_axis_on()
        axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[], aspect="equal")
        axes.spines[:].set_color("#CCCCCC")
    return figure, grid.flat[:count].tolist()


def _stand(axes: Axes, places: Tensor, health: Tensor, damage: Tensor, side: Tensor) -> None:
    for own in (1, -1):
        these = side == own
        x, y = places[these].T.numpy()
        look = {"marker": MARKERS[own], "color": COLOURS[own], "edgecolors": "white"}
        axes.scatter(x, y, s=50 + 190 * health[these].numpy(), zorder=3, linewidths=0.8, **look)
        for left, low, shot in zip(
            x.tolist(), y.tolist(), (3 * damage[these]).round().int().tolist(), strict=True
        ):
            down = 0.0 if own == 1 else 0.02
            middle(axes, left, low - down, str(shot), color=INKS[own], **SMALL)


def _acting(axes: Axes, place: np.ndarray, reach: float | None) -> None:
    axes.scatter(*place, s=330, marker="s", facecolors="none", edgecolors=INK, zorder=5)
    if reach is not None:
        axes.add_patch(Circle(place, reach, fill=False, color="#777777", linestyle="--", lw=0.9))


def _rings(axes: Axes, units: Tensor, weights: Tensor) -> None:
    for unit, weight in zip(units, weights.tolist(), strict=True):
        if weight < WORTH_TELLING / 100:
            continue
        x, y = unit[:2].tolist()
        axes.add_patch(Circle((x, y), 0.17, fill=False, color=LOOK, linewidth=0.8 + 5 * weight))
        beside, align = (-0.23, "right") if x > 0.6 else (0.23, "left")
        write(axes, x + beside, y, f"{100 * weight:.0f} %", 7, ha=align, zorder=6)


def _count(alive: Tensor, team: Tensor) -> str:
    return f"{int((alive & (team == 1)).sum())} to {int((alive & (team == -1)).sum())}"


def _told(units: Tensor, mask: Tensor, titles: Sequence[str], weights: Tensor | None) -> str:
    told = []
    for number, title in enumerate(titles):
        own, other = ((units[number, :, 4] == side) & mask[number] for side in (1, -1))
        words = f"{title}, {int(own.sum())} own and {int(other.sum())} enemy units"
        if weights is not None:
            most = int(weights[number].argmax())
            side = NAMES[int(units[number, most, 4])]
            words += f", most at {'itself' if units[number, most, 5] else f'an {side} unit'}"
        told.append(words)
    return f"Fields as an acting unit sees them: {'; '.join(told)}."
