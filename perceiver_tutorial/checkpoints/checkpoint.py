"""What somebody points at: which file holds the weights, for which model, in which layout."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from ..hiera import HieraMAEConfig
from ..tracing.models import published_config
from .compare import Comparison, Match, matches
from .families import (
    DEIT_III,
    PUBLISHED,
    Config,
    as_its_code_has_it,
    config_of,
    layout_named_by,
    layouts_for,
    shapes_of,
    with_classes,
)
from .files import INDEX, read_json, read_weights, without_wrappers
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
        new: names of our weights that the file does not give: a head for other classes.
    """

    config: Config
    layout: Layout
    comparison: Comparison
    weights: Callable[[], Mapping[str, Tensor]]
    by_deepmind: bool = False
    new: tuple[str, ...] = ()


def open_checkpoint(
    source: Source,
    config: str | Config | None = None,
    num_classes: int | None = None,
    *,
    averaged: bool = True,
) -> Checkpoint:
    """Find out what it is, from shapes alone.

    Args:
        source: a folder, a file, a name on the Hub, or weights under anybody's names.
        config: what the weights are for. Default: what stands in config.json or beside the
            file; where nothing stands, the published model that the weights fit.
        num_classes: see `load`.
        averaged: see `read_weights`.

    Raises:
        FileNotFoundError: if there is no such thing.
        ValueError: if it is none of our models, or is broken.
    """
    if isinstance(source, Mapping):
        found = _Found("these weights", without_wrappers(source), lambda: without_wrappers(source))
        return _best(found, _possible(config), num_classes)
    path = _path(source)
    file = _weights_in(path) if path.is_dir() else path
    published = None if config is not None else _beside(path)
    layout = None if published is None else layout_named_by(published)
    possible = _possible(config if published is None else config_of(published))
    read = partial(read_weights, file, averaged=averaged)
    found = _Found(
        file.name, without_wrappers(read(shapes_only=True)), lambda: without_wrappers(read())
    )
    best = _best(found, possible, num_classes, layout)
    return replace(best, by_deepmind=layout == "deepmind")


@dataclass(frozen=True)
class _Found:
    """What a file holds.

    Attributes:
        title: what it is called.
        shapes: of its weights.
        weights: reads them.
    """

    title: str
    shapes: Mapping[str, Tensor]
    weights: Callable[[], Mapping[str, Tensor]]


def _beside(path: Path) -> dict[str, Any] | None:
    """What stands beside weights: a folder needs a config.json, a file in it has the same.

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


def _possible(config: str | Config | None) -> Mapping[str, Config]:
    if config is None:
        return {**PUBLISHED, **DEIT_III}
    name = config if isinstance(config, str) else type(config).__name__
    return {name: published_config(name) if isinstance(config, str) else config}


def _best(
    found: _Found,
    possible: Mapping[str, Config],
    num_classes: int | None = None,
    layout: str | None = None,
) -> Checkpoint:
    """The first reading that fits, or else the one with the fewest misfits."""
    readings = []
    for name, config in possible.items():
        for reading in _readings(found, name, config, num_classes, layout):
            readings.append(reading)
            if reading.comparison.fits:
                return reading
    names = ", ".join(possible)
    if not readings and num_classes is not None:
        is_mae = any(isinstance(config, HieraMAEConfig) for config in possible.values())
        advice = "; hiera.classifier_from makes a classifier from it" if is_mae else ""
        raise ValueError(
            f"expected a model that classifies for num_classes={num_classes}, got {names}. Load it "
            f"without{advice}."
        )
    if not readings:
        raise ValueError(f"expected a model that others have, too, got {names}. {KEEP}")
    best = min(readings, key=_misfits)
    if len(possible) > 1:
        raise ValueError(
            f"expected the weights of a published model in {found.title}, got others; nearest, "
            f"with {_misfits(best)} misfits, is "
            f"{best.comparison.title.removeprefix(f'{found.title} for ')}. "
            "Say what they are for: config=a published name or a configuration."
        )
    return best


def _readings(
    found: _Found, name: str, config: Config, num_classes: int | None, layout: str | None
) -> Iterator[Checkpoint]:
    """As a model with so many classes; then as one with others, whose head is replaced."""
    if num_classes is None:
        yield from _as_stored(found, name, config, layout)
    elif hasattr(config, "num_classes"):
        wanted = with_classes(config, num_classes)
        yield from _as_stored(found, name, wanted, layout)
        for reading in _as_stored(found, name, config, layout):
            yield _with_new_head(reading, with_classes(reading.config, num_classes))


def _as_stored(
    found: _Found, name: str, config: Config, layout: str | None
) -> Iterator[Checkpoint]:
    for chosen, each, compared in _compared(config, found.shapes, layout):
        own = as_its_code_has_it(config, chosen) if name in PUBLISHED else config
        comparison = Comparison(f"{found.title} for {name}", compared)
        yield Checkpoint(own, each, comparison, found.weights)


def _with_new_head(reading: Checkpoint, config: Config) -> Checkpoint:
    """The same body for other classes; whatever the file has for a head is left there."""
    old, new = shapes_of(reading.config), shapes_of(config)
    body = {name for name in old if name in new and old[name].shape == new[name].shape}
    kept = [
        weight
        for weight in reading.comparison.weights
        if not weight.ours or body.issuperset(weight.ours)
    ]
    comparison = replace(reading.comparison, weights=tuple(kept))
    fresh = tuple(name for name in new if name not in body)
    return replace(reading, config=config, comparison=comparison, new=fresh)


def _misfits(checkpoint: Checkpoint) -> int:
    return len(checkpoint.comparison.misfits)


def _compared(
    config: Config, shapes: Mapping[str, Tensor], layout: str | None
) -> Iterator[tuple[str, Layout, tuple[Match, ...]]]:
    ours = shapes_of(config)
    for name, each in layouts_for(config, ours, [layout] if layout else None).items():
        yield name, each, matches(each, ours, each.in_table(shapes))
