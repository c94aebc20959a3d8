"""Text to ids and back: a byte's id is the byte + 6."""

import reprlib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

SPECIAL = ("[PAD]", "[BOS]", "[EOS]", "[MASK]", "[CLS]", "[SEP]")
PAD, BOS, EOS, MASK, CLS, SEP = range(6)
OFFSET = len(SPECIAL)


class Bytes(NamedTuple):
    """Texts as a model takes them: `model(texts.ids, mask=texts.mask)`.

    Attributes:
        ids: 0 to 5 are special, the rest are bytes + 6.
        mask: True where there is text, False where there is padding.
    """

    ids: Int[Tensor, "batch bytes"]
    mask: Bool[Tensor, "batch bytes"]


class Character(NamedTuple):
    """What one or more ids stand for.

    Attributes:
        text: one character, the name of a special id, or U+FFFD for a stray byte.
        ids: from one to four.
    """

    text: str
    ids: tuple[int, ...]


def encode_text(texts: Sequence[str], length: int | None = 2048, special: bool = True) -> Bytes:
    """Write texts as ids of their UTF-8 bytes, padded to one length.

    transformers' PerceiverTokenizer puts [CLS] before and [SEP] after each text;
    DeepMind's own tokenizer does not.

    Args:
        texts: any strings.
        length: ids in each row; None: as many as the longest text needs.
        special: put [CLS] before and [SEP] after.

    Raises:
        TypeError: if one string is given instead of several, or something else than strings.
        ValueError: if there are no texts, or one is too long.

    >>> encode_text(["hi"], length=6).ids.tolist()
    [[4, 110, 111, 5, 0, 0]]
    """
    if isinstance(texts, str):
        raise TypeError("expected several texts, got one string: put it in a list, [text].")
    is_several = isinstance(texts, Iterable) and not isinstance(texts, Tensor)
    if not is_several or not all(isinstance(text, str) for text in texts):
        raise TypeError(
            f"expected several texts, each a str, got {reprlib.repr(texts)}. Give a list of str."
        )
    rows = [_ids(text, special) for text in texts]
    longest = max(map(len, rows), default=0)
    length = longest if length is None else length
    if not longest:
        raise ValueError("expected at least one byte of text, got none.")
    if longest > length:
        raise ValueError(
            f"expected at most {length} ids, got {longest}. Cut the text into pieces, or allow "
            "a larger length."
        )
    ids = torch.tensor([row + [PAD] * (length - len(row)) for row in rows])
    return Bytes(ids, ids != PAD)


def _ids(text: str, special: bool) -> list[int]:
    ids = [byte + OFFSET for byte in text.encode("utf-8")]
    return [CLS, *ids, SEP] if special else ids


def decode_text(ids: Int[Tensor, " bytes"] | Iterable[int | Int[Tensor, ""]]) -> str:
    """Read ids as text. Special ids are left out; bytes that are no UTF-8 become U+FFFD.

    >>> decode_text([4, 110, 111, 5, 0, 0])
    'hi'
    """
    numbers = _numbers(ids)
    return bytes(n - OFFSET for n in numbers if n >= OFFSET).decode("utf-8", errors="replace")


def characters(ids: Int[Tensor, " bytes"] | Iterable[int | Int[Tensor, ""]]) -> list[Character]:
    """Group ids into the characters that they write, in order; no id is lost.

    >>> [(text, len(ids)) for text, ids in characters(encode_text(["né"], length=6).ids[0])]
    [('[CLS]', 1), ('n', 1), ('é', 2), ('[SEP]', 1), ('[PAD]', 1)]
    """
    numbers = _numbers(ids)
    found = []
    while numbers:
        count = next((n for n in range(1, 5) if _name(numbers[:n])), 1)
        found.append(Character(_name(numbers[:count]) or "\ufffd", tuple(numbers[:count])))
        numbers = numbers[count:]
    return found


def _numbers(ids: Tensor | Iterable[int | Int[Tensor, ""]]) -> list[int]:
    found = ids.tolist() if isinstance(ids, Tensor) else ids
    is_several = isinstance(found, Iterable) and not isinstance(found, bytes)
    numbers = list(found) if is_several else [None]
    numbers = [n.item() if isinstance(n, Tensor) and not n.ndim else n for n in numbers]
    if not all(isinstance(n, Integral) and not isinstance(n, bool) for n in numbers):
        raise TypeError(
            f"expected ids as whole numbers [bytes], got {reprlib.repr(ids)}. Give one row of "
            "them, as in encode_text(texts).ids[0]."
        )
    if odd := [number for number in numbers if not 0 <= number < OFFSET + 256]:
        raise ValueError(
            f"expected ids from 0 to {OFFSET + 255}, got {odd[0]}. A byte's id is the byte + "
            f"{OFFSET}; ids below are special."
        )
    return numbers


def _name(ids: list[int]) -> str | None:
    """The one character or special id that these ids are, if they are exactly one."""
    if min(ids) < OFFSET:
        return SPECIAL[ids[0]] if len(ids) == 1 else None
    try:
        text = bytes(n - OFFSET for n in ids).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if len(text) == 1 else None
