"""What is made small: how a Perceiver learns its tasks."""

from .flow import end_point_error, flow_loss, robust_flow_loss
from .masked_language import hide_bytes, hide_words, masked_language_loss, number_words
from .multimodal import multimodal_errors, multimodal_loss, random_points, targets_at
from .spans import best_spans, span_loss
from .tags import tag_loss

__all__ = [
    "best_spans",
    "end_point_error",
    "flow_loss",
    "hide_bytes",
    "hide_words",
    "masked_language_loss",
    "multimodal_errors",
    "multimodal_loss",
    "number_words",
    "random_points",
    "robust_flow_loss",
    "span_loss",
    "tag_loss",
    "targets_at",
]
