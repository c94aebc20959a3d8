"""The encoder: a small latent array reads the large input array, then thinks."""

from einops import rearrange, repeat
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..attention import Activation, CrossAttentionLayer, SelfAttentionLayer
from ..positions import learned_table
from .config import EncoderConfig
from .inputs import check_mask


class PerceiverEncoder(nn.Module):
    """Read, then think many times with the same weights.

    Paper: Perceiver IO 3.1. The same class expresses the original Perceiver,
    which reads again between its blocks: see `EncoderConfig.cross_schedule`. Latents that were
    made before may go on from where they are.

    Args:
        config: sizes and schedule.
        input_channels: width of the input array.
        activation: the bend in every MLP.
    """

    def __init__(self, config: EncoderConfig, input_channels: int, activation: Activation = "gelu"):
        super().__init__()
        self.schedule = config.schedule
        self.latents = learned_table(config.num_latents, config.latent_channels)
        self.cross = nn.ModuleList(
            _cross_attend(config, input_channels, activation) for _ in {*config.cross_schedule}
        )
        self.blocks = nn.ModuleList(
            _block(config, activation) for _ in {block for _, block in self.schedule}
        )

    def forward(
        self,
        input_array: Float[Tensor, "batch inputs input_channels"],
        mask: Bool[Tensor, "batch inputs"] | None = None,
        latents: Float[Tensor, "batch latents latent_channels"] | None = None,
    ) -> Float[Tensor, "batch latents latent_channels"]:
        check_mask(mask, input_array)
        if mask is not None:
            # Nothing is read of them; but 0 times NaN would be NaN.
            input_array = input_array.masked_fill(~mask[..., None], 0.0)
            mask = rearrange(mask, "b inputs -> b 1 inputs")
        if latents is None:
            latents = repeat(self.latents, "n d -> b n d", b=input_array.shape[0])
        for read, block in self.schedule:
            if read is not None:
                latents = self.cross[read](latents, input_array, mask)
            for self_attend in self.blocks[block]:
                latents = self_attend(latents)
        return latents


def _cross_attend(config: EncoderConfig, input_channels: int, activation: Activation):
    return CrossAttentionLayer(
        config.latent_channels,
        input_channels,
        num_heads=config.cross_heads,
        qk_channels=config.qk_channels or input_channels,
        v_channels=config.v_channels,
        widening_factor=config.cross_widening_factor,
        activation=activation,
        query_residual=config.query_residual,
    )


def _block(config: EncoderConfig, activation: Activation):
    return nn.ModuleList(
        SelfAttentionLayer(
            config.latent_channels,
            num_heads=config.self_heads,
            qk_channels=config.qk_channels,
            v_channels=config.v_channels,
            widening_factor=config.self_widening_factor,
            activation=activation,
        )
        for _ in range(config.layers_per_block)
    )
