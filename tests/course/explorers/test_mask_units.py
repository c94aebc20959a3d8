"""What the explorer of mask units shows is what plain loops over rows and columns give."""

import itertools
import math
import re

import numpy as np
import pytest
import torch
from contrast import ENOUGH, contrast
from matplotlib.colors import to_rgb

from perceiver_course.explorers.mask_units import (
    GRIDS,
    Marks,
    Way,
    draw,
    in_memory,
    in_units,
    mask_units,
    on_grid_blocks,
)
from perceiver_course.kit.cells import TINTS
from perceiver_tutorial.hiera import unroll

every_grid = pytest.mark.parametrize("grid", GRIDS)


def ways(grid):
    sides, pools = GRIDS[grid]
    return [Way(sides, pools, step) for step in range(2 * len(pools) + 1)]


def places(sides):
    """Where every token stands, row by row."""
    return list(itertools.product(*map(range, sides)))


def squares(place, pools):
    """In which square of each level a place lies, finest first, and where in it."""
    for pool in pools:
        yield (
            tuple(c // p for c, p in zip(place, pool, strict=True)),
            tuple(c % p for c, p in zip(place, pool, strict=True)),
        )
        place = tuple(c // p for c, p in zip(place, pool, strict=True))


def sorted_by_hand(sides, pools):
    """By the place in the smallest square, then in the next one, at last by mask unit."""

    def key(number):
        digits, rest = [], places(sides)[number]
        for square, within in squares(rest, pools):
            digits.append(within)
            rest = square
        return (*digits, rest)

    return sorted(range(math.prod(sides)), key=key)


def largest_by_hand(way):
    """For every square that is one token now, its largest number."""
    found = {}
    for number, place in enumerate(places(way.sides)):
        for square, _ in squares(place, way.pools[: way.pooled]):
            place = square
        found[place] = max(number, found.get(place, 0))
    return found


@every_grid
def test_every_step_of_unroll_sorts_by_one_digit_more(grid):
    sides, pools = GRIDS[grid]
    for way in ways(grid)[: len(pools) + 1]:
        assert way.order.tolist() == sorted_by_hand(sides, pools[: way.step])
    for before, way in itertools.pairwise(ways(grid)[: len(pools) + 1]):
        is_told = "moves nothing" in draw(grid, way.step, False, 0, 0).alt
        assert is_told == (way.order.tolist() == before.order.tolist())
        assert is_told == (way.step == 3)  # a single mask unit: the third digit is the last


@every_grid
def test_the_last_step_of_unroll_is_what_the_model_does(grid):
    sides, pools = GRIDS[grid]
    numbers = torch.arange(float(math.prod(sides))).view(1, -1, 1)
    assert ways(grid)[len(pools)].order.tolist() == unroll(numbers, sides, pools).flatten().tolist()


@every_grid
def test_pooling_leaves_the_largest_number_of_every_square(grid):
    for way in ways(grid):
        assert sorted(way.order.tolist()) == sorted(largest_by_hand(way).values())


@every_grid
def test_reroll_puts_every_number_back_in_its_place(grid):
    for way in ways(grid):
        for place, number in largest_by_hand(way).items():
            assert way.on_grid[place] == number
        assert on_grid_blocks(way).flatten().tolist() == way.on_grid.flatten().tolist()


@every_grid
def test_a_token_lives_on_in_the_largest_of_its_square(grid):
    for way in ways(grid):
        largest = largest_by_hand(way)
        for number, place in enumerate(places(way.sides)):
            for square, _ in squares(place, way.pools[: way.pooled]):
                place = square
            assert way.becomes(number) == largest[place]


@every_grid
def test_partners_lie_in_one_square_of_the_next_pooling(grid):
    for way in ways(grid):
        here = {number: place for place, number in largest_by_hand(way).items()}
        for number in here:
            if not way.to_come:
                assert way.partners(number) == ()
                continue
            square = dict.fromkeys(here)
            square = {n: next(squares(here[n], way.to_come[:1]))[0] for n in square}
            assert set(way.partners(number)) == {n for n in here if square[n] == square[number]}


@every_grid
def test_a_mask_unit_is_what_all_poolings_make_one(grid):
    sides, pools = GRIDS[grid]
    unit_of, last = ways(grid)[0].unit_of, {}
    for number, place in enumerate(places(sides)):
        for square, _ in squares(place, pools):
            place = square
        assert last.setdefault(place, unit_of[number]) == unit_of[number]
    assert sorted(last.values()) == list(range(len(last)))


@every_grid
def test_blocks_hold_what_lies_in_memory_and_on_the_grid(grid):
    for way in ways(grid):
        assert in_memory(way).flatten().tolist() == way.order.tolist()
        blocks = in_units(way)
        assert blocks.shape[-4:-2] == tuple(
            s // u for s, u in zip(way.now[-2:], blocks.shape[-2:], strict=True)
        )
        units = torch.tensor(way.unit_of)[blocks.int().long()].flatten(-2)
        assert (units == units[..., :1]).all()


@every_grid
def test_the_distances_that_are_told_are_true(grid):
    sides, _ = GRIDS[grid]
    for way, rerolled in itertools.product(ways(grid), (False, True)):
        picture = draw(grid, way.step, rerolled, 1, 2)
        order = (way.on_grid.flatten() if rerolled else way.order).tolist()
        assert picture.alt.endswith(f"In memory: {', '.join(map(str, order))}.")
        token = way.becomes(sides[-1] + 2 if len(sides) == 2 else 6)
        assert f"is at place {order.index(token)}" in picture.alt
        found = sorted(order.index(number) for number in way.partners(token))
        steps = {b - a for a, b in itertools.pairwise(found)}
        assert ("on one axis: take its maximum" in picture.alt) == (len(steps) == 1)
        if steps:
            told = re.search(r"They lie ([\d, or]+) places? apart", picture.alt)[1]
            assert {int(number) for number in re.findall(r"\d+", told)} == steps


def test_only_an_unrolled_order_holds_a_square_on_one_axis():
    told = [draw("8 x 8 tokens", step, False, 2, 4).alt for step in range(5)]
    assert "1 or 7 places apart, on no axis of their own" in told[0]
    assert "[2 x 2, 4 x 4 squares]" in told[1] and "16 places apart, on one axis" in told[1]
    assert "[2 x 2, 2 x 2, 2 x 2 mask units]" in told[2] and "lie 4 places apart" in told[2]
    assert "Token 20, now in 29, is at place 9" in told[3]
    assert "No pooling is left" in told[4] and "now in 31" in told[4]


def test_forgetting_to_reroll_shows_another_picture_until_nothing_is_left_to_sort():
    for step in range(5):
        one, other = (draw("8 x 8 tokens", step, rerolled, 2, 4).png for rerolled in (False, True))
        order = Way(*GRIDS["8 x 8 tokens"], step)
        assert (order.order.tolist() == order.on_grid.flatten().tolist()) == (step in (0, 4))
        assert one != other  # the title says which


def test_frames_stand_side_by_side_and_are_never_pooled():
    name = "2 frames of 4 x 4 tokens"
    first, second = (draw(name, 0, False, 3, column).alt for column in (3, 7))
    assert "Pooled next: 10, 11, 14, 15." in first and "Token 15 " in first
    assert "Pooled next: 26, 27, 30, 31." in second and "Token 31 " in second


def test_one_token_is_black_in_both_panels_and_in_the_ribbon():
    (axes,) = draw("8 x 8 tokens", 2, False, 2, 4).figure.axes
    fills = [one.get_facecolor()[:, :3] for one in axes.collections]
    cells = [fill for fill in fills if len(fill) == 64 and fill.max(1).min() < 0.2]
    assert [int((fill.max(1) < 0.2).sum()) for fill in cells] == [1, 1, 1]
    bold = [text for text in axes.texts if text.get_fontweight() == "bold"]
    assert len(bold) == 2 * 16  # its mask unit, in both panels
    assert sum(text.get_color() == "white" for text in bold) == 2


@pytest.mark.parametrize("unit", range(len(TINTS)))
def test_numbers_can_be_read_on_their_cells(unit):
    marks = Marks(0, (), (unit, unit, unit + 1 if unit < len(TINTS) - 1 else 0))
    for number in range(3):
        ink, ground = np.array(to_rgb(marks.ink(number))), np.array(marks.fill(number))
        assert contrast(ink, ground) >= ENOUGH


def test_rows_and_columns_stay_inside_a_smaller_grid():
    explorer = mask_units()
    explorer.turn(row=7, column=7)
    explorer.turn(grid="4 x 8 tokens")
    assert explorer.settings["row"] == 3
    assert "Token 31 " in explorer.picture.alt
    explorer.turn(grid="8 x 8 tokens, three poolings", step=6)
    assert "No pooling is left" in explorer.picture.alt
