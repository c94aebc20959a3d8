"""The same weights for images of another size."""

from dataclasses import replace

import torch

from ..made_from import like
from ..positions import resize_positions
from ..zoo import build
from .config import Size
from .masked import DeiTMaskedImage
from .model import DeiT


def resized(model: DeiT | DeiTMaskedImage, image_size: Size) -> DeiT | DeiTMaskedImage:
    """Copy a model's weights into one that takes images of another size.

    The number of patches changes, and nothing that is learned depends on it but the table
    of positions. Its rows for patches are stretched over the new grid; those of the class
    and distillation tokens, which are nowhere in the image, stay as they are. Equal to
    transformers' interpolate_pos_encoding=True, which needs a model made for square
    images; ours need not be. Type, device, mode and what is frozen stay.

    Args:
        model: made for any size.
        image_size: (height, width) in pixels.

    Raises:
        ValueError: if the size is no whole number of patches.
    """
    masked = isinstance(model, DeiTMaskedImage)
    old = model.config.encoder if masked else model.config
    new = replace(old, image_size=image_size)
    other = like(build(replace(model.config, encoder=new) if masked else new), model)
    state = model.state_dict()
    name = "encoder.to_tokens.positions"
    front, patches = state[name].split([len(state[name]) - old.num_patches, old.num_patches])
    state[name] = torch.cat([front, resize_positions(patches, old.grid, new.grid)])
    other.load_state_dict(state)
    return other
