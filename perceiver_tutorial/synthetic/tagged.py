"""Sentences with names of people, places and firms; only the words around a name tell which."""

from random import Random
from typing import NamedTuple

from ..doors import checked
from .names import invented_names

KINDS = ("", "person", "place", "firm")
TEMPLATES = (
    "{person} lives in {place} .",
    "{person} works at {firm} Inc in {place} .",
    "We saw {person} near {place} today .",
    "Mr {person} left {place} for {place} .",
    "{firm} Ltd hired {person} .",
    "The city of {place} thanked {person} .",
    "{firm} Inc opened in {place} .",
    "Dr {person} of {firm} Ltd flew to {place} .",
    "In {place} , {person} met {person} .",
    "Who bought {firm} Ltd ?",
)


class TaggedText(NamedTuple):
    """A text, word by word.

    Attributes:
        words: full stops and commas are words as well.
        labels: for each word the number of its kind in `KINDS`; 0 is none.
    """

    words: tuple[str, ...]
    labels: tuple[int, ...]


@checked
def tagged_texts(num_texts: int, seed: int = 0, held_out: bool = False) -> list[TaggedText]:
    """Draw sentences and fill them with invented names.

    Any name can be that of a person, of a place or of a firm.

    Args:
        num_texts: how many.
        seed: the same seed draws the same texts.
        held_out: with names that are not for training.

    """
    random = Random(f"{seed} {held_out}")
    names = invented_names(held_out)
    return [_filled(random.choice(TEMPLATES), random, names) for _ in range(num_texts)]


def _filled(template: str, random: Random, names: tuple[str, ...]) -> TaggedText:
    kinds = [word.strip("{}") if word[0] == "{" else "" for word in template.split()]
    words = [
        random.choice(names) if kind else word
        for word, kind in zip(template.split(), kinds, strict=True)
    ]
    return TaggedText(tuple(words), tuple(map(KINDS.index, kinds)))
