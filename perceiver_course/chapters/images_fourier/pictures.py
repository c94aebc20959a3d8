"""The rows that are read of a picture."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from ...kit.charts import heat
from ...kit.images import as_shown
from ...kit.picture import Picture, panels, show, title_above

NUM_ROWS = 12  # of the table


def draw_pixel_rows(image: Float[Tensor, "colours height width"]) -> Picture:
    """An image beside the table that the Perceiver reads: a row for each pixel, a column a colour.

    Args:
        image: three colours, any range.
    """
    figure, ((left, right),) = panels(1, 2, 6.5, 3.2)
    shown = as_shown(image)
    show(left, shown)
    title_above(left, f"the image: {image.shape[-2]} x {image.shape[-1]}")
    pixels = rearrange(torch.as_tensor(shown), "h w c -> (h w) c")
    heat(right, pixels[:NUM_ROWS], form=".2f", cmap="gray", limits=(0, 1))
    title_above(right, f"what is read: {len(pixels)} rows x 3")
    alt = (
        f"Left, an image of {image.shape[-2]} by {image.shape[-1]} pixels; right, the first "
        f"{NUM_ROWS} of its {len(pixels)} pixels as rows of red, green and blue."
    )
    return Picture(figure, alt)
