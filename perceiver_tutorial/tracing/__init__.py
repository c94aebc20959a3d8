"""Looking at a model from outside: the shapes on its way, and what they cost."""

from .cost import Cost, cost
from .rollout import rollout
from .walk import Walk, walk

__all__ = ["Cost", "Walk", "cost", "rollout", "walk"]
