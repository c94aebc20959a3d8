"""Filling masked places and what helped: which letters fit, and which words were the evidence."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perceiver_tutorial.perceiver.losses import number_words
from perceiver_tutorial.perceiver.model import PerceiverIO
from perceiver_tutorial.perceiver.tasks.language import UNDERSCORE
from perceiver_tutorial.perceiver.tokenizer import MASK, OFFSET, SPECIAL, encode_text


def guess_masked(model: PerceiverIO, text: str, num_guesses: int = 3) -> list[dict[str, float]]:
    """What stands behind each underscore? Only these places are decoded.

    Args:
        model: a masked language model.
        text: with an underscore for each byte to guess.
        num_guesses: how many letters, from the likeliest on.

    Returns:
        For every underscore: letter -> probability.

    Raises:
        ValueError: if there is no underscore in the text.
    """
    ids = encode_text([text], length=None).ids
    places = (ids[0] == UNDERSCORE).nonzero().flatten()
    if not len(places):
        raise ValueError(f"expected an underscore for each byte to guess, got none: {text!r}.")
    masked = ids.masked_fill(ids == UNDERSCORE, MASK)
    with torch.inference_mode():
        logits = model.decode(model.encode(masked), masked, points=places)
    return [_likeliest(row, num_guesses) for row in logits[0].softmax(-1)]


def evidence(
    model: PerceiverIO, ids: Int[Tensor, "1 bytes"], hidden: Bool[Tensor, "1 bytes"]
) -> Float[Tensor, " bytes"]:
    """What each word in sight contributes: how much likelier it makes the hidden bytes, in nats.

    One word after another is hidden as well, and the right answer is judged again.

    Args:
        model: a masked language model.
        ids: one whole text, without padding.
        hidden: True where a byte is to be guessed.

    Returns:
        At every byte what its word contributes, negative where it misleads; 0 between
        words and in hidden ones.
    """
    numbers, masked = number_words(ids), ids.masked_fill(hidden, MASK)
    less = [masked.masked_fill(numbers == word, MASK) for word in range(1, numbers.max() + 1)]
    with torch.inference_mode():
        scores = model(torch.cat([masked, *less])).log_softmax(-1)
    right = scores[:, hidden[0]].gather(-1, ids[hidden].expand(len(scores), -1)[..., None])
    likely = right.sum((1, 2))
    lost = (likely[0] - likely).masked_fill(torch.arange(len(likely)) == 0, 0.0)
    return lost[numbers[0]]


def _likeliest(probabilities: Float[Tensor, " vocabulary"], count: int) -> dict[str, float]:
    values, ids = probabilities.topk(count)
    return dict(zip(map(_letter, ids.tolist()), values.tolist(), strict=True))


def _letter(number: int) -> str:
    """An id in print; a byte that is no ASCII character as its number in base 16."""
    if number < OFFSET:
        return SPECIAL[number]
    byte = number - OFFSET
    return chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"
