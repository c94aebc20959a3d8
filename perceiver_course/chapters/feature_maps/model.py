"""A head that names pixels, a film's model from an image's, the recipe, and its rival."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from perceiver_tutorial.errors import Model
from perceiver_tutorial.hiera.config import HieraConfig
from perceiver_tutorial.hiera.model import Hiera, HieraEncoder
from perceiver_tutorial.initialisation import initialise
from perceiver_tutorial.inputs import check_fields, check_filled, check_numbers
from perceiver_tutorial.made_from import like
from perceiver_tutorial.zoo import build

from ...kit.recipes.recipe import Recipe
from ...kit.training import batches
from .data import SEGMENTS
from .data import segments as draw_segments


@dataclass(frozen=True)
class HieraSegmenterConfig:
    """A Hiera for images with a head that names every pixel.

    Attributes:
        encoder: its `num_classes` is not used.
        num_classes: scores wanted for each pixel.
        channels: width that all maps are brought to before they are added.
        maps: which maps the head reads, finest first: stages, counted from 0.

    Raises:
        ValueError: if the encoder is for films, or there are no such maps.
    """

    encoder: HieraConfig
    num_classes: int
    channels: int = 32
    maps: tuple[int, ...] = (0, 1, 2, 3)

    def __post_init__(self):
        check_fields(self, may_be_0=("maps",))
        if len(self.encoder.input_size) != 2:
            raise ValueError(
                f"expected an encoder for images, got input_size={self.encoder.input_size}."
            )
        stages = range(len(self.encoder.stages))
        if not self.maps or [*self.maps] != [stage for stage in stages if stage in self.maps]:
            raise ValueError(
                f"expected maps as some of {(*stages,)}, finest first, got {self.maps}."
            )

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return self.encoder.example_input(batch_size)


class TopDownSum(nn.Module):
    """Bring all maps to one width, and add them up on the finest grid, coarsest first.

    A 1 x 1 convolution is a linear map for each token, so it is written as one. Paper:
    Feature Pyramid Networks, arXiv 1612.03144, without the 3 x 3 convolutions behind.

    Args:
        widths: channels of each map, finest first.
        channels: width of the sum.
    """

    def __init__(self, widths: list[int], channels: int):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=1e-6) for width in widths)
        self.to_channels = nn.ModuleList(nn.Linear(width, channels) for width in widths)

    def forward(
        self, maps: list[Float[Tensor, "batch _channels _height _width"]]
    ) -> Float[Tensor, "batch channels height width"]:
        *finer, total = (
            to_channels(norm(one.movedim(1, -1))).movedim(-1, 1)
            for norm, to_channels, one in zip(self.norms, self.to_channels, maps, strict=True)
        )
        for one in reversed(finer):
            total = one + stretch(total, one.shape[2:])
        return total


class HieraSegmenter(Model):
    """Feature maps, their top-down sum, a score for each class at every pixel.

    The scores are made on the finest grid of tokens that is read, and stretched to the pixels.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraSegmenterConfig):
        super().__init__()
        self.config = config
        self.encoder = HieraEncoder(config.encoder)
        widths = [config.encoder.channels(stage) for stage in config.maps]
        self.add_up = TopDownSum(widths, config.channels)
        self.activation = nn.GELU()
        self.head = nn.Conv2d(config.channels, config.num_classes, kernel_size=1)
        initialise(self)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch classes height width"]:
        return self.read(self.encoder.feature_maps(images), images.shape[2:])

    def read(
        self, maps: list[Float[Tensor, "batch _channels _height _width"]], size: tuple[int, int]
    ) -> Float[Tensor, "batch classes height width"]:
        """Scores for every pixel from the encoder's feature maps, wherever they come from.

        Args:
            maps: one of every stage, finest first.
            size: (height, width) of the picture in pixels.
        """
        total = self.add_up([maps[stage] for stage in self.config.maps])
        return stretch(self.head(self.activation(total)), size)


build.register(HieraSegmenterConfig, HieraSegmenter)


def stretch(
    maps: Float[Tensor, "batch channels _height _width"], size: tuple[int, int]
) -> Float[Tensor, "batch channels new_height new_width"]:
    """A map on a finer grid: between the middles of its cells on straight lines.

    Args:
        maps: on any grid.
        size: (height, width) wanted.
    """
    return interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)


Inflation = Literal["middle", "mean"]
SHARED = ("embed_channels", "num_heads", "stages", "num_pools", "mask_unit_attention")
IN_SPACE = ("patch_kernel", "patch_stride", "patch_padding", "pool")


def inflate(model: Hiera, config: HieraConfig, how: Inflation = "middle") -> Hiera:
    """Build a video model that starts with what an image model has learned.

    Only the patches and the positions know of time: the kernel gets frames, and the table
    of places stays while the table of times starts at 0. All else is copied; the
    classifier only if there are as many classes. Type, device, mode and what is frozen stay.

    With "middle" a still film gets the picture's own answer, its feature maps at all
    times are the picture's, up to rounding. With "mean" they are not: the first patches
    see zeros before the film begins, and from the first global attention on all hear of it.

    Args:
        model: for images; not changed.
        config: of the video model, the same in space: see `hiera.video`.
        how: "middle" puts the image's kernel on the middle frame and zeros on the others
            (ViViT, arXiv 2103.15691); "mean" repeats it on all of them, divided by
            their number (I3D, arXiv 1705.07750).

    Raises:
        ValueError: if the models do not go together, or there is no such way.
    """
    _check(model.config, config)
    if config.num_classes == model.config.num_classes and config.class_names is None:
        config = replace(config, class_names=model.config.class_names)
    inflated = like(build(config), model)
    weights = {k: v for k, v in model.state_dict().items() if "positions" not in k}
    if config.num_classes != model.config.num_classes:
        weights = {k: v for k, v in weights.items() if not k.startswith("head")}
        inflated.head.requires_grad_(True)
    kernel = "encoder.patches.projection.weight"
    weights[kernel] = inflated_kernel(weights[kernel], config.patch_kernel[0], how)
    inflated.load_state_dict({**inflated.state_dict(), **weights})
    with torch.no_grad():
        positions = inflated.encoder.positions
        positions.requires_grad_(all(p.requires_grad for p in model.encoder.positions.parameters()))
        positions.places.table.copy_(model.encoder.positions(config.grid[1:]))
        positions.times.table.zero_()
    return inflated


