"""Words and bytes: labels of words become labels of bytes, and labels of bytes become entities."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """A run of bytes in a text.

    Attributes:
        start: place of its first byte.
        stop: one after its last, as in a slice.
        label: what the bytes are.
    """

    start: int
    stop: int
    label: int


def word_spans(words: Sequence[str]) -> list[tuple[int, int]]:
    """Where each word stands in " ".join(words), in bytes.

    >>> word_spans(["né", "in", "漢"])
    [(0, 3), (4, 6), (7, 10)]
    """
    spans, start = [], 0
    for word in words:
        spans.append((start, start + len(word.encode())))
        start = spans[-1][1] + 1
    return spans


def tag_bytes(words: Sequence[str], labels: Sequence[int]) -> list[int]:
    """Give every byte of " ".join(words) the label of its word; spaces get 0.

    Args:
        words: without spaces.
        labels: one for each word, 0 for none.

    Raises:
        ValueError: if there are not as many labels as words.

    >>> tag_bytes(["né", "in", "漢"], [1, 0, 2])
    [1, 1, 1, 0, 0, 0, 0, 2, 2, 2]
    """
    _check_as_many(words, labels)
    tags = [0] * len(" ".join(words).encode())
    for (start, stop), label in zip(word_spans(words), labels, strict=True):
        tags[start:stop] = [label] * (stop - start)
    return tags


def tag_words(words: Sequence[str], tags: Sequence[int]) -> list[int]:
    """Give every word the label that most of its bytes have; of several, the first among them.

    Args:
        words: without spaces.
        tags: one for each byte of " ".join(words); what follows is not looked at.

    >>> tag_words(["né", "in"], [1, 0, 1, 0, 0, 2])
    [1, 0]
    """
    return [Counter(tags[start:stop]).most_common(1)[0][0] for start, stop in word_spans(words)]


def find_spans(tags: Sequence[int]) -> set[Span]:
    """Every unbroken run of one label; 0 is none.

    >>> sorted(find_spans([1, 1, 0, 2, 2, 1]))
    [Span(start=0, stop=2, label=1), Span(start=3, stop=5, label=2), Span(start=5, stop=6, label=1)]
    """
    return set(_runs(tags))


def _runs(tags: Sequence[int]) -> Iterator[Span]:
    start = 0
    for place in range(1, len(tags) + 1):
        if place == len(tags) or tags[place] != tags[start]:
            if tags[start]:
                yield Span(start, place, tags[start])
            start = place


def byte_place(text: str, place: int) -> int:
    """How many bytes stand before a character.

    Args:
        text: any text.
        place: number of the character, from 0; len(text) for the end.

    >>> byte_place("né in 漢", 3)
    4
    """
    return len(text[:place].encode())


def cut_out(text: str, start: int, stop: int) -> str:
    """What a text's bytes from `start` to before `stop` say; halves of characters become U+FFFD.

    >>> cut_out("né in 漢", 1, 3)
    'é'
    """
    return text.encode()[start:stop].decode(errors="replace")


def entity_f1(found: Sequence[set[Span]], true: Sequence[set[Span]]) -> float:
    """How well entities were found: the harmonic mean of precision and recall, from 0 to 1.

    An entity counts only if its first byte, its last byte and its label are right.

    Args:
        found: for each text, what a model says.
        true: for each text, what is so.

    Raises:
        ValueError: if there are not as many texts, or there is no entity at all.

    >>> entity_f1([{Span(0, 2, 1), Span(3, 5, 1)}], [{Span(0, 2, 1)}])
    0.6666666666666666
    """
    _check_as_many(true, found)
    right = sum(len(f & t) for f, t in zip(found, true, strict=True))
    count = sum(len(f) + len(t) for f, t in zip(found, true, strict=True))
    if not count:
        raise ValueError("expected at least one entity, found or true, got none in any text.")
    return 2 * right / count


def _check_as_many(one: Sequence, other: Sequence) -> None:
    if len(one) != len(other):
        raise ValueError(f"expected one for each of {len(one)}, got {len(other)}.")
