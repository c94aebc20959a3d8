"""What a teacher says at several temperatures, and who agrees with whom."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import draw_table
from ...kit.picture import INK, Picture, middle, panels, title_above


def draw_softened(
    shares: Mapping[str, Float[Tensor, " classes"]], classes: Sequence[str]
) -> Picture:
    """Distributions over the same classes as bars, one drawing for each.

    Args:
        shares: title -> probabilities.
        classes: their names, in the same order.
    """
    count, width = len(shares), min(9.2, 2.4 * len(shares))
    figure, (row,) = panels(1, count, width, 2.2, has_frames=True, sharey=True)
    told = []
    for axes, (title, values) in zip(row, shares.items(), strict=True):
        bars = axes.bar(classes, values.tolist(), color=AXES["classes"].colour, width=0.8)
        best = int(values.argmax())
        bars[best].set_edgecolor(INK)
        middle(axes, best, float(values[best]) + 0.05, f"{values[best]:.2f}")
        axes.set(ylim=(0, 1.12), yticks=(0, 0.5, 1))
        title_above(axes, title, 10)
        axes.tick_params(labelsize=7)
        told.append(f"{title}, {classes[best]} {values[best]:.2f}")
    row[0].set_ylabel("share", fontsize=8)
    return Picture(figure, f"Shares of {len(classes)} classes, the largest: {'; '.join(told)}.")


def draw_agreement(choices: Mapping[str, Sequence[int]]) -> Picture:
    """How often any two of several readers choose differently, in percent.

    Args:
        choices: name -> the class it chose for each image, all for the same images.
    """
    chosen, names = torch.tensor(list(choices.values())), list(choices)
    apart = 100 * (chosen[:, None] != chosen).double().mean(-1)
    title = f"different choices in percent of {chosen.shape[1]} images"
    pairs = combinations(range(len(names)), 2)
    told = "; ".join(f"{names[i]} and {names[j]} {apart[i, j]:.1f}" for i, j in pairs)
    return Picture(draw_table(apart, names, names, title).figure, f"{title}: {told}.")
