"""Perceivers that read texts, byte by byte: code or prose, hidden words, who sold what."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..perceiver import characters, encode_text
from ..perceiver.blanks import BLANK
from ..perceiver.losses import best_spans
from ..perceiver.tokenizer import MASK, decode_text
from ..recipes import trained
from ..recipes.facts import FACTS, LONGEST_ANSWER
from ..recipes.text_classes import CODE_OR_PROSE
from ..recipes.text_masked import SENTENCES
from ..samples import KINDS
from ..synthetic import one_word_hidden, sentences
from ..synthetic.facts import questions
from .looks import perceiver_looks
from .own import on_one_line
from .readers import Given, Reader

NUM_SAMPLES = 24
LINES = (
    "if x is None: return the_list[0]  # There is nothing to do.",
    "The list is empty, and so there is nothing to do.",
    "He said: (see below)",
    "for name in sorted(names): print(name.upper())",
    "Nobody had yet written a line of code, and yet there was already a fault in it.",
    "JSON HTTP URL",
    "x.y.z",
    "elf",
)


@cache
def hidden_words() -> list[str]:
    """Sentences with one word each as underscores."""
    whole = sentences(NUM_SAMPLES, seed=1, held_out=True)
    return [one_word_hidden(text)[number % 4 - 1] for number, text in enumerate(whole)]


@cache
def reports() -> list[str]:
    """A question and the text that answers it, about people whose names are new."""
    return [question.text for question in questions(NUM_SAMPLES, held_out=True)]


def _given(text: str, told: str, special: bool) -> Given:
    ids = encode_text([text], None, special=special).ids
    return Given(ids, told, letters=tuple(characters(ids[0])))


def _sample(texts: Callable[[], list[str]], special: bool, number: int) -> Given:
    return _given(texts()[number], f"Text {number} of the course's own.", special)


def _own(max_bytes: int, special: bool, text: str) -> Given:
    return _given(*on_one_line(text, max_bytes - 2 * special), special)


def say_kind(logits: Float[Tensor, "1 2"], _given: Given) -> str:
    """Code, or prose."""
    share, kind = logits.softmax(-1)[0].max(-1)
    return f"The model answers {KINDS[kind]} ({share:.0%})."


def say_guess(logits: Float[Tensor, "1 bytes vocabulary"], given: Given) -> str:
    """What it puts in the place of underscores."""
    hidden = given.raw == BLANK
    if not hidden.any():
        return "Nothing is hidden: write an underscore for each letter that it should guess."
    return f'The model guesses "{decode_text(logits.argmax(-1)[hidden])}" for the underscores.'


def say_span(logits: Float[Tensor, "1 bytes 2"], given: Given) -> str:
    """What it points at."""
    keep = torch.ones_like(given.raw, dtype=torch.bool)
    ((first, last),) = best_spans(logits, keep, LONGEST_ANSWER).tolist()
    return f'The model points at "{decode_text(given.raw[0, first : last + 1])}".'


def _masked_looks(model, raw: Tensor) -> tuple[list, Any]:
    return perceiver_looks(model, raw.masked_fill(raw == BLANK, MASK), inputs="bytes")


def _reader(name: str, config, texts, say, look, start: tuple[int, int], special=True) -> Reader:
    return Reader(
        partial(trained, name),
        partial(_sample, texts, special),
        partial(_own, config.max_bytes, special),
        look,
        say,
        num_samples=len(texts()),
        start=start,
        is_text=True,
    )


_bytes = partial(perceiver_looks, inputs="bytes")
TEXT_READERS = {
    "Perceiver, code or prose": _reader(
        "code-or-prose", CODE_OR_PROSE, lambda: LINES, say_kind, _bytes, (0, 5)
    ),
    "Perceiver, hidden words": _reader(
        "sentences-masked", SENTENCES, hidden_words, say_guess, _masked_looks, (0, 4)
    ),
    "Perceiver, who sold what": _reader(
        "facts", FACTS, reports, say_span, _bytes, (0, 4), special=False
    ),
}
