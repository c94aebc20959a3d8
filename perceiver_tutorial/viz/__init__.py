"""Tensors in, pictures out. No model is run here, and matplotlib is at home here only."""

from .attention import draw_attention
from .axes import AXES
from .curves import draw_bars, draw_losses
from .display import show_tensors
from .images import draw_images, draw_photographs, draw_pixel_rows
from .picture import Picture
from .positions import draw_bands, draw_similarity
from .walk import draw_walk

__all__ = [
    "AXES",
    "Picture",
    "draw_attention",
    "draw_bands",
    "draw_bars",
    "draw_images",
    "draw_losses",
    "draw_photographs",
    "draw_pixel_rows",
    "draw_similarity",
    "draw_walk",
    "show_tensors",
]
