"""What can be chosen about a Hiera, and what was chosen for the published ones."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from ..inputs import check_classes, check_fields
from ..masks import check_mask_ratio
from .mask_units import Grid, by, unit_grid

PositionKind = Literal["table", "separate", "windowed"]


@dataclass(frozen=True)
class HieraConfig:
    """Sizes of a Hiera for images or videos.

    Attributes:
        embed_channels: width in the first stage; doubles at each later stage.
        num_heads: heads in the first stage; doubles with the channels.
        stages: layers in each stage.
        input_size: (height, width) in pixels, or (frames, height, width).
        patch_kernel: pixels that a patch sees along each axis.
        patch_stride: pixels from one patch to the next.
        patch_padding: pixels of zeros around the input.
        pool: tokens along each axis that a pooling makes one.
        num_pools: how many stage changes pool.
        mask_unit_attention: for each stage, whether a token attends to its mask unit only.
        positions: "table" has one row for each token, "separate" one table for places
            and one for times, "windowed" a table of one mask unit that is repeated and
            a coarse one that is stretched, for inputs of any size.
        num_classes: scores wanted; None: the normalised mean of the tokens itself.
        drop_path: how often a sample skips a branch of the last layer while training;
            earlier layers less, down to never.
        class_names: what each class is called, where that is known. Says nothing of what is
            computed: two configurations that differ in it are equal.

    Raises:
        ValueError: if the sizes do not go together.
    """

    embed_channels: int
    num_heads: int
    stages: tuple[int, ...]
    input_size: Grid = (224, 224)
    patch_kernel: Grid = (7, 7)
    patch_stride: Grid = (4, 4)
    patch_padding: Grid = (3, 3)
    pool: Grid = (2, 2)
    num_pools: int = 3
    mask_unit_attention: tuple[bool, ...] = (True, True, False, False)
    positions: PositionKind = "table"
    num_classes: int | None = 1000
    drop_path: float = 0.0
    class_names: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        check_fields(self, may_be_0=("patch_padding", "num_pools", "num_classes"))
        axes = len(self.input_size)
        for name in ("patch_kernel", "patch_stride", "patch_padding", "pool"):
            if len(getattr(self, name)) != axes:
                raise ValueError(
                    f"expected {name} with {axes} numbers, one for each axis of "
                    f"input_size={self.input_size}, got {getattr(self, name)}."
                )
        if len(self.mask_unit_attention) != len(self.stages):
            raise ValueError(
                f"expected mask_unit_attention with one choice for each of "
                f"{len(self.stages)} stages, got {self.mask_unit_attention}."
            )
        if self.num_pools >= len(self.stages):
            raise ValueError(
                f"expected num_pools from 0 to {len(self.stages) - 1}, one less than there are "
                f"stages, got {self.num_pools}."
            )
        check_classes(self.class_names, self.num_classes or None)  # 0: no head, as in the files
        self._check_patches()
        self.grid_of(self.input_size)

    def _check_patches(self) -> None:
        sizes = zip(self.patch_kernel, self.patch_stride, self.patch_padding, strict=True)
        if any(not kernel - stride <= 2 * padding < kernel for kernel, stride, padding in sizes):
            raise ValueError(
                f"expected patch_padding that gives one patch for every patch_stride="
                f"{self.patch_stride} pixels, got {self.patch_padding} with patch_kernel="
                f"{self.patch_kernel}. Twice it is less than the kernel, by at most the stride."
            )

    @property
    def pools(self) -> tuple[Grid, ...]:
        """What each stage change could pool; only the first `num_pools` of them do."""
        return (self.pool,) * self.last_stage

    @property
    def mask_unit(self) -> Grid:
        """Tokens of a mask unit along each axis, before any pooling."""
        return unit_grid(self.pools, len(self.input_size))

    @property
    def unit_pixels(self) -> Grid:
        """Pixels of a mask unit along each axis."""
        return tuple(u * s for u, s in zip(self.mask_unit, self.patch_stride, strict=True))

    @property
    def grid(self) -> Grid:
        """Tokens along each axis, before any pooling."""
        return self.grid_of(self.input_size)

    @property
    def units(self) -> Grid:
        """Mask units along each axis."""
        return tuple(n // u for n, u in zip(self.grid, self.mask_unit, strict=True))

    @property
    def last_stage(self) -> int:
        """Number of the last stage, counted from 0."""
        return len(self.stages) - 1

    def channels(self, stage: int) -> int:
        """Width of the tokens in a stage, counted from 0."""
        return self.embed_channels * 2**stage

    def grid_of(self, input_size: Grid) -> Grid:
        """Tokens along each axis for an input of any size.

        Sizes that mask units do not tile are refused. Padding them would need a mask in
        every pooling and every attention, and the published models never saw one.

        Raises:
            ValueError: if the size is no whole number of mask units, or has another number
                of axes than `input_size`.
        """
        if len(input_size) != len(self.input_size):
            raise ValueError(
                f"expected a size with {len(self.input_size)} axes, as input_size="
                f"{self.input_size} has, got {input_size}. A video is (frames, height, width), "
                "an image (height, width)."
            )
        if any(
            side % size or not side for side, size in zip(input_size, self.unit_pixels, strict=True)
        ):
            nearest = tuple(
                max(1, round(side / size)) * size
                for side, size in zip(input_size, self.unit_pixels, strict=True)
            )
            raise ValueError(
                f"expected an input that mask units of {by(self.unit_pixels)} pixels tile, got "
                f"{by(input_size)} pixels. Resize or crop it, e.g. to {by(nearest)}."
            )
        return tuple(side // step for side, step in zip(input_size, self.patch_stride, strict=True))

    def grid_after(self, stage: int, grid: Grid) -> Grid:
        """Tokens along each axis after a stage, counted from 0."""
        factor = unit_grid(self.pools[: min(stage, self.num_pools)], len(grid))
        return tuple(side // f for side, f in zip(grid, factor, strict=True))

    def pools_after(self, stage: int) -> tuple[Grid, ...]:
        """Levels of pooling order that are left after a stage, counted from 0."""
        return self.pools[min(stage, self.num_pools) :]

    def unit_tokens(self, stage: int) -> int:
        """Tokens of a mask unit in a stage, counted from 0."""
        return math.prod(unit_grid(self.pools_after(stage), len(self.input_size)))

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, *self.input_size[:-2], 3, *self.input_size[-2:])


@dataclass(frozen=True)
class HieraMAEConfig:
    """A Hiera that is pre-trained by rebuilding what it did not see.

    Attributes:
        encoder: its `num_classes` is not used.
        decoder_channels: width of the decoder.
        decoder_depth: layers of the decoder.
        decoder_heads: attention heads of the decoder.
        mask_ratio: share of the mask units that is hidden, unless a call says otherwise.
        normalise_targets: compare with pixels whose patch has mean 0 and variance 1.

    Raises:
        ValueError: if the encoder pools frames, or the share is not from 0 to below 1.
    """

    encoder: HieraConfig
    decoder_channels: int = 512
    decoder_depth: int = 8
    decoder_heads: int = 16
    mask_ratio: float = 0.6
    normalise_targets: bool = True

    def __post_init__(self):
        check_fields(self, may_be_0=("decoder_depth",))
        check_mask_ratio(self.mask_ratio)
        *times, _, _ = self.encoder.pool
        if self.encoder.num_pools and any(step > 1 for step in times):
            raise ValueError(
                "expected an encoder that does not pool frames, as their first is what is "
                f"predicted, got pool={self.encoder.pool}. Choose pool=(1, 2, 2)."
            )

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return self.encoder.example_input(batch_size)


SIZES = {
    "tiny": HieraConfig(embed_channels=96, num_heads=1, stages=(1, 2, 7, 2)),
    "small": HieraConfig(embed_channels=96, num_heads=1, stages=(1, 2, 11, 2)),
    "base": HieraConfig(embed_channels=96, num_heads=1, stages=(2, 3, 16, 3)),
    "base-plus": HieraConfig(embed_channels=112, num_heads=2, stages=(2, 3, 16, 3)),
    "large": HieraConfig(embed_channels=144, num_heads=2, stages=(2, 6, 36, 4)),
    "huge": HieraConfig(embed_channels=256, num_heads=4, stages=(2, 6, 36, 4)),
}


def pretraining(config: HieraConfig) -> HieraMAEConfig:
    """The published pre-training of a size: it pools once less than the classifier."""
    return HieraMAEConfig(replace(config, num_pools=2, num_classes=None, class_names=None))


def video(config: HieraConfig) -> HieraConfig:
    """The published video model of a size: 16 frames, Kinetics' 400 classes."""
    return replace(
        config,
        input_size=(16, 224, 224),
        patch_kernel=(3, 7, 7),
        patch_stride=(2, 4, 4),
        patch_padding=(1, 3, 3),
        pool=(1, 2, 2),
        positions="separate",
        num_classes=400,
        class_names=None,
    )


PUBLISHED: dict[str, HieraConfig | HieraMAEConfig] = {
    **{f"facebook/hiera-{n}-224-hf": replace(c, num_classes=None) for n, c in SIZES.items()},
    **{f"facebook/hiera-{name}-224-in1k-hf": config for name, config in SIZES.items()},
    **{f"facebook/hiera-{name}-224-mae-hf": pretraining(c) for name, c in SIZES.items()},
    **{
        f"facebook/hiera_{name.replace('-', '_')}_16x224": video(SIZES[name])
        for name in ("base", "base-plus", "large", "huge")
    },
}
