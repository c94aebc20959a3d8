"""Open: from what somebody points at to named weights, and to what is said of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from .files import INDEX, read_json, read_weights, without_wrappers
from .hub import WEIGHTS, fetch, is_name

Source = str | Path | Mapping[str, Tensor]


@dataclass(frozen=True)
class Opened:
    """Weights that somebody saved, and what stands beside them.

    Attributes:
        title: what they are called.
        shapes: of the weights, under their names.
        weights: reads them.
        published: reads the config.json of a folder, or the .json beside an .npz; None
            where there is no such file.
    """

    title: str
    shapes: Mapping[str, Tensor]
    weights: Callable[[], Mapping[str, Tensor]]
    published: Callable[[], Mapping[str, Any] | None]


def open_source(source: Source, *, averaged: bool = True) -> Opened:
    """Find the file and read its shapes, without what was wrapped around the model.

    Args:
        source: a folder, a file, a name on the Hub, or weights under anybody's names.
        averaged: see `read_weights`.

    Raises:
        FileNotFoundError: if there is no such thing.
        ValueError: if the file is broken.
    """
    if isinstance(source, Mapping):
        weights = without_wrappers(source)
        return Opened("these weights", weights, lambda: weights, lambda: None)
    path = _path(source)
    file = _weights_in(path) if path.is_dir() else path
    shapes = read_weights(file, shapes_only=True, averaged=averaged)
    return Opened(
        file.name,
        without_wrappers(shapes),
        lambda: without_wrappers(read_weights(file, averaged=averaged)),
        partial(_published, path),
    )


def _path(source: str | Path) -> Path:
    path = Path(source)
    if path.exists():
        return path
    if is_name(str(source)):
        return fetch(str(source))
    raise FileNotFoundError(
        f"expected a checkpoint folder or file, but there is no {str(source)!r}."
    )


def _weights_in(folder: Path) -> Path:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f"expected {' or '.join(WEIGHTS[::2])} in the folder {folder}, or an {INDEX} of one."
    )


def _published(path: Path) -> dict[str, Any] | None:
    """A folder needs a config.json, and one of the files in it has the same.

    An .npz may have its sizes beside it; a file with a name of its own stands alone.
    """
    if path.suffix == ".npz":
        sizes = path.with_suffix(".json")
        return read_json(sizes) if sizes.is_file() else None
    file = (path if path.is_dir() else path.parent) / "config.json"
    if path.is_dir() and not file.is_file():
        raise FileNotFoundError(
            f"expected a config.json in the folder {path}, as transformers writes it. Take it from "
            "where the weights are, or say what they are for: config=a published name."
        )
    is_known = path.is_dir() or path.name in WEIGHTS
    return read_json(file) if is_known and file.is_file() else None
