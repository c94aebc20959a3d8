"""English sentences from a small grammar: a hidden word often follows from the others."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from perceiver_tutorial.perceiver import (
    DecoderConfig,
    EncoderConfig,
    MaskedLanguageConfig,
    PerceiverIO,
    encode_text,
)
from perceiver_tutorial.perceiver.losses import hide_bytes, hide_words, masked_language_loss
from perceiver_tutorial.perceiver.tasks.language import UNDERSCORE, fill_mask

from ..training import batches
from .recipe import Recipe

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


SENTENCES = MaskedLanguageConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=128,
        num_blocks=1,
        layers_per_block=2,
        self_heads=8,
        cross_heads=8,
    ),
    decoder=DecoderConfig(query_residual=False, num_heads=8, v_channels=64),
    input_channels=64,
    max_bytes=48,
)


class HiddenWords(NamedTuple):
    """Sentences, each with one word hidden.

    Attributes:
        ids: the whole sentences.
        hidden: True where the word stands.
        fitting: how many words would fit; where it is one, it follows from the others.
    """

    ids: Int[Tensor, "batch bytes"]
    hidden: Bool[Tensor, "batch bytes"]
    fitting: Int[Tensor, " batch"]


@cache
def held_out_words(num_sentences: int = 150) -> HiddenWords:
    """Every word of some held-out sentences, hidden one at a time."""
    texts = sentences(num_sentences, seed=1, held_out=True)
    rows = [(text, blank) for text in texts for blank in one_word_hidden(text)]
    whole, blanks = (encode_text(some, SENTENCES.max_bytes).ids for some in zip(*rows, strict=True))
    fitting = torch.tensor([len(fitting_words(blank)) for _, blank in rows])
    return HiddenWords(whole, blanks == UNDERSCORE, fitting)


def hidden_batches(
    ids: Int[Tensor, "texts bytes"], seed: int, share: float = 0.3, batch_size: int = 16
) -> Iterator[tuple[Tensor, Tensor]]:
    """Texts, some at a time, and what is hidden in them: now whole words, now single bytes.

    Args:
        ids: texts to learn from.
        seed: of the order, and of what is hidden.
        share: how much is hidden, from 0 to 1.
        batch_size: texts at once.
    """
    generator = torch.Generator().manual_seed(seed)
    for number, (some,) in enumerate(batches(ids, batch_size=batch_size, seed=seed)):
        hide = hide_bytes if number % 2 else hide_words
        yield some, hide(some, share, generator)


def _sentence_batches(
    seed: int, num_sentences: int = 6000, share: float = 0.3, batch_size: int = 16
) -> Iterator[tuple[Tensor, Tensor]]:
    ids = encode_text(sentences(num_sentences), SENTENCES.max_bytes).ids
    return hidden_batches(ids, seed, share, batch_size)


def _words_that_follow(model: PerceiverIO, num_sentences: int = 150) -> float:
    """How many of the held-out words that follow from the rest are guessed, to the last letter."""
    ids, hidden, fitting = held_out_words(num_sentences)
    ids, hidden = ids[fitting == 1], hidden[fitting == 1]
    return (fill_mask(model, ids, hidden) == ids).all(1).float().mean().item()


RECIPES = {
    "sentences-masked": Recipe(
        SENTENCES,
        _sentence_batches,
        masked_language_loss,
        _words_that_follow,
        at_least=0.83,
        steps=1500,
        learning_rate=2e-3,
        tables=0.5,
    ),
}
