"""Meta's own code, random weights, true outputs: we give the same numbers, for videos too."""

from dataclasses import replace

import pytest
import torch
from meta import golden
from shaken import relative_error
from tolerances import GOLDEN

from perceiver_tutorial.hiera import Hiera

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")


@pytest.mark.parametrize("family", ["hiera", "hiera-odd", "hiera-video"])
def test_classification_and_all_four_feature_maps(family):
    model, given, want = golden(family)
    logits = model(given["images"])
    found = {"logits": logits, "answer": logits.softmax(-1)}
    for stage, ours in enumerate(model.feature_maps(given["images"]), 1):
        found[f"stage{stage}"] = ours.movedim(1, -1)
    assert found.keys() == want.keys() == GOLDEN[family].keys()
    for name, ours in found.items():
        assert relative_error(ours, want[name]) < GOLDEN[family][name], name


@pytest.mark.parametrize("family", ["hiera-mae", "hiera-video-mae"])
def test_pretraining(family):
    model, given, want = golden(family)
    images, mask = given["images"], given["keep"]
    assert relative_error(model(images, mask), want["predicted"]) < GOLDEN[family]["predicted"]
    assert torch.equal(model.seen_tokens(model.choose_units(images, mask)), want["seen"])
    assert relative_error(model.loss(images, mask), want["loss"]) < GOLDEN[family]["loss"]


@pytest.mark.parametrize("change", [{"mask_unit_attention": (False,) * 4}, {"num_pools": 2}])
def test_windows_of_another_size_are_noticed(change):
    model, given, want = golden("hiera")
    other = Hiera(replace(model.config, **change)).eval()
    other.load_state_dict(model.state_dict())
    assert relative_error(other(given["images"]), want["logits"]) > 0.01
