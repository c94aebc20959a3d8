"""Published DeiTs: their configurations and the names of their weights, in every layout."""

from ...deit import DeiTConfig, DeiTMaskedImageConfig
from ..layout import Layout
from .meta_names import META, TIMM
from .transformers_config import (
    architecture_of,
    config_from_transformers,
    config_to_transformers,
)
from .transformers_names import LAYOUTS as OF_TRANSFORMERS


def transformers_layout(config: DeiTConfig | DeiTMaskedImageConfig) -> Layout:
    """The layout of a folder that transformers wrote: `vit` names without a distillation token."""
    return OF_TRANSFORMERS[architecture_of(config)]


def meta_layout(_: DeiTConfig | DeiTMaskedImageConfig) -> Layout:
    """The layout of Meta's own files: queries, keys and values fused."""
    return META


def timm_layout(_: DeiTConfig | DeiTMaskedImageConfig) -> Layout:
    """The layout of timm's files."""
    return TIMM


LAYOUTS = {"transformers": transformers_layout, "meta": meta_layout, "timm": timm_layout}

__all__ = ["LAYOUTS", "config_from_transformers", "config_to_transformers"]
