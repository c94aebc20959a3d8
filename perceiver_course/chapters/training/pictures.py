"""The rows that a Perceiver reads of a picture."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from ...kit.charts import heat
from ...kit.images import as_shown
from ...kit.picture import Picture, panels, show, title_above, write

NUM_ROWS = 12  # of the table


def draw_pixel_rows(image: Float[Tensor, "3 height width"]) -> Picture:
    """An image beside the table that the Perceiver reads: a row for each pixel, a column a colour.

    Args:
        image: normalised red, green and blue; the table shows these numbers.
    """
    figure, ((left, right),) = panels(1, 2, 6.5, 3.4)
    show(left, as_shown(image))
    title_above(left, f"the image: {image.shape[-2]} x {image.shape[-1]}")
    pixels = rearrange(image, "c h w -> (h w) c")
    heat(right, pixels[:NUM_ROWS], form="+.2f", cmap="gray")
    for column, colour in enumerate(("red", "green", "blue")):
        write(right, column, NUM_ROWS - 0.3, colour, ha="center", va="top")
    title_above(right, f"what is read: the first {NUM_ROWS} of {len(pixels)} rows")
    first = ", ".join(f"{value:+.2f}" for value in pixels[0].tolist())
    alt = (
        f"Left, an image of {image.shape[-2]} by {image.shape[-1]} pixels; right, the first "
        f"{NUM_ROWS} of its {len(pixels)} pixels as rows of red, green and blue, normalised: the "
        f"first is {first}."
    )
    return Picture(figure, alt)
