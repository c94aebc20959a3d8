"""Published Perceivers: their configurations and the names of their weights, in every layout."""

from .config import architecture_of, config_from_transformers, config_to_transformers
from .deepmind_names import OF_DEEPMIND, transpose_stem_kernel
from .golden import config_from_golden, config_to_golden, family_of
from .transformers_names import OF_TRANSFORMERS

LAYOUTS = {
    "transformers": lambda config: OF_TRANSFORMERS[architecture_of(config)],
    "deepmind": lambda config: OF_DEEPMIND[family_of(config)],
}

__all__ = [
    "LAYOUTS",
    "config_from_golden",
    "config_from_transformers",
    "config_to_golden",
    "config_to_transformers",
    "transpose_stem_kernel",
]
