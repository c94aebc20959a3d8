"""Explorers: turn a knob and see the consequence. ipywidgets is at home here only."""

from collections.abc import Callable

from .attention.explorer import attention
from .costs import costs
from .distillation import distillation
from .explorer import Explorer, corners
from .families.explorer import families
from .flow import flow
from .fourier import fourier
from .mask_units import mask_units
from .masked import masked
from .modalities import modalities
from .queries import queries
from .shape_walk.explorer import shape_walk

EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "attention": attention,
    "costs": costs,
    "distillation": distillation,
    "families": families,
    "flow": flow,
    "fourier": fourier,
    "mask_units": mask_units,
    "masked": masked,
    "modalities": modalities,
    "queries": queries,
    "shape_walk": shape_walk,
}

__all__ = [
    "EXPLORERS",
    "Explorer",
    "attention",
    "corners",
    "costs",
    "distillation",
    "families",
    "flow",
    "fourier",
    "mask_units",
    "masked",
    "modalities",
    "queries",
    "shape_walk",
]
