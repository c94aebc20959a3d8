"""Recording collects every pass, and leaves nothing behind."""

import pytest
import torch
from torch import nn

from perceiver_tutorial.hooks import HookPoint, record


@pytest.fixture
def model():
    return nn.ModuleDict(
        {"first": HookPoint("batch channels"), "second": HookPoint("batch channels")}
    )


def test_every_pass_is_recorded_in_order(model):
    with record(model) as recorded:
        for value in (1.0, 2.0):
            model["first"](torch.tensor(value))
    assert [float(value) for value in recorded["first"]] == [1.0, 2.0]
    assert "second" not in recorded


def test_a_pattern_chooses_hook_points(model):
    with record(model, "sec*") as recorded:
        model["first"](torch.ones(1))
        model["second"](torch.ones(1))
    assert list(recorded) == ["second"]


def test_nothing_records_before_or_after(model):
    assert not model["first"].is_recorded
    with record(model):
        assert model["first"].is_recorded
    assert not model["first"].is_recorded


def test_nothing_records_after_an_error_either(model):
    with pytest.raises(RuntimeError), record(model):
        raise RuntimeError
    assert not model["first"].is_recorded


def test_what_is_recorded_carries_no_gradient(model):
    with record(model) as recorded:
        model["first"](torch.ones(1, requires_grad=True))
    assert not recorded["first"][0].requires_grad


def test_a_name_that_fits_no_hook_point_is_refused_with_those_there_are(model):
    with pytest.raises(ValueError, match=r"named 'x'. This model has: first, second"):
        record(model, "x").__enter__()


def test_a_model_without_hook_points_says_so():
    with pytest.raises(ValueError, match=r"This model has: none"):
        record(nn.Linear(1, 1)).__enter__()


def test_a_printed_model_shows_the_axes(model):
    assert "(first): HookPoint(batch channels)" in str(model)
