"""Digits for the convolutional stem are the same digits, drawn larger."""

import torch

from perceiver_course.kit.recipes.digits import CONV, enlarged
from perceiver_tutorial.perceiver import build

DIGITS = torch.rand(2, 1, 8, 8)


def test_every_pixel_becomes_a_square_of_sixteen():
    large = enlarged(DIGITS)
    assert large.shape == (2, 1, 32, 32)
    for down, right in [(0, 0), (1, 3), (3, 2)]:
        assert torch.equal(large[..., down::4, right::4], DIGITS)


def test_the_stem_makes_one_cell_of_each_again():
    assert build(CONV).preprocessor.index_dims == DIGITS.shape[-2:]
