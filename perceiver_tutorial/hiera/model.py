"""Hiera: patches, mask units, four stages, a mean, a score."""

from jaxtyping import Float
from torch import Tensor, nn

from ..zoo import build
from .config import HieraConfig
from .encoder import HieraEncoder
from .initial import initialise


class Hiera(nn.Module):
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
        self.to_logits = (
            nn.Linear(last, config.num_classes) if config.num_classes else nn.Identity()
        )
        initialise(self)

    def forward(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> Float[Tensor, "batch classes"]:
        tokens = self.encoder(images)[-1]
        return self.to_logits(self.norm(tokens.mean(1)))

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
