"""From a model to a file: written beside, and moved into place when it is whole."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..hiera import Hiera, HieraMAE
from .families import config_to_transformers, layout_of, own_weights
from .haiku import is_state, to_pickle
from .layout import KEEP
from .perceiver import config_to_golden

LayoutName = Literal["transformers", "meta", "timm", "deepmind"]
OURS = {"config.json", "model.safetensors"}
ENDINGS = {
    "meta": (".pth",),
    "timm": (".safetensors", ".pth"),
    "deepmind": (".pystate", ".pickle", ".npz"),
}


def save(model: nn.Module, folder_or_file: str | Path, layout: LayoutName = "transformers") -> Path:
    """Write a model's weights as others would have written them; `load` reads all of it.

    Args:
        model: built from a configuration.
        folder_or_file: a folder for "transformers", whose from_pretrained reads it; a .pth
            for "meta"; a .safetensors or .pth for "timm"; for "deepmind" a .pystate or
            .pickle as released, or an .npz that gets its sizes in a .json beside it.
        layout: whose names, order of axes and file to use. Perceivers have "transformers"
            and "deepmind", the others "transformers", "meta" and "timm".

    Returns:
        Where it is.

    Raises:
        FileExistsError: if something else is there, which is left alone.
        ValueError: if that layout has no room for the model, or the file another ending.
    """
    target = Path(folder_or_file)
    weights = _weights(model, layout)
    if layout == "transformers":
        return _save_folder(target, config_to_transformers(model.config), weights)
    if target.suffix not in ENDINGS[layout] or target.is_dir():
        raise ValueError(
            f"expected a file that ends in {' or '.join(ENDINGS[layout])} for layout={layout!r}, "
            f"got {target}."
        )
    sizes = config_to_golden(model.config) if layout == "deepmind" else {}
    if target.suffix == ".npz":
        with _beside(target.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    with _beside(target) as temporary:
        _write(temporary, target.suffix, _wrapped(model, weights, layout))
    return target


def _weights(model: nn.Module, layout: str) -> dict[str, Tensor]:
    if (config := getattr(model, "config", None)) is None:
        raise ValueError(
            f"expected a model that was built from a configuration, got a {type(model).__name__} "
            f"without one. {KEEP}"
        )
    weights = own_weights(model)
    if any(weight.is_meta for weight in weights.values()):
        raise ValueError(
            "expected a model with weights, got one on the meta device, where there are only "
            "shapes. Build it outside of torch.device('meta')."
        )
    written = layout_of(config, layout).write(weights)
    return {name: value.detach().cpu().contiguous() for name, value in written.items()}


def _wrapped(model: nn.Module, weights: dict[str, Tensor], layout: str) -> dict[str, Any]:
    """Meta's files hold their weights under a key, and not every family under the same."""
    if layout != "meta":
        return weights
    return {"model_state" if isinstance(model, Hiera | HieraMAE) else "model": weights}


def _write(file: Path, suffix: str, weights: Mapping[str, Any]) -> None:
    if suffix == ".safetensors":
        save_file(weights, file, metadata={"format": "pt"})
    elif suffix == ".pth":
        torch.save(weights, file)
    else:
        arrays = {name: value.numpy() for name, value in weights.items()}
        if suffix == ".npz":
            parts = {name: "s::" if is_state(name) else "p::" for name in arrays}
            with file.open("wb") as opened:
                np.savez(opened, **{f"{parts[name]}{name}": a for name, a in arrays.items()})
        else:
            file.write_bytes(to_pickle(arrays))


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Somewhere to write; moved onto the target if all went well, and gone if not.

    A link is replaced and not followed, so that what it points at stays what it is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _save_folder(folder: Path, config: Mapping, weights: Mapping[str, Tensor]) -> Path:
    _check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with _beside(folder / "model.safetensors") as file, _beside(folder / "config.json") as sizes:
        save_file(weights, file, metadata={"format": "pt"})
        sizes.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return folder


def _check_folder(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(f"expected a folder, new or empty, got {folder}, which is none.")
    others = [
        path.name
        for path in (folder.iterdir() if folder.exists() else ())
        if path.name not in OURS or path.is_symlink()
    ]
    if others:
        raise FileExistsError(
            f"expected a folder that is new, empty, or holds {' and '.join(sorted(OURS))} only, "
            f"got {folder} with {', '.join(sorted(others)[:6])}. Choose another."
        )
