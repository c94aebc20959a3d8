"""How often a published classifier is right on pictures of your own."""

from .loop import evaluate

__all__ = ["evaluate"]
