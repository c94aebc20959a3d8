"""Data made by arithmetic: seeded, and labelled by construction."""

from .scramble import pixel_order, reorder_pixels
from .sentences import fitting_words, one_word_hidden, sentences
from .shapes import SHAPES, shapes
from .views import views

__all__ = [
    "SHAPES",
    "fitting_words",
    "one_word_hidden",
    "pixel_order",
    "reorder_pixels",
    "sentences",
    "shapes",
    "views",
]
