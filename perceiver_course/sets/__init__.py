"""The sets of the course by name, as the library `datasets` has them."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from datasets import Dataset
from torch import Tensor

from . import arrays, pictures, texts
from .made import MadeSet

LONGEST = 60  # characters of a text that a card shows
SETS = {**pictures.SETS, **texts.SETS, **arrays.SETS}


def load_set(name: str, **counts: Any) -> Mapping[str, Dataset]:
    """A set of the course, its splits as tensors; drawn at the first call, then cached.

    Args:
        name: one of `SETS`.
        counts: how many rows to draw for a split, e.g. train=100; not of real samples.

    Raises:
        KeyError: if there is no such set.
        ValueError: if a split has not the rows that were asked for.

    >>> digits = load_set("digits")
    >>> digits["train"].num_rows, digits["test"].num_rows, digits["train"][0]["image"].shape
    (1347, 450, torch.Size([1, 8, 8]))
    """
    return _set(name).resized(counts).load(name)


def card(name: str) -> str:
    """What a set is and is for, its rows, its columns and one row, its source and its licence.

    >>> print(card("sounds").splitlines()[0])
    sounds: Eight kinds of sound with noise, a quarter of a second each, at 4,000 samples a ...
    """
    chosen, loaded = _set(name), load_set(name)
    sizes = (f"{split} {data.num_rows:,}" for split, data in loaded.items())
    first = next(iter(loaded.values()))[0]
    bytes_on_disk = sum(data.data.nbytes for data in loaded.values())
    return "\n".join(
        [
            f"{name}: {chosen.what}",
            f"rows: {', '.join(sizes)}; {bytes_on_disk / 1e6:.1f} MB",
            f"columns: {', '.join(f'{key} {kind}' for key, kind in chosen.features.items())}",
            f"a row: {', '.join(f'{key} {_said(value)}' for key, value in first.items())}",
            f"source: {chosen.source}",
            f"licence: {chosen.licence}",
        ]
    )


def _said(value: Any) -> str:
    """The sizes of an array, a number to three digits, a text as far as a line reaches."""
    if isinstance(value, Tensor) and value.ndim:
        return f"[{', '.join(map(str, value.shape))}]"
    plain = value.item() if isinstance(value, Tensor) else value
    if isinstance(plain, float):
        return f"{plain:.3g}"
    return repr(plain) if len(repr(plain)) <= LONGEST else f"{repr(plain)[:LONGEST]} ..."


def _set(name: str) -> MadeSet:
    if name not in SETS:
        nearest = get_close_matches(name, SETS, n=1, cutoff=0)[0]
        raise KeyError(f"expected the name of a set, got {name!r}. Did you mean {nearest!r}?")
    return SETS[name]


__all__ = ["SETS", "card", "load_set"]
