"""Words, bytes and entities: nothing is lost between them, and both losses are their formulas."""

import math

import pytest
import torch
from tolerances import EXACT

from perceiver_tutorial.perceiver import encode_text
from perceiver_tutorial.perceiver.losses import best_spans, span_loss, tag_loss
from perceiver_tutorial.perceiver.spans import (
    Span,
    byte_place,
    cut_out,
    entity_f1,
    find_spans,
    tag_bytes,
    tag_words,
    word_spans,
)

pytestmark = pytest.mark.usefixtures("float64")

WORDS = ["Zoé", "met", "漢字", "in", "🙂", "town"]
LABELS = [1, 0, 3, 0, 2, 0]
TEXT = " ".join(WORDS)


def test_words_stand_where_the_bytes_of_their_text_say():
    assert [cut_out(TEXT, *span) for span in word_spans(WORDS)] == WORDS
    assert word_spans(WORDS)[2] == (9, 15)
    assert word_spans([]) == []


def test_every_byte_of_a_character_gets_the_label_of_its_word_and_spaces_get_none():
    tags = tag_bytes(WORDS, LABELS)
    assert len(tags) == len(TEXT.encode()) == len(encode_text([TEXT], None, special=False).ids[0])
    assert tags[:9] == [1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert tags.count(3) == 6 and tags.count(2) == 4


def test_labels_of_words_survive_the_way_through_bytes():
    assert tag_words(WORDS, tag_bytes(WORDS, LABELS)) == LABELS


def test_the_bytes_of_a_word_vote():
    tags = tag_bytes(WORDS, LABELS)
    tags[0], tags[10], tags[11] = 2, 1, 0
    assert tag_words(WORDS, tags) == LABELS


def test_of_equal_votes_the_first_byte_wins():
    assert tag_words(["ab"], [2, 1, 7]) == [2]


def test_entities_are_runs_and_end_where_the_label_or_the_text_ends():
    found = find_spans(tag_bytes(WORDS, LABELS))
    said = {(cut_out(TEXT, span.start, span.stop), span.label) for span in found}
    assert said == {("Zoé", 1), ("漢字", 3), ("🙂", 2)}
    assert find_spans([3, 3]) == {Span(0, 2, 3)}
    assert find_spans([1, 2]) == {Span(0, 1, 1), Span(1, 2, 2)}
    assert find_spans([0, 0]) == find_spans([]) == set()


@pytest.mark.parametrize("place", range(len(TEXT) + 1))
def test_places_of_characters_become_places_of_bytes(place):
    assert cut_out(TEXT, 0, byte_place(TEXT, place)) == TEXT[:place]


def test_half_a_character_is_no_character():
    assert cut_out("é", 0, 1) == "\ufffd"


def test_an_entity_that_is_a_byte_too_short_or_of_another_kind_counts_for_nothing():
    true = {Span(0, 4, 1), Span(9, 15, 3)}
    assert entity_f1([true], [true]) == 1.0
    assert entity_f1([{Span(0, 3, 1), Span(9, 15, 3)}], [true]) == 0.5
    assert entity_f1([{Span(0, 4, 2), Span(9, 15, 3)}], [true]) == 0.5
    assert entity_f1([{Span(0, 4, 1)}], [true]) == pytest.approx(2 * 1.0 * 0.5 / 1.5)
    assert entity_f1([set(), true], [true, set()]) == 0.0


@pytest.mark.parametrize("call, words", [
    (lambda: tag_bytes(["a", "b"], [1]), r"expected one for each of 2, got 1\."),
    (lambda: entity_f1([set()], []), r"expected one for each of 0, got 1\."),
    (lambda: entity_f1([set()], [set()]), r"expected at least one entity, found or true, got none"),
])  # fmt: skip
def test_what_does_not_go_together_is_told(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# --- losses --------------------------------------------------------------------------------------


def log_softmax(scores, chosen):
    return scores[chosen] - math.log(sum(math.exp(score) for score in scores))


@pytest.fixture
def mask():
    return torch.tensor([[1, 1, 1, 1, 0], [0, 1, 1, 0, 0]]).bool()


def test_tag_loss_is_the_mean_over_bytes_of_text(mask):
    torch.manual_seed(0)
    logits, tags = torch.randn(2, 5, 3), torch.randint(3, (2, 5))
    judged = [
        -log_softmax(logits[text, place].tolist(), int(tags[text, place]))
        for text in range(2)
        for place in range(5)
        if mask[text, place]
    ]
    assert len(judged) == 6
    assert tag_loss(logits, tags, mask).item() == pytest.approx(sum(judged) / 6, abs=EXACT)


def test_padding_teaches_nothing(mask):
    torch.manual_seed(0)
    logits = torch.randn(2, 5, 3, requires_grad=True)
    tags = torch.randint(3, (2, 5))
    other = torch.where(mask, tags, (tags + 1) % 3)
    assert tag_loss(logits, tags, mask) == tag_loss(logits, other, mask)
    tag_loss(logits, tags, mask).backward()
    assert not logits.grad[~mask].any() and logits.grad[mask].any(-1).all()


def test_nothing_to_judge_is_no_loss():
    with pytest.raises(ValueError, match=r"at least one byte to judge, got mask without any True"):
        tag_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2).long(), torch.zeros(1, 2).bool())


