"""The same weights for images of another size."""

from dataclasses import replace

from ..made_from import like
from ..positions import resize_positions
from .build import build
from .config import LearnedConfig
from .model import PerceiverIO
from .tasks import ImageClassifierConfig


def resized(model: PerceiverIO, image_size: tuple[int, int]) -> PerceiverIO:
    """Copy an image classifier's weights into one that takes another size.

    The number of inputs changes, and nothing that is learned depends on it, except
    a learned table of positions: that is stretched. Fourier positions are computed
    for the new grid, with the pitches they had. Type, device, mode and what is frozen stay.

    Args:
        model: built from a configuration.
        image_size: (height, width) in pixels.

    Raises:
        ValueError: if the model is no image classifier built from a configuration.
    """
    if not isinstance(model.config, ImageClassifierConfig):
        kind = type(model.config).__name__
        raise ValueError(f"expected an image classifier built from a configuration, got {kind}.")
    other = like(build(replace(model.config, image_size=image_size)), model)
    state = model.state_dict()
    if isinstance(model.config.positions, LearnedConfig):
        grids = model.preprocessor.what.index_dims, other.preprocessor.what.index_dims
        name = "preprocessor.where.table"
        state[name] = resize_positions(state[name], *grids)
    other.load_state_dict(state)
    return other
