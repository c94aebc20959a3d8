"""Hiera: patches, mask units, four stages, a mean, a score."""

import math

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..errors import Model
from ..inputs import InputSpec
from ..zoo import build
from .config import HieraConfig
from .layers import HieraLayer
from .mask_units import Grid, hide_pixels, input_size, reroll, unroll, visible_tokens
from .positions import positions_of

CONVOLUTIONS = {2: nn.Conv2d, 3: nn.Conv3d}
WITH_WEIGHTS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class PatchEmbedding(nn.Module):
    """Every patch through one linear map; neighbours overlap by 3 of their 7 pixels.

    The only place where Hiera knows of neighbours by design. Paper: Hiera 3.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.projection = CONVOLUTIONS[len(config.input_size)](
            3, config.embed_channels, config.patch_kernel, config.patch_stride, config.patch_padding
        )

    def forward(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> Float[Tensor, "batch tokens channels"]:
        return rearrange(self.projection(images.movedim(-3, 1)), "b c ... -> b (...) c")


class HieraEncoder(nn.Module):
    """Pixels in, tokens after each stage out, in pooling order.

    Paper: Hiera, figure 2. Given `kept`, only those mask units are computed.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.config = config
        axes = len(config.input_size) + 1
        self.input_spec = InputSpec(
            "images" if axes == 3 else "videos",
            ("frames", "colours", "height", "width")[-axes:],
            (None, 3, None, None)[-axes:],
            "Colours are red, green and blue.",
        )
        self.patches = PatchEmbedding(config)
        self.positions = positions_of(config)
        self.stages = nn.ModuleList(_stages(config))

    def forward(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        kept: Int[Tensor, "batch kept"] | None = None,
    ) -> list[Float[Tensor, "batch _tokens _channels"]]:
        x = self.embed(images, kept)
        after = []
        for stage in self.stages:
            x = stage(x)
            after.append(x)
        return after

    def embed(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        kept: Int[Tensor, "batch kept"] | None = None,
    ) -> Float[Tensor, "batch tokens channels"]:
        """Patches with their positions, sorted for pooling; of the kept mask units only."""
        grid = self.grid_of(images)
        if kept is not None:
            images = hide_pixels(images, kept, self.config.unit_pixels)
        x = unroll(self.patches(images) + self.positions(grid), grid, self.config.pools)
        if kept is None:
            return x
        return visible_tokens(x, kept, math.prod(grid) // math.prod(self.config.mask_unit))

    def feature_maps(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> list[Float[Tensor, "batch _channels *_grid"]]:
        """The tokens after every stage, back on their grid: see `Hiera.feature_maps`."""
        after, config = self(images), self.config
        grid = config.grid_of(input_size(images))
        return [
            reroll(x, config.grid_after(stage, grid), config.pools_after(stage)).movedim(-1, 1)
            for stage, x in enumerate(after)
        ]

    def grid_of(self, images: Tensor) -> Grid:
        """Tokens along each axis, for images that are checked first.

        Raises:
            ValueError: if their axes or their kind of number are wrong, there are none, or mask
                units do not tile them.
        """
        self.input_spec.check(images)
        return self.config.grid_of(input_size(images))


class Hiera(Model):
    """A hierarchical vision transformer: tokens become fewer and wider, stage by stage.

    Paper: Hiera, arXiv 2306.00989. transformers' HieraForImageClassification, or its
    HieraModel where the configuration has no classes.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.config = config
        self.encoder = HieraEncoder(config)
        last = config.channels(config.last_stage)
        self.norm = nn.LayerNorm(last, eps=1e-6)
        self.head = nn.Linear(last, config.num_classes) if config.num_classes else nn.Identity()
        initialise(self)

    def forward(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> Float[Tensor, "batch classes"]:
        x = self.encoder(images)[-1]
        return self.head(self.norm(x.mean(1)))

    def feature_maps(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> list[Float[Tensor, "batch _channels *_grid"]]:
        """What every stage made of the picture, finest first, as pictures again.

        Equal to HieraModel's reshaped hidden states. transformers' HieraBackbone gives
        others: it forgets to unroll the tokens.

        Args:
            images: of any size that mask units tile.

        Returns:
            For images [batch, channels, height, width], for videos [batch, channels,
            frames, height, width], one for each stage.
        """
        return self.encoder.feature_maps(images)


build.register(HieraConfig, Hiera)


def _stages(config: HieraConfig) -> list[nn.Sequential]:
    """The first layer of a stage pools, and still attends as the stage before did."""
    drops = iter(torch.linspace(0, config.drop_path, sum(config.stages), device="cpu").tolist())
    return [
        nn.Sequential(
            *(
                _layer(config, stage, is_first=stage > 0 and number == 0, drop_path=next(drops))
                for number in range(depth)
            )
        )
        for stage, depth in enumerate(config.stages)
    ]


def _layer(config: HieraConfig, stage: int, *, is_first: bool, drop_path: float) -> HieraLayer:
    before = stage - 1 if is_first else stage
    pools = is_first and stage <= config.num_pools
    return HieraLayer(
        config.channels(before),
        config.channels(stage),
        num_heads=config.num_heads * 2**stage,
        unit_tokens=config.unit_tokens(before) if config.mask_unit_attention[before] else None,
        pool=math.prod(config.pool) if pools else 1,
        drop_path=drop_path,
    )


def initialise(model: nn.Module) -> None:
    """Start every linear map, convolution and norm of a Hiera afresh.

    As in transformers: weights are drawn with a standard deviation of 0.02, and every bias
    is 0.02 too, those of the norms included. The released code leaves biases of
    convolutions alone, makes the classifier a thousand times smaller, and starts a
    pre-training with Xavier's weights and biases of 0.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, WITH_WEIGHTS):
            nn.init.trunc_normal_(module.weight, std=0.02)
        if isinstance(module, (*WITH_WEIGHTS, nn.LayerNorm)):
            nn.init.constant_(module.bias, 0.02)


def xavier(model: nn.Module) -> None:
    """Start every linear map, convolution and norm afresh, as the released pre-training does.

    Weights are spread evenly, so wide that signals keep their size whatever the width;
    a convolution counts as the linear map of its window. Biases are 0. A small model
    learns from this start what it hardly learns from weights of 0.02.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, WITH_WEIGHTS):
            nn.init.xavier_uniform_(module.weight.data.flatten(1))
        if isinstance(module, (*WITH_WEIGHTS, nn.LayerNorm)):
            nn.init.zeros_(module.bias)
