"""What is made small: how a Perceiver learns its tasks."""

from .flow_loss import end_point_error, flow_loss, robust_flow_loss
from .masked_language import hide_bytes, hide_words, masked_language_loss, number_words
from .multimodal_loss import multimodal_errors, multimodal_loss, random_points, targets_at
from .span_loss import best_spans, span_loss, tag_loss

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
