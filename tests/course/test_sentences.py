"""The grammar: what follows from what, what is held back, and that a seed repeats itself."""

from collections import Counter
from itertools import combinations

import pytest

from perceiver_course.kit.recipes.text_masked import fitting_words, one_word_hidden, sentences

TRAIN, HELD_OUT = sentences(9000), sentences(600, held_out=True)


def pairs(texts):
    """Every two words that stand in one sentence, in order."""
    return {pair for text in texts for pair in combinations(text[:-1].split(), 2)}


def test_no_held_out_sentence_is_ever_met_in_training_but_every_pair_of_its_words_is():
    assert not set(TRAIN) & set(HELD_OUT)
    assert pairs(HELD_OUT) <= pairs(TRAIN)
    assert max(map(len, TRAIN)) <= 46


def test_the_three_kinds_take_turns():
    starts = [Counter(s.split()[0] for s in TRAIN[kind::3]) for kind in range(3)]
    assert set(starts[0]) == {"The", "Our", "This", "That"}
    assert set(starts[1]) == {"One", "Two", "Three", "Many"}
    assert set(starts[2]) == {"Anna", "Emma", "David", "Peter"}


def test_a_seed_draws_the_same_sentences_again():
    assert sentences(30, seed=4) == sentences(30, seed=4) != sentences(30, seed=5)


@pytest.mark.parametrize("blank, words", [
    ("The old _____ bakes bread today.", ["baker"]),
    ("The old baker bakes _____ today.", ["bread"]),
    ("___ old dogs bark at night.", ["Two"]),
    ("Two old dogs ____ at night.", ["bark"]),
    ("One old dog _____ at night.", ["barks"]),
    ("Anna shows ___ old dog to the farmer.", ["her"]),
    ("Anna shows her _____ dog to the farmer.",
     ["happy", "quick", "quiet", "small", "tired", "young"]),
    ("Anna shows her old dog to the _______.", ["painter", "teacher"]),
    ("The old baker ______ bread today.", []),
])  # fmt: skip
def test_what_fits_is_what_the_grammar_allows(blank, words):
    assert fitting_words(blank) == words


def test_the_hidden_word_always_fits():
    for sentence in HELD_OUT[:30]:
        hidden = one_word_hidden(sentence)
        assert len(hidden) == len(sentence.split())
        for word, blank in zip(sentence[:-1].split(), hidden, strict=True):
            assert blank.replace("_" * len(word), word) == sentence
            assert word in fitting_words(blank)


@pytest.mark.parametrize("text, number", [("No blank.", 0), ("_ and __.", 2)])
def test_one_word_is_hidden_at_a_time(text, number):
    with pytest.raises(
        ValueError, match=rf"expected one word written as underscores, got {number}"
    ):
        fitting_words(text)
