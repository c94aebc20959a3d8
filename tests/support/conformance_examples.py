"""One of every part of the package, small, and something to feed it."""

import importlib
import pkgutil
from dataclasses import replace

import torch
from torch import nn

from perceiver_course.chapters.extending.model import ClassesAndBoxes
from perceiver_tutorial import perceiver
from perceiver_tutorial.perceiver import TINY, build, example_input
from perceiver_tutorial.perceiver.config import Conv1x1Stem, ConvPoolStem
from perceiver_tutorial.perceiver.multimodal import MultimodalPostprocessor, OneHotPreprocessor
from perceiver_tutorial.perceiver.postprocessors import (
    AudioHead,
    ClassificationHead,
    FlowHead,
    LinearHead,
    PixelHead,
    PointerHead,
    TiedHead,
)
from perceiver_tutorial.perceiver.preprocessors import (
    AudioPreprocessor,
    ConvPreprocessor,
    FlowPreprocessor,
    PixelPreprocessor,
    PointPreprocessor,
    TextPreprocessor,
    VideoPreprocessor,
)
from perceiver_tutorial.perceiver.queries import (
    GridQueries,
    InputQueries,
    LearnedQueries,
    NoQueries,
    PlaceQueries,
)
from perceiver_tutorial.perceiver.upsampling import ConvUpsample, DepthToSpace
from perceiver_tutorial.positions import FourierPositions, LearnedPositions

GENERATOR = torch.Generator().manual_seed(0)
VIDEO = TINY["deepmind/multimodal-perceiver"]


def some(*shape: int) -> torch.Tensor:
    """Random numbers, always the same."""
    return torch.randn(shape, generator=GENERATOR)


def some_bytes(*shape: int) -> torch.Tensor:
    """Random ids."""
    return torch.randint(0, 262, shape, generator=GENERATOR)


IMAGES, FRAMES, ROWS = some(2, 3, 8, 12), some(2, 4, 3, 8, 12), some(2, 6, 10)
CLIPS = {name: some(*zeros.shape) for name, zeros in example_input(VIDEO, 2).items()}
HALF_MASKED = replace(
    VIDEO,
    image=replace(VIDEO.image, mask_probability=0.5),
    audio=replace(VIDEO.audio, mask_probability=0.5),
    label=replace(VIDEO.label, mask_probability=0.5),
)

SAME, THEIRS = ConvPoolStem(5, padding="same"), ConvPoolStem(5)

PREPROCESSORS: dict[str, tuple[nn.Module, object]] = {
    "pixels": (PixelPreprocessor((8, 12)), IMAGES),
    "pixels of a video, some": (PixelPreprocessor((4, 8, 12), strides=(2, 1, 3)), FRAMES),
    "1x1 convolution": (ConvPreprocessor((8, 12), Conv1x1Stem(5, stride=2)), IMAGES),
    "convolution and pool": (ConvPreprocessor((8, 12), SAME), IMAGES),
    "convolution and pool, transformers": (ConvPreprocessor((8, 12), THEIRS), IMAGES),
    "patches": (VideoPreprocessor((8, 12), (2, 3)), IMAGES),
    "patches of a video, mapped": (VideoPreprocessor((4, 8, 12), (2, 4, 3), channels=7), FRAMES),
    "frame pairs": (FlowPreprocessor((8, 12), channels=5), some(2, 2, 27, 8, 12)),
    "sound": (AudioPreprocessor(20, 4, in_channels=2), some(2, 20, 2)),
    "label": (OneHotPreprocessor(5), some(2, 5)),
    "bytes": (TextPreprocessor(6, max_bytes=9), some_bytes(2, 9)),
    "points": (PointPreprocessor(2, num_bands=3, max_resolution=(5, 6, 7)), some(2, 9, 5)),
    "embedded points": (PointPreprocessor(4, channels=6), some(2, 9, 4)),
    "a set": (PointPreprocessor(4), some(2, 9, 4)),
    "appended positions": (PixelPreprocessor((8, 12), FourierPositions((8, 12), 3)), IMAGES),
    "learned positions, mapped": (
        PixelPreprocessor((8, 12), LearnedPositions((8, 12), 4, 6)),
        IMAGES,
    ),
    "all masked": (build(VIDEO).preprocessor, CLIPS),
    "half masked": (build(HALF_MASKED).preprocessor, CLIPS),
}

QUERIES: dict[str, tuple[nn.Module, torch.Tensor]] = {
    "learned": (LearnedQueries(4, 5), ROWS),
    "places": (PlaceQueries(9, 5), ROWS),
    "inputs": (InputQueries(10), ROWS),
    "grid": (GridQueries((3, 4), 2), ROWS),
    "none": (NoQueries(7), ROWS),
    "modalities": (build(VIDEO).queries, some(2, 6, build(VIDEO).preprocessor.num_channels)),
}

POSTPROCESSORS: dict[str, tuple[nn.Module, object]] = {
    "classes": (ClassificationHead(10, 4), ROWS[:, :1]),
    "tied bytes": (TiedHead(nn.Embedding(262, 10)), ROWS),
    "projection": (LinearHead(10, 3), ROWS),
    "pointers": (PointerHead(10), ROWS),
    "flow": (FlowHead(10, (2, 3)), ROWS),
    "image": (PixelHead(10, (2, 3)), ROWS),
    "video": (PixelHead(10, (3, 2, 1)), ROWS),
    "sound": (AudioHead(10, 4), ROWS),
    "unfolded": (DepthToSpace((2, 3), (5, 2)), ROWS),
    "convolved": (ConvUpsample(10, 3, (2, 3), (1, 2)), ROWS),
    "classes and boxes": (ClassesAndBoxes(10, 3), ROWS),
    "modalities": (
        MultimodalPostprocessor({"label": ClassificationHead(10, 4), "audio": AudioHead(10, 4)}),
        {"label": ROWS[:, :1], "audio": ROWS},
    ),
}


def classes_with(method: str) -> set[type]:
    """All modules of the package that have a method of this name."""
    found = set()
    for file in pkgutil.walk_packages(perceiver.__path__, f"{perceiver.__name__}."):
        for value in vars(importlib.import_module(file.name)).values():
            if isinstance(value, type) and issubclass(value, nn.Module) and hasattr(value, method):
                found.add(value)
    return found
