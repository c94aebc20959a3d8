"""Exercises: write a function, build a module, repair a model, hunt a bug, an open project."""

from .build import Build
from .draw import Draw
from .hunt import BugHunt
from .project import Project
from .repair import Repair, Stage
from .replies import NotYet, is_unwritten, reply_of, your_turn
from .same import same
from .write import Exercise, Slip

__all__ = [
    "BugHunt",
    "Build",
    "Draw",
    "Exercise",
    "NotYet",
    "Project",
    "Repair",
    "Slip",
    "Stage",
    "is_unwritten",
    "reply_of",
    "same",
    "your_turn",
]
