"""Exercises about writing places: pitches, disguises, two axes, looking at one place."""

import torch
from torch import Tensor

from perceiver_tutorial.positions import axis_coordinates, fourier_features

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import walked

PITCHES = Exercise(
    task="return the pitches of `bands` bands for an axis of `cells` cells, as a tensor: evenly "
    "spaced, from 1 to the highest that the cells can show.",
    inputs=lambda: (6, 40),
    reference=lambda bands, cells: torch.linspace(1, cells / 2, bands),
    slips=(
        Slip(
            "two cells are needed for one up and down: the highest is half the cells.",
            lambda bands, cells: torch.linspace(1, cells, bands),
        ),
        Slip(
            "a pitch of 0 is a constant and says nothing of the place: start at 1.",
            lambda bands, cells: torch.linspace(0, cells / 2, bands),
        ),
        Slip(
            "doubling each time is how others space them; here the steps are equal.",
            lambda bands, _cells: 2.0 ** torch.arange(bands),
        ),
        Slip(
            "evenly spaced up to half the cells, however many bands there are.",
            lambda bands, _cells: torch.arange(1.0, bands + 1),
        ),
    ),
)

DISGUISE = Exercise(
    task="n cells stand from -1 to 1, both ends included. A wave of pitch f, too high for them, "
    "looks at the cells like a slower one (or its negative). Return the slower pitch.",
    inputs=lambda draw: (draw.choice((20, 33, 50)), draw.choice((17, 18, 19))),
    reference=lambda cells, pitch: cells - 1 - pitch,
    slips=(
        Slip(
            "that is so where n steps fill the axis (half-open); here n cells make n - 1 steps.",
            lambda cells, pitch: cells - pitch,
        ),
        Slip(
            "the fold is at half the steps, and the pitch is mirrored there, not shifted down.",
            lambda cells, pitch: pitch - cells // 2,
        ),
    ),
)


def _places() -> Tensor:
    return torch.tensor([[-1.0, 0.25], [0.5, -0.5], [0.1, 0.9]])


def _place_code(places: Tensor) -> Tensor:
    return fourier_features(places, 3, (8, 12))


PLACE_IN_2D = Exercise(
    task="return the code of places [3, 2], given as (y, x): "
    "[y, x | sin y | sin x | cos y | cos x] with pitches 1, 2.5, 4 for y and 1, 3.5, 6 for x; "
    "sin(pi f y), and so on.",
    inputs=lambda: (_places(),),
    reference=_place_code,
    slips=(
        Slip(
            "first the sines of both axes, then the cosines of both; here each axis has its own.",
            lambda p: _place_code(p)[:, [0, 1, 2, 3, 4, 8, 9, 10, 5, 6, 7, 11, 12, 13]],
        ),
        Slip(
            "one code after the other; the published order is raw, all sines, all cosines.",
            lambda p: _place_code(p)[:, [0, 2, 3, 4, 8, 9, 10, 1, 5, 6, 7, 11, 12, 13]],
        ),
        Slip(
            "x has more cells than y, so its pitches go higher.",
            lambda p: fourier_features(p, 3, (8, 8)),
        ),
        Slip("rows come first: y, then x.", lambda p: fourier_features(p.flip(-1), 3, (12, 8))),
    ),
)

LOOK_AT = Exercise(
    task="a code is [sin(pi f x) for each f, cos(pi f x) for each f]. Return the weights "
    "[2 * bands] with which code @ weights is the sum of cos(pi f (x - place)): highest "
    "where x is `place`.",
    inputs=lambda: (torch.tensor([1.0, 2.0, 3.5, 5.0]), 0.3),
    reference=lambda pitches, place: torch.cat(
        [(torch.pi * pitches * place).sin(), (torch.pi * pitches * place).cos()]
    ),
    slips=(
        Slip(
            "cos(a - b) = cos a cos b + sin a sin b: sines meet sines, cosines meet cosines.",
            lambda pitches, place: torch.cat(
                [(torch.pi * pitches * place).cos(), (torch.pi * pitches * place).sin()]
            ),
        ),
        Slip(
            "with that sign it looks at -place.",
            lambda pitches, place: torch.cat(
                [-(torch.pi * pitches * place).sin(), (torch.pi * pitches * place).cos()]
            ),
        ),
        Slip(
            "pi is missing inside the sines and cosines.",
            lambda pitches, place: torch.cat([(pitches * place).sin(), (pitches * place).cos()]),
        ),
    ),
)


def _code(coordinates: Tensor, cells: int = 8) -> Tensor:
    return fourier_features(coordinates[:, None], 4, (cells,))


def _keeps_codes(code) -> bool:
    return torch.allclose(code(15)[::2], code(8), atol=1e-5)


KEEPS_CODES = BugHunt(
    task="`code(cells)` returns [cells, 9]: how the places of an axis are written for weights that "
    "learned with 8 cells. 15 cells hold those 8 places and one between each two. Return whether a "
    "place keeps its code.",
    inputs=lambda: (8,),
    right=lambda cells: _code(axis_coordinates(cells)),
    bugs=(
        lambda cells: _code(axis_coordinates(cells), cells),
        lambda cells: _code(axis_coordinates(cells, "half-open")),
        lambda cells: _code(2 * torch.arange(cells) / 7 - 1),
        lambda cells: _code(axis_coordinates(cells) * (1 - 1 / cells)),
    ),
    reference=_keeps_codes,
)


MULTIMODAL = "deepmind/multimodal-perceiver"


PREDICTIONS = {
    "positions.photograph": walked(
        question="224 x 224 pixels, K = 64 bands on each axis. Which shape have the places?",
        step=("deepmind/vision-perceiver-fourier", "preprocessor.positions"),
        slips={
            "H*W, 2*2*K": "256 are sines and cosines; the raw y and x are channels as well.",
            "H*W, 2*2*K + 1": "there is one raw coordinate for each axis: two.",
            "H*W, 2*K + 1": "that is one axis; a pixel has a y and an x.",
            "H*W, 2*(K + 1)": "each band is a pitch, and has a sine and a cosine.",
            "H*W, (2*K + 1)**2": "axes are written side by side, not multiplied.",
            "H + W, 2*(2*K + 1)": "every pixel has a row of its own, not every row and column.",
        },
    ),
    "positions.sound": walked(
        question="S = 30,720 samples of sound, 16 of them in each input, K = 192 bands.",
        step=(MULTIMODAL, "preprocessor.parts.audio.positions"),
        slips={
            "S, 2*K + 1": "16 samples together are one input, and have one place.",
            "S//16, 2*K": "the raw time is a channel, too.",
            "S//16, 2*(2*K + 1)": "sound has one axis, time.",
            "S//16, K + 1": "each band has a sine and a cosine.",
        },
    ),
    "positions.video": walked(
        question="T = 16 frames of H x W = 224 x 224, in patches of 4 x 4 pixels, K = 32 bands.",
        step=(MULTIMODAL, "preprocessor.parts.image.positions"),
        slips={
            "T*(H//4)*(W//4), 2*(2*K + 1)": (
                "so says the post, 2D; but time is an axis like the others."
            ),
            "T*(H//4)*(W//4), 3*(2*2*K + 1)": (
                "those are the 387 of the paper's appendix, with 64 bands; 32 were released."
            ),
            "T*(H//4)*(W//4), 3*2*K + 1": "there is one raw coordinate for each axis: three.",
            "T*(H//4)*(W//4), 3*2*K": "the raw coordinates are channels, too.",
            "T*H*W, 3*(2*K + 1)": "a patch of 4 x 4 pixels is one input, and has one place.",
        },
    ),
}
