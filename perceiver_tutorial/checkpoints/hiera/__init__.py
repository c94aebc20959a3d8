"""Published Hieras: their configurations and the names of their weights, in every layout."""

from ...hiera import HieraConfig, HieraMAEConfig
from ..layout import Layout
from .meta_config import config_from_meta
from .meta_names import meta_layout, timm_layout
from .transformers_config import (
    architecture_of,
    config_from_transformers,
    config_to_transformers,
)
from .transformers_names import LAYOUTS as OF_TRANSFORMERS


def transformers_layout(config: HieraConfig | HieraMAEConfig) -> Layout:
    """The layout of a folder that transformers wrote."""
    return OF_TRANSFORMERS[architecture_of(config)]


LAYOUTS = {"transformers": transformers_layout, "meta": meta_layout, "timm": timm_layout}

__all__ = ["LAYOUTS", "config_from_meta", "config_from_transformers", "config_to_transformers"]
