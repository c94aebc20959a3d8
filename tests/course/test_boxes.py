"""Boxes against arithmetic on paper, and against counting cells."""

import pytest
import torch
from shaken import relative_error
from tolerances import EXACT

from perceiver_course.chapters.extending.model import (
    corners,
    generalised_iou,
    intersection_over_union,
)

pytestmark = pytest.mark.usefixtures("float64")

BOX = torch.tensor([0.5, 0.5, 0.4, 0.4], dtype=torch.float64)


def random_boxes(*shape):
    return torch.rand(*shape, 4) * 0.5 + 0.1


def counted(some, others, cells=40):
    """Shared and covered area and common frame, of boxes whose edges lie on a grid of cells."""
    grids = []
    for left, top, right, bottom in (corners(some), corners(others)):
        x, y = (torch.arange(cells) + 0.5) / cells, (torch.arange(cells)[:, None] + 0.5) / cells
        grids.append((x > left) & (x < right) & (y > top) & (y < bottom))
    rows, columns = (grids[0] | grids[1]).nonzero().unbind(1)
    framed = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    return [float(n) for n in ((grids[0] & grids[1]).sum(), (grids[0] | grids[1]).sum(), framed)]


def test_corners_are_where_boxes_begin_and_end():
    boxes = random_boxes(2, 3)
    left, top, right, bottom = corners(boxes)[1, 2].tolist()
    x, y, wide, tall = boxes[1, 2].tolist()
    assert (left + right) / 2 == pytest.approx(x) and (top + bottom) / 2 == pytest.approx(y)
    assert right - left == pytest.approx(wide) and bottom - top == pytest.approx(tall)


@pytest.mark.parametrize("other, iou, generalised", [
    ([0.5, 0.5, 0.4, 0.4], 1.0, 1.0),
    ([0.5, 0.5, 0.2, 0.2], 0.25, 0.25),  # inside: the frame is the larger box
    ([0.7, 0.5, 0.4, 0.4], 1 / 3, 1 / 3),  # half of each; the frame is full
    ([0.7, 0.7, 0.4, 0.4], 0.04 / 0.28, 0.04 / 0.28 - (0.36 - 0.28) / 0.36),
    ([0.9, 0.5, 0.2, 0.4], 0.0, 0.0 - (0.28 - 0.24) / 0.28),  # apart, 0.1 between them
])  # fmt: skip
def test_overlaps_are_those_on_paper(other, iou, generalised):
    other = torch.tensor(other)
    assert intersection_over_union(BOX, other).item() == pytest.approx(iou, abs=EXACT)
    assert generalised_iou(BOX, other).item() == pytest.approx(generalised, abs=EXACT)


@pytest.mark.parametrize("side", [1.0, 1e-3, 1e-5, 1e-9])
def test_small_boxes_overlap_as_large_ones_do(side):
    some, others = (torch.tensor([x, 0.0, side, side]) for x in (0.0, side / 2))
    assert intersection_over_union(some, some).item() == pytest.approx(1)
    assert generalised_iou(some, some).item() == pytest.approx(1)
    assert intersection_over_union(some, others).item() == pytest.approx(1 / 3)


@pytest.mark.parametrize("some, others, generalised", [
    ([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.4, 0.4], 0.0),  # a point inside
    ([0.1, 0.1, 0.0, 0.0], [0.9, 0.9, 0.0, 0.0], -1.0),  # two points
    ([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0], 0.0),  # nothing in no frame
    ([0.5, 0.2, 0.0, 0.1], [0.5, 0.8, 0.0, 0.1], 0.0),  # two lines, in a frame without area
    ([0.0, 0.5, 0.0, 1.0], [1.0, 0.5, 0.0, 1.0], -1.0),  # two edges of the picture
])  # fmt: skip
def test_boxes_without_area_have_an_overlap_and_a_gradient(some, others, generalised):
    some = torch.tensor(some, requires_grad=True)
    value = generalised_iou(some, torch.tensor(others))
    value.backward()
    assert value.item() == pytest.approx(generalised, abs=1e-6) and some.grad.isfinite().all()
    assert intersection_over_union(some, torch.tensor(others)).item() == 0


def test_overlaps_are_those_that_counting_cells_gives():
    for _ in range(20):
        first = torch.randint(0, 20, (2, 2))
        edges = torch.cat([first, first + torch.randint(1, 20, (2, 2))], dim=1) / 40
        begin, end = edges.split(2, dim=-1)
        some, others = torch.cat([(begin + end) / 2, end - begin], dim=-1)
        shared, covered, framed = counted(some, others)
        iou = intersection_over_union(some, others).item()
        assert iou == pytest.approx(shared / covered, abs=EXACT)
        generalised = shared / covered - (framed - covered) / framed
        assert generalised_iou(some, others).item() == pytest.approx(generalised, abs=EXACT)


def test_all_boxes_are_compared_with_all():
    some, others = random_boxes(2, 5, 1), random_boxes(2, 1, 3)
    for overlap in (intersection_over_union, generalised_iou):
        table = overlap(some, others)
        assert table.shape == (2, 5, 3)
        one = overlap(some[1, 4, 0], others[1, 0, 2])
        assert relative_error(table[1, 4, 2], one) < EXACT


def test_boxes_without_area_give_no_nonsense():
    point = torch.tensor([0.5, 0.5, 0.0, 0.0])
    assert intersection_over_union(point, point).item() == 0
    assert torch.isfinite(generalised_iou(point, point))


def test_farther_apart_is_worse_only_to_the_generalised_overlap():
    near, far = torch.tensor([[0.8, 0.5, 0.1, 0.1], [0.9, 0.5, 0.1, 0.1]])
    assert intersection_over_union(BOX, near) == intersection_over_union(BOX, far) == 0
    assert generalised_iou(BOX, near) > generalised_iou(BOX, far)
