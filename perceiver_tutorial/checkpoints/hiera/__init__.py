"""Published Hieras: their configurations and the names of their weights, in every layout."""

from .config import (
    architecture_of,
    config_from_meta,
    config_from_transformers,
    config_to_transformers,
)
from .names import OF_TRANSFORMERS, meta_layout, timm_layout

LAYOUTS = {
    "transformers": lambda config: OF_TRANSFORMERS[architecture_of(config)],
    "meta": meta_layout,
    "timm": timm_layout,
}

__all__ = ["LAYOUTS", "config_from_meta", "config_from_transformers", "config_to_transformers"]
