"""Code and prose from the standard library: what is cut, what is held back."""

import torch

from perceiver_course.kit import samples

PASSAGES = samples.code_or_prose()


def test_there_is_as_much_code_as_prose():
    for texts, labels in (PASSAGES[:2], PASSAGES[2:]):
        assert len(texts) == len(labels)
        assert labels.float().mean() == 0.5
    assert (len(PASSAGES.train_texts), len(PASSAGES.test_texts)) == (4800, 600)


def test_passages_fit_into_128_ids_and_have_no_layout():
    for text in PASSAGES.train_texts + PASSAGES.test_texts:
        assert 0 < len(text.encode()) <= 126
        assert text.isascii() and "\n" not in text and "  " not in text


def test_nothing_that_is_held_back_was_learned_from():
    assert not {*PASSAGES.train_texts} & {*PASSAGES.test_texts}
    assert not {*samples.LEARNED_FROM.split()} & {*samples.HELD_BACK.split()}


def test_code_has_no_comments_and_prose_no_examples():
    labels = torch.cat([PASSAGES.train_labels, PASSAGES.test_labels])
    texts = PASSAGES.train_texts + PASSAGES.test_texts
    code = [text for text, label in zip(texts, labels, strict=True) if label == 0]
    prose = [text for text, label in zip(texts, labels, strict=True) if label == 1]
    assert sum("def " in text for text in code) > 5 * sum("def " in text for text in prose)
    assert sum(". " in text for text in prose) > 5 * sum(". " in text for text in code)
    assert not any(">>>" in text for text in prose)


def test_sentences_are_told_from_examples_and_tables():
    assert samples._is_sentence("Return the sum\nof both.")
    for other in ("", "return it.", "Usage:", "Name  Age\n  Ann  7.", ">>> 1 + 1."):
        assert not samples._is_sentence(other)
