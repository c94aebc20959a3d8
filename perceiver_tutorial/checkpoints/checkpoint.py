"""What somebody points at: which file holds the weights, for which model, in which layout."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from ..tracing.models import published_config
from .compare import Comparison, Match, matches
from .families import (
    PUBLISHED,
    Config,
    as_its_code_has_it,
    config_of,
    layout_named_by,
    layouts_for,
    shapes_of,
)
from .files import read_json, read_weights
from .hub import WEIGHTS, fetch, is_name
from .layout import KEEP, Layout

Source = str | Path | Mapping[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """Weights that somebody saved, and the model they are for.

    Attributes:
        config: of the model.
        layout: how the weights are stored.
        comparison: what the file holds beside what the model needs.
        weights: reads them, under their names.
        by_deepmind: its configuration is that of DeepMind's code.
    """

    config: Config
    layout: Layout
    comparison: Comparison
    weights: Callable[[], Mapping[str, Tensor]]
    by_deepmind: bool = False


def open_checkpoint(source: Source, config: str | Config | None = None) -> Checkpoint:
    """Find out what it is, from shapes alone.

    Args:
        source: a folder, a file, a name on the Hub, or weights under anybody's names.
        config: what the weights are for. Default: what stands in config.json or beside the
            file; where nothing stands, the published model that the weights fit.

    Raises:
        FileNotFoundError: if there is no such thing.
        ValueError: if it is none of our models, or is broken.
    """
    if isinstance(source, Mapping):
        return _best("these weights", source, lambda: source, _possible(config))
    path = _path(source)
    file = _weights_in(path) if path.is_dir() else path
    published = None if config is not None else _beside(path)
    layout = None if published is None else layout_named_by(published)
    possible = _possible(config if published is None else config_of(published))
    shapes = read_weights(file, shapes_only=True)
    best = _best(file.name, shapes, partial(read_weights, file), possible, layout)
    return replace(best, by_deepmind=layout == "deepmind")


def _beside(path: Path) -> dict[str, Any] | None:
    """What stands beside weights: a folder needs a config.json, an .npz may have its sizes."""
    if path.suffix == ".npz":
        sizes = path.with_suffix(".json")
        return read_json(sizes) if sizes.is_file() else None
    if not path.is_dir():
        return None
    if not (path / "config.json").is_file():
        raise FileNotFoundError(
            f"expected a config.json in the folder {path}, as transformers writes it. Take it from "
            "where the weights are, or say what they are for: config=a published name."
        )
    return read_json(path / "config.json")


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
    raise FileNotFoundError(f"expected {' or '.join(WEIGHTS)} in the folder {folder}.")


def _possible(config: str | Config | None) -> Mapping[str, Config]:
    if config is None:
        return PUBLISHED
    name = config if isinstance(config, str) else type(config).__name__
    return {name: published_config(name) if isinstance(config, str) else config}


def _best(
    title: str,
    shapes: Mapping[str, Tensor],
    weights: Callable[[], Mapping[str, Tensor]],
    possible: Mapping[str, Config],
    layout: str | None = None,
) -> Checkpoint:
    """The first reading that fits, or else the one with the fewest misfits."""
    readings = []
    for name, config in possible.items():
        whole = f"{title} for {name}"
        for chosen, each, compared in _compared(config, shapes, layout):
            own = as_its_code_has_it(config, chosen) if name in PUBLISHED else config
            readings.append(Checkpoint(own, each, Comparison(whole, compared), weights))
            if readings[-1].comparison.fits:
                return readings[-1]
    if not readings:
        names = ", ".join(possible)
        raise ValueError(f"expected a model that others have, too, got {names}. {KEEP}")
    best = min(readings, key=_misfits)
    if possible is PUBLISHED:
        raise ValueError(
            f"expected the weights of a published model in {title}, got others; nearest, with "
            f"{_misfits(best)} misfits, is {best.comparison.title.removeprefix(f'{title} for ')}. "
            "Say what they are for: config=a published name or a configuration."
        )
    return best


def _misfits(checkpoint: Checkpoint) -> int:
    return len(checkpoint.comparison.misfits)


def _compared(
    config: Config, shapes: Mapping[str, Tensor], layout: str | None
) -> Iterator[tuple[str, Layout, tuple[Match, ...]]]:
    ours = shapes_of(config)
    for name, each in layouts_for(config, ours, [layout] if layout else None).items():
        yield name, each, matches(each, ours, each.in_table(shapes))