def inflated_kernel(
    kernel: Float[Tensor, "channels colours height width"],
    frames: int,
    how: Inflation = "middle",
) -> Float[Tensor, "channels colours {frames} height width"]:
    """A kernel over frames whose sum over time is the image's.

    Args:
        kernel: of an image model.
        frames: that the new kernel sees.
        how: see `inflate`.

    Raises:
        ValueError: if there is no such way.
    """
    over_time = torch.zeros(frames, 1, 1).to(kernel)
    match how:
        case "middle":
            over_time[frames // 2] = 1
        case "mean":
            over_time[:] = 1 / frames
        case _:
            raise ValueError(f"expected how='middle' or how='mean', got {how!r}.")
    return kernel[:, :, None] * over_time


def _check(image: HieraConfig, film: HieraConfig) -> None:
    if len(image.input_size) != 2 or len(film.input_size) != 3:
        raise ValueError(
            f"expected a model for images and a configuration for films, got inputs of "
            f"{image.input_size} and {film.input_size}."
        )
    wanted = {name: getattr(image, name) for name in (*SHARED, *IN_SPACE)}
    got = {name: getattr(film, name) for name in SHARED}
    got |= {name: getattr(film, name)[1:] for name in IN_SPACE}
    other = [name for name in wanted if wanted[name] != got[name]]
    if other:
        raise ValueError(
            "expected the same sizes in space, got "
            + "; ".join(f"{name}={got[name]} for {wanted[name]}" for name in other)
            + ". Start from the image model's configuration: hiera.video(model.config)."
        )


def overlaps(
    guess: Int[Tensor, "*pixels"], truth: Int[Tensor, "*pixels"], num_classes: int
) -> Float[Tensor, " {num_classes}"]:
    """Intersection over union of every class, over all pixels of all images together.

    Args:
        guess: the class that each pixel is given.
        truth: the class that it has.
        num_classes: classes, counted from 0.

    Returns:
        From 0, nothing in common, to 1, the same pixels; NaN for a class that nobody
        gave and nobody has.

    Raises:
        ValueError: if there are other classes than those.

    >>> overlaps(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 1]), 3)
    tensor([0.5000, 0.6667,    nan])
    """
    for name, classes in {"guess": guess, "truth": truth}.items():
        if classes.numel() and not 0 <= classes.min() <= classes.max() < num_classes:
            raise ValueError(
                f"expected classes from 0 to {num_classes - 1} in {name}, got "
                f"{int(classes.min())} to {int(classes.max())}. Leave out what has no class."
            )
    pairs = torch.bincount((truth * num_classes + guess).flatten(), minlength=num_classes**2)
    counts = pairs.view(num_classes, num_classes)
    both = counts.diagonal()
    return both / (counts.sum(0) + counts.sum(1) - both)


def mean_overlap(
    model: nn.Module,
    images: Float[Tensor, "images 3 height width"],
    labels: Int[Tensor, "images height width"],
    batch_size: int = 50,
) -> float:
    """The mean of `overlaps` over the classes that there are: 1 if every pixel is right.

    Args:
        model: gives scores [batch, classes, height, width].
        images: what the model takes.
        labels: the right class of every pixel.
        batch_size: images at a time; the answer does not depend on it.
    """
    check_filled(images=images)
    with torch.inference_mode():
        scores = [model(some) for some in images.split(batch_size)]
    check_numbers(scores=torch.cat(scores))
    guess = torch.cat([score.argmax(1) for score in scores])
    return overlaps(guess, labels, scores[0].shape[1]).nanmean().item()


def pixel_classifier(num_classes: int) -> nn.Sequential:
    """A small network for every pixel on its own: it sees a colour, and no neighbour.

    Args:
        num_classes: scores wanted for each pixel.
    """
    width = 32
    return nn.Sequential(
        nn.Conv2d(3, width, 1), nn.GELU(), nn.Conv2d(width, width, 1), nn.GELU(),
        nn.Conv2d(width, num_classes, 1),
    )  # fmt: skip


# Windowed positions, so that pictures of other sizes may come later.
SEGMENTER = HieraSegmenterConfig(
    encoder=HieraConfig(
        embed_channels=12,
        num_heads=1,
        stages=(1, 1, 1, 1),
        input_size=(64, 64),
        positions="windowed",
        num_classes=None,
    ),
    num_classes=len(SEGMENTS),
)


@cache
def unseen_segments(num_images: int = 300) -> tuple[Tensor, Tensor]:
    """Images that no training sees, and the class of every pixel."""
    return draw_segments(num_images, seed=0)


def _batches(
    seed: int, num_images: int = 3000, batch_size: int = 16
) -> Iterator[tuple[Tensor, ...]]:
    return batches(*draw_segments(num_images, seed=seed + 1), batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def _score(model: nn.Module, num_images: int = 300) -> float:
    """The mean over the classes of intersection over union."""
    return mean_overlap(model, *unseen_segments(num_images))


RECIPES = {
    "segments": Recipe(
        SEGMENTER, _batches, _loss, _score, at_least=0.58, steps=850, learning_rate=4e-3, tables=0.3
    ),
}
