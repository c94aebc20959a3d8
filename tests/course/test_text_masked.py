"""Masked language models of the course: what they learn from, and how they are judged."""

from dataclasses import replace
from itertools import islice

import pytest
import torch

from perceiver_course.kit import samples
from perceiver_course.kit.recipes.text_masked import held_out_words, hidden_batches, sentences
from perceiver_course.recipes import RECIPES, trained
from perceiver_tutorial.perceiver import decode_text, encode_text


def test_every_word_of_every_held_out_sentence_is_hidden_once():
    test = held_out_words(6)
    texts = sentences(6, seed=1, held_out=True)
    words = [word for text in texts for word in text[:-1].split()]
    hidden = [decode_text(ids[h]) for ids, h in zip(test.ids, test.hidden, strict=True)]
    assert hidden == words and len(test.fitting) == len(words)
    assert decode_text(test.ids[0]) == texts[0]


def test_adjectives_of_the_same_length_fit_all_alike():
    test = held_out_words(30)
    hidden = [decode_text(ids[h]) for ids, h in zip(test.ids, test.hidden, strict=True)]
    fitting = dict(zip(hidden, test.fitting.tolist(), strict=True))
    assert fitting["shows"] == 1 and fitting["happy"] == 6


def test_words_and_single_bytes_are_hidden_in_turn():
    ids = encode_text(sentences(90), length=48).ids
    words, some_bytes = islice(hidden_batches(ids, seed=0), 2)
    edges = [(h[:, 1:] != h[:, :-1]).sum() / h.sum() for _, h in (words, some_bytes)]
    assert edges[0] < 0.7 < 1.2 < edges[1]
    assert not any(h[some < 6].any() for some, h in (words, some_bytes))


def test_more_is_hidden_where_more_is_asked_for():
    ids = encode_text(sentences(90), length=48).ids
    few, many = (next(hidden_batches(ids, seed=0, share=share)) for share in (0.1, 0.9))
    assert torch.equal(few[0], many[0]) and few[1].sum() < 0.4 * many[1].sum()


def test_a_seed_draws_and_hides_the_same_again():
    ids = encode_text(sentences(90), length=48).ids
    first, again, other = (next(hidden_batches(ids, seed)) for seed in (1, 1, 2))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], other[0]) and not torch.equal(first[1], other[1])


def test_the_score_is_the_share_of_words_that_follow_and_are_guessed_whole():
    model, test = trained("sentences-masked"), held_out_words()
    read = test.ids.masked_fill(test.hidden, 3)
    with torch.no_grad():
        best = model(read, mask=read != 0).argmax(-1)
    right = [
        torch.equal(best[i][test.hidden[i]], test.ids[i][test.hidden[i]])
        for i in (test.fitting == 1).nonzero().flatten().tolist()
    ]
    score = RECIPES["sentences-masked"].score(model)
    assert score == pytest.approx(sum(right) / len(right), abs=1e-6)


@pytest.mark.parametrize("tables, std", [(None, 0.02), (0.4, 0.4)])
def test_a_recipe_says_how_wide_tables_start(tables, std):
    recipe = replace(RECIPES["sentences-masked"], tables=tables, steps=1, learning_rate=0.0)
    model, _ = recipe.train()
    assert model.encoder.latents.std().item() == pytest.approx(std, rel=0.15)


def test_prose_comes_in_short_lines_of_ascii_and_is_held_back_by_topics():
    prose = samples.prose()
    lines = [*prose.train_lines, *prose.test_lines]
    assert len(prose.train_lines) > 5 * len(prose.test_lines) > 1000
    assert all(line.isascii() and len(line) <= 46 and line.strip() == line for line in lines)
    assert max(map(len, samples.prose(30).test_lines)) <= 30
    assert not {*prose.train_lines} & {*prose.test_lines}
