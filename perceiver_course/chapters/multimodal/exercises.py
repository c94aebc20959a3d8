"""Exercises about several modalities in one array, and about hiding one of them."""

import math
from itertools import accumulate

import torch

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import walked

ROWS = {"audio": 1920, "image": 50_176, "label": 1}


BY_NAME = ("audio", "image", "label")


def _owners(
    asked: list[int], *, order: tuple[str, ...] = BY_NAME, first: int = 0, summed: bool = True
) -> list[str]:
    rows = [ROWS[name] for name in order]
    ends = list(accumulate(rows)) if summed else rows
    numbers = [sum(row - first >= end for end in ends) for row in asked]
    return [order[min(number, len(order) - 1)] for number in numbers]


OWNERS = Exercise(
    task="return the name of the modality that owns each of these rows of the published input "
    "array. There are 1,920 rows of audio, 50,176 of image, 1 of label.",
    inputs=lambda draw: (
        [0, 1919, 1920, 51_000, 52_095, 52_096, *draw.randint(52_097, 3).tolist()],
    ),
    reference=_owners,
    slips=(
        Slip(
            "that is the order of the post; in the code modalities are sorted by their names.",
            {"order": ("image", "audio", "label")},
        ),
        Slip(
            "rows count from 0: the first row of the image is 1920, the label's is 52096.",
            {"first": 1},
        ),
        Slip(
            "the image ends after 1,920 + 50,176 rows: add up the rows of those before.",
            lambda asked: [
                BY_NAME[(row >= ROWS["audio"]) + (row >= ROWS["image"])] for row in asked
            ],
        ),
        Slip("somebody else has rows, too.", lambda asked: ["image"] * len(asked)),
    ),
)


def _parts(draw) -> tuple:
    rows, channels = draw.sizes(3), draw.sizes(3, low=3, high=7)
    sizes = dict(zip(("image", "audio", "label"), zip(rows, channels, strict=True), strict=True))
    batch = draw.size()
    parts = {name: draw.randn(batch, *size) for name, size in sizes.items()}
    return parts, {name: draw.randn(8 - width) for name, (_, width) in sizes.items()}


def _end_to_end(
    parts, padding, *, order=sorted, learned: float = 1.0, padding_first: bool = False
) -> torch.Tensor:
    wide = []
    for name in order(parts):
        known, further = parts[name], learned * padding[name].expand(*parts[name].shape[:2], -1)
        wide.append(torch.cat([further, known] if padding_first else [known, further], dim=-1))
    return torch.cat(wide, dim=1)


END_TO_END = Exercise(
    task="widen each part [batch, rows, channels] to 8 channels with its own row of padding, the "
    "same for all its rows, and put all end to end in the order of their names.",
    inputs=_parts,
    reference=_end_to_end,
    slips=(
        Slip("that is the dictionary's order; sort the names.", {"order": list}),
        Slip(
            "the order of the names is the alphabet's; this is its reverse.",
            {"order": lambda parts: sorted(parts, reverse=True)},
        ),
        Slip(
            "the padding is not zeros: it is learned, and tells the modalities apart.",
            {"learned": 0.0},
        ),
        Slip("what is there comes first, the padding behind it.", {"padding_first": True}),
    ),
)

EVEN_CHUNKS = Exercise(
    task="return the largest number of chunks that splits both the pixels and the patches of "
    "sound into equal pieces, without a rest.",
    inputs=lambda draw: (16 * 224 * draw.choice((224, 180, 96)), draw.choice((1920, 1440, 2400))),
    reference=math.gcd,
    slips=(
        Slip("so many chunks would not split the pixels evenly.", lambda _pixels, patches: patches),
        Slip(
            "these are the pixels of a chunk; how many chunks are there?",
            lambda pixels, patches: pixels // math.gcd(pixels, patches),
        ),
        Slip(
            "these are the patches of a chunk; how many chunks are there?",
            lambda pixels, patches: patches // math.gcd(pixels, patches),
        ),
        Slip(
            "that splits both, but a larger number does, too.",
            lambda pixels, patches: math.gcd(pixels, patches) // 2,
        ),
        Slip("a common divisor is asked for, not a common multiple.", math.lcm),
    ),
)


def _rows_and_token() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 6, 4, generator=generator), torch.randn(4, generator=generator)


def _hide(rows, token, place=-1):
    hidden = rows.clone()
    hidden[:, place] = token
    return hidden


def _hides_the_label(hide) -> bool:
    rows, token = _rows_and_token()
    other = rows.clone()
    other[:, -1] += 1
    unmoved = torch.equal(hide(rows, token), hide(other, token))
    return unmoved and torch.equal(hide(rows, token)[:, :-1], rows[:, :-1])


HIDES_THE_LABEL = BugHunt(
    task="`hide(rows, token)` puts the token in the place of the label, the last of 6 rows "
    "[2, 6, 4], and leaves all other rows as they are. Return whether it does: what may change "
    "when the label changes?",
    inputs=_rows_and_token,
    right=_hide,
    bugs=(
        lambda rows, token: torch.cat([rows[:, :-1], rows[:, -1:] + token], dim=1),
        lambda rows, token: _hide(rows, token, place=0),
        lambda rows, token: _hide(rows, token, place=slice(None)),
        lambda rows, token: _hide(_hide(rows, token), rows[:, -1], place=0),
    ),
    reference=_hides_the_label,
)


MULTIMODAL = "deepmind/multimodal-perceiver"


PREDICTIONS = {
    "multimodal.image-rows": walked(
        question="a video of T = 16 frames of H x W = 224 x 224 pixels, B = 1; squares of P x P = "
        "4 x 4 pixels are folded into channels, then places in time, height and width are "
        "appended, written with K = 32 bands. Which shape have its rows?",
        step=(MULTIMODAL, "preprocessor.parts.image"),
        slips={
            "B, T*(H//P)*(W//P), 3*P*P + 2*(2*K + 1)": "places have three axes: time is one.",
            "B, T*(H//P)*(W//P), 3*P*P": "that is what is there; where it is follows.",
            "B, (H//P)*(W//P), 3*P*P + 3*(2*K + 1)": "every frame has squares of its own.",
            "B, T*H*W, 3 + 3*(2*K + 1)": "that is one row for each pixel; squares are folded.",
        },
    ),
    "multimodal.audio-rows": walked(
        question="a sound of S = 30720 samples, B = 1, P = 16 samples in a row; places on the one "
        "axis of time are appended, written with K = 192 bands. Which shape have its rows?",
        step=(MULTIMODAL, "preprocessor.parts.audio"),
        slips={
            "B, S, 1 + 2*K + 1": "samples are folded, 16 into one row.",
            "B, S//P, P + 2*K": "the raw coordinate is a channel, too.",
            "B, S//P, 2*K + 1": "that is where it is; the samples themselves come first.",
        },
    ),
    "multimodal.input-array": walked(
        question="I = 50176 rows of image with 243 channels, S = 1920 of audio with 401, 1 of "
        "label with L = 700: the widest gets 4 learned channels more, the others as many as they "
        "need, then all follow one another. Which shape has the array, for B = 1?",
        step=(MULTIMODAL, "preprocessor"),
        slips={
            "B, I + S + 1, L": "even the widest is padded, by 4 channels.",
            "B, I + S + 1, 243 + 401 + L": "rows follow one another; channels are not joined.",
            "B, I + S, L + 4": "the label is a row, too.",
            "B, I + S + L, L + 4": "a label is one row: its 700 numbers are channels.",
        },
    ),
}
