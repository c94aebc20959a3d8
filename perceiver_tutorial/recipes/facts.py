"""Who sold the key? The answer stands in the text, and is pointed at byte by byte."""

from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Int
from torch import Tensor, nn

from ..perceiver import EncoderConfig, encode_text
from ..perceiver.config import DecoderConfig
from ..perceiver.losses import best_spans, span_loss
from ..perceiver.spans import Span, byte_place, cut_out
from ..perceiver.tasks import SpanConfig
from ..perceiver.tokenizer import Bytes
from ..synthetic.facts import Question, questions
from ..training import batches
from .recipe import Recipe

LONGEST_ANSWER = 8
FACTS = SpanConfig(
    encoder=EncoderConfig(
        num_latents=12,
        latent_channels=48,
        num_blocks=1,
        self_attends_per_block=2,
        self_heads=4,
        cross_heads=4,
    ),
    decoder=DecoderConfig(num_heads=4),
    input_channels=48,
    max_bytes=60,
)


def encode_questions(some: Sequence[Question]) -> tuple[Bytes, Int[Tensor, "batch ends=2"]]:
    """Texts as ids without [CLS] and [SEP], and the first and last byte of each answer."""
    encoded = encode_text([question.text for question in some], FACTS.max_bytes, special=False)
    ends = [(byte_place(q.text, q.start), byte_place(q.text, q.stop) - 1) for q in some]
    return encoded, torch.tensor(ends)


def point_at_answers(model: nn.Module, texts: Sequence[str]) -> list[Span]:
    """Where a model points in texts that begin with a question; the label is 1."""
    encoded = encode_text(texts, None, special=False)
    with torch.inference_mode():
        logits = model(encoded.ids, keep=encoded.keep)
    places = best_spans(logits, encoded.keep, LONGEST_ANSWER).tolist()
    return [Span(first, last + 1, 1) for first, last in places]


def find_answers(model: nn.Module, texts: Sequence[str]) -> list[str]:
    """What a model answers to texts that begin with a question."""
    found = zip(texts, point_at_answers(model, texts), strict=True)
    return [cut_out(text, span.start, span.stop) for text, span in found]


def first_name(text: str) -> str:
    """The simple way: the first name after the question, whatever was asked."""
    report = text.split("? ")[1]
    return next(word.strip(",") for word in report.split() if word[0].isupper() and word != "In")


def _batches(
    seed: int, num_questions: int = 8000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    encoded, ends = encode_questions(questions(num_questions))
    return batches(*encoded, ends, batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, ids: Tensor, keep: Tensor, ends: Tensor) -> Tensor:
    return span_loss(model(ids, keep=keep), ends, keep)


def _score(model: nn.Module, num_questions: int = 400) -> float:
    """Answers that are right to the last letter, about people whose names are new."""
    held_out = questions(num_questions, held_out=True)
    found = find_answers(model, [question.text for question in held_out])
    right = [a == question.answer for a, question in zip(found, held_out, strict=True)]
    return sum(right) / len(right)


RECIPES = {
    "facts": Recipe(
        FACTS, _batches, _loss, _score, at_least=0.93, steps=200, learning_rate=5e-3, tables=0.3
    ),
}
