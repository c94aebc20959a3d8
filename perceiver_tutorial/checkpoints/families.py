"""Which family a configuration or a file is of, and in which layouts such a model is stored."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ..deit import DEIT_III, DeiTConfig, DeiTMaskedImageConfig
from ..hiera import HieraConfig, HieraMAEConfig
from ..perceiver import PerceiverConfig, with_fidelity
from ..tracing.models import published_configs
from ..zoo import build
from . import deit as deits
from . import hiera as hieras
from . import perceiver as perceivers
from .layout import Layout

Config = PerceiverConfig | HieraConfig | HieraMAEConfig | DeiTConfig | DeiTMaskedImageConfig

PUBLISHED: dict[str, Config] = published_configs()
# What differs in timm's hiera_small_abswin_256 and hiera_base_abswin_256.
ABSWIN = (
    "its blocks scale both branches channel by channel, which ours do not; its coarse table of "
    "positions is of a fixed size, 16 x 16 (base: 14 x 14), and stretched bicubically with "
    "antialias, where positions='windowed' has a row for each mask unit; and the small one widens "
    "by joining maximum and mean, without a map. Run it in timm."
)
IN_CONFIG_JSON = {"Hiera": hieras, "DeiT": deits, "ViT": deits}


def family_of(config: Config) -> ModuleType:
    """The part of this room that knows such models."""
    if isinstance(config, HieraConfig | HieraMAEConfig):
        return hieras
    return deits if isinstance(config, DeiTConfig | DeiTMaskedImageConfig) else perceivers


def layout_of(config: Config, name: str) -> Layout:
    """One layout, for one model.

    Raises:
        ValueError: if such a model is not stored so.
    """
    known = family_of(config).LAYOUTS
    if name not in known:
        raise ValueError(
            f"expected layout as one of {', '.join(map(repr, known))} for "
            f"{type(config).__name__}, got {name!r}."
        )
    return known[name](config)


def layouts_for(
    config: Config, weights: Iterable[str], names: Iterable[str] | None = None
) -> dict[str, Layout]:
    """Every layout with a place for all weights of a model.

    Args:
        config: of the model.
        weights: our names of its weights.
        names: of the layouts to try. Default: all.
    """
    found = {}
    for name in names or family_of(config).LAYOUTS:
        with suppress(ValueError):
            layout = layout_of(config, name)
            layout.bound(weights)
            found[name] = layout
    return found


def as_its_code_has_it(config: Config, layout: str) -> Config:
    """A published model, as the code computes that wrote its file.

    transformers took DeiT over with another norm than Meta and timm have. What two codes
    compute otherwise for a Perceiver is chosen by `fidelity`.
    """
    if isinstance(config, DeiTConfig) and layout in ("meta", "timm"):
        return replace(config, norm_eps=1e-6)
    return config


def layout_named_by(published: Mapping[str, Any]) -> str:
    """Who wrote a config.json, or a .json beside a file."""
    if "family" in published:
        return "deepmind"
    if "architectures" not in published and {"embed_dim", "stages"} <= set(published):
        return "meta"
    return "timm" if isinstance(published.get("architecture"), str) else "transformers"


def config_of(published: Mapping[str, Any]) -> Config:
    """The configuration that stands in a config.json, or in a .json beside a file.

    Args:
        published: as transformers, timm, Meta's code or DeepMind's golden files say it.

    Raises:
        ValueError: if it is of no model that we have.
    """
    match layout_named_by(published):
        case "deepmind":
            # Whose numbers to equal is said when it is loaded.
            return with_fidelity(perceivers.config_from_golden(published), "transformers")
        case "meta":
            return hieras.config_from_meta(published)
        case "timm":
            return _of_timm(published)
    architecture = (published.get("architectures") or ["none"])[0]
    family = (f for start, f in IN_CONFIG_JSON.items() if str(architecture).startswith(start))
    return next(family, perceivers).config_from_transformers(published)


def _of_timm(published: Mapping[str, Any]) -> Config:
    """Timm names a model, and leaves its sizes to its code."""
    name, num_classes = published["architecture"], published.get("num_classes", 1000)
    names = published.get("label_names")
    spelt = f"facebook/{name.replace('_', '-')}"
    if "abswin" in name:
        raise ValueError(f"expected a Hiera as it was published, got timm's {name!r}: {ABSWIN}")
    for known in (name, spelt, f"{spelt}-in1k-hf"):
        if known in (possible := {**PUBLISHED, **DEIT_III}):
            config = as_its_code_has_it(possible[known], "timm")
            return replace(
                config,
                num_classes=num_classes or None,
                class_names=tuple(names) if names and num_classes else None,
            )
    raise ValueError(
        f"expected a DeiT or a Hiera that we have, got timm's {name!r}. Give its sizes: "
        "config=DeiTConfig(...)."
    )


def config_to_transformers(config: Config) -> dict[str, Any]:
    """What transformers' config.json says of a model.

    Raises:
        ValueError: naming what transformers cannot have.
    """
    return family_of(config).config_to_transformers(config)


def own_weights(model: nn.Module) -> dict[str, Tensor]:
    """Every weight and every statistic once; shared ones under their first name."""
    once = {name for name, _ in model.named_parameters()}
    twice = {name for name, _ in model.named_parameters(remove_duplicate=False)} - once
    return {name: value for name, value in model.state_dict().items() if name not in twice}


def with_classes(config: Config, num_classes: int) -> Config:
    """The same model with another number of scores; names of classes stay if the number does."""
    if config.num_classes == num_classes:
        return config
    return replace(config, num_classes=num_classes, class_names=None)


def shapes_of(config: Config) -> dict[str, Tensor]:
    """The weights of a model that is not built: shapes, and nothing in them."""
    with torch.device("meta"):
        return own_weights(build(config))
