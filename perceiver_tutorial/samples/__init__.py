"""The few real pictures and texts of the course, from packages that ship them."""

from .handwriting import Digits, digits, few_digits
from .moving import StereoPair, Textures, stereo_motorcycle, textures
from .pictures import CAT_MARKS, cat, cats_eye, six_pictures
from .texts import KINDS, Passages, Prose, code_or_prose, prose

__all__ = [
    "CAT_MARKS",
    "KINDS",
    "Digits",
    "Passages",
    "Prose",
    "StereoPair",
    "Textures",
    "cat",
    "cats_eye",
    "code_or_prose",
    "digits",
    "few_digits",
    "prose",
    "six_pictures",
    "stereo_motorcycle",
    "textures",
]
