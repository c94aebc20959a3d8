"""Shares of a whole, side by side."""

from collections.abc import Mapping

from matplotlib.patches import Patch

from ...kit.axes import AXES
from ...kit.picture import Picture, legend_below, middle, panels, title_above

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
    figure, ((axes,),) = panels(1, 1, 7.5, 0.42 * len(parts) + 1.0, has_frames=True)
    told = []
    for row, (name, amounts) in enumerate(parts.items()):
        shares = {part: 100 * n / sum(amounts.values()) for part, n in amounts.items()}
        left = 0.0
        for part, share in shares.items():
            kind = AXES[kinds[part]]
            axes.barh(row, share, left=left, color=kind.colour, edgecolor="white")
            if share >= ROOM:
                middle(axes, left + share / 2, row, f"{kind.letter} {share:.0f}", color=kind.ink)
            left += share
        told.append(f"{name}: {', '.join(f'{part} {n:.0f}' for part, n in shares.items())}")
    axes.set_yticks(range(len(parts)), list(parts), fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="per cent")
    axes.spines["left"].set_visible(False)
    title_above(axes, title, 10)
    patches = [Patch(color=AXES[kind].colour, label=part) for part, kind in kinds.items()]
    legend_below(figure, patches, 8)
    return Picture(figure, f"Bars, {title}, per cent. {'; '.join(told)}.")
