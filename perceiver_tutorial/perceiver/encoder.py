"""The encoder: a small latent array attends to the large input array, then to itself."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..attention import Activation, CrossAttentionLayer, SelfAttentionLayer
from ..positions import learned_table
from .config import EncoderConfig
from .entrances import check_mask


class PerceiverEncoder(nn.Module):
    """Cross-attention to the inputs, then the same block of self-attention layers many times.

    Paper: Perceiver IO 3.1. The same class is the first Perceiver's, which attends to the
    inputs again between its blocks: see `EncoderConfig.cross_schedule`. Latents that were
    made before may go on from where they are.

    Args:
        config: sizes and schedule.
        input_channels: width of the input array.
        activation: the GELU in every MLP.
    """

    def __init__(self, config: EncoderConfig, input_channels: int, activation: Activation = "gelu"):
        super().__init__()
        self.schedule = config.schedule
        self.latents = learned_table(config.num_latents, config.latent_channels)
        self.cross = nn.ModuleList(
            _cross(config, input_channels, activation) for _ in {*config.cross_schedule}
        )
        self.blocks = nn.ModuleList(
            _block(config, activation) for _ in {block for _, block in self.schedule}
        )

    def forward(
        self,
        x: Float[Tensor, "batch inputs input_channels"],
        mask: Bool[Tensor, "batch inputs"] | None = None,
        latents: Float[Tensor, "batch latents latent_channels"] | None = None,
    ) -> Float[Tensor, "batch latents latent_channels"]:
        if mask is not None:
            check_mask(mask, x)
            x = x.masked_fill(~mask[..., None], 0.0)  # 0 times NaN would be NaN
            mask = mask[:, None]
        z = self.latents.expand(x.shape[0], -1, -1) if latents is None else latents
        for cross, block in self.schedule:
            if cross is not None:
                z = self.cross[cross](z, x, mask)
            for layer in self.blocks[block]:
                z = layer(z)
        return z


def _cross(config: EncoderConfig, input_channels: int, activation: Activation):
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
