"""Published Perceivers: their configurations and the names of their weights, in every layout."""

from ...perceiver import PerceiverConfig
from ..layout import Layout
from .deepmind_names import LAYOUTS as OF_DEEPMIND
from .golden import config_from_golden, config_to_golden, family_of
from .stem import transpose_stem_kernel
from .transformers_config import (
    architecture_of,
    config_from_transformers,
    config_to_transformers,
)
from .transformers_names import LAYOUTS as OF_TRANSFORMERS


def transformers_layout(config: PerceiverConfig) -> Layout:
    """The layout of a folder that transformers wrote."""
    return OF_TRANSFORMERS[architecture_of(config)]


def deepmind_layout(config: PerceiverConfig) -> Layout:
    """The layout of DeepMind's releases: haiku's names, and its order of axes."""
    return OF_DEEPMIND[family_of(config)]


LAYOUTS = {"transformers": transformers_layout, "deepmind": deepmind_layout}

__all__ = [
    "LAYOUTS",
    "config_from_golden",
    "config_from_transformers",
    "config_to_golden",
    "config_to_transformers",
    "transpose_stem_kernel",
]
