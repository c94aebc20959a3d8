"""Masked places are filled with what the model finds likeliest, and with nothing unread."""

import pytest
import torch
from shaken import shake
from tiny import CONFIGS

from perceiver_course.chapters.masked_language.model import evidence, guess_masked
from perceiver_tutorial.perceiver import build, encode_text
from perceiver_tutorial.perceiver.tasks.language import fill_mask
from perceiver_tutorial.perceiver.tokenizer import MASK


@pytest.fixture
def model():
    torch.manual_seed(0)
    return shake(build(CONFIGS["masked language"])).eval()


def test_what_is_in_sight_stays_and_what_is_hidden_is_the_likeliest(model):
    ids = encode_text(["dogs", "a b c"], length=9).ids
    hidden = torch.zeros_like(ids).bool()
    hidden[0, 2] = hidden[1, 3] = True
    filled = fill_mask(model, ids, hidden)
    assert torch.equal(filled[~hidden], ids[~hidden])
    alone = ids[:1, :6].masked_fill(hidden[:1, :6], MASK)
    assert filled[0, 2] == model(alone)[0, 2].argmax()


def test_what_stands_in_a_hidden_place_is_not_looked_at(model):
    ids = encode_text(["dogs"], length=6).ids
    hidden = torch.tensor([[False, False, True, False, False, False]])
    others = [fill_mask(model, ids.masked_fill(hidden, number), hidden) for number in (0, 3, 99)]
    assert all(torch.equal(other, others[0]) for other in others)


def test_every_underscore_gets_letters_with_their_probabilities(model):
    guesses = guess_masked(model, "a_c_e", num_guesses=4)
    logits = model(encode_text(["a_c_e"], length=None).ids.masked_fill(torch.tensor(
        [[False, False, True, False, True, False, False]]), MASK))  # fmt: skip
    assert [len(letters) for letters in guesses] == [4, 4]
    for letters, place in zip(guesses, (2, 4), strict=True):
        top = logits[0, place].softmax(-1).topk(4).values.tolist()
        assert list(letters.values()) == pytest.approx(top, abs=1e-5)


def test_letters_are_written_so_that_they_can_be_read(model):
    with torch.no_grad():
        model.postprocessor.bias[torch.tensor([4, 6 + 65, 6 + 233])] = 1e4
    (letters,) = guess_masked(model, "a_c")
    assert set(letters) == {"[CLS]", "A", "\\xe9"}


def test_without_an_underscore_there_is_nothing_to_guess(model):
    with pytest.raises(ValueError, match=r"an underscore for each byte to guess, got none: 'abc'"):
        guess_masked(model, "abc")


def test_evidence_is_what_the_right_answer_loses_when_one_more_word_is_hidden(model):
    ids = encode_text(["ab c de"], length=None).ids
    hidden = torch.zeros_like(ids).bool()
    hidden[0, 6:8] = True
    masked = ids.masked_fill(hidden, MASK)

    def log_probability(read):
        rows = model(read)[0].log_softmax(-1)
        return sum(rows[i, ids[0, i]].item() for i in (6, 7))

    lost = evidence(model, ids, hidden)
    for places in ([1, 2], [4]):
        less = masked.clone()
        less[0, places] = MASK
        expected = log_probability(masked) - log_probability(less)
        assert lost[places].tolist() == pytest.approx([expected] * len(places), abs=1e-4)
    assert lost[[0, 3, 5, 6, 7, 8]].abs().max() < 1e-5 < lost[1].abs()
