"""Published weights under our names: a table in, renamed weights out, leftovers refused."""

import re
from collections.abc import Mapping, Sequence

from torch import Tensor


def rename(state: Mapping[str, Tensor], table: Mapping[str, str]) -> dict[str, Tensor]:
    """Rename every weight by the one pattern that matches its name whole.

    Args:
        state: weights as published.
        table: pattern -> our name; `{}` stands for a layer number.

    Raises:
        ValueError: naming every published weight that no pattern claims.

    >>> import torch
    >>> rename({"layers.3.w": torch.zeros(1)}, {"layers.{}.w": "blocks.{}.weight"})
    {'blocks.3.weight': tensor([0.])}
    """
    patterns = {
        re.compile(re.escape(theirs).replace(r"\{\}", r"(\d+)")): ours
        for theirs, ours in table.items()
    }
    renamed, unclaimed = {}, []
    for key, value in state.items():
        matches = ((pattern.fullmatch(key), ours) for pattern, ours in patterns.items())
        found = next((ours.format(*match.groups()) for match, ours in matches if match), None)
        if found is None:
            unclaimed.append(key)
        else:
            renamed[found] = value
    if unclaimed:
        raise ValueError(
            f"no name in the table for the published weights {first_of(unclaimed, ', ')}. "
            "Expected only weights of the class that the configuration names."
        )
    return renamed


def first_of(names: Sequence[str], between: str, at_most: int = 6) -> str:
    """A long list made short, for a message that can be read.

    >>> first_of(["a", "b", "c"], ", ", at_most=2)
    'a, b and 1 more'
    """
    more = len(names) - at_most
    return between.join(names[:at_most]) + (f" and {more} more" if more > 0 else "")


def merge(*pairs: tuple[str, str], leaves: tuple[str, ...] = ("weight", "bias")) -> dict[str, str]:
    """Table rows for modules that have a weight and a bias on both sides."""
    return {f"{a}.{leaf}": f"{b}.{leaf}" for a, b in pairs for leaf in leaves}
