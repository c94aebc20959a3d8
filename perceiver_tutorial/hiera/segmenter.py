"""What every pixel shows: a small head on Hiera's feature maps."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from ..doors import checked
from ..initial import initialise
from .config import HieraConfig
from .encoder import HieraEncoder


@checked
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
        if len(self.encoder.input_size) != 2:
            raise ValueError(
                f"expected an encoder for images, got input_size={self.encoder.input_size}."
            )
        stages = range(len(self.encoder.stages))
        if not self.maps or [*self.maps] != [stage for stage in stages if stage in self.maps]:
            raise ValueError(
                f"expected maps as some of {(*stages,)}, finest first, got {self.maps}."
            )

    def build(self) -> "HieraSegmenter":
        """A model with random weights."""
        return HieraSegmenter(self)

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


@checked
class HieraSegmenter(nn.Module):
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
        self.to_logits = nn.Conv2d(config.channels, config.num_classes, kernel_size=1)
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
        return stretch(self.to_logits(self.activation(total)), size)


def stretch(
    maps: Float[Tensor, "batch channels _height _width"], size: tuple[int, int]
) -> Float[Tensor, "batch channels new_height new_width"]:
    """A map on a finer grid: between the middles of its cells on straight lines.

    Args:
        maps: on any grid.
        size: (height, width) wanted.
    """
    return interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)
