"""What is made small: how a Perceiver learns its tasks."""

from .masked_language import hide_bytes, hide_words, masked_language_loss, number_words

__all__ = [
    "hide_bytes",
    "hide_words",
    "masked_language_loss",
    "number_words",
]
