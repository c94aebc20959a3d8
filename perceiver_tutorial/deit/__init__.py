"""DeiT: a plain vision transformer, and a second token that learns from a teacher."""

from .. import zoo
from ..inputs import look_up
from .by_layer import token_cosines, tokens_by_layer
from .config import DEIT_III, PUBLISHED, DeiTConfig, DeiTMaskedImageConfig
from .distillation import hard_distillation, soft_distillation, soft_divergence
from .masked import DeiTMaskedImage
from .model import DeiT, DeiTOutput, PatchEmbedding, resized
from .teacher import Normalisation, Teacher, TeacherNotes

__all__ = [
    "DEIT_III",
    "PUBLISHED",
    "DeiT",
    "DeiTConfig",
    "DeiTMaskedImage",
    "DeiTMaskedImageConfig",
    "DeiTOutput",
    "Normalisation",
    "PatchEmbedding",
    "Teacher",
    "TeacherNotes",
    "build",
    "hard_distillation",
    "resized",
    "soft_distillation",
    "soft_divergence",
    "token_cosines",
    "tokens_by_layer",
]


def build(model: str | DeiTConfig | DeiTMaskedImageConfig) -> DeiT | DeiTMaskedImage:
    """Build a DeiT with random weights.

    Args:
        model: a published name, timm's for a DeiT III, or a configuration.

    Raises:
        ValueError: if no published model has that name.
        TypeError: if the configuration is of another family.
    """
    published = {**PUBLISHED, **DEIT_III}
    config = look_up(model, published, "DeiT") if isinstance(model, str) else model
    if not isinstance(config, DeiTConfig | DeiTMaskedImageConfig):
        raise TypeError(
            f"expected a DeiTConfig or DeiTMaskedImageConfig, got {type(config).__name__}. "
            "zoo.build takes configurations of every family."
        )
    return zoo.build(config)
