"""What a stem's cells see, found by lighting pixels, is what its windows say."""

import pytest
import torch
from torch import nn

from perceiver_course.kit.receptive import receptive_fields
from perceiver_tutorial.perceiver.preprocessors import Conv1x1, ConvPool, PixelPreprocessor


def seen(fields, row, column, columns):
    """First and last row and column that one cell sees."""
    field = fields[row * columns + column]
    rows, across = field.any(1).nonzero(), field.any(0).nonzero()
    return (int(rows[0]), int(rows[-1])), (int(across[0]), int(across[-1]))


@pytest.mark.parametrize("padding, first", [("same", 2), ("transformers", 1)])
def test_a_cell_of_the_stem_sees_eleven_pixels_each_way(padding, first):
    stem = ConvPool((24, 32), 64, image_channels=1, padding=padding)
    fields = receptive_fields(stem, (24, 32), image_channels=1)
    assert fields.shape == (stem.index_dims[0] * stem.index_dims[1], 24, 32)
    ends = seen(fields, 1, 2, stem.index_dims[1])
    assert ends == ((first, first + 10), (first + 4, first + 14))


@pytest.mark.parametrize("what", [PixelPreprocessor((4, 5)), Conv1x1((4, 5), 9)])
def test_a_pixel_sees_itself(what):
    assert torch.equal(receptive_fields(what, (4, 5)).flatten(1), torch.eye(20).bool())


def test_batch_norm_in_training_is_left_as_it_was():
    stem = ConvPool((8, 8), 4, image_channels=1)
    receptive_fields(stem, (8, 8), image_channels=1)
    norm = next(module for module in stem.modules() if isinstance(module, nn.BatchNorm2d))
    assert stem.training and norm.num_batches_tracked == 0
