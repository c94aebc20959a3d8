"""From a photograph to what the published image models were trained on."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

# Means and standard deviations of red, green and blue over ImageNet, of colours from 0 to 1.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# Takes colours from 0..1 to -1..1, as mean and as standard deviation: transformers' default.
HALF = (0.5, 0.5, 0.5)
Colour = tuple[float, float, float]
Size = tuple[int, int]
BICUBIC = Image.Resampling.BICUBIC
MANY_PIXELS = 100_000_000
LARGEST_SIDE = 10_000


def centre_crop(picture: Image.Image, fraction: float = 0.875) -> Image.Image:
    """Cut the largest square out of the middle, then the middle `fraction` of it.

    transformers calls this 224 of 256: its `size` and `crop_size` look swapped, and
    neither is a size in pixels of the photograph.

    Args:
        picture: any photograph.
        fraction: of the shorter side.
    """
    side = max(1, int(fraction * min(picture.size)))
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def resize(
    picture: Image.Image,
    image_size: Size = (224, 224),
    resampling: Image.Resampling = BICUBIC,
) -> Image.Image:
    """Resample to (height, width) in pixels."""
    return picture.resize(image_size[::-1], resampling)


def resize_shorter(
    picture: Image.Image, side: int = 256, resampling: Image.Resampling = BICUBIC
) -> Image.Image:
    """Resample, until the shorter side has `side` pixels; nothing is squashed.

    Raises:
        ValueError: if a strip would become too long for the memory.
    """
    shorter = min(picture.size)
    width, height = (int(side * pixels / shorter) for pixels in picture.size)
    if width * height > MANY_PIXELS:
        raise ValueError(
            f"expected a picture that is not as long and narrow as {picture.height} x "
            f"{picture.width} pixels: it would become {height} x {width}. Crop it first."
        )
    return resize(picture, (height, width), resampling)


def crop_middle(picture: Image.Image, side: int = 224) -> Image.Image:
    """Cut a square of `side` pixels out of the middle.

    Raises:
        ValueError: if the picture has fewer pixels.
    """
    if min(picture.size) < side:
        raise ValueError(
            f"expected at least {side} x {side} pixels, got {picture.height} x {picture.width}. "
            "Resize first."
        )
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def normalise(
    picture: Image.Image, mean: Colour = IMAGENET_MEAN, std: Colour = IMAGENET_STD
) -> Float[Tensor, "1 3 height width"]:
    """Shift and stretch the colours, as a batch of one.

    With the defaults they have mean 0 and standard deviation 1 over ImageNet.

    Args:
        picture: any photograph.
        mean: what becomes 0, for red, green and blue from 0 to 1.
        std: what becomes 1 more than that.

    Raises:
        TypeError: if the picture is no PIL image.
        ValueError: if its colours cannot be read as 8 bits each.
    """
    colours = torch.from_numpy(np.array(as_rgb(picture))) / 255
    scaled = (colours - torch.tensor(mean)) / torch.tensor(std)
    return scaled.movedim(-1, 0)[None]


def as_rgb(picture: Image.Image) -> Image.Image:
    """The picture the right way up, with 8 bits each for red, green and blue.

    Transparency is ignored, as by transformers; a camera's note on how it was held is not.

    Raises:
        TypeError: if it is no PIL image.
        ValueError: if it has no pixels, or numbers whose range nobody knows.
    """
    if not isinstance(picture, Image.Image):
        raise TypeError(
            f"expected a PIL image, got {type(picture).__name__}. "
            "Image.open(path) reads a file, Image.fromarray(array) takes 8-bit colours."
        )
    if not min(picture.size):
        raise ValueError(
            f"expected a picture, got {picture.height} x {picture.width} pixels. Crop less."
        )
    if picture.mode in ("I", "F"):
        raise ValueError(
            f"expected colours of 8 or 16 bits, got a picture of mode {picture.mode!r}, whose "
            "range nobody knows. Scale it: Image.fromarray(numbers from 0 to 255 as uint8)."
        )
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I;16"):  # PIL would cut everything above 255 off
        upright = Image.fromarray(np.round(np.asarray(upright) / 257).astype(np.uint8))
    if "transparency" in upright.info:
        upright = upright.convert("RGBA")
    return upright.convert("RGB")


@dataclass(frozen=True)
class Preparation:
    """What happens to a photograph on its way to a model, in the order of the attributes.

    Attributes:
        share: see `centre_crop`; None: the whole picture goes on.
        size: resized to (height, width), whatever shape the picture has; one number: its
            shorter side, and it keeps its shape; None: not resized.
        crop: height and width of the square cut out of the middle; None: nothing is cut.
        mean: see `normalise`.
        std: see `normalise`.
        resampling: how colours between the pixels are found.

    Raises:
        ValueError: if more is to be cut out than there is, or a size or a colour is none.

    >>> print(Preparation(size=256, crop=224, mean=HALF, std=HALF))
    shorter side to 256, middle 224 x 224, colours less (0.5, 0.5, 0.5) over (0.5, 0.5, 0.5)
    """

    share: float | None = None
    size: Size | int | None = None
    crop: int | None = None
    mean: Colour = IMAGENET_MEAN
    std: Colour = IMAGENET_STD
    resampling: Image.Resampling = BICUBIC

    def __post_init__(self):
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(
                f"expected a share above 0, up to 1, got {self.share}. 1 is all of it."
            )
        self._check_numbers()
        shortest = min(self.size) if isinstance(self.size, tuple) else self.size
        if self.crop and shortest and shortest < self.crop:
            raise ValueError(
                f"expected a crop within the {self.size} pixels after resizing, got {self.crop}. "
                "Resize to more, or crop less."
            )

    def _check_numbers(self) -> None:
        sides = self.size if isinstance(self.size, tuple) else (self.size,)
        if not all(side is None or 1 <= side <= LARGEST_SIDE for side in (*sides, self.crop)):
            raise ValueError(
                f"expected sizes from 1 to {LARGEST_SIDE:,} pixels, got size={self.size} and "
                f"crop={self.crop}. Published models take a few hundred."
            )
        if not all(map(math.isfinite, (*self.mean, *self.std))) or min(self.std) <= 0:
            raise ValueError(
                f"expected numbers for mean and, above 0, for std, got {self.mean} and {self.std}. "
                "To leave colours as they are: 0 and 1 for each."
            )

    def __call__(self, picture: Image.Image) -> Float[Tensor, "1 3 height width"]:
        """A batch of one.

        Raises:
            TypeError: if the picture is no PIL image.
            ValueError: if it cannot be prepared so.
        """
        picture = as_rgb(picture)
        if self.share is not None:
            picture = centre_crop(picture, self.share)
        if isinstance(self.size, int):
            picture = resize_shorter(picture, self.size, self.resampling)
        elif self.size is not None:
            picture = resize(picture, self.size, self.resampling)
        if self.crop is not None:
            picture = crop_middle(picture, self.crop)
        return normalise(picture, self.mean, self.std)

    def __str__(self) -> str:
        by = "" if self.resampling == BICUBIC else f" ({self.resampling.name.lower()})"
        steps = []
        if self.share is not None:
            steps.append(f"middle {self.share:g} of the shorter side")
        if self.size is not None:
            shorter = isinstance(self.size, int)
            size = f"shorter side to {self.size}" if shorter else f"resized to {_times(self.size)}"
            steps.append(f"{size}{by}")
        if self.crop is not None:
            steps.append(f"middle {_times((self.crop, self.crop))}")
        return ", ".join([*steps, f"colours less {self.mean} over {self.std}"])


def prepare(
    picture: Image.Image, image_size: Size = (224, 224)
) -> Float[Tensor, "1 3 height width"]:
    """Crop, resize and normalise: what the published Perceivers expect of a photograph.

    Args:
        picture: any photograph.
        image_size: (height, width) of the model, in pixels.

    Raises:
        TypeError: if the picture is no PIL image.
        ValueError: if its colours cannot be read as 8 bits each.
    """
    return Preparation(share=0.875, size=image_size)(picture)


def _times(size: Size) -> str:
    return " x ".join(map(str, size))
