"""Perceivers as others saved them: whose file, which sizes, which names."""

from .deepmind_names import state_from_deepmind
from .golden import config_from_golden, read_golden
from .transformers_config import config_from_transformers
from .transformers_names import NAMES as TRANSFORMERS_NAMES

__all__ = [
    "TRANSFORMERS_NAMES",
    "config_from_golden",
    "config_from_transformers",
    "read_golden",
    "state_from_deepmind",
]
