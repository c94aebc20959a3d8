"""Shares of a whole, side by side."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...kit.axes import AXES, Kind
from ...kit.picture import INK, Picture

# Per cent below which a bar is too short for its number.
ROOM = 4


def draw_shares(
    parts: Mapping[str, Mapping[str, int]], kinds: Mapping[str, str], title: str
) -> Picture:
    """What a whole is made of: one bar of a hundred per cent for each whole.

    Args:
        parts: name of the whole -> name of each part -> how much.
        kinds: name of a part -> one of `AXES`, for its colour and letter.
        title: above the bars.
    """
    figure = Figure(figsize=(7.5, 0.42 * len(parts) + 1.0), layout="constrained")
    axes = figure.add_subplot()
    shares = {name: _per_cent(amounts) for name, amounts in parts.items()}
    for row, of_whole in enumerate(shares.values()):
        _stack(axes, row, of_whole, {part: AXES[kind] for part, kind in kinds.items()})
    axes.set_yticks(range(len(parts)), list(parts), fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="per cent")
    axes.set_title(title, fontsize=10, color=INK)
    figure.legend(
        handles=[Patch(color=AXES[kind].colour, label=part) for part, kind in kinds.items()],
        **{"frameon": False, "fontsize": 8, "loc": "outside lower center", "ncols": len(kinds)},
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    told = (
        f"{name}: {', '.join(f'{part} {share:.0f}' for part, share in of_whole.items())}"
        for name, of_whole in shares.items()
    )
    return Picture(figure, f"Bars, {title}, per cent. {'; '.join(told)}.")


def _per_cent(amounts: Mapping[str, int]) -> dict[str, float]:
    whole = sum(amounts.values())
    return {part: 100 * amount / whole for part, amount in amounts.items()}


def _stack(axes: Axes, row: int, shares: Mapping[str, float], kinds: Mapping[str, Kind]) -> None:
    left = 0.0
    for part, share in shares.items():
        kind = kinds[part]
        axes.barh(row, share, left=left, color=kind.colour, edgecolor="white")
        if share >= ROOM:
            words = {"ha": "center", "va": "center", "fontsize": 8, "color": kind.ink}
            axes.text(left + share / 2, row, f"{kind.letter} {share:.0f}", **words)
        left += share
