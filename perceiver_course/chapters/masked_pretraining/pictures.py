"""Masked pre-training: what is hidden, and what is rebuilt."""

from collections.abc import Mapping

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from perceiver_tutorial.masks import spread

from ...kit.images import draw_maps
from ...kit.picture import Picture, boxes

HIDDEN = {"facecolor": "#BBBBBB", "edgecolor": "white", "linewidth": 0.6, "hatch": "////"}
Pictures = Float[Tensor, "pictures colours height width"]
Units = Bool[Tensor, "pictures rows columns"]


def draw_masks(pictures: Pictures, masks: Mapping[str, Units]) -> Picture:
    """The same pictures, or the frames of a video, under several masks, one row for each.

    Args:
        pictures: one to three colours, any range.
        masks: title -> True for mask units that are seen.
    """
    figure = draw_maps({title: pictures for title in masks}).figure
    for number, mask in enumerate(masks.values()):
        _hide(figure.axes[number * len(pictures) :], pictures, mask)
    told = (f"{title}, {int(mask[0].sum())} of {mask[0].numel()}" for title, mask in masks.items())
    alt = f"{len(pictures)} pictures, mask units that are seen: {'; '.join(told)}."
    return Picture(figure, alt)


def draw_rebuilt(pictures: Pictures, mask: Units, rebuilt: Mapping[str, Pictures]) -> Picture:
    """Pictures, what is seen of them, and what was rebuilt from that, all on one scale.

    Args:
        pictures: the truth, any range.
        mask: True for mask units that are seen.
        rebuilt: title -> pictures; numbers outside the range of the truth are cut off.
    """
    rows = {"the picture": pictures, "what is seen": pictures, **rebuilt}
    limits = pictures.min().item(), pictures.max().item()
    figure = draw_maps(rows, limits=limits).figure
    _hide(figure.axes[len(pictures) :], pictures, mask)
    sizes = tuple(n // units for n, units in zip(pictures.shape[-2:], mask.shape[1:], strict=True))
    hidden = spread(~mask.flatten(1), tuple(mask.shape[1:]), sizes)[:, None].expand_as(pictures)
    errors = (
        f"{title} {(made - pictures)[hidden].square().mean():.2f}"
        for title, made in rebuilt.items()
    )
    told = f"{len(pictures)} pictures, seen through {int(mask[0].sum())} of {mask[0].numel()} units"
    alt = f"{told}; mean squared error where they are hidden: {', '.join(errors)}."
    return Picture(figure, alt)


def _hide(panels: list[Axes], pictures: Pictures, mask: Units) -> None:
    (tall, wide), (rows, columns) = pictures.shape[-2:], mask.shape[1:]
    height, width = tall / rows, wide / columns
    for axes, seen in zip(panels, mask, strict=False):
        places = (~seen).nonzero().tolist()
        boxes(
            axes, [(x * width - 0.5, y * height - 0.5, width, height) for y, x in places], **HIDDEN
        )
