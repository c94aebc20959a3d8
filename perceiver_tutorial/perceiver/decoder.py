"""The decoder: output queries attend to the latent array."""

from einops import reduce
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..attention import Activation, CrossAttentionLayer
from .config import DecoderConfig
from .parts import Decoder, Queries
from .queries import LearnedQueries, NoQueries


class PerceiverDecoder(nn.Module):
    """One cross-attention layer: every query attends to the latents, and to no other query.

    Paper: Perceiver IO 3.2.

    Args:
        config: heads, widths, residual.
        query_channels: width of the queries, and of the output array.
        latent_channels: width of the latents.
        output_channels: width of the output array after a linear map. Default: no map.
        activation: the GELU in the MLP.
    """

    def __init__(
        self,
        config: DecoderConfig,
        query_channels: int,
        latent_channels: int,
        *,
        output_channels: int | None = None,
        activation: Activation = "gelu",
    ):
        super().__init__()
        self.cross = CrossAttentionLayer(
            query_channels,
            latent_channels,
            num_heads=config.num_heads,
            qk_channels=config.qk_channels or latent_channels,
            v_channels=config.v_channels,
            activation=activation,
            query_residual=config.query_residual,
        )
        self.final = (
            nn.Linear(query_channels, output_channels) if output_channels else nn.Identity()
        )

    def forward(
        self,
        queries: Float[Tensor, "batch outputs query_channels"],
        latents: Float[Tensor, "batch latents latent_channels"],
        mask: Bool[Tensor, "batch outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs output_channels"]:
        mask = None if mask is None else mask[..., None]
        return self.final(self.cross(queries, latents, mask))


class AverageDecoder(nn.Module):
    """The first Perceiver's output: the mean of the latents, and nothing else.

    Paper: Perceiver (arXiv 2103.03206) 3.1. transformers' class for it,
    PerceiverProjectionDecoder, cannot be built.
    """

    def forward(
        self,
        _queries: Float[Tensor, "batch outputs=0 query_channels"],
        latents: Float[Tensor, "batch latents latent_channels"],
        _mask: None = None,
    ) -> Float[Tensor, "batch outputs=1 latent_channels"]:
        return reduce(latents, "b n d -> b 1 d", "mean")


def classification_decoder(
    config: DecoderConfig | None, channels: int, activation: Activation
) -> tuple[Queries, Decoder]:
    """Queries and a decoder that give a whole input one row to be classified by.

    Args:
        config: of the cross-attention layer, for one learned query. None: no query, the
            latents are averaged, as in the first Perceiver.
        channels: width of the latents, of the query and of the row.
        activation: the GELU in the MLP.
    """
    if config is None:
        return NoQueries(channels), AverageDecoder()
    decoder = PerceiverDecoder(config, channels, channels, activation=activation)
    return LearnedQueries(1, channels), decoder
