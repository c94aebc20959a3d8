"""Tensors in, pictures out. No model is run here, and matplotlib is at home here only."""

from .amounts import Bar, Scale, byte_scale, in_bytes, in_powers, in_words, tens
from .arrays import draw_arrays
from .asked import draw_asked
from .attention import draw_attention
from .axes import AXES
from .boxes import draw_boxes, draw_matching, draw_query_places
from .cells import draw_cells
from .clouds import (
    draw_accuracies,
    draw_cloud_attention,
    draw_cloud_channels,
    draw_clouds,
)
from .codes import draw_band_table, draw_code, draw_similarities, draw_slices
from .cross import draw_cross_attend
from .curves import draw_bars, draw_losses
from .display import show_tensors
from .distillation import draw_agreement, draw_seeds, draw_softened
from .families import Divided, Reader, draw_families
from .feature_rows import draw_feature_rows
from .fields import draw_fields
from .flow import draw_flow, draw_flow_errors
from .fourier import draw_fourier
from .front_tokens import draw_by_block, draw_token_strip
from .gaze import draw_gaze
from .growth import Growth, draw_growth
from .hand_masked import draw_filled
from .images import draw_images, draw_photographs, draw_pixel_rows
from .key_map import draw_key_map
from .lesson import Lane, Lesson, draw_lesson
from .letters import draw_bytes, draw_keep, draw_read_bytes
from .likeness import draw_likeness, draw_steps
from .lines import draw_coordinates, draw_functions
from .maps import draw_maps, draw_segments, strongest
from .masked import draw_masks, draw_rebuilt
from .memory import draw_strides
from .modalities import draw_film, draw_modalities, draw_tradeoff
from .motion import draw_motion
from .named import show_axes
from .picture import Picture
from .positions import draw_bands, draw_similarity
from .prediction import draw_guesses, draw_reading
from .queries import draw_pixel_questions, draw_query_map, draw_resolutions
from .ratios import draw_ratios
from .read_back import Row
from .read_image import draw_row_on_image
from .read_text import draw_row_on_text
from .sampled import draw_sampled
from .scaling import Curve, draw_scaling, draw_shares
from .scores import draw_scores
from .seeds import draw_seed_scores
from .series import draw_series
from .skirmish import draw_battle, draw_rates, draw_situations
from .sound import Sounds, draw_sounds, play
from .spans import draw_spans
from .speeds import draw_errors_by_speed
from .stage_axes import named_stages
from .stage_diagram import draw_stage_diagram
from .stage_panel import Panel
from .stages import draw_stages
from .targets import draw_at_one_scale
from .tiles import draw_neighbourhoods, draw_tiles
from .unrolled import Marks, draw_unrolled
from .walk import draw_walk
from .waves import draw_waves
from .windows import draw_windows

__all__ = [
    "AXES",
    "Bar",
    "Curve",
    "Divided",
    "Growth",
    "Lane",
    "Lesson",
    "Marks",
    "Panel",
    "Picture",
    "Reader",
    "Row",
    "Scale",
    "Sounds",
    "byte_scale",
    "draw_accuracies",
    "draw_agreement",
    "draw_arrays",
    "draw_asked",
    "draw_at_one_scale",
    "draw_attention",
    "draw_band_table",
    "draw_bands",
    "draw_bars",
    "draw_battle",
    "draw_boxes",
    "draw_by_block",
    "draw_bytes",
    "draw_cells",
    "draw_cloud_attention",
    "draw_cloud_channels",
    "draw_clouds",
    "draw_code",
    "draw_coordinates",
    "draw_cross_attend",
    "draw_errors_by_speed",
    "draw_families",
    "draw_feature_rows",
    "draw_fields",
    "draw_filled",
    "draw_film",
    "draw_flow",
    "draw_flow_errors",
    "draw_fourier",
    "draw_functions",
    "draw_gaze",
    "draw_growth",
    "draw_guesses",
    "draw_images",
    "draw_keep",
    "draw_key_map",
    "draw_lesson",
    "draw_likeness",
    "draw_losses",
    "draw_maps",
    "draw_masks",
    "draw_matching",
    "draw_modalities",
    "draw_motion",
    "draw_neighbourhoods",
    "draw_photographs",
    "draw_pixel_questions",
    "draw_pixel_rows",
    "draw_query_map",
    "draw_query_places",
    "draw_rates",
    "draw_ratios",
    "draw_read_bytes",
    "draw_reading",
    "draw_rebuilt",
    "draw_resolutions",
    "draw_row_on_image",
    "draw_row_on_text",
    "draw_sampled",
    "draw_scaling",
    "draw_scores",
    "draw_seed_scores",
    "draw_seeds",
    "draw_segments",
    "draw_series",
    "draw_shares",
    "draw_similarities",
    "draw_similarity",
    "draw_situations",
    "draw_slices",
    "draw_softened",
    "draw_sounds",
    "draw_spans",
    "draw_stage_diagram",
    "draw_stages",
    "draw_steps",
    "draw_strides",
    "draw_tiles",
    "draw_token_strip",
    "draw_tradeoff",
    "draw_unrolled",
    "draw_walk",
    "draw_waves",
    "draw_windows",
    "in_bytes",
    "in_powers",
    "in_words",
    "named_stages",
    "play",
    "show_axes",
    "show_tensors",
    "strongest",
    "tens",
]
