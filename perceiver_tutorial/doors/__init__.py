"""What may come in: a door says what it expected, what came, what to do."""

from .door import TO_PAD, Door, check_classes, look_up
from .guard import checked, explained
from .not_a_number import check_filled, check_numbers, has_values

__all__ = [
    "TO_PAD",
    "Door",
    "check_classes",
    "check_filled",
    "check_numbers",
    "checked",
    "explained",
    "has_values",
    "look_up",
]
