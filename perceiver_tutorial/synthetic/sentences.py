"""English sentences from a small grammar: a hidden word often follows from the others."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from random import Random

from ..doors import checked

DETERMINERS = ("The", "Our", "This", "That")
ADJECTIVES = ("old", "tall", "young", "happy", "tired", "quiet", "small", "quick")
CRAFTS = {
    "baker": "bakes bread",
    "farmer": "grows corn",
    "painter": "mixes colours",
    "teacher": "reads books",
}
ANIMALS = {"cow": "moo", "dog": "bark", "frog": "croak", "lion": "roar"}
NUMBERS = ("One", "Two", "Three", "Many")
TIMES = ("at night", "every day", "today", "in May", "again")
PEOPLE = {"Anna": "her", "Emma": "her", "David": "his", "Peter": "his"}


def _of_craft(determiner: str, adjective: str, craft: str, time: str) -> str:
    return f"{determiner} {adjective} {craft} {CRAFTS[craft]} {time}."


def _of_animals(number: str, adjective: str, animal: str, time: str) -> str:
    noun_s, verb_s = ("", "s") if number == "One" else ("s", "")
    return f"{number} {adjective} {animal}{noun_s} {ANIMALS[animal]}{verb_s} {time}."


def _of_person(person: str, adjective: str, animal: str, craft: str) -> str:
    return f"{person} shows {PEOPLE[person]} {adjective} {animal} to the {craft}."


KINDS = (
    (_of_craft, (DETERMINERS, ADJECTIVES, CRAFTS, TIMES)),
    (_of_animals, (NUMBERS, ADJECTIVES, ANIMALS, TIMES)),
    (_of_person, (PEOPLE, ADJECTIVES, ANIMALS, CRAFTS)),
)


@cache
def _grammar() -> tuple[dict[str, bool], ...]:
    """For each kind of sentence: sentence -> whether it is held out."""
    return tuple(
        {write(*words): number % 4 == 0 for number, words in _numbered(slots)}
        for write, slots in KINDS
    )


def _numbered(slots: Iterable[Iterable[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """All ways to fill slots, with the sum of the words' numbers in their lists."""
    for chosen in product(*map(enumerate, slots)):
        numbers, words = zip(*chosen, strict=True)
        yield sum(numbers), words


@checked
def sentences(num_sentences: int, seed: int = 0, held_out: bool = False) -> list[str]:
    """Draw sentences of three kinds in turn: about crafts, about animals, about people.

    A quarter of all combinations of words is held out. Each pair of words that can
    stand together does so in training, but no training sentence is a held-out one.

    Args:
        num_sentences: how many; some may be drawn twice.
        seed: the same seed draws the same sentences.
        held_out: draw those that are not for training.

    >>> for sentence in sentences(3):
    ...     print(sentence)
    That tired teacher reads books every day.
    Two quiet cows moo in May.
    David shows his tall lion to the teacher.
    """
    random = Random(seed)
    kinds = [[s for s, held in kind.items() if held == held_out] for kind in _grammar()]
    return [random.choice(kinds[number % len(kinds)]) for number in range(num_sentences)]


@checked
def one_word_hidden(sentence: str) -> list[str]:
    """The sentence again and again, each time with another word as underscores.

    >>> one_word_hidden("Dogs bark.")
    ['____ bark.', 'Dogs ____.']
    """
    return [
        f"{sentence[: word.start()]}{'_' * len(word[0])}{sentence[word.end() :]}"
        for word in re.finditer(r"\w+", sentence)
    ]


@cache
def _words() -> tuple[str, ...]:
    return tuple(sorted({word for kind in _grammar() for s in kind for word in s[:-1].split()}))


@checked
def fitting_words(sentence: str) -> list[str]:
    """Every word that makes a sentence of the grammar, put in place of the underscores.

    Args:
        sentence: with one word written as underscores, one for each letter.

    Raises:
        ValueError: if underscores stand in no place, or in several.

    >>> fitting_words("The tall baker bakes _____ today.")
    ['bread']
    """
    blanks = re.findall("_+", sentence)
    if len(blanks) != 1:
        raise ValueError(
            f"expected one word written as underscores, got {len(blanks)}: {sentence!r}."
        )
    words = [word for word in _words() if len(word) == len(blanks[0])]
    filled = {word: sentence.replace(blanks[0], word) for word in words}
    return [word for word in words if any(filled[word] in kind for kind in _grammar())]
