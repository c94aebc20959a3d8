"""Meta's own Hieras, tiny, random weights, true outputs; and transformers' names for them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.checkpoints.families import own_weights
from perceiver_tutorial.checkpoints.hiera.names import OF_TRANSFORMERS

GOLDEN = Path(__file__).parents[1] / "parity/golden"


def read_golden(family: str) -> dict[str, Tensor]:
    """All arrays of a golden file, measured ones in torch's default type."""
    kind = torch.get_default_dtype()
    with np.load(GOLDEN / f"{family}.npz") as arrays:
        values = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    return {key: v.to(kind) if v.is_floating_point() else v for key, v in values.items()}


def golden(family: str) -> tuple[nn.Module, dict[str, Tensor], dict[str, Tensor]]:
    """Our model with Meta's weights, what Meta's was given, and what it returned.

    Meta's pictures have their colours first, and so have its videos. Numbers are of torch's
    default type.
    """
    values = read_golden(family)
    given, wanted = (
        {key[3:]: value for key, value in values.items() if key.startswith(kind)}
        for kind in ("i::", "o::")
    )
    if given["images"].ndim == 5:
        given["images"] = given["images"].movedim(1, 2)
    return load(GOLDEN / f"{family}.npz"), given, wanted


def as_transformers(model: nn.Module, architecture: str) -> dict[str, Tensor]:
    """The weights of our model under transformers' names, in its shapes."""
    return OF_TRANSFORMERS[architecture].write(own_weights(model))
