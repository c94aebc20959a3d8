"""Images of different sizes beside one another, at one scale: a target and an answer."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .picture import INK, Picture

WIDEST, TALLEST, PIXEL = 9.4, 3.2, 0.06
TITLE = 0.45
GAP = 0.3


@checked
def draw_at_one_scale(images: Mapping[str, Float[Tensor, "_ _ _"]]) -> Picture:
    """Images [colours, height, width] of any sizes, drawn so that sizes can be compared.

    Args:
        images: title -> one or three colours from 0 to 1; its shape is written below the title.
    """
    tallest = max(image.shape[1] for image in images.values())
    widths = [image.shape[2] for image in images.values()]
    inches = min((WIDEST - GAP * len(widths)) / sum(widths), TALLEST / tallest, PIXEL)
    size = inches * sum(widths) + GAP * len(widths), inches * tallest + TITLE
    figure = Figure(figsize=size, layout="constrained")
    row = figure.subplots(1, len(images), squeeze=False, width_ratios=widths)[0]
    shapes = {title: ", ".join(map(str, image.shape)) for title, image in images.items()}
    for axes, (title, image) in zip(row, images.items(), strict=True):
        colours = image.detach().clamp(0, 1).movedim(0, -1).squeeze(-1).numpy()
        axes.imshow(colours, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_ylim(tallest - 0.5, -0.5)
        axes.set_axis_off()
        axes.set_title(f"{title}\n{shapes[title]}", fontsize=9, color=INK)
    listed = "; ".join(f"{title}, {shape}" for title, shape in shapes.items())
    return Picture(figure, f"Images at one scale: {listed}.")
