"""Data made by arithmetic: seeded, and labelled by construction."""

from .clips import Clips, clips, cycles_heard, read_clips
from .clouds import BODIES, clouds, clouds_of_many_sizes, turned
from .facts import Question, questions
from .motion import Motion, MovingPairs, filmed, moving_pairs, still, warp
from .names import invented_names
from .scenes import THINGS, scenes
from .scramble import pixel_order, reorder_pixels
from .segments import SEGMENTS, segments
from .sentences import fitting_words, one_word_hidden, sentences
from .series import gappy_series, straight_lines
from .shapes import SHAPES, shapes
from .sounds import SOUNDS, sounds
from .tagged import KINDS, TaggedText, tagged_texts
from .views import views

__all__ = [
    "BODIES",
    "KINDS",
    "SEGMENTS",
    "SHAPES",
    "SOUNDS",
    "THINGS",
    "Clips",
    "Motion",
    "MovingPairs",
    "Question",
    "TaggedText",
    "clips",
    "clouds",
    "clouds_of_many_sizes",
    "cycles_heard",
    "filmed",
    "fitting_words",
    "gappy_series",
    "invented_names",
    "moving_pairs",
    "one_word_hidden",
    "pixel_order",
    "questions",
    "read_clips",
    "reorder_pixels",
    "scenes",
    "segments",
    "sentences",
    "shapes",
    "sounds",
    "still",
    "straight_lines",
    "tagged_texts",
    "turned",
    "views",
    "warp",
]
