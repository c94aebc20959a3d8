"""Shapes are printed, equality is proved or refused with a place, shape comments are asserted."""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from perceiver_course import check_comments, equal, randomise, rename, shapes
from perceiver_tutorial.attention import CrossAttentionLayer

DOUBLE = {"dtype": torch.float64}


def test_shapes_stand_in_a_column(capsys):
    shapes(weights=torch.zeros(2, 3), z=torch.zeros(4))
    assert capsys.readouterr().out == "weights  (2, 3)\nz        (4,)\n"


@pytest.mark.parametrize("ours, told", [
    (torch.ones(2, 3, **DOUBLE), "equal: (2, 3), largest difference below 1e-11"),
    (torch.ones(2, 3), "equal: (2, 3), largest difference below 1e-04"),
    (torch.full((4,), 300.0, **DOUBLE), "equal: (4,), largest difference below 1e-08"),
    (torch.arange(3), "equal: (3,)"),
    (torch.tensor([float("nan"), 1.0], **DOUBLE), "equal: (2,), largest difference below 1e-11"),
])  # fmt: skip
def test_equal_tensors_are_told_with_the_rounding_that_is_allowed(ours, told, capsys):
    equal(ours, ours.clone())
    assert capsys.readouterr().out == f"{told}\n"


def test_rounding_is_allowed_and_nothing_beyond():
    ones = torch.ones(2, 2, **DOUBLE)
    equal(ones, ones + 1e-12)
    with pytest.raises(AssertionError, match=r"differs first at \[0, 0\]"):
        equal(ones, ones + 1e-10)


@pytest.mark.parametrize("ours, theirs, told", [
    (torch.ones(2, 3), torch.ones(3, 2), r"ours is (2, 3), theirs (3, 2)."),
    (torch.ones(2), torch.arange(2), "ours holds torch.float32, theirs torch.int64."),
    (torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 5, 3]),
     "differs first at [1]: ours 2, theirs 5. 33 % of the numbers are apart, by up to 3"),
    (torch.tensor([float("nan")]), torch.tensor([1.0]), "differs first at [0]: ours nan"),
    (torch.tensor([True, False]), torch.tensor([True, True]), "differs first at [1]"),
])  # fmt: skip
def test_a_difference_is_told_with_its_place(ours, theirs, told):
    with pytest.raises(AssertionError, match=re.escape(told)):
        equal(ours, theirs)


def test_an_output_of_several_parts_is_no_tensor():
    with pytest.raises(TypeError, match=r"expected theirs to be a tensor, got SimpleNamespace"):
        equal(torch.ones(2), SimpleNamespace(logits=torch.ones(2)))


def test_random_parameters_are_all_different_and_repeatable():
    layer = CrossAttentionLayer(8, 6)
    first = nn.utils.parameters_to_vector(randomise(layer).parameters())
    again = nn.utils.parameters_to_vector(randomise(CrossAttentionLayer(8, 6)).parameters())
    assert len(first.unique()) > 0.99 * len(first) and torch.equal(first, again)
    assert not layer.training
    other = nn.utils.parameters_to_vector(randomise(layer, seed=1).parameters())
    assert not torch.equal(first, other)


def test_running_statistics_are_drawn_too():
    norm = randomise(nn.BatchNorm2d(3))
    assert norm.running_mean.abs().min() > 0 and norm.running_var.min() > 0.4


def test_weights_are_renamed_one_part_after_the_other():
    weights = {"a.layernorm1.weight": torch.ones(1), "layernorm.bias": torch.ones(2)}
    got = rename(weights, {"layernorm1": "norm_q", "layernorm.": "norm_mlp."})
    assert list(got) == ["a.norm_q.weight", "norm_mlp.bias"]
    with pytest.raises(KeyError, match=r"expected 'mlp\.' in a name of the weights; these begin"):
        rename(weights, {"mlp.": "x"})


class Attention(nn.Module):
    """Two lines with comments, of which the second can be said wrongly."""

    def forward(self, x_q, x_kv):
        weights = (x_q @ x_kv.mT).softmax(-1)  # [..., N, M]
        q, kv = x_q, x_kv  # [B, N, D], [B, M, D]
        return torch.cat([weights @ kv, q], dim=-1)  # [B, N, D + D]


class Wrong(Attention):
    """Says that the axes are turned round."""

    def forward(self, x_q, x_kv):
        y = super().forward(x_q, x_kv)  # [B, M, 2 D]
        return y


def _flat(x):
    y = x.flatten(1)  # [B, N C]
    return y.sum()


def test_shape_comments_are_asserted_and_their_letters_told(capsys):
    out = check_comments(Attention(), torch.ones(2, 3, 4), torch.ones(2, 5, 4))
    assert out.shape == (2, 3, 8)
    told = "4 shape comments hold: N = 3, M = 5, B = 2, D = 4\n"
    assert capsys.readouterr().out == told


def test_a_product_of_a_known_and_a_new_letter_is_solved(capsys):
    check_comments(_flat, torch.ones(2, 3, 4), N=3)
    assert capsys.readouterr().out == "1 shape comments hold: N = 3, B = 2, C = 4\n"


def test_two_new_letters_in_one_axis_are_refused():
    with pytest.raises(AssertionError, match="several new letters in one axis: N C"):
        check_comments(_flat, torch.ones(2, 3, 4))


def test_a_wrong_comment_is_told_with_line_and_sizes():
    with pytest.raises(AssertionError, match=r"\[B, M, 2 D\] says M, the tensor has 3 there"):
        check_comments(Wrong(), torch.ones(2, 3, 4), torch.ones(2, 5, 4), M=5)
    with pytest.raises(AssertionError, match=r"\[B, N C\] has 2 axes, the tensor has 3"):
        check_comments(_three_axes, torch.ones(2, 3, 4))


def _three_axes(x):
    return x + 1  # [B, N C]


def test_a_function_without_comments_is_refused():
    with pytest.raises(ValueError, match=r"expected shape comments such as .* found none"):
        check_comments(_bare, torch.ones(2))


def _bare(x):
    return x
