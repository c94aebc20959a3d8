"""Hiera's four stages: patches, mask units, pooling, and nothing else."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .blocks import HieraBlock
from .config import HieraConfig
from .inputs import check_images, input_size
from .mask_units import reroll, unroll
from .masks import hide_pixels, visible_tokens
from .patches import PatchEmbedding
from .positions import positions_of


class HieraEncoder(nn.Module):
    """Pixels in, tokens after each stage out, in pooling order.

    Paper: Hiera, figure 2. Given `kept`, only those mask units are computed.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.config = config
        self.to_patches = PatchEmbedding(config)
        self.positions = positions_of(config)
        self.stages = nn.ModuleList(_stages(config))

    def forward(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        kept: Int[Tensor, "batch kept"] | None = None,
    ) -> list[Float[Tensor, "batch _tokens _channels"]]:
        tokens = self.embed(images, kept)
        after = []
        for stage in self.stages:
            tokens = stage(tokens)
            after.append(tokens)
        return after

    def feature_maps(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> list[Float[Tensor, "batch _channels *_grid"]]:
        """The tokens after every stage, back on their grid: see `Hiera.feature_maps`."""
        after = self(images)
        grid = self.config.grid_of(input_size(images))
        return [
            reroll(
                tokens, self.config.grid_after(stage, grid), self.config.pools_after(stage)
            ).movedim(-1, 1)
            for stage, tokens in enumerate(after)
        ]

    def embed(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        kept: Int[Tensor, "batch kept"] | None = None,
    ) -> Float[Tensor, "batch tokens channels"]:
        """Patches with their positions, sorted for pooling; of the kept mask units only."""
        check_images(images, self.config)
        grid = self.config.grid_of(input_size(images))
        seen = images if kept is None else hide_pixels(images, kept, self.config)
        tokens = unroll(self.to_patches(seen) + self.positions(grid), grid, self.config.pools)
        units = math.prod(grid) // math.prod(self.config.mask_unit)
        return tokens if kept is None else visible_tokens(tokens, kept, units)


def _stages(config: HieraConfig) -> list[nn.Sequential]:
    """The first block of a stage pools, and still attends as the stage before did."""
    drops = iter(torch.linspace(0, config.drop_path, sum(config.stages), device="cpu").tolist())
    return [
        nn.Sequential(
            *(
                _block(config, stage, is_first=stage > 0 and number == 0, drop_path=next(drops))
                for number in range(depth)
            )
        )
        for stage, depth in enumerate(config.stages)
    ]


def _block(config: HieraConfig, stage: int, *, is_first: bool, drop_path: float) -> HieraBlock:
    before = stage - 1 if is_first else stage
    pools = is_first and stage <= config.num_pools
    return HieraBlock(
        config.channels(before),
        config.channels(stage),
        num_heads=config.num_heads * 2**stage,
        window=config.window(before) if config.mask_unit_attention[before] else None,
        pool_size=math.prod(config.pool) if pools else 1,
        drop_path=drop_path,
    )
