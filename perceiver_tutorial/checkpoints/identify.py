"""Identify: of which model weights are, and in which layout; told by their shapes alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..deit import DEIT_III
from ..hiera import HieraMAEConfig
from ..tracing.models import published_config
from .compare import Comparison, matches
from .families import (
    PUBLISHED,
    Config,
    as_its_code_has_it,
    config_of,
    layout_named_by,
    layouts_for,
    shapes_of,
    with_classes,
)
from .layout import KEEP, Layout
from .sources import Opened


@dataclass(frozen=True)
class Checkpoint:
    """What weights are.

    Attributes:
        config: of the model that they are for.
        layout: how they are stored.
        comparison: what is stored beside what the model needs.
        new: our names of weights that are not stored: a head for other classes.
    """

    config: Config
    layout: Layout
    comparison: Comparison
    new: tuple[str, ...] = ()


def identify(
    opened: Opened, config: str | Config | None = None, num_classes: int | None = None
) -> Checkpoint:
    """The first reading that fits, or else the one with the fewest misfits.

    Args:
        opened: weights that somebody saved.
        config: what they are for, as a published name or a configuration. Default: what
            stands beside them; where nothing stands, the published model that they fit.
        num_classes: scores wanted; see `load`.

    Raises:
        ValueError: if they are of none of our models.
    """
    published = opened.published() if config is None else None
    layout = None if published is None else layout_named_by(published)
    possible = _possible(config if published is None else config_of(published))
    readings = []
    for reading in _readings(opened, possible, num_classes, layout):
        readings.append(reading)
        if reading.comparison.fits:
            return reading
    if not readings:
        raise _without_a_layout(possible, num_classes)
    best = min(readings, key=lambda reading: len(reading.comparison.misfits))
    if len(possible) > 1:
        raise ValueError(
            f"expected the weights of a published model in {opened.title}, got others; nearest, "
            f"with {len(best.comparison.misfits)} misfits, is "
            f"{best.comparison.title.removeprefix(f'{opened.title} for ')}. "
            "Say what they are for: config=a published name or a configuration."
        )
    return best


def _possible(config: str | Config | None) -> Mapping[str, Config]:
    if config is None:
        return {**PUBLISHED, **DEIT_III}
    if isinstance(config, str):
        return {config: published_config(config)}
    return {type(config).__name__: config}


def _readings(
    opened: Opened, possible: Mapping[str, Config], num_classes: int | None, layout: str | None
) -> Iterator[Checkpoint]:
    """As a model with so many classes; then as one with others, whose head is replaced."""
    for name, config in possible.items():
        if num_classes is None:
            yield from _as_stored(opened, name, config, layout)
        elif hasattr(config, "num_classes"):
            yield from _as_stored(opened, name, with_classes(config, num_classes), layout)
            for reading in _as_stored(opened, name, config, layout):
                yield _with_new_head(reading, with_classes(reading.config, num_classes))


def _as_stored(
    opened: Opened, name: str, config: Config, layout: str | None
) -> Iterator[Checkpoint]:
    """One reading for each layout that such a model may be stored in."""
    ours = shapes_of(config)
    for chosen, each in layouts_for(config, ours, [layout] if layout else None).items():
        found = matches(each, ours, each.in_table(opened.shapes))
        own = as_its_code_has_it(config, chosen) if name in PUBLISHED else config
        yield Checkpoint(own, each, Comparison(f"{opened.title} for {name}", found))


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


def _without_a_layout(possible: Mapping[str, Config], num_classes: int | None) -> ValueError:
    names = ", ".join(possible)
    if num_classes is None:
        return ValueError(f"expected a model that others have, too, got {names}. {KEEP}")
    is_mae = any(isinstance(config, HieraMAEConfig) for config in possible.values())
    advice = "; hiera.classifier_from makes a classifier from it" if is_mae else ""
    return ValueError(
        f"expected a model that classifies for num_classes={num_classes}, got {names}. Load it "
        f"without{advice}."
    )
