"""What published weights answer: numbers that transformers' own tests and the model cards print.

The answers are computed by our code; only the weights and the photograph come from elsewhere.
"""

import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from perceiver_tutorial.apps.evaluation.loop import class_logits
from perceiver_tutorial.checkpoints import load, processor
from perceiver_tutorial.checkpoints.files import read_json
from perceiver_tutorial.checkpoints.hub import fetch
from perceiver_tutorial.masks import mask_of, random_units
from perceiver_tutorial.perceiver import encode_text

PERCEIVERS = tuple(f"deepmind/vision-perceiver-{kind}" for kind in ("learned", "fourier", "conv"))
LANGUAGE = "deepmind/language-perceiver"
HIERA, HIERA_MAE = "facebook/hiera-tiny-224-in1k-hf", "facebook/hiera-tiny-224-mae-hf"
DEIT, DEIT_OF_THE_CARD = (
    f"facebook/deit-{size}-distilled-patch16-224" for size in ("base", "small")
)

# Two cats on a sofa: COCO val2017, number 39769. It is fetched, not shipped.
PHOTOGRAPH = "000000039769.jpg"
ADDRESS = f"http://images.cocodataset.org/val2017/{PHOTOGRAPH}"

TEXT = "This is an incomplete sentence where some words are missing."
HIDDEN = slice(52, 61)  # " missing." after [CLS]
MASK = 3

# The upper left corner of the photograph, as Hiera takes it: colour, row, column.
CORNER = [
    [[0.2967, 0.4679, 0.4508], [0.3309, 0.4337, 0.3309], [0.3309, 0.3823, 0.3309]],
    [[-1.5455, -1.4930, -1.5455], [-1.5280, -1.4755, -1.5980], [-1.5630, -1.5280, -1.4755]],
    [[-0.6367, -0.4973, -0.5321], [-0.7936, -0.6715, -0.6715], [-0.8284, -0.7413, -0.5670]],
]


@dataclass(frozen=True)
class Example:
    """A published model, and the first numbers of its answer.

    Attributes:
        name: of the checkpoint.
        answer: called with the model, its name and the photograph.
        numbers: how the answer begins, along each of its axes.
    """

    name: str
    answer: Callable[[nn.Module, str, Any], Tensor]
    numbers: list[Any]


def scores(model: nn.Module, name: str, photograph: Image.Image) -> Tensor:
    """Of all classes."""
    return class_logits(model, processor(name)(photograph))[0]


@torch.inference_mode()
def rebuilt(model: nn.Module, name: str, photograph: Image.Image) -> Tensor:
    """Pixels of all patches, from 19 of 49 mask units that seed 2 chooses."""
    kept = random_units(1, (7, 7), 0.6, torch.Generator().manual_seed(2))
    return model(processor(name)(photograph), mask_of(kept, (7, 7)))[0]


@torch.inference_mode()
def bytes_of_a_sentence(model: nn.Module, _name: str, _photograph: None) -> Tensor:
    """Scores of all bytes, for a sentence whose last word is hidden."""
    written = encode_text([TEXT])
    written.ids[0, HIDDEN] = MASK
    return model(written.ids, written.mask)[0]


def hidden_bytes(model: nn.Module, name: str, photograph: None) -> Tensor:
    """The best byte for each hidden one."""
    return bytes_of_a_sentence(model, name, photograph)[HIDDEN].argmax(-1)


EXAMPLES = {
    "learned": Example(PERCEIVERS[0], scores, [-1.1652, -0.1992, -0.7520]),
    "fourier": Example(PERCEIVERS[1], scores, [-1.1295, -0.2832, 0.3226]),
    "conv": Example(PERCEIVERS[2], scores, [-1.1186, 0.0554, 0.0897]),
    "language": Example(LANGUAGE, bytes_of_a_sentence, [
        [-10.8609, -10.7651, -10.9187], [-12.1689, -11.9389, -12.1479],
        [-12.1518, -11.9707, -12.2073],
    ]),
    "hidden word": Example(LANGUAGE, hidden_bytes, [38, 115, 111, 121, 121, 111, 116, 109, 52]),
    "hiera": Example(HIERA, scores, [0.8028, 0.2409, -0.2254, -0.3712, -0.2848]),
    "hiera mae": Example(HIERA_MAE, rebuilt, [
        [1.6407, 1.6506, 1.6541, 1.6617, 1.6703], [1.9730, 1.9842, 1.9848, 1.9896, 1.9947],
        [1.5949, 1.8262, 1.2602, 1.4801, 1.4448], [1.2341, 1.7907, 0.8618, 1.5202, 1.4523],
        [2.0140, 1.9846, 1.9434, 1.9019, 1.8648],
    ]),
    "deit": Example(DEIT, scores, [-1.0266, 0.1912, -1.2861]),
}  # fmt: skip


def check(example: Example, photograph: Image.Image | None) -> None:
    """Fail unless the published model answers as published; skip where there are no weights.

    Args:
        example: what was published.
        photograph: `coco_photograph`; None for what is about text.
    """
    numbers = torch.tensor(example.numbers)
    answer = example.answer(model_of(example.name), example.name, photograph)
    beginning = answer[tuple(slice(length) for length in numbers.shape)]
    torch.testing.assert_close(beginning, numbers, rtol=1e-4, atol=1e-4)


@lru_cache(maxsize=1)  # one at a time: together they would fill the memory
def _loaded(name: str) -> nn.Module:
    return load(name)


def model_of(name: str) -> nn.Module:
    """The published model; without a network and without a cache, the test is skipped."""
    try:
        return _loaded(name)
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


def class_of(name: str, photograph: Image.Image) -> str:
    """What a published model sees, in the words of its own config.json."""
    best = scores(model_of(name), name, photograph).argmax().item()
    return read_json(fetch(name) / "config.json")["id2label"][str(best)]


def coco_photograph() -> Image.Image:
    """The photograph of the model cards, from the cache of the weights or from the network."""
    from huggingface_hub import constants

    file = Path(constants.HF_HOME) / "perceiver-tutorial" / PHOTOGRAPH
    if not file.is_file():
        _fetch_photograph(file)
    return Image.open(file).convert("RGB")


def _fetch_photograph(file: Path) -> None:
    try:
        if os.environ.get("HF_HUB_OFFLINE") == "1":
            raise OSError("HF_HUB_OFFLINE is 1")
        with urllib.request.urlopen(ADDRESS, timeout=20) as opened:
            content = opened.read()
    except OSError as error:
        pytest.skip(f"the COCO photograph is not here ({error}): put {ADDRESS} at {file}.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
