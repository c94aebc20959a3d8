"""Entities in any order and number: scores follow their entities, and padding says nothing."""

import math
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT

from perceiver_course.chapters.entities.data import (
    at_random,
    focus_fire,
    nearest,
    situations,
    win_rate,
)
from perceiver_course.chapters.entities.model import (
    RowScorer,
    agreement,
    imitation_loss,
    lessons,
    player,
    point,
    pointer_logits,
    pointer_loss,
)
from perceiver_course.recipes import trained
from perceiver_tutorial.perceiver import ALPHASTAR_ENTITIES, EntityConfig, FourierConfig, build
from perceiver_tutorial.perceiver.preprocessors import PointPreprocessor
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.tracing import cost, walk

PLAIN = EntityConfig(ENCODER, num_features=6, channels=10)
PLACED = replace(PLAIN, positions=FourierConfig(num_bands=3, max_resolution=(8, 8)))
MASK = torch.arange(9) < torch.tensor([[9], [5], [1]])
ORDER = torch.tensor([4, 0, 8, 2, 7, 1, 6, 3, 5])


def entities():
    return torch.rand(3, 9, 6, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(params=[PLAIN, PLACED, replace(PLAIN, num_outputs=4)], ids=["plain", "placed", "4"])
def model(request):
    return shake(build(request.param))


def scorers():
    torch.manual_seed(1)
    return [RowScorer(6, sees_mean=sees).eval() for sees in (False, True)]


# -- the model -----------------------------------------------------------------------------


def test_there_is_a_score_for_each_entity_or_a_row_of_any_width():
    assert build(PLAIN)(entities()).shape == (3, 9)
    assert build(replace(PLAIN, num_outputs=4))(entities()).shape == (3, 9, 4)
    assert walk(PLAIN)["answer"].axes == {"batch": 1, "outputs": 16}


@pytest.mark.usefixtures("float64")
@torch.no_grad()
def test_answers_follow_the_entities_into_any_order(model):
    before = model(entities(), mask=MASK)
    after = model(entities()[:, ORDER], mask=MASK[:, ORDER])
    assert relative_error(after, before[:, ORDER]) < EXACT
    assert not torch.allclose(before[0], before[0, ORDER], atol=1e-2)


@pytest.mark.usefixtures("float64")
@torch.no_grad()
def test_what_stands_in_padding_changes_nothing(model):
    other = entities().masked_fill(~MASK[..., None], 7.0)
    one, two = (model(some, mask=MASK)[MASK] for some in (entities(), other))
    assert relative_error(one, two) < EXACT
    assert not torch.allclose(model(other)[1, :5], model(entities())[1, :5], atol=1e-3)


@pytest.mark.usefixtures("float64")
@torch.no_grad()
def test_a_set_alone_and_a_set_with_padding_get_the_same_answers(model):
    together = model(entities(), mask=MASK)
    for sample, size in enumerate((9, 5, 1)):
        alone = model(entities()[sample : sample + 1, :size])
        assert relative_error(alone[0], together[sample, :size]) < EXACT


@torch.no_grad()
def test_every_entity_hears_of_all_others(model):
    other = entities().index_fill(1, torch.tensor([3]), 0.5)
    difference = (model(entities()) - model(other)).flatten(2 if model.config.num_outputs else 1)
    changed = difference.abs().reshape(3, 9, -1).amax(-1)
    assert (changed > 1e-6).all()


@pytest.mark.usefixtures("float64")
@torch.no_grad()
def test_some_entities_can_be_asked_alone(model):
    latents = model.encode(entities(), mask=MASK)
    some = model.decode(latents, entities(), points=torch.tensor([7, 2]))
    assert relative_error(some, model(entities(), mask=MASK)[:, [7, 2]]) < EXACT


def test_places_are_data_and_every_sample_has_its_own():
    widths = [build(config).preprocessor.embed[0].in_features for config in (PLAIN, PLACED)]
    assert widths == [6, 4 + 2 * (2 * 3 + 1)]
    array = build(PLACED).preprocessor(torch.tensor([[[0.1] * 6], [[0.2] * 6]]))
    assert not torch.equal(array[0], array[1])


@pytest.mark.usefixtures("float64")
def test_every_row_is_embedded_alone():
    embedded = PointPreprocessor(6, channels=10)
    assert embedded.num_channels == 10
    rows = embedded(entities())
    assert relative_error(rows[:, 2:3], embedded(entities()[:, 2:3])) < EXACT


def test_coordinates_are_among_the_features():
    with pytest.raises(ValueError, match=r"got num_features=1 and 2 coordinates. Count both in"):
        replace(PLACED, num_features=1)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("raw, words", [
    (torch.zeros(2, 9, 5), r"expected points \[batch, points, 6\], got \[2, 9, 5\]"),
    (torch.zeros(9, 6), r"got \[9, 6\]. One of them is a batch of one"),
    (torch.zeros(2, 9, 6, dtype=torch.long), r"got int64 numbers"),
])  # fmt: skip
def test_bad_entities_are_refused_in_words(raw, words):
    with pytest.raises(ValueError, match=words):
        build(PLAIN)(raw)


@pytest.mark.usefixtures("without_shape_checks")
def test_a_mask_of_another_set_is_refused():
    with pytest.raises(ValueError, match=r"expected mask as True and False of shape \[3, 9\]"):
        build(PLAIN)(entities(), mask=MASK[:, :8])


# -- pointing ------------------------------------------------------------------------------

SCORES = torch.tensor([[1.0, 3.0, -2.0, 0.5], [4.0, 0.0, 0.5, -1.0]]).to(torch.float64)
MAY = torch.tensor([[True, False, True, True], [False, True, True, False]])


@pytest.mark.usefixtures("float64")
def test_what_must_not_be_chosen_has_no_chance_and_the_rest_share_one():
    shares = pointer_logits(SCORES, MAY).softmax(-1)
    assert (shares[~MAY] == 0).all() and relative_error(shares.sum(-1), torch.ones(2)) < EXACT
    assert torch.equal(pointer_logits(SCORES, MAY)[MAY], SCORES[MAY])


@pytest.mark.usefixtures("float64")
def test_the_loss_is_the_formula_written_out():
    total = 0.0
    for sample, chosen in enumerate((3, 1)):
        scores = [s for s, may in zip(SCORES[sample].tolist(), MAY[sample], strict=True) if may]
        share = math.exp(SCORES[sample, chosen]) / sum(math.exp(s) for s in scores)
        total += -math.log(share) / 2
    loss = pointer_loss(SCORES, torch.tensor([3, 1]), MAY)
    assert loss.item() == pytest.approx(total, abs=EXACT)


@pytest.mark.usefixtures("float64")
def test_guessing_evenly_costs_the_logarithm_of_the_choices():
    loss = pointer_loss(torch.zeros(2, 4), torch.tensor([0, 2]), MAY)
    assert loss.item() == pytest.approx((math.log(3) + math.log(2)) / 2, abs=EXACT)


def test_scores_left_out_get_no_gradient_and_the_others_finite_ones():
    scores = SCORES.clone().requires_grad_()
    pointer_loss(scores, torch.tensor([3, 1]), MAY).backward()
    assert (scores.grad[~MAY] == 0).all() and (scores.grad[MAY] != 0).all()


def test_pointing_takes_the_best_that_may_be_chosen():
    class Given(torch.nn.Module):
        def forward(self, _units, mask):
            return SCORES + 0 * mask

    assert point(Given(), torch.zeros(2, 4, 6), MAY, MAY).tolist() == [0, 2]


@pytest.mark.parametrize("scores, may, words", [
    (SCORES, torch.zeros(2, 4).bool(), r"something to point at in every sample, got nothing in"),
    (SCORES, MAY.float(), r"True and False of shape \[2, 4\], got torch.float32 of shape"),
    (SCORES, MAY[:, :3], r"of shape \[2, 4\], got torch.bool of shape \[2, 3\]. One for each"),
])  # fmt: skip
@pytest.mark.usefixtures("without_shape_checks")
def test_a_mask_that_does_not_fit_is_refused(scores, may, words):
    with pytest.raises(ValueError, match=words):
        pointer_logits(scores, may)


def test_a_choice_that_was_not_allowed_is_refused():
    with pytest.raises(ValueError, match=r"got entity 0 in sample 1. Compare chosen with may_po"):
        pointer_loss(SCORES, torch.tensor([3, 0]), MAY)


# -- what it is compared with --------------------------------------------------------------


@pytest.mark.usefixtures("float64")
@torch.no_grad()
def test_row_scorers_follow_the_rows_and_hear_nothing_of_padding():
    for scorer in scorers():
        before = scorer(entities(), MASK)
        after = scorer(entities()[:, ORDER], MASK[:, ORDER])
        assert before.shape == (3, 9) and relative_error(after, before[:, ORDER]) < EXACT
        other = entities().masked_fill(~MASK[..., None], 7.0)
        assert relative_error(scorer(other, MASK)[MASK], before[MASK]) < EXACT


@torch.no_grad()
def test_one_scorer_sees_the_others_only_as_a_mean_and_one_not_at_all():
    other = entities().index_fill(1, torch.tensor([3]), 0.5)
    alone, pooled = (
        (scorer(entities(), MASK) - scorer(other, MASK))[0].abs() > 1e-7 for scorer in scorers()
    )
    assert alone.nonzero().flatten().tolist() == [3] and pooled.all()


def test_an_empty_set_has_scores_too():
    assert scorers()[1](entities(), torch.zeros_like(MASK)).isfinite().all()


# -- the policy ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def policy():
    return player(trained("skirmish"))


def test_lessons_are_what_the_script_does_and_never_the_held_out_situations():
    units, mask, enemies, chosen = next(lessons(seed=2))
    again = next(lessons(seed=2))[0]
    assert torch.equal(units, again) and not torch.equal(units, next(lessons(seed=3))[0])
    assert enemies.gather(1, chosen[:, None]).all() and (enemies & ~mask).sum() == 0
    assert not torch.equal(units[0, :4], situations(64).units[0, :4])


def test_the_policy_points_at_enemies_and_agrees_with_its_teacher(policy):
    seen = situations(200, seed=9)
    assert seen.enemies.gather(1, policy(seen)[:, None]).all()
    assert agreement(trained("skirmish")) > 0.86


def test_the_policy_knows_more_than_either_half_of_the_rule(policy):
    seen = situations(1000, seed=9)
    by_distance = (nearest(seen) == focus_fire(seen)).float().mean()
    by_worth = seen.units[..., 3] / seen.units[..., 2].clamp(min=1e-6)
    weakest = by_worth.masked_fill(~seen.enemies, -1).argmax(1) == focus_fire(seen)
    agrees = (policy(seen) == focus_fire(seen)).float().mean()
    assert agrees > 0.25 + max(by_distance, weakest.float().mean())


def test_the_policy_beats_chance_and_the_nearest_and_is_near_its_teacher(policy):
    assert win_rate(policy, at_random(), num_fields=40) > 0.85
    assert win_rate(policy, nearest, num_fields=80) > 0.55
    assert 0.35 < win_rate(policy, focus_fire, num_fields=60) < 0.6


def test_an_untrained_policy_costs_what_guessing_costs():
    torch.manual_seed(0)
    lesson = next(lessons())
    guessing = lesson[2].sum(1).log().mean().item()
    loss = imitation_loss(build(trained("skirmish").config), *lesson).item()
    assert loss == pytest.approx(guessing, abs=0.6)


# -- the published size --------------------------------------------------------------------


def test_the_sizes_of_alphastar_are_those_of_the_paper():
    steps = walk(ALPHASTAR_ENTITIES)
    assert steps["encoder"].shape == (1, 32, 256)
    assert steps["answer"].shape == steps["raw"].shape == (1, 512, 256)
    assert steps["encoder.blocks.0.0"].runs == 3


def test_its_map_of_reading_is_a_sixteenth_of_a_map_of_all_on_all():
    step = cost(ALPHASTAR_ENTITIES)["encoder.cross.0"]
    assert step.map_bytes == 4 * 2 * 32 * 512 == 4 * 2 * 512 * 512 // 16
