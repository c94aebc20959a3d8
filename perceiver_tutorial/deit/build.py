"""From a published name, or a configuration, to a model."""

from difflib import get_close_matches

from .config import DeiTConfig, DeiTMaskedImageConfig
from .masked import DeiTMaskedImage
from .model import DeiT
from .published import PUBLISHED


def build(model: str | DeiTConfig | DeiTMaskedImageConfig) -> DeiT | DeiTMaskedImage:
    """Build a DeiT with random weights.

    Args:
        model: a published name, or any configuration.

    Raises:
        ValueError: if no published model has that name.
    """
    if not isinstance(model, str):
        return model.build()
    if model not in PUBLISHED:
        nearest = get_close_matches(model, PUBLISHED, n=1, cutoff=0)
        raise ValueError(f"no published DeiT is called {model!r}. Did you mean {nearest[0]!r}?")
    return PUBLISHED[model].build()
