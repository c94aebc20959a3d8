"""Exercises about windows: how many there are, where they land, and whether two stems agree."""

import torch
from torch.nn.functional import conv2d, max_pool2d, pad

from perceiver_tutorial.perceiver import PUBLISHED, with_fidelity
from perceiver_tutorial.perceiver.config import num_cells
from perceiver_tutorial.perceiver.preprocessors.conv_stem import same_padding

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import walked


def _axis(draw: Draw) -> tuple[int, int, int]:
    """Length, kernel and stride."""
    return draw.size(20, 60), draw.choice((3, 5, 7)), draw.choice((2, 4, 3))


WINDOWS = Exercise(
    task="return how many windows of `kernel` cells fit into `length` cells, `stride` apart, when "
    "nothing is padded.",
    inputs=_axis,
    reference=lambda length, kernel, stride: (length - kernel) // stride + 1,
    slips=(
        Slip(
            "the first window is one too.",
            lambda length, kernel, stride: (length - kernel) // stride,
        ),
        Slip(
            "the last windows would reach beyond the end: that is what SAME pads for.",
            lambda length, _kernel, stride: -(-length // stride),
        ),
        Slip(
            "windows are `kernel` cells long: the last one begins at length - kernel.",
            lambda length, _kernel, stride: length // stride,
        ),
        Slip(
            "windows stand `stride` cells apart: divide by it.",
            lambda length, kernel, _stride: length - kernel + 1,
        ),
        Slip(
            "windows stand `stride` cells apart, and the first window is one too.",
            lambda length, kernel, _stride: length - kernel,
        ),
        Slip(
            "a window that does not fit as a whole is none: round down.",
            lambda length, kernel, stride: (length - kernel) / stride + 1,
        ),
        Slip(
            "a window that does not fit as a whole is none: round down, not up.",
            lambda length, kernel, stride: -(-(length - kernel) // stride) + 1,
        ),
    ),
)

PADS = Exercise(
    task="return (before, after): the cells that SAME adds so that ceil(length / stride) windows "
    "fit; what cannot be split evenly goes after.",
    inputs=_axis,
    reference=same_padding,
    slips=(
        Slip(
            "that is (kernel - 1) / 2 on both sides, right for stride 1 only; with a larger stride "
            "the last window ends earlier.",
            lambda _length, kernel, _stride: (kernel // 2, kernel // 2),
        ),
        Slip(
            "what is left over goes after, not before.",
            lambda length, kernel, stride: same_padding(length, kernel, stride)[::-1],
        ),
        Slip(
            "that is what is added in all; split it.",
            lambda length, kernel, stride: sum(same_padding(length, kernel, stride)),
        ),
        Slip(
            "all of it stands after; half of it belongs before.",
            lambda length, kernel, stride: (0, sum(same_padding(length, kernel, stride))),
        ),
        Slip(
            "kernel - stride is added in all where the stride divides the length; split it.",
            lambda _length, kernel, stride: (kernel - stride, kernel - stride),
        ),
    ),
)

SMALLEST_IMAGE = Exercise(
    task="in transformers, n pixels become (ceil(n / 2) - 3) // 2 + 1 cells. Return the smallest n "
    "that gives this many cells.",
    inputs=lambda draw: (draw.size(5, 300),),
    reference=lambda cells: next(
        n for n in range(5, 9999) if num_cells(n, "transformers") == cells
    ),
    slips=(
        Slip("with 4 pixels for each cell, one cell is missing.", lambda cells: 4 * cells),
        Slip("it fits, but fewer pixels will do.", lambda cells: 4 * cells + 4),
        Slip("a few pixels short: put n in and count the cells.", lambda cells: 4 * cells - 1),
    ),
)


def _stem(before: tuple[int, int] = (2, 3), between: tuple[int, int] = (0, 1)):
    """Convolution, ReLU and max-pooling with these paddings (before, after)."""

    def stem(images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        convolved = conv2d(pad(images, (*before, *before)), weight, stride=2).relu()
        return max_pool2d(pad(convolved, (*between, *between)), 3, stride=2)

    return stem


def _images_and_weight() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 3, 16, 24, generator=generator)
    return images, torch.randn(5, 3, 7, 7, generator=generator)


def _is_compatible(stem) -> bool:
    images, weight = _images_and_weight()
    convolved = conv2d(pad(images, (2, 3, 2, 3)), weight, stride=2).relu()
    pooled = max_pool2d(pad(convolved, (0, 1, 0, 1)), 3, stride=2)
    return torch.allclose(stem(images, weight), pooled, atol=1e-4)


SAME_STEM = BugHunt(
    task="`stem(images, weight)` convolves (7 x 7, stride 2), cuts below 0 and max-pools (3 x 3, "
    "stride 2). Return whether it equals DeepMind's: pads (2, 3), then (0, 1), on both axes.",
    inputs=_images_and_weight,
    right=_stem(),
    bugs=(
        _stem(before=(3, 3)),
        _stem(between=(1, 0)),
        _stem(between=(1, 1)),
        lambda images, weight: _stem()(images, weight.mT),
    ),
    reference=_is_compatible,
)


CONV = "deepmind/vision-perceiver-conv"
LIKE_DEEPMIND = with_fidelity(PUBLISHED[CONV], "deepmind")


PREDICTIONS = {
    "convolution.convolved": walked(
        question="64 filters of 7 x 7, stride 2, over 3 x 224 x 224, and 3 pixels of padding on "
        "every side. Which shape comes out?",
        step=(CONV, "preprocessor.stem.0.conv"),
        slips={
            "B, C, H, W": "the stride is 2: every second place is skipped, down and across.",
            "B, C, H//2 - 3, W//2 - 3": (
                "that would be without padding: 3 pixels on every side make up for the kernel."
            ),
            "B, 3*C, H//2, W//2": "each filter sums over all three colours: one channel each.",
        },
    ),
    "convolution.input-array": walked(
        question="then a 3 x 3 max-pool with stride 2 and no padding, and places with K bands. "
        "Which shape has the input array of transformers?",
        step=(CONV, "preprocessor"),
        slips={
            "B, (H//4)*(W//4), C + 2*(2*K + 1)": (
                "so it is in DeepMind's code; without padding the last row and column of windows "
                "do not fit."
            ),
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), C": "places are appended: 258 channels.",
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), 3 + 2*(2*K + 1)": (
                "the 3 colours are gone: the 64 channels of the convolution are read instead."
            ),
        },
    ),
    "convolution.input-array-of-deepmind": walked(
        question="and that of DeepMind, who pad until every fourth pixel has its cell?",
        step=(LIKE_DEEPMIND, "preprocessor"),
        slips={
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), C + 2*(2*K + 1)": (
                "that is transformers, which pads before the convolution only."
            ),
            "B, (H//2)*(W//2), C + 2*(2*K + 1)": "the max-pool has a stride of 2 as well.",
        },
    ),
}
