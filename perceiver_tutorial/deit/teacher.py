"""A teacher: a trained model whose logits are used, and which never changes."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..inputs import InputSpec
from .config import Size


class Normalisation(NamedTuple):
    """What was done to colours from 0 to 1: subtract the mean, divide by the deviation.

    Attributes:
        mean: of each colour, or one number for all.
        std: the same for the standard deviation.
    """

    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0


AS_THEY_ARE = Normalisation()
IMAGES = InputSpec("images", ("colours", "height", "width"), (None, None, None), "")


class Teacher(nn.Module):
    """A trained model's logits for a student's images, in the size and normalisation it needs.

    Student and teacher get the same images, augmentation included: what is cut off or
    mixed for the one is cut off and mixed for the other. Only size and normalisation
    are the teacher's own. Its weights are frozen and it stays in evaluation mode, also
    while a model that holds it is trained.

    Args:
        model: images to logits, or to an answer that has them as `.logits`, as ours and
            transformers' do; frozen in place.
        image_size: (height, width) that it needs; others are resampled, smoothed where
            they become smaller. None: it takes the images as they come.
        theirs: how the student's images are normalised.
        own: how the teacher's images have to be.
    """

    def __init__(
        self,
        model: nn.Module,
        image_size: Size | None = None,
        theirs: Normalisation = AS_THEY_ARE,
        own: Normalisation = AS_THEY_ARE,
    ):
        super().__init__()
        self.model = model.requires_grad_(False)
        self.image_size = image_size
        scale, shift = _between(theirs, own)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("shift", shift, persistent=False)
        self.train(False)

    def train(self, _mode: bool = True) -> "Teacher":
        """Stay in evaluation mode: a teacher does not learn, nor count batch statistics."""
        return super().train(False)

    @torch.no_grad()
    def forward(
        self, images: Float[Tensor, "batch colours height width"]
    ) -> Float[Tensor, "batch classes"]:
        IMAGES.check(images)
        images = images * self.scale.to(images) + self.shift.to(images)
        if self.image_size is not None and images.shape[-2:] != self.image_size:
            images = interpolate(
                images, self.image_size, mode="bilinear", antialias=True, align_corners=False
            )
        return _logits(self.model(images))


def _logits(answer: Any) -> Tensor:
    logits = answer if isinstance(answer, Tensor) else getattr(answer, "logits", None)
    if not isinstance(logits, Tensor):
        raise TypeError(
            "expected a teacher that answers logits, or an object with .logits, got "
            f"{type(answer).__name__}. Wrap it in a module whose forward returns them."
        )
    return logits


class TeacherNotes:
    """A teacher's logits for a fixed set of images, computed once and looked up from then on.

    A lookup needs the number of each image and the image itself: notes about an image
    that was augmented anew in the meantime are refused. Augment first, note then, and
    train on the images that were noted (TinyViT, arXiv 2207.10666, keeps the seeds of
    its augmentations for this).

    Args:
        teacher: runs here, and never again.
        images: all that will ever be looked up.
        batch_size: images at a time.
    """

    def __init__(
        self,
        teacher: Teacher,
        images: Float[Tensor, "images colours height width"],
        batch_size: int = 256,
    ):
        IMAGES.check(images)
        self.logits = torch.cat([teacher(some) for some in images.split(batch_size)])
        self.marks = _marks(images)

    def __call__(
        self,
        numbers: Int[Tensor, " batch"],
        images: Float[Tensor, "batch colours height width"],
    ) -> Float[Tensor, "batch classes"]:
        """The teacher's logits.

        Args:
            numbers: where each image stands in the set.
            images: what the student is about to see.

        Raises:
            ValueError: if one of the images is not what the teacher was asked about.
        """
        alike = torch.isclose(_marks(images), self.marks[numbers], rtol=1e-9, atol=1e-9)
        stale = (~alike).nonzero().flatten().tolist()
        if stale:
            raise ValueError(
                f"expected the very images that the teacher was asked about, got other pixels for "
                f"{len(stale)} of {len(images)}, the first of them number "
                f"{numbers[stale[0]].item()}. If they are augmented anew, ask the teacher itself."
            )
        return self.logits[numbers]


def _between(theirs: Normalisation, own: Normalisation) -> tuple[Tensor, Tensor]:
    """Scale and shift that turn one normalisation into the other."""
    (mean, std), (own_mean, own_std) = (
        (torch.as_tensor(part, dtype=torch.get_default_dtype()).reshape(-1, 1, 1) for part in parts)
        for parts in (theirs, own)
    )
    return std / own_std, (mean - own_mean) / own_std


def _marks(images: Tensor) -> Tensor:
    """One number for each image, another one as soon as a pixel changes or moves."""
    pixels = images.detach().flatten(1).double()
    waves = torch.sin(torch.arange(1, 1 + pixels.shape[1], dtype=torch.float64) ** 2)
    return (pixels * waves.to(pixels.device)).sum(1)
