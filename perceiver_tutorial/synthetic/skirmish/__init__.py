"""Skirmishes: small battles of two teams, and players who choose their units' targets."""

from .battle import MAX_TURNS, NOBODY, Turn, after, fight, outcome, win_rate
from .film import Film, film
from .players import RANGE, Player, at_random, focus_fire, nearest
from .situations import FEATURES, Situations, seen_by, situations
from .units import Units, deploy

__all__ = [
    "FEATURES",
    "MAX_TURNS",
    "NOBODY",
    "RANGE",
    "Film",
    "Player",
    "Situations",
    "Turn",
    "Units",
    "after",
    "at_random",
    "deploy",
    "fight",
    "film",
    "focus_fire",
    "nearest",
    "outcome",
    "seen_by",
    "situations",
    "win_rate",
]
