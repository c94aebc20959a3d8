"""Masked language models that learn in a minute: hidden words of sentences, and of real prose."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ..perceiver import (
    DecoderConfig,
    EncoderConfig,
    MaskedLanguageConfig,
    PerceiverIO,
    encode_text,
)
from ..perceiver.blanks import BLANK, fill_in
from ..perceiver.losses import hide_bytes, hide_words, masked_language_loss
from ..synthetic import fitting_words, one_word_hidden, sentences
from ..training import batches
from .recipe import Recipe

SENTENCES = MaskedLanguageConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=128,
        num_blocks=1,
        self_attends_per_block=2,
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
    return HiddenWords(whole, blanks == BLANK, fitting)


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
    return (fill_in(model, ids, hidden) == ids).all(1).float().mean().item()


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
