"""What a public function is given where its signature alone does not say enough."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import torch
from tiny import CONFIGS, raw_for
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from perceiver_course.chapters.feature_maps.model import HieraSegmenterConfig
from perceiver_course.kit import training
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.perceiver import TINY
from perceiver_tutorial.zoo import build

DEIT = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=5)
HIERA = hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64), num_classes=5)
MAE = hiera.HieraMAEConfig(
    replace(HIERA, num_pools=2), decoder_channels=8, decoder_depth=1, decoder_heads=2
)
SPOKEN = torch.tensor([[4, 110, 111, 38, 100, 101, 5], [4, 110, 38, 100, 101, 102, 5]])
MULTIMODAL = CONFIGS["multimodal"]
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


class RowScores(nn.Module):
    """One score for each row."""

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        return rows.sum(-1).masked_fill(~mask, 0.0)


def raw(name: str) -> Any:
    torch.manual_seed(1)
    return raw_for(CONFIGS[name])


def images(*size: int) -> Tensor:
    torch.manual_seed(2)
    return torch.rand(2, 3, *size)


def detected() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return {"classes": torch.randn(2, 5, 4), "boxes": torch.rand(2, 5, 4)}


def things() -> dict[str, Any]:
    return {"answer": detected(), "classes": torch.tensor([[0, -1], [2, 1]]),
            "boxes": torch.rand(2, 2, 4)}  # fmt: skip


def flowing() -> dict[str, Any]:
    frames = images(6, 8)[:, None].expand(-1, 2, -1, -1, -1).clone()
    return {"model": model("optical flow"), "frames": frames, "truth": torch.rand(2, 6, 8, 2)}


def multimodal() -> dict[str, Any]:
    mask = torch.ones(2, 12, dtype=torch.bool)
    return {"model": model("multimodal"), "raw": raw("multimodal"), "points": POINTS, "mask": mask}


def unrolling() -> dict[str, Any]:
    return {"tokens": torch.rand(2, 24, 3), "grid": (4, 6), "pools": [(2, 2)]}


GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "deit.build": lambda: {"model": DEIT},
    "deit.resized": lambda: {"model": model("deit"), "image_size": (8, 16)},
    "deit.token_cosines": lambda: {"model": model("deit"), "images": images(16, 24)},
    "deit.tokens_by_layer": lambda: {"model": model("deit"), "images": images(16, 24)},
    "inputs.look_up": lambda: {"name": "a", "published": {"a": 1}, "kind": "letter"},
    "masked_pretraining.model.borrowed_means": lambda: {"images": images(32, 64), "config": HIERA},
    "hiera.build": lambda: {"model": HIERA},
    "hiera.classifier_from": lambda: {"mae": model("mae"), "num_classes": 3},
    "hierarchy.model.attention_map": lambda: {
        "model": model("hiera"), "images": images(32, 64), "block": 0, "place": (1, 2)
    },
    "feature_maps.model.inflate": lambda: {"model": model("hiera"), "config": hiera.video(HIERA)},
    "hiera.join_units": lambda: {"tokens": torch.rand(2, 6, 2, 2, 3), "units": (2, 3)},
    "hiera.pool": lambda: {"tokens": torch.rand(2, 8, 3), "size": 4},
    "hiera.reroll": unrolling,
    "hiera.reroll_units": lambda: {"tokens": torch.rand(2, 24, 3), "pools": [(2, 2)]},
    "hiera.tube_units": lambda: {"units": (2, 3, 4)},
    "hiera.unroll": unrolling,
    "hiera.video": lambda: {"config": HIERA},
    "hiera.xavier": lambda: {"model": nn.Linear(2, 3)},
    "initialisation.initialise": lambda: {"model": nn.Linear(2, 3)},
    "initial.spread_tables": lambda: {"model": nn.Embedding(2, 3)},
    "masks.tube_units": lambda: {"units": (2, 3, 4)},
    "masks.check_keep": lambda: {
        "mask": torch.ones(2, 6, dtype=torch.bool), "units": (2, 3), "batch_size": 2
    },
    "masks.keep_of": lambda: {"kept": torch.tensor([[0, 2], [1, 3]])},
    "perceiver.build": lambda: {"model": CONFIGS["fourier images"]},
    "perceiver.characters": lambda: {"ids": SPOKEN[0]},
    "perceiver.decode_text": lambda: {"ids": SPOKEN[0]},
    "perceiver.disagreements": lambda: {"config": TINY["deepmind/language-perceiver"]},
    "perceiver.encode_text": lambda: {"texts": ["né", "hi"], "length": 9},
    "perceiver.even_contrast": lambda: {"photographs": images(12, 14)},
    "perceiver.example_input": lambda: {"config": CONFIGS["fourier images"]},
    "perceiver.flow_in_pixels": lambda: {k: v for k, v in flowing().items() if k != "truth"},
    "entities.model.point": lambda: {"model": RowScores()},
    "perceiver.predict_flow": lambda: {
        "model": model("optical flow"), "earlier": images(9, 10), "later": images(9, 10) ** 2
    },
    "perceiver.resized": lambda: {"model": model("fourier images"), "image_size": (6, 8)},
    "perceiver.with_fidelity": lambda: {"config": TINY["deepmind/language-perceiver"]},
    "extending.model.detection_loss": things,
    "perceiver.losses.flow_loss": flowing,
    "perceiver.losses.hide_bytes": lambda: {"ids": SPOKEN},
    "perceiver.losses.hide_words": lambda: {"ids": SPOKEN},
    "perceiver.losses.masked_language_loss": lambda: {
        "model": model("masked language"), "ids": SPOKEN, "hidden": SPOKEN == 110
    },
    "extending.model.matching_costs": things,
    "perceiver.losses.multimodal_errors": multimodal,
    "perceiver.losses.multimodal_loss": lambda: {
        **multimodal(), "weights": {"image": 1.0, "audio": 0.5, "label": 0.1}
    },
    "perceiver.losses.number_words": lambda: {"ids": SPOKEN},
    "extending.model.hungarian_match": things,
    "perceiver.losses.random_points": lambda: {
        "num_outputs": {"image": 9, "label": 1}, "counts": {"image": 2}
    },
    "perceiver.losses.robust_flow_loss": flowing,
    "perceiver.losses.targets_at": lambda: {
        "raw": raw("multimodal"), "points": POINTS, "samples_per_patch": 4
    },
    "positions.fourier_features": lambda: {"positions": torch.rand(2, 5, 2)},
    "positions.resize_positions": lambda: {
        "table": torch.rand(6, 4), "index_dims": (2, 3), "new_index_dims": (4, 3)
    },
    "recipes.text_masked.fitting_words": lambda: {"sentence": "the ___ sleeps"},
    "motion.moving_pairs": lambda: {"photographs": images(40, 44), "num_pairs": 2},
    "scramble.reorder_pixels": lambda: {"order": torch.arange(48).flip(0)},
    "hooks.record": lambda: {"model": model("fourier images")},
    "training.accuracy": lambda: {"model": Scores()},
    "augment.binary_loss": lambda: {"labels": one_hot(torch.tensor([0, 3]), 4).float()},
    "training.fit": lambda: {
        "model": nn.Linear(3, 4), "loss": lambda m, x, y: cross_entropy(m(x), y), "steps": 2,
        "source": training.batches(torch.rand(5, 3), torch.arange(5) % 4, batch_size=2),
    },
    "feature_maps.model.mean_overlap": lambda: {"model": nn.Conv2d(3, 4, 1)},
    "distillation.model.moving_average": lambda: {"model": nn.Linear(2, 3), "decay": 0.9},
    "training.repeated": lambda: {"source": iter([(torch.arange(2),)]), "times": 2},
}  # fmt: skip


def given(name: str) -> dict[str, Any]:
    """What a function is given, the same every time."""
    torch.manual_seed(4)
    return GIVEN.get(name, dict)()
