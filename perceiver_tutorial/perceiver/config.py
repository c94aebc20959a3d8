"""What can be chosen about the parts of a Perceiver: one small class for each."""

from dataclasses import dataclass
from typing import Literal

from ..inputs import check_fields
from ..positions import FourierPositions, LearnedPositions
from .preprocessors import Conv1x1, ConvPool, Patches, Pixels

Size = tuple[int, int]
MOST_LAYERS = 10_000  # more would be built for hours


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder, and when it reads.

    Attributes:
        num_latents: rows of the latent array (N in the paper).
        latent_channels: channels of the latent array (D).
        num_blocks: how often a block of self-attends is run.
        layers_per_block: self-attends inside one block.
        self_heads: attention heads of each self-attend.
        cross_heads: attention heads of each cross-attend.
        qk_channels: width in which queries meet keys, in both kinds of attend.
            None: the input array's width when reading, the latents' when thinking.
        v_channels: width of the values. None: `qk_channels`.
        cross_widening_factor: hidden width over channels, in the MLP after reading.
        self_widening_factor: the same, in the MLPs of the self-attends.
        query_residual: add the latents to what they read.
        cross_schedule: for each of the first blocks, the number of the cross-attend that
            reads the input before it. (0,) reads once, as Perceiver IO does;
            (0, 1, 1, 1) reads four times with two sets of weights, as the
            original Perceiver does.
        block_schedule: for each pass, the number of the block that is run. None: block 0
            every time, so that all passes share their weights.

    Raises:
        ValueError: if the latents do not split over the heads, or a schedule skips a
            number or is longer or shorter than `num_blocks` allows.
    """

    num_latents: int
    latent_channels: int
    num_blocks: int
    layers_per_block: int
    self_heads: int
    cross_heads: int
    qk_channels: int | None = None
    v_channels: int | None = None
    cross_widening_factor: int = 1
    self_widening_factor: int = 1
    query_residual: bool = True
    cross_schedule: tuple[int, ...] = (0,)
    block_schedule: tuple[int, ...] | None = None

    def __post_init__(self):
        check_fields(self, may_be_0=("layers_per_block", "cross_schedule", "block_schedule"))
        for heads in ("self_heads", "cross_heads"):
            if self.latent_channels % getattr(self, heads):
                raise ValueError(
                    f"latent_channels={self.latent_channels} does not split over "
                    f"{heads}={getattr(self, heads)}."
                )
        if not 0 <= self.num_blocks * self.layers_per_block <= MOST_LAYERS:
            raise ValueError(
                f"expected up to {MOST_LAYERS:,} self-attends, got num_blocks={self.num_blocks} of "
                f"layers_per_block={self.layers_per_block}. Published models have 48."
            )
        if not 1 <= len(self.cross_schedule) <= self.num_blocks:
            raise ValueError(
                f"cross_schedule={self.cross_schedule} names {len(self.cross_schedule)} "
                f"cross-attends; expected from 1 to num_blocks={self.num_blocks}."
            )
        if self.block_schedule is not None and len(self.block_schedule) != self.num_blocks:
            raise ValueError(
                f"block_schedule={self.block_schedule} names {len(self.block_schedule)} passes; "
                f"expected num_blocks={self.num_blocks}."
            )
        for name in ("cross_schedule", "block_schedule"):
            numbers = set(getattr(self, name) or (0,))
            if numbers != set(range(len(numbers))):
                raise ValueError(
                    f"{name}={getattr(self, name)} skips a number: "
                    "expected 0, 1, 2 ... without gaps."
                )

    @property
    def schedule(self) -> tuple[tuple[int | None, int], ...]:
        """For each pass: which cross-attend reads first (None: no reading), then which block."""
        reads = (*self.cross_schedule, *(None,) * (self.num_blocks - len(self.cross_schedule)))
        return tuple(zip(reads, self.block_schedule or (0,) * self.num_blocks, strict=True))


@dataclass(frozen=True)
class DecoderConfig:
    """Choices of the one cross-attend that answers.

    Attributes:
        query_residual: add the queries to what they read from the latents.
        num_heads: attention heads.
        qk_channels: width in which queries meet latents. None: the latents' width.
        v_channels: width of the values. None: `qk_channels`.
    """

    query_residual: bool = True
    num_heads: int = 1
    qk_channels: int | None = None
    v_channels: int | None = None

    __post_init__ = check_fields


RESIDUAL = DecoderConfig(query_residual=True)
NO_RESIDUAL = DecoderConfig(query_residual=False)


@dataclass(frozen=True)
class FourierConfig:
    """Positions as sines and cosines; see `fourier_features` for both attributes."""

    num_bands: int
    max_resolution: tuple[int, ...]

    def __post_init__(self):
        check_fields(self, may_be_0=("num_bands",))

    def build(self, index_dims: tuple[int, ...]) -> FourierPositions:
        """Positions of every place on a grid."""
        return FourierPositions(index_dims, self.num_bands, self.max_resolution)


@dataclass(frozen=True)
class LearnedConfig:
    """Positions as a learned table.

    Attributes:
        channels: width of the table.
        projected_channels: width after a linear map; None: no map.
    """

    channels: int
    projected_channels: int | None = None

    __post_init__ = check_fields

    def build(self, index_dims: tuple[int, ...]) -> LearnedPositions:
        """Positions of every place on a grid."""
        return LearnedPositions(index_dims, self.channels, self.projected_channels)


@dataclass(frozen=True)
class PixelStem:
    """Every pixel, or every `stride`-th along both axes, as it is."""

    stride: int = 1

    __post_init__ = check_fields

    def build(self, image_size: Size, image_channels: int) -> Pixels:
        """The stem for images of this size, (height, width), and so many colours."""
        return Pixels(image_size, image_channels, strides=(self.stride, self.stride))


@dataclass(frozen=True)
class Conv1x1Stem:
    """Every pixel's colours through one linear map to `channels`."""

    channels: int
    stride: int = 1

    __post_init__ = check_fields

    def build(self, image_size: Size, image_channels: int) -> Conv1x1:
        """The stem for images of this size, (height, width), and so many colours."""
        return Conv1x1(image_size, self.channels, image_channels, self.stride)


@dataclass(frozen=True)
class ConvPoolStem:
    """Convolution and max-pooling, 4 times smaller with each of `num_layers`.

    Attributes:
        channels: width of every convolution.
        num_layers: how often.
        padding: "same" as DeepMind's code; "transformers" loses a row and a column.
    """

    channels: int
    num_layers: int = 1
    padding: Literal["same", "transformers"] = "transformers"

    __post_init__ = check_fields

    def build(self, image_size: Size, image_channels: int) -> ConvPool:
        """The stem for images of this size, (height, width), and so many colours."""
        return ConvPool(image_size, self.channels, image_channels, self.num_layers, self.padding)


@dataclass(frozen=True)
class PatchStem:
    """Squares of `size` x `size` pixels folded into channels.

    Attributes:
        size: side of a square, in pixels.
        channels: width after a linear map; None: no map.
    """

    size: int
    channels: int | None = None

    __post_init__ = check_fields

    def build(self, image_size: Size, image_channels: int) -> Patches:
        """The stem for images of this size, (height, width), and so many colours."""
        return Patches(image_size, (self.size, self.size), image_channels, self.channels)
