"""A twin that is sped up keeps type, device, mode and what is frozen, or says what it cannot do."""

import pytest
import torch
from shaken import shake
from tiny import CONFIGS, raw_for

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.speed import speed_up
from perceiver_tutorial.zoo import build

DEIT = deit.DeiTConfig(6, 2, depth=2, image_size=(16, 24), patch_size=8, num_classes=3)
HIERA = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (32, 64), num_classes=3)
MODELS = {
    "Perceiver": (CONFIGS["fourier images"], lambda: raw_for(CONFIGS["fourier images"])),
    "DeiT": (DEIT, lambda: torch.randn(2, 3, 16, 24)),
    "Hiera": (HIERA, lambda: torch.randn(2, 3, 32, 64)),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request):
    config, raw = request.param
    return shake(build(config)).eval(), raw()


def logits(answer):
    return getattr(answer, "logits", answer)


def test_a_twin_in_float64_answers_in_float64(model):
    plain, raw = model
    faster = speed_up(plain.double())
    assert {p.dtype for p in faster.parameters()} == {torch.float64}
    with torch.inference_mode():
        answer, wanted = logits(faster(raw.double())), logits(plain(raw.double()))
    torch.testing.assert_close(answer, wanted, rtol=1e-11, atol=1e-11)


def test_a_twin_is_in_the_same_mode_and_as_frozen(model):
    plain, _ = model
    plain.requires_grad_(False)
    faster = speed_up(plain)
    assert not any(module.training for module in faster.modules())
    assert not any(p.requires_grad for p in faster.parameters())


def test_a_twin_of_shapes_stays_on_the_meta_device(model):
    plain, _ = model
    assert all(p.is_meta for p in speed_up(plain.to("meta")).parameters())
