"""DeiT: a plain vision transformer, and a second token that listens to a teacher."""

from .answer import DeiTAnswer
from .build import build
from .by_layer import token_cosines, tokens_by_layer
from .config import DeiTConfig, DeiTMaskedImageConfig
from .distillation import hard_distillation, soft_distillation, soft_divergence
from .masked import DeiTMaskedImage
from .model import DeiT
from .published import DEIT_III, PUBLISHED
from .resize import resized
from .teacher import Normalisation, Teacher, TeacherNotes

__all__ = [
    "DEIT_III",
    "PUBLISHED",
    "DeiT",
    "DeiTAnswer",
    "DeiTConfig",
    "DeiTMaskedImage",
    "DeiTMaskedImageConfig",
    "Normalisation",
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
