"""From files to a model: find out what they hold, rename the weights, load them strictly."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import hiera
from ..hiera import Hiera, HieraConfig, HieraMAE, HieraMAEConfig
from ..perceiver import (
    PUBLISHED,
    PerceiverConfig,
    PerceiverIO,
    resized,
    with_fidelity,
)
from ..perceiver.fidelity import Fidelity
from . import hiera as hieras
from .perceiver import (
    TRANSFORMERS_NAMES,
    config_from_golden,
    config_from_transformers,
    read_golden,
    state_from_deepmind,
)
from .rename import first_of, rename


def load(
    name_or_path: str | Path,
    fidelity: Fidelity = "transformers",
    image_size: tuple[int, int] | None = None,
) -> PerceiverIO | Hiera | HieraMAE:
    """Build the model that a checkpoint holds, with its weights, in evaluation mode.

    Args:
        name_or_path: a folder as transformers saves it (config.json beside
            model.safetensors or pytorch_model.bin), or a golden .npz file with its
            .json beside it.
        fidelity: whose outputs to equal; see `with_fidelity`. Matters for Perceivers
            only, the others were published once.
        image_size: (height, width) in pixels, if a Perceiver's image classifier is to
            take another size than it was trained for; see `resized`. A Hiera takes
            any size that its mask units tile.

    Raises:
        FileNotFoundError: if there is no such file or folder.
        ValueError: if what it holds is none of our models, or its weights do not fit.
    """
    path = Path(name_or_path)
    if not path.exists():
        raise FileNotFoundError(_advice(str(name_or_path)))
    read = _read_golden if _origin(path) == "deepmind" else _read_transformers
    config, state = read(path)
    if isinstance(config, PerceiverConfig) and fidelity != _origin(path):
        config = with_fidelity(config, fidelity)
    if image_size is not None and not isinstance(config, PerceiverConfig):
        raise ValueError(
            f"expected no image_size for a Hiera, got {image_size}. It takes any size that mask "
            "units tile, as it is."
        )
    model = config.build()
    load_strictly(model, state)
    return (model if image_size is None else resized(model, image_size)).eval()


def _origin(path: Path) -> Fidelity:
    """Whose code wrote a checkpoint."""
    return "deepmind" if path.suffix == ".npz" else "transformers"


def load_strictly(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy weights into a model, or say which of them do not fit.

    Weights that a model uses in two places are expected once.

    Raises:
        ValueError: naming weights that are missing, unexpected or of the wrong shape.
    """
    first_name: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        first_name.setdefault(id(parameter), name)
        if name not in state and first_name[id(parameter)] in state:
            state = {**state, name: state[first_name[id(parameter)]]}
    if problems := _misfits(model.state_dict(), state):
        raise ValueError(
            f"the weights do not fit the model: {first_of(problems, '; ')}. Take the "
            "configuration and the weights from one and the same checkpoint."
        )
    model.load_state_dict(state)


def _misfits(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> list[str]:
    shapes = [
        f"{name} is {list(theirs[name].shape)}, expected {list(ours[name].shape)}"
        for name in sorted(set(ours) & set(theirs))
        if theirs[name].shape != ours[name].shape
    ]
    missing = [f"{name} is missing" for name in sorted(set(ours) - set(theirs))]
    return [
        *shapes,
        *missing,
        *(f"{name} is unexpected" for name in sorted(set(theirs) - set(ours))),
    ]


def _read_golden(file: Path) -> tuple[PerceiverConfig, dict[str, Tensor]]:
    state, sizes = read_golden(file)
    config = with_fidelity(config_from_golden(sizes), "deepmind")
    return config, state_from_deepmind(state, sizes["family"])


def _read_transformers(
    folder: Path,
) -> tuple[PerceiverConfig | HieraConfig | HieraMAEConfig, dict[str, Tensor]]:
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"expected a config.json in the folder {folder}, as transformers writes it."
        )
    published = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    architecture = (published.get("architectures") or ["none"])[0]
    if architecture.startswith("Hiera"):
        config = hieras.config_from_transformers(published)
        return config, hieras.state_from_transformers(_weights(folder), architecture)
    config = config_from_transformers(published)
    return config, rename(_weights(folder), TRANSFORMERS_NAMES[architecture])


def _weights(folder: Path) -> dict[str, Tensor]:
    if (folder / "model.safetensors").is_file():
        return load_file(folder / "model.safetensors")
    if (folder / "pytorch_model.bin").is_file():
        return torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    raise FileNotFoundError(
        f"expected model.safetensors or pytorch_model.bin in the folder {folder}."
    )


def _advice(name: str) -> str:
    if name in hiera.PUBLISHED and not name.endswith("-hf"):
        return (
            f"expected a checkpoint that transformers wrote, got {name!r}, which Meta published in "
            f"a form that is not read here. hiera.build({name!r}) has random weights."
        )
    if name in {*PUBLISHED, *hiera.PUBLISHED}:
        return (
            f"expected a folder or a file, got the published name {name!r}. Download it with "
            f"`hf download {name} --local-dir FOLDER`, then load(FOLDER)."
        )
    return f"expected a checkpoint folder or file, but there is no {name!r}."
