"""Tokens on their way: what enters, what leaves each block, and how alike two of them are."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch.nn.functional import cosine_similarity

from perceiver_tutorial import deit

pytestmark = pytest.mark.usefixtures("float64")

CONFIG = deit.DeiTConfig(24, 2, depth=3, image_size=(32, 48), num_classes=5)


@pytest.fixture
def model():
    return shake(deit.build(CONFIG))


def test_the_last_layer_normalised_is_what_the_heads_read(model):
    images = torch.randn(2, 3, 32, 48)
    layers = deit.tokens_by_layer(model, images)
    assert [tuple(tokens.shape) for tokens in layers] == [(2, 8, 24)] * 4
    assert relative_error(model.norm(layers[-1]), model.tokens(images)) < EXACT


def test_gradients_flow_back_to_the_first_layer(model):
    layers = deit.tokens_by_layer(model, torch.randn(1, 3, 32, 48))
    (gradient,) = torch.autograd.grad(layers[-1][:, 0].sum(), layers[0])
    assert gradient[:, 1].any()


def test_a_cosine_is_the_mean_over_images(model):
    images = torch.randn(4, 3, 32, 48)
    alone = torch.stack([deit.token_cosines(model, image[None]) for image in images])
    assert relative_error(deit.token_cosines(model, images), alone.mean(0)) < EXACT


def test_at_first_it_is_that_of_what_was_learned(model):
    tokens = torch.cat([model.class_token, model.distillation_token], dim=1)
    first, second = (tokens + model.positions[:, :2]).detach()[0]
    found = deit.token_cosines(model, torch.randn(2, 3, 32, 48))[0]
    assert relative_error(found, cosine_similarity(first, second, dim=0)) < EXACT


def test_a_plain_model_has_no_second_token():
    plain = deit.build(deit.DeiTConfig(24, 2, depth=1, image_size=(32, 48), distilled=False))
    with pytest.raises(ValueError, match="expected a DeiT with a distillation token, got a plain"):
        deit.token_cosines(plain, torch.randn(1, 3, 32, 48))
