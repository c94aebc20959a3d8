"""Skirmishes keep their rules: who may be chosen, who is hit, who falls, who has won."""

import pytest
import torch

from perceiver_course.chapters.entities.data import (
    FEATURES,
    HARDEST_SHOT,
    NOBODY,
    RANGE,
    STRIDE,
    Situations,
    Units,
    after,
    at_random,
    choose,
    deploy,
    fight,
    film,
    focus_fire,
    nearest,
    outcome,
    seen_by,
    situations,
    win_rate,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sizes(*numbers):
    return torch.tensor(numbers)


def units(*rows):
    """One game; a row is x, y, health, damage, team."""
    table = torch.tensor([rows])
    return Units(table[..., :2], table[..., 2], table[..., 3], table[..., 4].long())


DUEL = units((0.0, 0.0, 1.0, 1.0, 1), (0.5, 0.0, 0.1, 0.5, -1), (1.5, 0.0, 1.0, 1.0, -1))


# -- units and situations ------------------------------------------------------------------


def test_teams_have_the_sizes_asked_for_and_fields_may_differ():
    field = deploy(sizes(2, 3, 1), sizes(4, 1, 2), generator())
    assert field.health.shape == (3, 6)
    assert field.of(1).sum(1).tolist() == [2, 3, 1] and field.of(-1).sum(1).tolist() == [4, 1, 2]
    assert field.places.abs().max() <= 1 and field.health.max() <= 1
    assert field.health[field.alive].min() >= 0.1 and field.damage.min() > 0


@pytest.mark.parametrize("first, second", [((0, 3), (2, 2)), ((2, 2), (3, 11))])
def test_a_team_has_somebody_and_not_too_many(first, second):
    with pytest.raises(ValueError, match=r"expected from 1 to 10 units in every team, got from"):
        deploy(sizes(*first), sizes(*second), generator())


def test_a_unit_sees_its_own_side_as_its_own_whichever_team_it_is_of():
    mine, theirs = (seen_by(DUEL, torch.tensor([[0, slot]])) for slot in (0, 1))
    assert mine.units[0, :, 4].tolist() == [1, -1, -1]
    assert theirs.units[0, :, 4].tolist() == [-1, 1, 1]
    assert mine.units[0, :, 5].tolist() == [1, 0, 0] and theirs.units[0, :, 5].tolist() == [0, 1, 0]
    assert torch.equal(mine.units[..., :4], theirs.units[..., :4])
    assert mine.enemies.tolist() == [[False, True, True]]
    assert torch.allclose(mine.distances, torch.tensor([[0.0, 0.5, 1.5]]))


def test_situations_are_the_same_for_a_seed_and_have_one_acting_unit_and_some_enemy():
    seen, again, other = situations(40, seed=3), situations(40, seed=3), situations(40, seed=4)
    assert torch.equal(seen.units, again.units) and not torch.equal(seen.units, other.units)
    assert seen.units.shape[-1] == len(FEATURES)
    assert (seen.units[..., 5].sum(1) == 1).all() and seen.enemies.any(1).all()
    assert len(set(seen.mask.sum(1).tolist())) > 5
    assert not (seen.enemies & (seen.units[..., 5] > 0)).any()


# -- players -------------------------------------------------------------------------------


def field(*enemies):
    """What a unit in the middle sees: enemies as (x, health, damage)."""
    rows = [[0, 0, 1, 1, 1, 1], *([x, 0, health, damage, -1, 0] for x, health, damage in enemies)]
    return Situations(torch.tensor([rows]).float(), torch.ones(1, len(rows)).bool())


@pytest.mark.parametrize("enemies, focused, near", [
    ([(0.2, 1.0, 1.0), (0.9, 0.5, 1.0)], 2, 1),
    ([(0.2, 0.5, 0.2), (0.9, 1.0, 1.0)], 2, 1),
    ([(0.2, 0.9, 1.0), (RANGE + 0.1, 0.1, 1.0)], 1, 1),
    ([(RANGE + 0.3, 0.1, 1.0), (RANGE + 0.1, 1.0, 0.3)], 2, 2),
])  # fmt: skip
def test_the_script_takes_the_best_in_range_else_the_nearest(enemies, focused, near):
    seen = field(*enemies)
    assert focus_fire(seen).tolist() == [focused] and nearest(seen).tolist() == [near]


@pytest.mark.parametrize("player", [nearest, focus_fire, at_random(1)])
def test_every_player_points_at_a_living_enemy(player):
    seen = situations(300)
    assert seen.enemies.gather(1, player(seen)[:, None]).all()


def test_chance_is_fair_and_follows_from_its_seed():
    seen = field(*[(0.1 * n, 1.0, 1.0) for n in range(1, 5)])
    many = Situations(seen.units.expand(4000, -1, -1), seen.mask.expand(4000, -1))
    shares = at_random(2)(many).bincount() / 4000
    assert shares[0] == 0 and (shares[1:] - 0.25).abs().max() < 0.04
    assert torch.equal(at_random(5)(many), at_random(5)(many))


# -- a turn --------------------------------------------------------------------------------


def test_a_target_in_range_loses_health_and_falls_at_zero():
    turned = after(DUEL, torch.tensor([[1, 0, NOBODY]]))
    assert turned.health[0, 1] == 0 and not turned.alive[0, 1]
    assert torch.isclose(turned.health[0, 0], torch.tensor(1 - 0.5 * HARDEST_SHOT))
    assert torch.equal(turned.places, DUEL.places)


def test_shots_of_one_turn_are_fired_together_and_add_up():
    many = units(*[(0.0, 0.1 * n, 0.5, 1.0, 1) for n in range(3)], (0.2, 0.0, 1.0, 1.0, -1))
    turned = after(many, torch.tensor([[3, 3, 3, 0]]))
    assert torch.isclose(turned.health[0, 3], torch.tensor(1 - 3 * HARDEST_SHOT))
    both_fall = units((0.0, 0.0, 0.05, 1.0, 1), (0.1, 0.0, 0.05, 1.0, -1))
    assert not after(both_fall, torch.tensor([[1, 0]])).alive.any()


def test_a_target_out_of_range_is_walked_to_and_not_hurt():
    turned = after(DUEL, torch.tensor([[2, NOBODY, 0]]))
    assert torch.equal(turned.health, DUEL.health)
    assert torch.allclose(turned.places[0, 0], torch.tensor([STRIDE, 0.0]))
    assert torch.allclose(turned.places[0, 2], torch.tensor([1.5 - STRIDE, 0.0]))


def test_only_the_living_of_the_team_choose_and_only_while_there_is_an_enemy():
    targets = choose(DUEL._replace(health=torch.tensor([[1.0, 0.0, 1.0]])), nearest, -1)
    assert targets.tolist() == [[NOBODY, NOBODY, 0]]
    alone = DUEL._replace(health=torch.tensor([[1.0, 0.0, 0.0]]))
    assert choose(alone, nearest, 1).tolist() == [[NOBODY] * 3]


# -- battles -------------------------------------------------------------------------------


def test_a_battle_ends_when_a_side_is_gone_and_only_ever_loses_units():
    field = deploy(sizes(3, 4), sizes(4, 2), generator())
    turns = list(fight(field, focus_fire, nearest))
    counts = torch.stack([turn.units.alive.sum(1) for turn in turns])
    assert (counts.diff(dim=0) <= 0).all()
    end = turns[-1].units
    assert (end.of(1).any(1) & end.of(-1).any(1)).sum() == 0
    assert (turns[-1].targets == NOBODY).all()


def test_a_battle_without_end_is_ended():
    assert len(list(fight(deploy(sizes(2), sizes(2), generator()), nearest, nearest, 3))) == 4


def test_who_has_more_units_has_won_and_as_many_is_a_draw():
    first, second, nobody = (1.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 0.0, 0.0)
    health = torch.tensor([first, second, nobody, (1.0, 1.0, 1.0)])
    team = torch.tensor([[1, 1, -1]]).expand(4, -1)
    field = Units(torch.zeros(4, 3, 2), health, torch.ones(4, 3), team)
    assert outcome(field).tolist() == [1.0, 0.5, 0.5, 1.0]
    assert outcome(field.swapped()).tolist() == [0.0, 0.5, 0.5, 0.0]


def test_swapped_sides_swap_the_result():
    field = deploy(sizes(*[5] * 30), sizes(*[5] * 30), generator())
    there = list(fight(field, focus_fire, nearest))[-1].units
    back = list(fight(field.swapped(), nearest, focus_fire))[-1].units
    assert torch.equal(there.health, back.health) and torch.equal(there.places, back.places)
    assert torch.equal(outcome(there), 1 - outcome(back))


def test_a_player_against_itself_wins_exactly_half():
    assert win_rate(focus_fire, focus_fire, num_fields=20) == 0.5


def test_what_one_wins_the_other_loses():
    one, other = win_rate(focus_fire, nearest, 30), win_rate(nearest, focus_fire, 30)
    assert one + other == pytest.approx(1.0)


def test_the_script_beats_chance_clearly_and_the_nearest_often():
    assert win_rate(focus_fire, at_random(), num_fields=100) > 0.9
    assert win_rate(nearest, at_random(), num_fields=100) > 0.8
    assert 0.58 < win_rate(focus_fire, nearest, num_fields=200) < 0.75


def test_the_same_seed_fights_the_same_battles():
    rates = [win_rate(focus_fire, at_random(), 10, seed=seed) for seed in (1, 1)]
    assert rates[0] == rates[1]


# -- films ---------------------------------------------------------------------------------


def test_a_film_goes_from_the_first_turn_to_the_end_of_one_game():
    turns = list(fight(deploy(sizes(4, 1), sizes(3, 1), generator()), focus_fire, nearest))
    shown = film(turns, game=0, num_frames=4)
    assert len(shown.turns) == 4 == len(shown.places) and shown.turns[0] == 0
    assert list(shown.turns) == sorted(shown.turns)
    assert torch.equal(shown.health[0], turns[0].units.health[0])
    assert (shown.targets[-1] == NOBODY).all() and (shown.targets[0] != NOBODY).any()
    assert torch.equal(shown.places[1], turns[shown.turns[1]].units.places[0])


def test_a_film_of_a_short_battle_has_fewer_frames():
    shot = units((0.0, 0.0, 1.0, 1.0, 1), (0.1, 0.0, 0.05, 1.0, -1))
    assert film(list(fight(shot, nearest, nearest))).turns == (0, 1)
