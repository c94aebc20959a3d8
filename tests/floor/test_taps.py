"""Listening collects every pass, and leaves nothing behind."""

import pytest
import torch
from torch import nn

from perceiver_tutorial.taps import Tap, listen


@pytest.fixture
def model():
    return nn.ModuleDict({"first": Tap("batch channels"), "second": Tap("batch channels")})


def test_every_pass_is_heard_in_order(model):
    with listen(model) as heard:
        for value in (1.0, 2.0):
            model["first"](torch.tensor(value))
    assert [float(value) for value in heard["first"]] == [1.0, 2.0]
    assert "second" not in heard


def test_a_pattern_chooses_taps(model):
    with listen(model, "sec*") as heard:
        model["first"](torch.ones(1))
        model["second"](torch.ones(1))
    assert list(heard) == ["second"]


def test_nobody_listens_before_or_after(model):
    assert not model["first"].is_heard
    with listen(model):
        assert model["first"].is_heard
    assert not model["first"].is_heard


def test_nobody_listens_after_an_error_either(model):
    with pytest.raises(RuntimeError), listen(model):
        raise RuntimeError
    assert not model["first"].is_heard


def test_what_is_heard_carries_no_gradient(model):
    with listen(model) as heard:
        model["first"](torch.ones(1, requires_grad=True))
    assert not heard["first"][0].requires_grad


def test_a_name_that_fits_no_tap_is_refused_with_those_there_are(model):
    with pytest.raises(ValueError, match=r"no tap is named 'x'. This model has: first, second"):
        listen(model, "x").__enter__()


def test_a_model_without_taps_says_so():
    with pytest.raises(ValueError, match=r"This model has: no taps"):
        listen(nn.Linear(1, 1)).__enter__()


def test_a_printed_model_shows_the_axes(model):
    assert "(first): Tap(batch channels)" in str(model)
