"""Who, where, which firm? Names in sentences, found byte by byte."""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Int
from torch import Tensor, nn

from ..perceiver import EncoderConfig, encode_text
from ..perceiver.config import DecoderConfig
from ..perceiver.losses import tag_loss
from ..perceiver.spans import Span, entity_f1, find_spans, tag_bytes, tag_words
from ..perceiver.tasks import TokenClassifierConfig
from ..perceiver.tokenizer import Bytes
from ..synthetic.tagged import KINDS, TaggedText, tagged_texts
from ..training import batches
from .recipe import Recipe

TAGGED = TokenClassifierConfig(
    encoder=EncoderConfig(
        num_latents=12,
        latent_channels=48,
        num_blocks=1,
        self_attends_per_block=2,
        self_heads=4,
        cross_heads=4,
    ),
    decoder=DecoderConfig(num_heads=4),
    num_labels=len(KINDS),
    input_channels=48,
    max_bytes=48,
)


def encode_tagged(texts: Sequence[TaggedText]) -> tuple[Bytes, Int[Tensor, "batch bytes"]]:
    """Texts as ids without [CLS] and [SEP], and the label of each byte; 0 in padding."""
    encoded = encode_text([" ".join(t.words) for t in texts], TAGGED.max_bytes, special=False)
    tags = torch.zeros_like(encoded.ids)
    for row, text in zip(tags, texts, strict=True):
        labels = tag_bytes(text.words, text.labels)
        row[: len(labels)] = torch.tensor(labels)
    return encoded, tags


def find_entities(model: nn.Module, texts: Sequence[Sequence[str]]) -> list[set[Span]]:
    """What a tagger finds in texts: each byte is labelled, and the bytes of a word vote.

    Args:
        model: a token classifier.
        texts: the words of each.
    """
    encoded = encode_text([" ".join(words) for words in texts], None, special=False)
    with torch.inference_mode():
        tags = model(encoded.ids, keep=encoded.keep).argmax(-1).tolist()
    labels = (tag_words(words, row) for words, row in zip(texts, tags, strict=True))
    return [find_spans(tag_bytes(w, some)) for w, some in zip(texts, labels, strict=True)]


def true_entities(texts: Sequence[TaggedText]) -> list[set[Span]]:
    """What there is to be found."""
    return [find_spans(tag_bytes(*text)) for text in texts]


def capitals_are_people(texts: Sequence[Sequence[str]]) -> list[set[Span]]:
    """The simple way: every word with a capital letter is a person."""
    labels = ([int(word[0].isupper()) for word in words] for words in texts)
    return [find_spans(tag_bytes(w, some)) for w, some in zip(texts, labels, strict=True)]


def _batches(
    seed: int, num_texts: int = 6000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    encoded, tags = encode_tagged(tagged_texts(num_texts))
    return batches(*encoded, tags, batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, ids: Tensor, keep: Tensor, tags: Tensor) -> Tensor:
    return tag_loss(model(ids, keep=keep), tags, keep)


def _score(model: nn.Module, num_texts: int = 400) -> float:
    """Entities found exactly in texts whose names are new."""
    texts = tagged_texts(num_texts, held_out=True)
    return entity_f1(find_entities(model, [text.words for text in texts]), true_entities(texts))


RECIPES = {
    "tagged": Recipe(TAGGED, _batches, _loss, _score, at_least=0.97, steps=200, tables=0.5),
}
