"""A tiny model of every kind, and what it is given."""

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from tiny import CONFIGS, raw_for
from torch import Tensor, nn

from perceiver_course.chapters.feature_maps.model import HieraSegmenterConfig
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.zoo import build

DEIT = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
HIERA = hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64), num_classes=5)
MAE = hiera.HieraMAEConfig(
    replace(HIERA, num_pools=2), decoder_channels=8, decoder_depth=1, decoder_heads=2
)
POINTS = {"image": torch.tensor([0, 5]), "audio": torch.tensor([1]), "label": torch.tensor([0])}


@cache
def model(name: str) -> nn.Module:
    """A tiny model, the same in every test."""
    others = {
        "deit": DEIT, "hiera": HIERA, "mae": MAE,
        "segmenter": HieraSegmenterConfig(HIERA, num_classes=3, channels=4, maps=(0, 1)),
        "masked deit": deit.DeiTMaskedImageConfig(DEIT),
    }  # fmt: skip
    torch.manual_seed(0)
    if name in others:
        return build(others[name]).eval()
    return perceiver.build(CONFIGS[name]).eval()


class Scores(nn.Module):
    """Classifies whatever comes by its first numbers."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.flatten(1)[:, :4].float()


def raw(name: str) -> Any:
    torch.manual_seed(1)
    return raw_for(CONFIGS[name])


def images(*size: int) -> Tensor:
    torch.manual_seed(2)
    return torch.rand(2, 3, *size)
