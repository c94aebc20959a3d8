"""DeiT: a plain vision transformer with a second token that listens to a teacher."""

from jaxtyping import Float
from torch import Tensor, nn

from ..zoo import build
from .answer import DeiTAnswer
from .config import DeiTConfig
from .encoder import DeiTEncoder
from .initial import initialise


class Head(nn.Linear):
    """Scores of all classes, from one token."""

    def forward(self, token: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch classes"]:
        return super().forward(token)


class DeiT(nn.Module):
    """A vision transformer with a class token and, if distilled, a distillation token.

    Paper: DeiT, arXiv 2012.12877. transformers' DeiTForImageClassificationWithTeacher;
    without a distillation token its ViTForImageClassification.

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.config = config
        self.encoder = DeiTEncoder(config)
        self.class_head = _head(config)
        self.distillation_head = _head(config) if config.has_two_heads else None
        initialise(self)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> DeiTAnswer:
        tokens = self.tokens(images)
        class_logits = self.class_head(tokens[:, 0])
        if self.distillation_head is None:
            return DeiTAnswer(class_logits)
        return DeiTAnswer(class_logits, self.distillation_head(tokens[:, 1]))

    def tokens(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """What the heads read: every token at the end, normalised.

        Args:
            images: of the size in the configuration.

        Returns:
            The class token, the distillation token if there is one, then the patches,
            row by row.
        """
        return self.encoder(images)


def _head(config: DeiTConfig) -> nn.Module:
    return Head(config.channels, config.num_classes) if config.num_classes else nn.Identity()


build.register(DeiTConfig, DeiT)
