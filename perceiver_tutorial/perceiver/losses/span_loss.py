"""Losses over the bytes of a text: where an answer begins and ends, what each byte belongs to."""

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...inputs import check_filled, check_numbers, has_values


def span_loss(
    logits: Float[Tensor, "batch bytes ends=2"],
    spans: Int[Tensor, "batch ends=2"],
    mask: Bool[Tensor, "batch bytes"],
) -> Float[Tensor, ""]:
    """Cross-entropy of the first byte among all bytes, plus that of the last, in nats.

    Args:
        logits: for each byte, how well the answer begins and how well it ends with it.
        spans: places of the answer's first and last byte.
        mask: True where an answer may be. Bytes that are not kept do not compete.

    Returns:
        The mean over the batch.

    Raises:
        ValueError: if an answer begins or ends where nothing is kept.
    """
    check_filled(logits=logits)
    if has_values(mask, spans) and not mask.gather(1, spans).all():
        raise ValueError(
            "expected answers that begin and end on kept bytes, got one outside. Count places in "
            "bytes, not in characters, and cut off no answer."
        )
    begins, ends = _kept(logits, mask).unbind(-1)
    return cross_entropy(begins, spans[:, 0]) + cross_entropy(ends, spans[:, 1])


def best_spans(
    logits: Float[Tensor, "batch bytes ends=2"],
    mask: Bool[Tensor, "batch bytes"],
    max_bytes: int,
) -> Int[Tensor, "batch ends=2"]:
    """The likeliest answer that can be one: it ends where it begins or later, and is not long.

    The likeliest first byte and the likeliest last byte need not belong together.

    Args:
        logits: as in `span_loss`.
        mask: True where an answer may be; at least once in each text.
        max_bytes: length of the longest answer.

    Returns:
        Places of the first and of the last byte.

    Raises:
        ValueError: if no answer is possible, or a score of a kept byte is NaN.
    """
    if max_bytes < 1 or (has_values(mask) and not mask.any(1).all()):
        raise ValueError(
            "expected max_bytes of at least 1 and a kept byte in each text, got "
            f"max_bytes={max_bytes} and {mask.sum(1).tolist()} kept bytes."
        )
    kept = _kept(logits, mask)
    check_numbers(logits=kept)
    begins, ends = kept.unbind(-1)
    scores = rearrange(begins, "b first -> b first 1") + rearrange(ends, "b last -> b 1 last")
    count = logits.shape[1]
    legal = torch.ones(count, count, dtype=torch.bool, device=logits.device).triu()
    legal &= ~legal.triu(max_bytes)
    legal = legal & mask[:, :, None] & mask[:, None]  # infinite scores do not cancel
    best = scores.masked_fill(~legal, -torch.inf).flatten(1).argmax(1)
    return torch.stack([best // count, best % count], dim=-1)


def tag_loss(
    logits: Float[Tensor, "batch bytes labels"],
    tags: Int[Tensor, "batch bytes"],
    mask: Bool[Tensor, "batch bytes"],
) -> Float[Tensor, ""]:
    """The mean cross-entropy of all bytes of text, in nats; padding is not judged.

    Args:
        logits: a score for each label of each byte.
        tags: the true label of each byte; what stands in padding is not looked at.
        mask: True where there is text, False where there is padding.

    Raises:
        ValueError: if there is no text.
    """
    if has_values(mask) and not mask.any():
        raise ValueError("expected at least one byte to judge, got mask without any True.")
    return cross_entropy(logits[mask], tags[mask])


def _kept(
    logits: Float[Tensor, "batch bytes ends"], mask: Bool[Tensor, "batch bytes"]
) -> Float[Tensor, "batch bytes ends"]:
    return logits.masked_fill(rearrange(~mask, "b bytes -> b bytes 1"), -torch.inf)
