"""How often a published classifier is right on pictures of your own."""

from .folder import Folder, Labelled, labelled_pictures
from .loop import evaluate
from .published import PUBLISHED_ACCURACY, Accuracy
from .report import Report

__all__ = [
    "PUBLISHED_ACCURACY",
    "Accuracy",
    "Folder",
    "Labelled",
    "Report",
    "evaluate",
    "labelled_pictures",
]
