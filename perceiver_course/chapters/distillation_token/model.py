"""A photograph as the published DeiTs expect it."""

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from perceiver_tutorial.checkpoints.pictures import Preparation


def prepare_deit(
    picture: Image.Image, side: int = 224, squash: bool = False
) -> Float[Tensor, "1 3 {side} {side}"]:
    """Resize, crop the middle and normalise: what the published DeiTs expect.

    The middle is 7/8 of what is resized: 224 of 256 pixels, 384 of 438.

    Args:
        picture: any photograph.
        side: of the model's square picture, in pixels.
        squash: resize to a square, as transformers does by default, whatever shape the
            photograph has. Without it the shorter side is resized and the photograph
            keeps its shape, as when DeiT was evaluated.

    Raises:
        TypeError: if the picture is no PIL image.
        ValueError: if its colours cannot be read as 8 bits each, or it is too long a strip.
    """
    larger = int(side / 0.875)
    return Preparation(size=(larger, larger) if squash else larger, crop=side)(picture)
