"""Exercises about several modalities in one array, and about hiding one of them."""

import math

import torch

from .check import BugHunt, Exercise, Slip

ROWS = {"audio": 1920, "image": 50_176, "label": 1}


def _owners(asked: list[int], order: tuple[str, ...]) -> list[str]:
    ends = torch.tensor([ROWS[name] for name in order]).cumsum(0)
    return [order[int((row >= ends).sum())] for row in asked]


OWNERS = Exercise(
    task="return the name of the modality that owns each of these rows of the published input "
    "array. There are 1,920 rows of audio, 50,176 of image, 1 of label.",
    inputs=lambda: ([0, 1919, 1920, 51_000, 52_095, 52_096],),
    reference=lambda asked: _owners(asked, ("audio", "image", "label")),
    slips=(
        Slip(
            "that is the order of the post; in the code modalities are sorted by their names.",
            lambda asked: _owners(asked, ("image", "audio", "label")),
        ),
        Slip(
            "rows count from 0: the first row of the image is 1920, the label's is 52096.",
            lambda asked: _owners([max(0, row - 1) for row in asked], ("audio", "image", "label")),
        ),
        Slip("somebody else has rows, too.", lambda asked: ["image"] * len(asked)),
    ),
)


def _parts() -> tuple:
    generator = torch.Generator().manual_seed(0)
    sizes = {"image": (3, 4), "audio": (2, 5), "label": (1, 6)}
    parts = {name: torch.randn(2, *size, generator=generator) for name, size in sizes.items()}
    padding = {n: torch.randn(8 - c, generator=generator) for n, (_, c) in sizes.items()}
    return parts, padding


def _widen(part, padding):
    return torch.cat([part, padding.expand(*part.shape[:2], -1)], dim=-1)


END_TO_END = Exercise(
    task="widen each part [batch, rows, channels] to 8 channels with its own row of padding, the "
    "same for all its rows, and put all end to end in the order of their names.",
    inputs=_parts,
    reference=lambda parts, padding: torch.cat(
        [_widen(parts[name], padding[name]) for name in sorted(parts)], dim=1
    ),
    slips=(
        Slip(
            "that is the dictionary's order; sort the names.",
            lambda parts, padding: torch.cat(
                [_widen(parts[name], padding[name]) for name in parts], dim=1
            ),
        ),
        Slip(
            "the padding is not zeros: it is learned, and tells the modalities apart.",
            lambda parts, padding: torch.cat(
                [_widen(parts[name], 0 * padding[name]) for name in sorted(parts)], dim=1
            ),
        ),
        Slip(
            "what is there comes first, the padding behind it.",
            lambda parts, padding: torch.cat(
                [
                    _widen(parts[name], padding[name]).roll(len(padding[name]), -1)
                    for name in sorted(parts)
                ],
                dim=1,
            ),
        ),
    ),
)

EVEN_CHUNKS = Exercise(
    task="return the largest number of chunks that splits both the pixels and the patches of "
    "sound into equal pieces, without a rest.",
    inputs=lambda: (16 * 224 * 224, 30720 // 16),
    reference=math.gcd,
    slips=(
        Slip("so many chunks would not split the pixels evenly.", lambda _pixels, patches: patches),
        Slip(
            "these are the pixels of a chunk; how many chunks are there?",
            lambda pixels, patches: pixels // math.gcd(pixels, patches),
        ),
        Slip(
            "that splits both, but a larger number does, too.",
            lambda pixels, patches: math.gcd(pixels, patches) // 2,
        ),
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
