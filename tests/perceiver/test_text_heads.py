"""Heads for texts: a row for each byte, whoever asks; data with new names; simple ways."""

import re
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT

from perceiver_course.chapters.extending.data import KINDS, first_name, tagged_texts
from perceiver_course.chapters.extending.model import (
    TAGGED,
    capitals_are_people,
    encode_tagged,
    find_entities,
    true_entities,
)
from perceiver_course.kit.recipes.facts import (
    ASKED,
    FACTS,
    REPORTS,
    encode_questions,
    find_answers,
    questions,
)
from perceiver_course.kit.samples import invented_names
from perceiver_tutorial.perceiver import SpanConfig, TokenClassifierConfig, build, encode_text
from perceiver_tutorial.perceiver.spans import find_spans, tag_bytes
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.tracing import walk

pytestmark = pytest.mark.usefixtures("float64")

TAGGER = TokenClassifierConfig(encoder=ENCODER, num_labels=5, input_channels=14, max_bytes=9)
POINTER = SpanConfig(encoder=ENCODER, input_channels=14, max_bytes=9)


@pytest.mark.parametrize("ask", ["inputs", "places"])
@pytest.mark.parametrize("config, answers", [(TAGGER, 5), (POINTER, 2)])
def test_every_byte_gets_its_answer(config, answers, ask):
    model = build(replace(config, ask=ask)).eval()
    ids = torch.randint(262, (3, 7))
    assert model(ids).shape == (3, 7, answers)
    assert walk(replace(config, ask=ask))["answer"].shape == (1, 9, answers)
    assert model.config == replace(config, ask=ask)


def test_one_byte_can_be_asked_about_alone():
    model = build(TAGGER).eval()
    ids = torch.randint(262, (2, 7))
    alone = model.decode(model.encode(ids), ids, points=torch.tensor([4]))
    assert relative_error(alone[:, 0], model(ids)[:, 4]) < EXACT


@pytest.mark.parametrize("ask", ["inputs", "places"])
def test_padding_changes_no_answer(ask):
    model = build(replace(TAGGER, ask=ask)).eval()
    shake(model)
    short, long = (encode_text(["héllo"], length, special=False) for length in (6, 9))
    answers = [model(ids, mask=mask)[:, :6] for ids, mask in (short, long)]
    assert relative_error(*answers) < EXACT


def test_inputs_that_ask_know_their_byte_and_places_do_not():
    ids = torch.tensor([[100, 101, 102], [100, 150, 102]])
    for ask, knows in (("inputs", True), ("places", False)):
        model = build(replace(TAGGER, ask=ask)).eval()
        asked = model.queries(model.preprocessor(ids))
        assert (not torch.equal(asked[0], asked[1])) is knows


def test_two_ways_to_ask_differ_by_the_rows_that_are_learned():
    counts = [
        sum(p.numel() for p in build(replace(TAGGER, ask=ask)).parameters())
        for ask in ("inputs", "places")
    ]
    assert counts[1] - counts[0] == 9 * 14


@pytest.mark.usefixtures("without_shape_checks")
def test_nobody_else_may_ask():
    with pytest.raises(
        ValueError, match=r"expected ask as Literal\['inputs', 'places'\], got 'bytes'"
    ):
        replace(TAGGER, ask="bytes")


# --- data ----------------------------------------------------------------------------------------


def test_names_are_held_out():
    here, there = set(invented_names()), set(invented_names(held_out=True))
    assert not here & there and len(there) > 500
    assert {len(name) for name in here | there} == {4, 6}


def test_tagged_texts_use_every_kind_and_only_names_of_their_side():
    for held_out in (False, True):
        texts, names = tagged_texts(300, held_out=held_out), set(invented_names(held_out))
        said = [(w, k) for text in texts for w, k in zip(*text, strict=True)]
        assert {label for _, label in said} == set(range(len(KINDS)))
        assert all((word in names) == bool(label) for word, label in said)
        assert max(len(" ".join(text.words)) for text in texts) <= TAGGED.max_bytes


def test_any_name_can_be_of_any_kind():
    kinds = {}
    for text in tagged_texts(6000):
        for word, label in zip(*text, strict=True):
            kinds.setdefault(word, set()).add(label)
    assert sum(len(k) == 3 for k in kinds.values()) > 1000


def said_in(report):
    """Who, whom, what and where, read off a report."""
    for template in REPORTS:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>\\w+)", template.replace(".", r"\."))
        if found := re.fullmatch(pattern, report):
            return found.groupdict()
    raise AssertionError(report)


def test_the_answer_stands_where_the_question_says():
    for question in questions(200) + questions(200, held_out=True):
        asked, report = question.text.split("? ")
        assert question.answer == said_in(report)[ASKED[f"{asked}?"]]
        assert len(question.text) <= FACTS.max_bytes


def test_every_kind_of_question_is_asked_and_the_names_are_those_of_its_side():
    for held_out in (False, True):
        names, kinds = set(invented_names(held_out)), set()
        for text, *_ in questions(200, held_out=held_out):
            asked, report = text.split("? ")
            said = said_in(report)
            assert {said["seller"], said["buyer"], said["place"]} <= names
            kinds.add((asked, tuple(said)))
        assert len(kinds) == len(ASKED) * len(REPORTS)


@pytest.mark.parametrize("draw", [tagged_texts, questions])
def test_a_seed_draws_the_same_again(draw):
    assert draw(20, seed=3) == draw(20, seed=3) != draw(20, seed=4)


# --- recipes -------------------------------------------------------------------------------------


def test_tags_are_those_of_the_words_and_stop_where_the_text_does():
    texts = tagged_texts(50)
    encoded, tags = encode_tagged(texts)
    assert not tags[~encoded.mask].any()
    for row, entities in zip(tags.tolist(), true_entities(texts), strict=True):
        assert find_spans(row) == entities


class Knows(torch.nn.Module):
    """Says what it was told, whatever it is fed."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def forward(self, ids, mask):
        assert ids.shape == mask.shape
        return self.answers[:, : ids.shape[1]]


def test_a_model_that_knows_every_tag_finds_every_entity():
    texts = tagged_texts(30)
    _, tags = encode_tagged(texts)
    model = Knows(torch.nn.functional.one_hot(tags, len(KINDS)).float())
    assert find_entities(model, [text.words for text in texts]) == true_entities(texts)


def test_a_model_that_knows_both_ends_gives_the_answer():
    some = questions(30)
    encoded, ends = encode_questions(some)
    logits = torch.nn.functional.one_hot(ends, encoded.ids.shape[1]).mT.float()
    assert find_answers(Knows(logits), [q.text for q in some]) == [q.answer for q in some]


def test_the_simple_ways_do_what_their_names_say():
    words = ("We", "saw", "Bado", "in", "é", ".")
    (found,) = capitals_are_people([words])
    assert found == find_spans(tag_bytes(words, (1, 0, 1, 0, 0, 0)))
    right = [first_name(q.text) == q.answer for q in questions(400, held_out=True)]
    assert 0.2 < sum(right) / len(right) < 0.3
