"""Every published configuration in every layout, both ways; on the meta device: most are big."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from shaken import shake
from tiny import CONFIGS as TINY_PERCEIVERS

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.checkpoints import compare, load, save
from perceiver_tutorial.checkpoints.families import (
    PUBLISHED,
    config_of,
    config_to_transformers,
    layouts_for,
    own_weights,
    shapes_of,
)
from perceiver_tutorial.checkpoints.perceiver import config_from_golden, config_to_golden
from perceiver_tutorial.perceiver import with_fidelity
from perceiver_tutorial.zoo import build

VIDEOS = [name for name in PUBLISHED if "16x224" in name]
IN_TRANSFORMERS = [name for name in PUBLISHED if name not in VIDEOS]
DEEPMINDS = [name for name in PUBLISHED if name.startswith("deepmind/")]


def number_of_layouts(name):
    """transformers, Meta, timm; no pre-training in timm, no video in transformers."""
    return 2 if name.startswith("deepmind/") or "mae" in name or name in VIDEOS else 3


def described(state):
    return {name: (value.shape, value.dtype) for name, value in state.items()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_layout_goes_round_at_every_published_size(name):
    ours = shapes_of(PUBLISHED[name])
    layouts = layouts_for(PUBLISHED[name], ours)
    for layout in layouts.values():
        theirs = layout.write(ours)
        again = layout.read(theirs, ours)
        assert described(again) == described(ours)
        assert described(layout.write(again)) == described(theirs)
        assert sum(v.numel() for v in theirs.values()) >= sum(v.numel() for v in ours.values())
    assert len(layouts) == number_of_layouts(name)


@pytest.mark.parametrize("name", IN_TRANSFORMERS)
def test_transformers_builds_from_our_config_what_has_our_names_and_shapes(name):
    published = json.loads(json.dumps(config_to_transformers(PUBLISHED[name])))
    architecture = getattr(transformers, published["architectures"][0])
    with torch.device("meta"):
        theirs = architecture(architecture.config_class.from_dict(published))
    comparison = compare(theirs.state_dict(), PUBLISHED[name])
    assert comparison.fits, comparison
    assert len(comparison.weights) + sum("pooler.dense" in n for n in theirs.state_dict()) == len(
        theirs.state_dict()
    )
    assert config_of(published) == PUBLISHED[name]


@pytest.mark.parametrize("name", DEEPMINDS)
def test_deepminds_sizes_go_round(name):
    config = PUBLISHED[name]
    again = config_from_golden(json.loads(json.dumps(config_to_golden(config))))
    assert again == with_fidelity(config, "deepmind")


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_has_no_place_in_transformers(name):
    with pytest.raises(ValueError, match=r"got one with positions='separate'. Use save\(layout='m"):
        config_to_transformers(PUBLISHED[name])


HIERA = hiera.HieraConfig(4, num_heads=1, stages=(1, 2, 1, 1), input_size=(32, 64), num_classes=5)
VIDEO = hiera.HieraConfig(
    4, 1, (1, 1, 1, 1), (4, 32, 64), (3, 7, 7), (2, 4, 4), (1, 3, 3), (1, 2, 2),
    positions="separate", num_classes=5,
)  # fmt: skip
DEIT = deit.DeiTConfig(6, 2, depth=2, image_size=(16, 24), patch_size=8, num_classes=5)
OURS_ONLY = ("averaged images", "patch images", "token labels", "answer spans", "entities")
TINY = {
    **{name: config for name, config in TINY_PERCEIVERS.items() if name not in OURS_ONLY},
    "hiera": HIERA,
    "hiera video": VIDEO,
    "hiera pre-training": hiera.HieraMAEConfig(HIERA, 6, 1, 2),
    "deit": DEIT,
    "deit scaled": deit.DeiTConfig(6, 2, 2, (16, 24), 8, layer_scale=0.1),
}


@pytest.mark.parametrize("config", TINY.values(), ids=TINY)
def test_numbers_go_round_exactly(config):
    ours = own_weights(shake(build(config)))
    layouts = layouts_for(config, ours)
    assert layouts
    for layout in layouts.values():
        again = layout.read(layout.write(ours), ours)
        assert again.keys() == ours.keys()
        assert all(torch.equal(again[name], ours[name]) for name in ours)


def test_weights_of_a_published_size_go_round_exactly(tmp_path):
    model = shake(deit.build("facebook/deit-tiny-distilled-patch16-224"))
    for layout, place in {"transformers": "folder", "meta": "deit.pth"}.items():
        again = load(
            save(model, tmp_path / place, layout),
            config="facebook/deit-tiny-distilled-patch16-224",
        )
        assert again.config == replace(model.config, norm_eps=again.config.norm_eps)
        assert again.config.norm_eps == (1e-12 if layout == "transformers" else 1e-6)
        assert all(torch.equal(v, again.state_dict()[n]) for n, v in model.state_dict().items())
