"""Every field of every configuration as it should not be: a model that works, or a sentence.

Nothing is allocated: models are built, and fed, on the meta device.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import pytest
import torch
from calls import DEIT, HIERA, MAE
from oracle import Noted, Refused, outcome
from publics import publics
from strategies import change
from tiny import CONFIGS

from perceiver_course.chapters.extending.model import AudioClassifierConfig, DetectionConfig
from perceiver_course.chapters.feature_maps.model import HieraSegmenterConfig
from perceiver_tutorial import deit, perceiver
from perceiver_tutorial.perceiver.tiny import ENCODER, IMAGES
from perceiver_tutorial.zoo import build

KNOWN: dict[str, Any] = {
    **CONFIGS,
    "deit": DEIT,
    "hiera": HIERA,
    "mae": MAE,
    "segmenter": HieraSegmenterConfig(HIERA, num_classes=3, channels=4, maps=(0, 1)),
    "masked deit": deit.DeiTMaskedImageConfig(DEIT),
    "points": perceiver.PointCloudConfig(ENCODER, perceiver.FourierConfig(3, (4, 4, 4)), 9),
    "sounds": AudioClassifierConfig(ENCODER, perceiver.FourierConfig(3, (8,)), 32, 4),
    "things": DetectionConfig(
        ENCODER, IMAGES.stem, IMAGES.positions, num_queries=3, image_size=(8, 10), num_classes=2
    ),
}
WRONG_TYPES = ("words", object(), b"3", {}, 2 + 1j)
WRONG_VALUES = (0, -1, 2.5, float("nan"), None, (), (0, 0), (-1, 2), (7,), (2, "x"), True)
LEFT_OUT = {"AudioConfig", "VideoConfig", "LabelConfig"}  # inside "multimodal", and so tried there
pytestmark = pytest.mark.usefixtures("without_shape_checks")


def fields_of(config: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where the fields of a configuration are, those of its parts too."""
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            yield from fields_of(value, (*path, field.name))
        yield (*path, field.name)


def works(config: Any, path: tuple, odd: Any) -> Any:
    with torch.device("meta"):
        spoilt = change(config, path, lambda _: odd)
        model = build(spoilt).eval()
        return model(spoilt.example_input(2))


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_works(name):
    assert outcome(lambda: works(KNOWN[name], (), KNOWN[name])) not in (Refused, Noted)


@pytest.mark.parametrize("name", KNOWN)
def test_a_field_of_another_type_is_refused_at_once(name):
    for path in fields_of(KNOWN[name]):
        for odd in WRONG_TYPES:
            said = outcome(partial(change, KNOWN[name], path, lambda _, odd=odd: odd), path[-1])
            assert said is Refused, (path, odd)


@pytest.mark.parametrize("name", KNOWN)
def test_a_number_is_not_as_it_should_be(name):
    for path in fields_of(KNOWN[name]):
        for odd in WRONG_VALUES:
            # Older sentences name the number as it stands in the call: "qk_channels=10 does not".
            said = outcome(partial(works, KNOWN[name], path, odd), " ", ".")
            assert said is not Noted, (path, odd)


def test_every_public_configuration_is_tried():
    configs = {
        value.__name__
        for value in publics().values()
        if isinstance(value, type) and is_dataclass(value) and hasattr(value, "example_input")
    }
    assert configs <= {type(config).__name__ for config in KNOWN.values()} | LEFT_OUT | {
        "ConvNetConfig"
    }
