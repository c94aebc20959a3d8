"""Exercises about heads for texts: whom to ask, what to make small, how to read the answer."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..perceiver.losses import best_spans, span_loss
from ..perceiver.spans import find_spans, tag_bytes
from .check import BugHunt, Exercise, Slip

QUERY_COUNTS = Exercise(
    task="how many queries does each task need? Return four numbers: to label all `num_bytes` "
    "bytes of a text; to point at the first and the last byte of an answer in it; to name one "
    "of `num_classes` classes of sound; to find up to `num_things` things in an image.",
    inputs=lambda: (2048, 700, 100),
    reference=lambda num_bytes, _num_classes, num_things: (num_bytes, num_bytes, 1, num_things),
    slips=(
        Slip(
            "one query asks for all classes at once; the classes are the channels of its answer.",
            lambda num_bytes, num_classes, num_things: (
                num_bytes,
                num_bytes,
                num_classes,
                num_things,
            ),
        ),
        Slip(
            "begin and end are two scores of each byte: every byte is asked, not the two ends.",
            lambda num_bytes, _num_classes, num_things: (num_bytes, 2, 1, num_things),
        ),
        Slip(
            "the same bytes are asked once: both scores stand in one row.",
            lambda num_bytes, _num_classes, num_things: (num_bytes, 2 * num_bytes, 1, num_things),
        ),
        Slip(
            '"nothing here" is one more class, not one more thing.',
            lambda num_bytes, _num_classes, num_things: (num_bytes, num_bytes, 1, num_things + 1),
        ),
    ),
)


def _pointed() -> tuple[Tensor, Tensor, Tensor]:
    """Scores of two texts of 7 bytes, the true ends, and what is text."""
    generator = torch.Generator().manual_seed(0)
    keep = torch.arange(7) < torch.tensor([[7], [5]])
    return torch.randn(2, 7, 2, generator=generator), torch.tensor([[1, 4], [3, 3]]), keep


def _ends(logits: Tensor, spans: Tensor) -> Tensor:
    return cross_entropy(logits[..., 0], spans[:, 0]) + cross_entropy(logits[..., 1], spans[:, 1])


SPAN_LOSS = Exercise(
    task="return the cross-entropy of the answers' first bytes plus that of their last ones, from "
    "`logits` [batch, bytes, 2], `spans` [batch, 2] and `keep` [batch, bytes]: bytes that are not "
    "kept must not compete.",
    inputs=_pointed,
    reference=span_loss,
    slips=(
        Slip(
            "padding competes: give bytes that are not kept a score of -torch.inf first.",
            lambda logits, spans, _keep: _ends(logits, spans),
        ),
        Slip(
            "with a score of 0 padding still competes; -torch.inf leaves it no chance.",
            lambda logits, spans, keep: _ends(logits.masked_fill(~keep[..., None], 0.0), spans),
        ),
        Slip(
            "that is the mean of both ends; add them.",
            lambda logits, spans, keep: span_loss(logits, spans, keep) / 2,
        ),
        Slip(
            "that is the first byte only; the last one is to be found as well.",
            lambda logits, spans, keep: cross_entropy(
                logits[..., 0].masked_fill(~keep, -torch.inf), spans[:, 0]
            ),
        ),
    ),
)


def _two_ends() -> tuple[list[float], list[float], int]:
    """Six scores to begin, six to end; the likeliest end stands before the likeliest beginning."""
    return [2.0, 0.0, 0.0, 0.0, 5.0, 0.0], [6.0, 0.0, 0.0, 6.5, 0.2, 0.5], 3


def _best_of(begins, ends, max_bytes):
    logits = torch.tensor([begins, ends]).T[None]
    return tuple(best_spans(logits, torch.ones(logits.shape[:2]).bool(), max_bytes)[0].tolist())


def _top(scores: list[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


BEST_SPAN = Exercise(
    task="return (first, last), the places with the largest begins[first] + ends[last] such that "
    "first <= last and the answer has at most `max_bytes` bytes.",
    inputs=_two_ends,
    reference=_best_of,
    slips=(
        Slip(
            "that answer ends before it begins: the two ends have to be chosen together.",
            lambda begins, ends, _max_bytes: (_top(begins), _top(ends)),
        ),
        Slip(
            "that answer is one byte too long: from first to last are last - first + 1 bytes.",
            lambda begins, ends, max_bytes: _best_of(begins, ends, max_bytes + 1),
        ),
        Slip(
            "an answer of one byte is one, too: first == last.",
            lambda begins, ends, _max_bytes: max(
                ((i, j) for i in range(6) for j in range(i + 1, min(i + 3, 6))),
                key=lambda span: begins[span[0]] + ends[span[1]],
            ),
        ),
    ),
)


def _runs(tags: list[int]) -> list[tuple[int, int, int]]:
    return sorted(tuple(span) for span in find_spans(tags))


BYTES_TO_ENTITIES = Exercise(
    task="return all runs of one label other than 0, as sorted tuples (start, stop, label) with "
    "tags[start:stop] all alike.",
    inputs=lambda: ([1, 1, 1, 0, 0, 3, 3, 2, 0, 1, 1],),
    reference=_runs,
    slips=(
        Slip(
            "stop is one after the last byte, as in a slice.",
            lambda tags: [(start, stop - 1, label) for start, stop, label in _runs(tags)],
        ),
        Slip(
            "a run also ends where the text does: the last one is missing.",
            lambda tags: [span for span in _runs(tags) if span[1] < len(tags)],
        ),
        Slip(
            "0 means none; runs of 0 are no entities.",
            lambda tags: sorted(
                (a, b, label - 1) for a, b, label in _runs([tag + 1 for tag in tags])
            ),
        ),
        Slip(
            "a run ends where the label changes, even if no 0 stands between.",
            lambda tags: [
                (start, stop, tags[start]) for start, stop, _ in _runs([min(t, 1) for t in tags])
            ],
        ),
    ),
)

LENGTH = 24


def _words_and_labels() -> tuple[list[str], list[int]]:
    return ["Zoé", "met", "漢字", "in", "Oslo", "."], [1, 0, 3, 0, 2, 0]


def _padded(tags: list[int]) -> Tensor:
    return torch.tensor((tags + LENGTH * [0])[:LENGTH])


def _by_characters(words: list[str], labels: list[int]) -> Tensor:
    return _padded([t for w, n in zip(words, labels, strict=True) for t in [n] * len(w) + [0]])


def _with_space(words: list[str], labels: list[int]) -> Tensor:
    pairs = zip(words, labels, strict=True)
    return _padded([t for w, n in pairs for t in [n] * (len(w.encode()) + 1)])


def _without_spaces(words: list[str], labels: list[int]) -> Tensor:
    return _padded([t for w, n in zip(words, labels, strict=True) for t in [n] * len(w.encode())])


def _tags_every_byte(tag) -> bool:
    words, labels = _words_and_labels()
    text, tags = " ".join(words).encode(), tag(words, labels).tolist()
    said = {text[start:stop].decode(errors="replace"): n for start, stop, n in _runs(tags)}
    return said == {word: n for word, n in zip(words, labels, strict=True) if n}


TAGS_EVERY_BYTE = BugHunt(
    task=f"`tag(words, labels)` returns {LENGTH} labels, one for each byte of the words joined by "
    "spaces, and then 0. Return whether each word's bytes, and no others, have its label.",
    inputs=_words_and_labels,
    right=lambda words, labels: _padded(tag_bytes(words, labels)),
    bugs=(_by_characters, _with_space, _without_spaces),
    reference=_tags_every_byte,
)
