"""Explorers: turn a knob and see the consequence. ipywidgets is at home here only."""

from .attention.explorer import attention
from .costs import costs
from .distillation import distillation
from .families.explorer import families
from .flow import flow
from .fourier import fourier
from .mask_units import mask_units
from .masked import masked
from .modalities import modalities
from .queries import queries
from .shape_walk.explorer import shape_walk

EVERY = (
    attention, costs, distillation, families, flow, fourier, mask_units, masked, modalities,
    queries, shape_walk,
)  # fmt: skip
EXPLORERS = {explorer.__name__: explorer for explorer in EVERY}
