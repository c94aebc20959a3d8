"""Masked language modelling: hide bytes or whole words, and have them guessed."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from ...inputs import check_filled, has_values
from ..tokenizer import MASK, OFFSET, PAD


def hide_bytes(
    ids: Int[Tensor, "batch bytes"], share: float, generator: torch.Generator | None = None
) -> Bool[Tensor, "batch bytes"]:
    """Choose bytes to guess, each on its own, and at least one in every text.

    Args:
        ids: texts; special ids are never chosen.
        share: how many of the bytes on average, from 0 to 1.
        generator: where the choice comes from. Default: torch's own.

    Returns:
        True where a byte is hidden.

    Raises:
        ValueError: if a text has nothing to choose from, or `share` is no share.

    >>> ids = torch.tensor([[4, 110, 111, 5, 0]])
    >>> hide_bytes(ids, share=1.0).tolist()
    [[False, True, True, False, False]]
    """
    is_byte = ids >= OFFSET
    return _choose(is_byte.cumsum(1) * is_byte, share, generator)


def hide_words(
    ids: Int[Tensor, "batch bytes"], share: float, generator: torch.Generator | None = None
) -> Bool[Tensor, "batch bytes"]:
    """Choose whole words to guess, and at least one in every text.

    Paper: Perceiver IO, F.3, hides 15 % of the words. For what a word is, see
    `number_words`; arguments and answer as in `hide_bytes`.

    Raises:
        ValueError: if a text has nothing to choose from, or `share` is no share.
    """
    return _choose(number_words(ids), share, generator)


def number_words(ids: Int[Tensor, "batch bytes"]) -> Int[Tensor, "batch bytes"]:
    """Number the words of each text from 1; bytes between words get 0.

    A word is an unbroken run of letters, digits and bytes above 127.
    """
    is_inside = _WORD_IDS.to(ids.device)[ids]
    is_first = is_inside & ~pad(is_inside, (1, 0))[:, :-1]
    return is_first.cumsum(1) * is_inside


_WORD_IDS = torch.tensor(
    [False] * OFFSET + [byte > 127 or chr(byte).isalnum() for byte in range(256)]
)


def _choose(
    units: Int[Tensor, "batch bytes"], share: float, generator: torch.Generator | None
) -> Bool[Tensor, "batch bytes"]:
    """Draw a number for every unit of a text, counted from 1; low ones win, and the lowest."""
    if not 0 <= share <= 1:
        raise ValueError(f"expected a share from 0 to 1, got {share}. 15 % is 0.15.")
    check_filled(ids=units)
    if has_values(units) and not (units > 0).any(1).all():
        raise ValueError("expected something to hide in every text, got one without.")
    draws = torch.rand(len(units), int(units.max()) + 1, generator=generator).to(units.device)
    drawn = draws.gather(1, units).masked_fill(units == 0, torch.inf)
    return drawn <= drawn.amin(1, keepdim=True).clamp(min=share)


def masked_language_loss(
    model: nn.Module, ids: Int[Tensor, "batch bytes"], hidden: Bool[Tensor, "batch bytes"]
) -> Float[Tensor, ""]:
    """How badly hidden bytes are guessed: their mean cross-entropy, in nats.

    [MASK] stands where a byte is hidden. Bytes in sight are read and not judged;
    padding is not read.

    Args:
        model: gives scores [batch, bytes, vocabulary] for ids and a mask.
        ids: the whole texts.
        hidden: True where a byte is to be guessed; at least one of all.
    """
    logits = model(ids.masked_fill(hidden, MASK), mask=ids != PAD)
    return cross_entropy(logits[hidden], ids[hidden])
