"""Invented names, built of syllables: some to learn from, others to be tested with."""

from functools import cache
from itertools import product
from random import Random

STARTS = ("Ba", "Bo", "Da", "De", "Fa", "Fi", "Ga", "Ki", "La", "Mo", "Na", "Po", "Ra", "Ta", "Zu")
MIDDLES = ("", "ba", "de", "fi", "ko", "la", "mu", "ri", "so", "ta", "ve")
ENDS = ("bo", "da", "fe", "gu", "ki", "lo", "ma", "no", "po", "ra", "si", "tu", "vo", "ze")


@cache
def invented_names(held_out: bool = False) -> tuple[str, ...]:
    """Names of two or three syllables, 4 or 6 letters long, that stand for nobody.

    A quarter of them is held out. It is made of the same syllables as the others.

    Args:
        held_out: those that are not for training.

    >>> len(invented_names()), len(invented_names(held_out=True))
    (1733, 577)
    """
    names = ["".join(parts) for parts in product(STARTS, MIDDLES, ENDS)]
    Random(0).shuffle(names)
    quarter = len(names) // 4
    return tuple(names[:quarter] if held_out else names[quarter:])
