"""What a stem's cells see, found by lighting pixels, is what its windows say."""

import pytest
import torch
from torch import nn

from perceiver_course.kit.receptive import receptive_fields
from perceiver_tutorial.perceiver.config import Conv1x1Stem, ConvPoolStem
from perceiver_tutorial.perceiver.preprocessors import ConvPreprocessor, PixelPreprocessor


def seen(fields, row, column, columns):
    """First and last row and column that one cell sees."""
    field = fields[row * columns + column]
    rows, across = field.any(1).nonzero(), field.any(0).nonzero()
    return (int(rows[0]), int(rows[-1])), (int(across[0]), int(across[-1]))


@pytest.mark.parametrize("padding, first", [("same", 2), ("transformers", 1)])
def test_a_cell_of_the_stem_sees_eleven_pixels_each_way(padding, first):
    part = ConvPreprocessor((24, 32), ConvPoolStem(64, padding=padding), in_channels=1)
    fields = receptive_fields(part, (24, 32), image_channels=1)
    assert fields.shape == (part.index_dims[0] * part.index_dims[1], 24, 32)
    ends = seen(fields, 1, 2, part.index_dims[1])
    assert ends == ((first, first + 10), (first + 4, first + 14))


@pytest.mark.parametrize(
    "what",
    [
        PixelPreprocessor((4, 5)),
        ConvPreprocessor((4, 5), Conv1x1Stem(9)),
    ],
)
def test_a_pixel_sees_itself(what):
    assert torch.equal(receptive_fields(what, (4, 5)).flatten(1), torch.eye(20).bool())


def test_batch_norm_in_training_is_left_as_it_was():
    part = ConvPreprocessor((8, 8), ConvPoolStem(4), in_channels=1)
    receptive_fields(part, (8, 8), image_channels=1)
    norm = next(module for module in part.modules() if isinstance(module, nn.BatchNorm2d))
    assert part.training and norm.num_batches_tracked == 0
