"""Text to bytes and back, as transformers' tokenizer does it."""

import numpy as np
import pytest
import torch
from transformers import PerceiverTokenizer

from perceiver_tutorial.perceiver import characters, decode_text, encode_text
from perceiver_tutorial.perceiver.tokenizer import SPECIAL

TEXTS = ["hello", "é 漢 🙂", "a\tb\nc", ""]
THEIRS = PerceiverTokenizer()


def test_ids_and_masks_are_those_of_transformers():
    ours = encode_text(TEXTS, length=20)
    theirs = THEIRS(TEXTS, padding="max_length", max_length=20, return_tensors="pt")
    assert torch.equal(ours.ids, theirs.input_ids)
    assert torch.equal(ours.mask, theirs.attention_mask.bool())


def test_special_ids_are_those_of_transformers():
    assert tuple(THEIRS.convert_ids_to_tokens(range(6))) == SPECIAL


def test_the_longest_text_sets_the_length_if_none_is_given():
    assert encode_text(["ab", "abcd"], length=None, special=False).ids.shape == (2, 4)
    assert encode_text(["ab"]).ids.shape == (1, 2048)


@pytest.mark.parametrize("special", [True, False])
def test_text_comes_back(special):
    for row, text in zip(encode_text(TEXTS, 20, special).ids, TEXTS, strict=True):
        assert decode_text(row) == text


def test_half_a_character_is_shown_as_missing():
    whole = encode_text(["é"], special=False, length=None).ids[0]
    assert decode_text(whole[:1]) == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("text", TEXTS)
def test_characters_put_together_are_the_text(text):
    found = characters(encode_text([text], 20).ids[0])
    inside = found[1 : found.index(("[SEP]", (5,)))]
    assert [one.text for one in inside] == list(text)
    assert all(decode_text(one.ids) == one.text for one in inside)


@pytest.mark.parametrize("ids, found", [
    ([201], [("\ufffd", (201,))]),
    ([175, 103], [("\ufffd", (175,)), ("a", (103,))]),
    ([201, 0, 175], [("\ufffd", (201,)), ("[PAD]", (0,)), ("\ufffd", (175,))]),
    ([], []),
])  # fmt: skip
def test_no_id_is_lost_where_characters_are_cut(ids, found):
    assert characters(ids) == found


@pytest.mark.parametrize("texts, length, error, words", [
    ("hi", 9, TypeError, r"got one string: put it in a list"),
    ([], 9, ValueError, r"expected at least one byte of text, got none"),
    (["hello"], 6, ValueError, r"expected at most 6 ids, got 7. Cut the text"),
])  # fmt: skip
def test_what_cannot_be_written_is_refused(texts, length, error, words):
    with pytest.raises(error, match=words):
        encode_text(texts, length)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("texts", [5, None, b"x", [b"x"], [1.5], ["a", 3], torch.rand(3)])
def test_only_strings_are_written(texts):
    with pytest.raises(TypeError, match=r"expected several texts, each a str, got .*list of str"):
        encode_text(texts)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("read", [decode_text, characters])
@pytest.mark.parametrize("ids", [
    5, None, "hi", b"x", [1.5], ["a", 3], [True], torch.rand(3), torch.tensor([[9]]),
    torch.tensor(9), torch.tensor([True]),
])  # fmt: skip
def test_only_whole_numbers_are_read(read, ids):
    with pytest.raises(TypeError, match=r"expected ids as whole numbers \[bytes\], got .*one row"):
        read(ids)


@pytest.mark.usefixtures("without_shape_checks")
def test_ids_may_come_from_anywhere():
    ids = [110, 111]
    assert all(decode_text(some) == "hi" for some in (ids, iter(ids), np.array(ids), (*ids,)))


def test_ids_may_be_tensors_of_one_number():
    assert decode_text([torch.tensor(110), 111]) == "hi"
