"""From a published name, or a configuration, to a model."""

from .. import zoo
from ..inputs import look_up
from .config import DeiTConfig, DeiTMaskedImageConfig
from .masked import DeiTMaskedImage
from .model import DeiT
from .published import DEIT_III, PUBLISHED


def build(model: str | DeiTConfig | DeiTMaskedImageConfig) -> DeiT | DeiTMaskedImage:
    """Build a DeiT with random weights.

    Args:
        model: a published name, timm's for a DeiT III, or any configuration.

    Raises:
        ValueError: if no published model has that name.
    """
    config = look_up(model, {**PUBLISHED, **DEIT_III}, "DeiT") if isinstance(model, str) else model
    return zoo.build(config)
