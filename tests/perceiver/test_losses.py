"""What is hidden is chosen fairly, and the loss of the guesses is what the formula says."""

import math

import pytest
import torch
from shaken import shake
from tiny import CONFIGS
from tolerances import EXACT

from perceiver_tutorial.perceiver import build, encode_text
from perceiver_tutorial.perceiver.losses import (
    hide_bytes,
    hide_words,
    masked_language_loss,
    number_words,
)
from perceiver_tutorial.perceiver.tokenizer import MASK, PAD

pytestmark = pytest.mark.usefixtures("float64")

TEXT = "Déjà vu: 2 old dogs, it's 5 pm."
IDS = encode_text([TEXT, "one", "a b"], length=40).ids
HIDES = (hide_bytes, hide_words)


def shown(ids, hidden):
    """The bytes of one text, hidden ones as #."""
    letters = (ids - 6).masked_fill(hidden, ord("#"))[ids >= 6]
    return bytes(letters.tolist()).decode("utf-8", errors="replace")


def test_all_words_are_runs_of_letters_and_digits_and_nothing_else_is_one():
    hidden = hide_words(IDS, share=1.0)
    assert shown(IDS[0], hidden[0]) == "###### ##: # ### ####, ##'# # ##."
    assert [shown(i, h) for i, h in zip(IDS[1:], hidden[1:], strict=True)] == ["###", "# #"]


def test_all_bytes_are_those_that_are_not_special():
    assert torch.equal(hide_bytes(IDS, share=1.0), IDS >= 6)


def test_words_are_numbered_in_each_text_from_one():
    ids = encode_text(["a bc, d", "é!"], length=10).ids
    assert number_words(ids).tolist() == [[0, 1, 0, 2, 2, 0, 0, 3, 0, 0], [0, 1, 1, *[0] * 7]]


def test_a_word_is_hidden_whole_or_not_at_all():
    numbers = number_words(IDS)
    for seed in range(30):
        hidden = hide_words(IDS, 0.4, torch.Generator().manual_seed(seed))
        for text in range(len(IDS)):
            for word in range(1, numbers[text].max() + 1):
                assert hidden[text, numbers[text] == word].unique().numel() == 1


@pytest.mark.parametrize("hide", HIDES)
def test_something_is_hidden_in_every_text_and_never_a_special_id(hide):
    for seed in range(20):
        hidden = hide(IDS, 0.0, torch.Generator().manual_seed(seed))
        assert hidden.any(1).all() and not hidden[IDS < 6].any()
    assert hide_bytes(IDS, 0.0).sum(1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("hide", HIDES)
def test_the_share_is_kept_on_average(hide):
    ids = encode_text(["a bc def gh " * 40], length=None).ids.expand(200, -1)
    hidden = hide(ids, 0.3, torch.Generator().manual_seed(0))
    possible = hide(ids, 1.0)
    assert hidden.sum() / possible.sum() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("hide", HIDES)
def test_a_seed_hides_the_same_again(hide):
    first, again, other = (hide(IDS, 0.4, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("hide", HIDES)
def test_what_cannot_be_hidden_is_refused(hide):
    with pytest.raises(ValueError, match=r"expected a share from 0 to 1, got 15"):
        hide(IDS, 15.0)
    with pytest.raises(ValueError, match=r"expected something to hide in every text"):
        hide(torch.tensor([[4, 5, 0]]), 0.5)


def test_the_loss_is_the_mean_of_minus_log_probability_over_hidden_bytes_only():
    torch.manual_seed(0)
    model = shake(build(CONFIGS["masked language"])).eval()
    ids = torch.tensor([[70, 71, 72, 73, 74, 0, 0], [80, 81, 82, 83, 84, 85, 86]])
    hidden = torch.tensor([[0, 1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0, 0]]).bool()
    read = torch.where(hidden, MASK, ids)
    logits = model(read, mask=read != PAD)
    surprises = [
        math.log(sum(math.exp(score) for score in logits[b, i].tolist()))
        - logits[b, i, ids[b, i]].item()
        for b, i in [(0, 1), (0, 4), (1, 0)]
    ]
    loss = masked_language_loss(model, ids, hidden)
    assert loss.item() == pytest.approx(sum(surprises) / 3, rel=EXACT)


def test_what_is_hidden_is_not_read():
    torch.manual_seed(0)
    model = shake(build(CONFIGS["masked language"])).eval()
    recorded = []
    model.preprocessor.register_forward_pre_hook(lambda _, args: recorded.append(args[0]))
    ids, hidden = torch.tensor([[70, 71, 72]]), torch.tensor([[False, True, False]])
    masked_language_loss(model, ids, hidden)
    assert recorded[0].tolist() == [[70, MASK, 72]]
