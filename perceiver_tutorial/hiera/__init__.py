"""Hiera: a plain hierarchical vision transformer, for images and videos."""

from .. import zoo
from ..inputs import look_up
from ..masks import block_units, mask_of, random_units, tube_units
from .config import PUBLISHED, HieraConfig, HieraMAEConfig, video
from .layers import HieraLayer, MaskUnitAttention
from .mae import HieraMAE, classifier_from
from .mask_units import join_units, max_pool, reroll, reroll_units, unroll
from .model import Hiera, HieraEncoder, xavier
from .targets import Reconstruction

__all__ = [
    "PUBLISHED",
    "Hiera",
    "HieraConfig",
    "HieraEncoder",
    "HieraLayer",
    "HieraMAE",
    "HieraMAEConfig",
    "MaskUnitAttention",
    "Reconstruction",
    "block_units",
    "build",
    "classifier_from",
    "join_units",
    "mask_of",
    "max_pool",
    "random_units",
    "reroll",
    "reroll_units",
    "tube_units",
    "unroll",
    "video",
    "xavier",
]


def build(model: str | HieraConfig | HieraMAEConfig) -> Hiera | HieraMAE:
    """Build a Hiera with random weights.

    Args:
        model: a published name, or a configuration.

    Raises:
        ValueError: if no published model has that name.
        TypeError: if the configuration is of another family.
    """
    config = look_up(model, PUBLISHED, "Hiera") if isinstance(model, str) else model
    if not isinstance(config, HieraConfig | HieraMAEConfig):
        raise TypeError(
            f"expected a HieraConfig or HieraMAEConfig, got {type(config).__name__}. "
            "zoo.build takes configurations of every family."
        )
    return zoo.build(config)
