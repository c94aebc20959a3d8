"""Published DeiTs: their configurations and the names of their weights, in every layout."""

from .config import architecture_of, config_from_transformers, config_to_transformers
from .names import META, OF_TRANSFORMERS, TIMM

LAYOUTS = {
    # Names of a ViT without a distillation token.
    "transformers": lambda config: OF_TRANSFORMERS[architecture_of(config)],
    "meta": lambda _: META,
    "timm": lambda _: TIMM,
}

__all__ = ["LAYOUTS", "config_from_transformers", "config_to_transformers"]
