"""What can be chosen about the parts of a Perceiver: one small class for each. All is data."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from ..attention import Activation
from ..inputs import check_fields

Size = tuple[int, ...]
MOST_LAYERS = 10_000  # more would be built for hours
MOST_CONVOLUTIONS = 60


@runtime_checkable
class PerceiverConfig(Protocol):
    """What can be chosen about a task; best a frozen dataclass, with a function for `build`.

    Attributes:
        activation: the GELU in every MLP.
    """

    activation: Activation

    def example_input(self, batch_size: int = 1) -> Any:
        """Zeros in the shape of the raw input."""
        ...


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder, and when it attends to the input.

    Attributes:
        num_latents: rows of the latent array (N in the paper).
        latent_channels: channels of the latent array (D).
        num_blocks: how often a block of self-attention layers is run.
        layers_per_block: self-attention layers inside one block.
        self_heads: heads of each self-attention layer.
        cross_heads: heads of each cross-attention layer.
        qk_channels: width of queries and keys, in both kinds of layer. None: the input
            array's width in cross-attention, the latents' in self-attention.
        v_channels: width of the values. None: `qk_channels`.
        cross_widening_factor: hidden width over channels, in the MLP of a cross-attention layer.
        self_widening_factor: the same, in the MLPs of the self-attention layers.
        query_residual: add the latents to the result of the cross-attention.
        cross_schedule: for each of the first blocks, the number of the cross-attention layer
            that runs before it. (0,) attends to the input once, as Perceiver IO does;
            (0, 1, 1, 1) four times with two sets of weights, as the first Perceiver does.
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
                f"expected up to {MOST_LAYERS:,} layers, got num_blocks={self.num_blocks} of "
                f"layers_per_block={self.layers_per_block}. Published models have 48."
            )
        if not 1 <= len(self.cross_schedule) <= self.num_blocks:
            raise ValueError(
                f"cross_schedule={self.cross_schedule} names {len(self.cross_schedule)} "
                f"cross-attention layers; expected from 1 to num_blocks={self.num_blocks}."
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
        """For each pass: which cross-attention layer comes first (or None), then which block."""
        crosses = (*self.cross_schedule, *(None,) * (self.num_blocks - len(self.cross_schedule)))
        return tuple(zip(crosses, self.block_schedule or (0,) * self.num_blocks, strict=True))


@dataclass(frozen=True)
class DecoderConfig:
    """Choices of the one cross-attention layer that answers.

    Attributes:
        query_residual: add the queries to the result of the cross-attention.
        num_heads: attention heads.
        qk_channels: width of queries and keys. None: the latents' width.
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


Positions = FourierConfig | LearnedConfig


@dataclass(frozen=True)
class PixelStem:
    """Every pixel, or every `stride`-th along both axes, as it is."""

    stride: int = 1

    __post_init__ = check_fields

    def cells(self, size: Size) -> Size:
        """Inputs along each axis of a picture of this size, in (frames and) pixels."""
        return _every(self.stride, size)


@dataclass(frozen=True)
class Conv1x1Stem:
    """Every pixel's colours through one linear map to `channels`."""

    channels: int
    stride: int = 1

    __post_init__ = check_fields

    def cells(self, size: Size) -> Size:
        """Inputs along each axis of a picture of this size, in (frames and) pixels."""
        return _every(self.stride, size)


@dataclass(frozen=True)
class ConvPoolStem:
    """Convolution and max-pooling, 4 times smaller with each of `num_layers`.

    Attributes:
        channels: width of every convolution.
        num_layers: how often.
        padding: "same" as DeepMind's code; "transformers" loses a row and a column.

    Raises:
        ValueError: if `padding` has another name, or there are no layers or far too many.
    """

    channels: int
    num_layers: int = 1
    padding: Literal["same", "transformers"] = "transformers"

    def __post_init__(self):
        check_fields(self)
        if self.num_layers > MOST_CONVOLUTIONS:
            raise ValueError(
                f"expected 1 to {MOST_CONVOLUTIONS} layers, got {self.num_layers}. "
                "Each halves the picture."
            )

    def cells(self, size: Size) -> Size:
        """Inputs along each axis of a picture of this size, in (frames and) pixels.

        Raises:
            ValueError: if the picture is too small.
        """
        cells = [num_cells(n, self.padding, self.num_layers) for n in size[-2:]]
        if min(cells) < 1:
            raise ValueError(f"{self.num_layers} layers leave nothing of a picture of {size}.")
        return (*size[:-2], *cells)


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

    def cells(self, size: Size) -> Size:
        """Inputs along each axis of a picture of this size, in (frames and) pixels."""
        return (*size[:-2], *(n // self.size for n in size[-2:]))


Stem = PixelStem | Conv1x1Stem | ConvPoolStem | PatchStem


def num_cells(length: int, padding: str, num_layers: int = 1) -> int:
    """How many cells a convolutional stem makes of one axis of a picture.

    Args:
        length: of the axis, in pixels.
        padding: "same" or "transformers", see `ConvPoolStem`.
        num_layers: of the stem.

    >>> num_cells(224, "same"), num_cells(224, "transformers")
    (56, 55)
    """
    for _ in range(num_layers):
        convolved = -(-length // 2)
        length = -(-convolved // 2) if padding == "same" else (convolved - 3) // 2 + 1
    return length


def _every(stride: int, size: Size) -> Size:
    return (*size[:-2], *(-(-n // stride) for n in size[-2:]))
