"""From a published name, or a configuration, to a model."""

from .. import zoo
from ..inputs import look_up
from .config import HieraConfig, HieraMAEConfig
from .mae import HieraMAE
from .model import Hiera
from .published import PUBLISHED


def build(model: str | HieraConfig | HieraMAEConfig) -> Hiera | HieraMAE:
    """Build a Hiera with random weights.

    Args:
        model: a published name, or any configuration.

    Raises:
        ValueError: if no published model has that name.
    """
    config = look_up(model, PUBLISHED, "Hiera") if isinstance(model, str) else model
    return zoo.build(config)
