"""The multimodal autoencoder, ours and transformers': published without weights, or tiny."""

from collections.abc import Callable
from functools import cache
from typing import Any
from unittest.mock import patch

import measured
import theirs
import torch
from measured import gflop
from shaken import shake
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import PerceiverConfig
from transformers.models.perceiver import modeling_perceiver as modeling

from perceiver_tutorial.perceiver import PUBLISHED, TINY, build, example_input
from perceiver_tutorial.tracing import Walk, walk

CONFIG = PUBLISHED[measured.MULTIMODAL]
SMALL = TINY[measured.MULTIMODAL]
CHUNKS = 128
PIXELS = CONFIG.num_outputs["image"] // CHUNKS
PATCHES = CONFIG.num_outputs["audio"] // CHUNKS
FIRST_CHUNK = {
    "image": torch.arange(PIXELS),
    "audio": torch.arange(PATCHES),
    "label": torch.arange(1),
}


@cache
def ours() -> Walk:
    """Every shape on the way of our published model, for the first of its chunks."""
    return walk(measured.MULTIMODAL, points=FIRST_CHUNK, depth=None)


def run_theirs() -> None:
    """Run transformers' published model, without weights, for the same chunk."""
    model = theirs.published(theirs.MULTIMODAL).requires_grad_(False)
    points = {**FIRST_CHUNK, "label": None}
    # It asks a mask that is not there for its numbers; on the meta device there are none.
    no_mask = patch.object(modeling, "create_bidirectional_mask", lambda **_: None)
    with torch.device("meta"), no_mask:
        model(example_input(CONFIG), subsampled_output_points=points)


@cache
def their_shapes() -> dict[str, tuple[int, ...]]:
    """Every shape on the way of transformers' published model, for the same chunk."""
    return shapes_of(theirs.published(theirs.MULTIMODAL), run_theirs)


@cache
def their_gflop() -> dict[str, float]:
    """What each of its parts takes for this chunk, counted by torch."""
    with FlopCounterMode(display=False) as counter:
        run_theirs()
    return {n: gflop(sum(c.values())) for n, c in counter.get_flop_counts().items()}


@cache
def theirs_with_weights() -> nn.Module:
    """The published model of transformers with random weights, to look into single rows."""
    return theirs.MULTIMODAL(PerceiverConfig(**theirs.PUBLISHED[theirs.MULTIMODAL])).perceiver


def agreed(step: str, module: str) -> tuple[int, ...]:
    """The shape behind a step of ours, which must be the one behind their module."""
    shape = ours()[step].shape
    assert shape == their_shapes()[f"perceiver.{module}"], f"{step} is not {module}"
    return shape


def small() -> nn.Module:
    """A tiny one of ours, every weight another."""
    return shake(build(SMALL))


def small_raw() -> dict[str, Tensor]:
    """Two clips for it."""
    return {name: torch.randn_like(zeros) for name, zeros in example_input(SMALL, 2).items()}


def shapes_of(model: nn.Module, run: Callable[[], Any]) -> dict[str, tuple[int, ...]]:
    """What each module answers, by its name, while `run` runs."""
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, answer: Any) -> None:
        if name not in shapes and answer is not None:
            shapes[name] = first_shape(answer)

    handles = [
        module.register_forward_hook(lambda _module, _args, answer, name=name: note(name, answer))
        for name, module in model.named_modules()
    ]
    run()
    for handle in handles:
        handle.remove()
    return shapes


def first_shape(answer: Any) -> tuple[int, ...]:
    """The shape of the first tensor in whatever a module answers."""
    while not isinstance(answer, Tensor):
        answer = next(iter(answer.values() if isinstance(answer, dict) else answer))
    return tuple(answer.shape)
