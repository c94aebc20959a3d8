"""Attention rollout against its definition, block by block and token by token."""

from dataclasses import replace

import pytest
import torch
from shaken import shake

from perceiver_course.chapters.hierarchy.model import attention_map
from perceiver_tutorial import deit, hiera
from perceiver_tutorial.hooks import record
from perceiver_tutorial.tracing import rollout
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("no_gradients")

DEIT = deit.DeiTConfig(6, 2, depth=3, image_size=(16, 24), patch_size=8, num_classes=3)
HIERA = hiera.HieraConfig(8, 1, (1, 2, 1, 1), (64, 32), num_classes=3)
FILM = replace(hiera.video(HIERA), input_size=(4, 64, 32), num_classes=3)


def double(config):
    return shake(build(config), 1.0).eval().double()


def images(config, batch_size=2):
    return torch.randn_like(config.example_input(batch_size), dtype=torch.float64)


@pytest.mark.parametrize("config", [DEIT, replace(DEIT, distilled=False)])
def test_a_deits_rollout_is_the_product_of_its_mean_heads_and_residuals(config):
    model, given = double(config), images(config)
    with record(model, "*.attention.weights") as recorded:
        model(given)
    wanted = torch.eye(config.num_tokens, dtype=torch.float64)
    for (weights,) in recorded.values():
        wanted = (weights.mean(1) / 2 + torch.eye(config.num_tokens) / 2) @ wanted
    torch.testing.assert_close(rollout(model, given), wanted)


@pytest.mark.parametrize("config, last, first", [(HIERA, 2, 128), (FILM, 4, 256)])
def test_rows_of_a_hiera_are_shares(config, last, first):
    shares = rollout(double(config), images(config))
    assert shares.shape == (2, last, first) and (shares >= 0).all()
    torch.testing.assert_close(shares.sum(-1), torch.ones(2, last, dtype=torch.float64))


def test_where_nothing_is_pooled_a_blocks_rollout_is_half_its_attention_map():
    config = replace(HIERA, stages=(1,), mask_unit_attention=(False,), num_pools=0,
                     input_size=(12, 8))  # fmt: skip
    model, given = double(config), images(config)
    shares = rollout(model, given).unflatten(1, (3, 2))
    for row in range(3):
        for column in range(2):
            seen = attention_map(model, given, 0, (row, column)).mean(1) / 2
            seen[:, row, column] += 0.5
            torch.testing.assert_close(shares[:, row, column], seen.flatten(1))


def test_a_pooled_token_is_made_of_its_own_four_and_of_what_they_read():
    config = replace(HIERA, stages=(1, 1), mask_unit_attention=(True, True), num_pools=1,
                     input_size=(16, 8))  # fmt: skip
    model, given = double(config), images(config)
    shares = rollout(model, given).unflatten(2, (4, 2)).unflatten(1, (2, 1))
    for row in range(2):
        own = shares[:, row, 0, 2 * row : 2 * row + 2]
        torch.testing.assert_close(own.sum((1, 2)), torch.ones(2, dtype=torch.float64))
        before = attention_map(model, given, 1, (row, 0)).mean(1) / 2
        before[:, 2 * row : 2 * row + 2] += 1 / 8
        read = [
            attention_map(model, given, 0, (y, x)).mean(1) / 2 for y in range(4) for x in range(2)
        ]
        first = torch.stack([r.flatten(1) for r in read], 1) + torch.eye(8) / 2
        wanted = (before.flatten(1)[:, None] @ first)[:, 0]
        torch.testing.assert_close(shares[:, row, 0].flatten(1), wanted)
