"""Published Hieras: their configurations and the names of their weights."""

from collections.abc import Mapping

from torch import Tensor

from ..rename import rename
from .transformers_config import config_from_transformers
from .transformers_names import NAMES, WITHOUT_BATCH


def state_from_transformers(state: Mapping[str, Tensor], architecture: str) -> dict[str, Tensor]:
    """Transformers' weights under our names, in our shapes."""
    renamed = rename(state, NAMES[architecture])
    for name in WITHOUT_BATCH:
        if name in renamed:
            renamed[name] = renamed[name].squeeze((0, 1) if name.endswith("token") else 0)
    return renamed


__all__ = ["config_from_transformers", "state_from_transformers"]
