"""The broken tokenizer is refused until all is mended; a shorter code is scored as said."""

from collections import Counter
from itertools import pairwise

import pytest
import torch

from perceiver_course.chapters.bytes.exercises import ENCODE, SHORTER
from perceiver_course.kit import samples
from perceiver_course.kit.exercises import NotYet
from perceiver_course.kit.keep import FOLDER


def tokenizer(shift: int = 6, counts_bytes: bool = True, least: int = 0):
    def encode(texts, length):
        ids = torch.zeros(len(texts), length, dtype=torch.long)
        for row, text in zip(ids, texts, strict=True):
            numbers = [4, *(byte + shift for byte in text.encode()), 5]
            count = len(numbers) if counts_bytes else len(text) + 2
            row[:count] = torch.tensor(numbers[:count])
        return ids, ids > least

    return encode


@pytest.mark.parametrize("faults, told", [
    ({"shift": 5, "counts_bytes": False, "least": 5}, "is read back."),
    ({"counts_bytes": False, "least": 5}, "bytes between [CLS] and [SEP]:"),
    ({"least": 5}, "ids are marked True,"),
    ({}, "right: 3 measurements"),
])  # fmt: skip
def test_the_broken_tokenizer_is_measured_until_it_is_mended(faults, told, capsys):
    ENCODE.check(tokenizer(**faults))
    printed = capsys.readouterr().out
    assert told in printed
    assert printed.startswith("right" if not faults else "not yet")


def test_the_most_frequent_pairs_reach_what_is_said():
    text = "\n".join(samples.prose().train_lines)
    pairs = Counter(map("".join, pairwise(text))).most_common(13)
    found = SHORTER.score([pair for pair, _ in pairs])
    assert found == pytest.approx(SHORTER.rivals["the 13 most frequent pairs"], abs=0.01)
    assert SHORTER.score([]) == 1.0
    assert SHORTER.score(["the "]) < 1.0


def test_a_fourteenth_string_is_too_many(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(NotYet, match="14 strings; at most 13 are allowed"):
        SHORTER.check([f"a{n}" for n in range(14)])
