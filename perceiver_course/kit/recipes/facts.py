"""Questions whose answers stand in the text: who sold what to whom, and where."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor, nn

from perceiver_tutorial.perceiver import EncoderConfig, encode_text
from perceiver_tutorial.perceiver.config import DecoderConfig
from perceiver_tutorial.perceiver.losses import best_spans, span_loss
from perceiver_tutorial.perceiver.spans import Span, byte_place, cut_out
from perceiver_tutorial.perceiver.tasks import SpanConfig
from perceiver_tutorial.perceiver.tokenizer import Bytes

from ..samples import invented_names
from ..training import batches
from .recipe import Recipe

ITEMS = ("key", "map", "hat", "pen", "cup", "bag", "fan", "jar")
ASKED = {
    "Who sold?": "seller",
    "Who bought?": "buyer",
    "What?": "item",
    "Where?": "place",
}
REPORTS = (
    "{seller} sold the {item} to {buyer} in {place}.",
    "{buyer} bought the {item} from {seller} in {place}.",
    "In {place}, {seller} sold {buyer} the {item}.",
    "In {place}, {buyer} got the {item} from {seller}.",
)


class Question(NamedTuple):
    """A question, a text that answers it, and where.

    Attributes:
        text: the question, a space, then the report.
        start: place of the answer's first character.
        stop: one after its last, as in a slice.
    """

    text: str
    start: int
    stop: int

    @property
    def answer(self) -> str:
        """What is to be found."""
        return self.text[self.start : self.stop]


def questions(num_questions: int, seed: int = 0, held_out: bool = False) -> list[Question]:
    """Draw reports of sales among invented people, and ask for one of four things in each.

    Args:
        num_questions: how many.
        seed: the same seed draws the same questions.
        held_out: with names that are not for training.

    >>> one = questions(1)[0]
    >>> one.text, one.answer
    ('Who sold? In Dabama, Kikosi sold Kifipo the fan.', 'Kikosi')
    """
    random = Random(f"{seed} {held_out}")
    names = invented_names(held_out)
    return [_drawn(random, names) for _ in range(num_questions)]


def _drawn(random: Random, names: tuple[str, ...]) -> Question:
    seller, buyer, place = random.sample(names, 3)
    said = {"seller": seller, "buyer": buyer, "place": place, "item": random.choice(ITEMS)}
    question, wanted = random.choice(tuple(ASKED.items()))
    report = random.choice(REPORTS)
    before = f"{question} {report.split(f'{{{wanted}}}')[0]}".format(**said)
    return Question(
        f"{question} {report.format(**said)}", len(before), len(before) + len(said[wanted])
    )


LONGEST_ANSWER = 8
FACTS = SpanConfig(
    encoder=EncoderConfig(
        num_latents=12,
        latent_channels=48,
        num_blocks=1,
        layers_per_block=2,
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
        logits = model(encoded.ids, mask=encoded.mask)
    places = best_spans(logits, encoded.mask, LONGEST_ANSWER).tolist()
    return [Span(first, last + 1, 1) for first, last in places]


def find_answers(model: nn.Module, texts: Sequence[str]) -> list[str]:
    """What a model answers to texts that begin with a question."""
    found = zip(texts, point_at_answers(model, texts), strict=True)
    return [cut_out(text, span.start, span.stop) for text, span in found]


def _batches(
    seed: int, num_questions: int = 8000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    encoded, ends = encode_questions(questions(num_questions))
    return batches(*encoded, ends, batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, ids: Tensor, mask: Tensor, ends: Tensor) -> Tensor:
    return span_loss(model(ids, mask=mask), ends, mask)


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
