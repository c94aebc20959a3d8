"""From a photograph to what the published image models were trained on."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

# Means and standard deviations of red, green and blue over ImageNet, of colours from 0 to 1.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def centre_crop(picture: Image.Image, fraction: float = 0.875) -> Image.Image:
    """Cut the largest square out of the middle, then the middle `fraction` of it.

    transformers calls this 224 of 256: its `size` and `crop_size` look swapped, and
    neither is a size in pixels of the photograph.

    Args:
        picture: any photograph.
        fraction: of the shorter side.
    """
    side = int(fraction * min(picture.size))
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def resize(picture: Image.Image, image_size: tuple[int, int] = (224, 224)) -> Image.Image:
    """Resample bicubically to (height, width) in pixels."""
    return picture.resize(image_size[::-1], Image.Resampling.BICUBIC)


def normalise(picture: Image.Image) -> Float[Tensor, "1 3 height width"]:
    """Colours of mean 0 and standard deviation 1 over ImageNet, as a batch of one.

    Raises:
        TypeError: if the picture is no PIL image.
    """
    if not isinstance(picture, Image.Image):
        raise TypeError(
            f"expected a PIL image, got {type(picture).__name__}. "
            "Image.open(path) reads a file, Image.fromarray(array) takes 8-bit colours."
        )
    colours = torch.from_numpy(np.array(picture.convert("RGB"))) / 255
    scaled = (colours - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
    return scaled.movedim(-1, 0)[None]


def prepare(
    picture: Image.Image, image_size: tuple[int, int] = (224, 224)
) -> Float[Tensor, "1 3 height width"]:
    """Crop, resize and normalise: what the published image classifiers expect.

    Args:
        picture: any photograph.
        image_size: (height, width) of the model, in pixels.

    Raises:
        TypeError: if the picture is no PIL image.
    """
    return normalise(resize(centre_crop(picture), image_size))
