"""A model made from a model keeps type, device, mode, what is frozen, and names of classes."""

from dataclasses import replace

import pytest
import torch
from shaken import shake
from tiny import CONFIGS
from torch import nn

from perceiver_course.chapters.feature_maps.model import inflate
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.made_from import like
from perceiver_tutorial.zoo import build

NAMES = {"num_classes": 4, "class_names": ("ant", "bee", "cat", "dog")}
DEIT = deit.DeiTConfig(6, 2, depth=2, image_size=(16, 24), patch_size=8, **NAMES)
MASKED = deit.DeiTMaskedImageConfig(deit.DeiTConfig(6, 2, 2, (16, 24), 8, num_classes=None))
HIERA = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (64, 64), **NAMES)
MAE = hiera.HieraMAEConfig(replace(HIERA, num_pools=2, num_classes=None, class_names=None), 8, 1, 2)
FILM = replace(hiera.video(HIERA), input_size=(4, 64, 64), num_classes=4)

MAKERS = {
    **{
        f"a Perceiver of another size, {name}": (
            replace(CONFIGS[name], **NAMES), lambda m: perceiver.resized(m, (16, 20)),
        )
        for name in ("fourier images", "learned images", "averaged images", "patch images")
    },
    "a Perceiver of another size, conv images": (
        replace(CONFIGS["conv images"], **NAMES), lambda m: perceiver.resized(m, (40, 32)),
    ),
    "a DeiT of another size": (DEIT, lambda m: deit.resized(m, (24, 32))),
    "a masked DeiT of another size": (MASKED, lambda m: deit.resized(m, (24, 32))),
    "a Hiera for films": (HIERA, lambda m: inflate(m, FILM)),
    "a Hiera for films of other classes": (
        HIERA, lambda m: inflate(m, replace(FILM, num_classes=7)),
    ),
    "a Hiera with windows, for films": (
        replace(HIERA, positions="windowed"), lambda m: inflate(m, FILM),
    ),
    "a classifier from a pre-training": (MAE, lambda m: hiera.classifier_from(m, 3)),
}  # fmt: skip


def body_of(model):
    """The name of the part with the layers."""
    return "layers" if isinstance(model, deit.DeiT) else "encoder"


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def made(request):
    config, make = request.param
    return shake(build(config)), make


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_the_type_stays_and_nothing_is_rounded_on_the_way(made, dtype):
    model, make = made
    model.to(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.rand_like(parameter) * 1e-9)  # what float32 has no bits for
    other = make(model)
    tensors = [*other.parameters(), *other.buffers()]
    assert {t.dtype for t in tensors if t.is_floating_point()} == {dtype}
    before, after = dict(model.named_parameters()), dict(other.named_parameters())
    kept = [n for n in before if n.startswith(body_of(model)) and n in after
            and "positions" not in n and before[n].shape == after[n].shape]  # fmt: skip
    assert len(kept) > 20 and all(torch.equal(before[n], after[n]) for n in kept)


def test_each_part_keeps_its_own_type(made):
    model, make = made
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.double()
    norms = [m for m in make(model).modules() if isinstance(m, nn.LayerNorm)]
    assert norms and {norm.weight.dtype for norm in norms} == {torch.float64}


def test_the_device_stays(made):
    model, make = made
    assert all(p.is_meta for p in make(model.to("meta")).parameters())


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_stays(made, training):
    model, make = made
    other = make(model.train(training))
    assert {module.training for module in other.modules()} == {training}


def test_the_mode_of_a_part_stays(made):
    model, make = made
    body = body_of(model)
    model.train().get_submodule(body).eval()
    other = make(model)
    assert other.training
    assert not any(module.training for module in other.get_submodule(body).modules())


def test_what_is_frozen_stays_frozen_and_what_is_new_is_trained(made):
    model, make = made
    body = body_of(model)
    model.get_submodule(body).requires_grad_(False)
    other = make(model)
    frozen = {name for name, p in other.named_parameters() if not p.requires_grad}
    assert frozen == {name for name, _ in other.named_parameters() if name.startswith(f"{body}.")}


def test_a_new_head_of_a_frozen_model_is_trained():
    frozen = build(HIERA).requires_grad_(False)
    film = inflate(frozen, replace(FILM, num_classes=7))
    assert [n for n, p in film.named_parameters() if p.requires_grad] == [
        "head.weight", "head.bias"
    ]  # fmt: skip
    classifier = hiera.classifier_from(build(MAE).requires_grad_(False), 3)
    trained = {name.split(".")[0] for name, p in classifier.named_parameters() if p.requires_grad}
    assert trained == {"norm", "head"}


def test_names_of_classes_stay_where_the_classes_do(made):
    model, make = made
    config = make(model).config
    known = getattr(model.config, "class_names", None)
    same = known and config.num_classes == len(known)
    assert getattr(config, "class_names", None) == (known if same else None)


def test_a_part_that_the_old_model_lacks_is_like_its_first():
    old = nn.Sequential(nn.Linear(2, 2)).double().eval()
    old.requires_grad_(False)
    new = like(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3)), old)
    assert new[1].weight.dtype == torch.float64 and new[1].weight.requires_grad
    assert not new[0].weight.requires_grad and not new[1].training
