"""Output rows become the task's own answer, or a larger picture as in DeepMind's code."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn

from perceiver_tutorial.perceiver.postprocessors import (
    AudioHead,
    ClassificationHead,
    FlowHead,
    LinearHead,
    PixelHead,
    TiedHead,
)
from perceiver_tutorial.perceiver.preprocessors import AudioPreprocessor, VideoPreprocessor
from perceiver_tutorial.perceiver.upsampling import ConvUpsample, DepthToSpace, SameConvTranspose

pytestmark = pytest.mark.usefixtures("float64")


def test_class_logits_are_one_linear_map_of_the_one_row():
    head, rows = shake(ClassificationHead(6, 4)), torch.randn(2, 1, 6)
    by_hand = rows[:, 0] @ head.linear.weight.T + head.linear.bias
    assert relative_error(head(rows), by_hand) < EXACT


def test_tied_logits_compare_a_row_with_every_embedding():
    embedding = shake(nn.Embedding(10, 6))
    head, rows = shake(TiedHead(embedding)), torch.randn(2, 5, 6)
    logits = head(rows)
    assert relative_error(logits[1, 2, 7], rows[1, 2] @ embedding.weight[7] + head.bias[7]) < EXACT


def test_flow_is_divided_and_put_back_on_the_pixels():
    head, rows = shake(FlowHead(6, (3, 4), divide_by=50.0)), torch.randn(2, 12, 6)
    field = head.assemble(head(rows))
    assert field.shape == (2, 3, 4, 2)
    assert relative_error(field[1, 2, 3], head.linear(rows[1, 11]) / 50) < EXACT


@pytest.mark.parametrize("size", [(3, 4), (2, 3, 4)])
def test_pixels_are_put_back_on_the_image_or_the_video(size):
    head, count = shake(PixelHead(6, size)), torch.Size(size).numel()
    rows = torch.randn(2, count, 6)
    picture = head.assemble(head(rows))
    assert picture.shape == (2, *size[:-2], 3, *size[-2:])
    colours = head(rows).unflatten(1, size)[1, ..., 2, 3, :]
    assert relative_error(picture[1, ..., 2, 3], colours) < EXACT


def test_audio_answers_are_patches_end_to_end():
    head, rows = shake(AudioHead(6, 4)), torch.randn(2, 5, 6)
    sound = head.assemble(head(rows))
    assert sound.shape == (2, 20)
    assert relative_error(sound[:, 8:12], head.linear(rows[:, 2])) < EXACT
    assert torch.equal(AudioPreprocessor(20, 4)(sound[..., None])[:, 2], sound[:, 8:12])


def test_a_projection_answers_every_row():
    head, rows = shake(LinearHead(6, 4)), torch.randn(2, 5, 6)
    assert relative_error(head.assemble(head(rows)), head.linear(rows)) < EXACT


@pytest.mark.parametrize("size, patch", [((6, 8), (2, 4)), ((4, 6, 8), (2, 3, 4))])
def test_depth_to_space_undoes_space_to_depth(size, patch):
    picture = torch.randn(2, *size[:-2], 3, *size[-2:])
    fold = VideoPreprocessor(size, patch)
    unfold = DepthToSpace(fold.index_dims, patch)
    assert torch.equal(unfold.assemble(unfold(fold(picture))), picture)


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2), (2, 1, 2)])
def test_a_same_transposed_convolution_makes_axes_exactly_stride_times_longer(strides):
    layer = SameConvTranspose(3, 5, strides)
    cells = (4, 5, 6)[: len(strides)]
    grid = layer(torch.randn(2, 3, *cells))
    assert grid.shape == (2, 5, *(n * s for n, s in zip(cells, strides, strict=True)))


@pytest.mark.parametrize("stride", [1, 2])
def test_one_cell_reaches_one_cell_back_and_two_ahead_as_in_haiku(stride):
    layer = SameConvTranspose(1, 1, (stride, 1))
    nn.init.ones_(layer.convolve.weight)
    nn.init.zeros_(layer.convolve.bias)
    grid = torch.zeros(1, 1, 9, 9)
    grid[0, 0, 4, 4] = 1
    touched = layer(grid)[0, 0].sum(1).nonzero()[:, 0] - 4 * stride
    assert touched.tolist() == [-1, 0, 1, 2]


@pytest.mark.parametrize("index_dims, doublings, size", [
    ((3, 4), (2, 2), (12, 16)), ((3, 4), (1, 3), (6, 32)), ((2, 3, 4), (1, 2, 2), (4, 12, 16)),
])  # fmt: skip
def test_upsampling_doubles_every_axis_as_often_as_asked(index_dims, doublings, size):
    head = shake(ConvUpsample(6, 3, index_dims, doublings))
    rows = torch.randn(2, torch.Size(index_dims).numel(), 6)
    picture = head.assemble(head(rows))
    assert picture.shape == (2, *size[:-2], 3, *size[-2:])


def test_layers_narrow_towards_the_colours_with_relu_between():
    head = ConvUpsample(6, 3, (3, 4), (2, 2))
    kinds = [type(layer).__name__ for layer in head.layers]
    assert kinds == ["SameConvTranspose", "ReLU", "SameConvTranspose"]
    assert [head.layers[i].convolve.out_channels for i in (0, 2)] == [6, 3]
