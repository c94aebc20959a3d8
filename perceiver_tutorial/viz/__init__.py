"""Tensors in, pictures out. No model is run here, and matplotlib is at home here only."""

from .attention import draw_attention
from .axes import AXES
from .cells import draw_cells
from .codes import draw_band_table, draw_code, draw_similarities, draw_slices
from .cross import draw_cross_attend
from .curves import draw_bars, draw_losses
from .display import show_tensors
from .feature_rows import draw_feature_rows
from .fields import draw_fields
from .gaze import draw_gaze
from .images import draw_images, draw_photographs, draw_pixel_rows
from .letters import draw_bytes, draw_keep, draw_read_bytes
from .likeness import draw_likeness, draw_steps
from .lines import draw_coordinates, draw_functions
from .memory import draw_strides
from .named import show_axes
from .picture import Picture
from .positions import draw_bands, draw_similarity
from .prediction import draw_guesses, draw_reading
from .queries import draw_pixel_questions, draw_query_map, draw_resolutions
from .sampled import draw_sampled
from .scaling import Curve, draw_scaling, draw_shares
from .scores import draw_scores
from .stages import draw_stages
from .targets import draw_at_one_scale
from .walk import draw_walk
from .windows import draw_windows

__all__ = [
    "AXES",
    "Curve",
    "Picture",
    "draw_at_one_scale",
    "draw_attention",
    "draw_band_table",
    "draw_bands",
    "draw_bars",
    "draw_bytes",
    "draw_cells",
    "draw_code",
    "draw_coordinates",
    "draw_cross_attend",
    "draw_feature_rows",
    "draw_fields",
    "draw_functions",
    "draw_gaze",
    "draw_guesses",
    "draw_images",
    "draw_keep",
    "draw_likeness",
    "draw_losses",
    "draw_photographs",
    "draw_pixel_questions",
    "draw_pixel_rows",
    "draw_query_map",
    "draw_read_bytes",
    "draw_reading",
    "draw_resolutions",
    "draw_sampled",
    "draw_scaling",
    "draw_scores",
    "draw_shares",
    "draw_similarities",
    "draw_similarity",
    "draw_slices",
    "draw_stages",
    "draw_steps",
    "draw_strides",
    "draw_walk",
    "draw_windows",
    "show_axes",
    "show_tensors",
]