SPANS = torch.tensor([[1, 3], [2, 2]])


def test_span_loss_is_that_of_the_first_byte_plus_that_of_the_last(mask):
    torch.manual_seed(0)
    logits = torch.randn(2, 5, 2)
    total = 0.0
    for text in range(2):
        places = [place for place in range(5) if mask[text, place]]
        for end in range(2):
            scores = [float(logits[text, place, end]) for place in places]
            total -= log_softmax(scores, places.index(int(SPANS[text, end])))
    assert span_loss(logits, SPANS, mask).item() == pytest.approx(total / 2, abs=EXACT)


def test_bytes_that_are_not_kept_do_not_compete(mask):
    torch.manual_seed(0)
    logits = torch.randn(2, 5, 2, requires_grad=True)
    louder = torch.where(mask[..., None], logits, logits + 9)
    loss = span_loss(logits, SPANS, mask)
    assert loss == span_loss(louder, SPANS, mask)
    loss.backward()
    assert logits.grad.isfinite().all() and not logits.grad[~mask].any()


def test_an_answer_outside_the_text_is_refused(mask):
    with pytest.raises(ValueError, match=r"begin and end on kept bytes, got one outside\. Count"):
        span_loss(torch.zeros(2, 5, 2), torch.tensor([[1, 4], [2, 2]]), mask)


@pytest.mark.parametrize("max_bytes", [1, 2, 3, 5])
def test_the_best_span_is_the_best_of_all_that_are_legal(mask, max_bytes):
    for seed in range(20):
        logits = torch.randn(2, 5, 2, generator=torch.Generator().manual_seed(seed))
        for text, found in enumerate(best_spans(logits, mask, max_bytes).tolist()):
            legal = [
                (first, last)
                for first in range(5)
                for last in range(first, min(first + max_bytes, 5))
                if mask[text, first] and mask[text, last]
            ]
            best = max(legal, key=lambda s: float(logits[text, s[0], 0] + logits[text, s[1], 1]))
            assert tuple(found) == best


def test_the_best_ends_on_their_own_need_not_make_an_answer():
    logits = torch.zeros(1, 4, 2)
    logits[0, 3, 0], logits[0, 0, 1] = 5.0, 4.0
    mask = torch.ones(1, 4).bool()
    assert logits.argmax(1).tolist() == [[3, 0]]
    assert best_spans(logits, mask, 4).tolist() == [[3, 3]]


def test_an_infinite_score_chooses_and_one_that_is_no_number_does_not():
    mask = torch.tensor([[True, True, True, False]])
    logits = torch.zeros(1, 4, 2)
    logits[0, 1, 0], logits[0, 3] = math.inf, math.nan
    assert best_spans(logits, mask, 4).tolist() == [[1, 1]]
    logits[0, 2, 1] = math.nan
    with pytest.raises(ValueError, match="expected numbers in logits, got NaN in 1 of 8"):
        best_spans(logits, mask, 4)


@pytest.mark.parametrize("max_bytes, kept", [(0, True), (3, False)])
def test_where_no_answer_is_possible_none_is_given(max_bytes, kept):
    mask = torch.full((1, 4), kept)
    with pytest.raises(ValueError, match=rf"got max_bytes={max_bytes} and \[{4 * kept}\] kept"):
        best_spans(torch.zeros(1, 4, 2), mask, max_bytes)
