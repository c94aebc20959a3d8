"""One photograph, three families: how each spends its tokens, layer by layer."""

from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps
from torch import Tensor

from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.hiera import HieraConfig
from perceiver_tutorial.perceiver import ImageClassifierConfig

from ...kit import samples
from ...kit.picture import Picture
from ..amounts import byte_scale, in_bytes, in_powers, in_words, tens
from ..explorer import Explorer
from ..knobs import Choice, Upload, Whole
from ..own import picture_in
from .layers import ImageConfig, Layer, layers_of
from .pictures import Divided, Reader, draw_families

SHOWN = 225  # pixels of a photograph in the picture
FINEST = 38  # cells along a side that still get lines between them
PUBLISHED_SIDE = 224
NEAR, LENS = 12, 0.42  # cells that a lens shows, and its size in parts of the photograph
EYE = (0.235, 0.4)  # its place, at the rim of an eye of the cat, to the right and down
MEASURES = {
    "tokens": tens(0, 6, 1, 3, 5),
    "operations": tens(5, 12, 6, 9, 12),
    "map bytes": byte_scale(9, 32, 1, 2, 3),
    "parameters": tens(2, 9, 4, 6, 8),
}
FIELDS = {
    "tokens": "tokens",
    "operations": "flops",
    "map bytes": "map_bytes",
    "parameters": "parameters",
}
LESSONS = {
    "tokens": "The Perceiver reads every pixel, once. Hiera pools its tokens, DeiT keeps them all.",
    "operations": "Thinking costs the Perceiver most, whatever the picture: turn its side up.",
    "map bytes": "All read all in DeiT; tokens read their mask unit in Hiera's first two stages.",
    "parameters": "Layers without a bar use weights again: 8 times the same 6 in the Perceiver.",
}
HIERAS = ("tiny", "base", "huge")
KNOBS = {
    "content": Upload("your photograph"),
    "side": Whole("picture's side", 128, 448, PUBLISHED_SIDE, 32),
    "measure": Choice("bars show", tuple(MEASURES), "tokens"),
    "pixels": Choice("Perceiver", ("fourier", "learned", "conv"), "fourier"),
    "stages": Choice("Hiera", HIERAS, "base"),
    "patches": Choice("DeiT", ("tiny", "small", "base"), "base"),
}


def draw(
    content: bytes | None, side: int, measure: str, pixels: str, stages: str, patches: str
) -> Picture:
    """The photograph as three models divide it, and what their layers spend."""
    image = _photograph(content, side)
    published = _published(pixels, stages, patches)
    readers, sums = [], []
    for name, config in published.items():
        layers, before = (layers_of(of_side(config, n)) for n in (side, PUBLISHED_SIDE))
        now, then = _sums(layers), _sums(before)
        grown = {one: now[one] / then[one] for one in MEASURES}
        sums.append((now[measure], grown[measure]))
        divided, words = _divide(of_side(config, side), image)
        readers.append(Reader(name, words, divided, _bars(layers, measure), _told(now, grown)))
    return draw_families(readers, MEASURES[measure], _title(side, measure, sums), measure)


def _published(pixels: str, stages: str, patches: str) -> dict[str, ImageConfig]:
    return {
        f"Perceiver IO, {pixels}": perceiver.PUBLISHED[f"deepmind/vision-perceiver-{pixels}"],
        f"Hiera, {stages}": hiera.PUBLISHED[f"facebook/hiera-{stages}-224-in1k-hf"],
        f"DeiT, {patches}": deit.PUBLISHED[f"facebook/deit-{patches}-distilled-patch16-224"],
    }


def of_side(config: ImageConfig, side: int) -> ImageConfig:
    """The same model for square pictures of another size."""
    field = "input_size" if isinstance(config, HieraConfig) else "image_size"
    return replace(config, **{field: (side, side)})


@cache
def _cat() -> Image.Image:
    return samples.cat()


@lru_cache(maxsize=12)
def _photograph(content: bytes | None, side: int) -> Image.Image:
    """The middle of a photograph as a square."""
    photograph = _cat() if content is None else picture_in(content)
    return ImageOps.fit(photograph, (side, side), Image.Resampling.BICUBIC)


def _sums(layers: tuple[Layer, ...]) -> dict[str, int]:
    """Of all layers together; of maps the largest, of tokens those at the beginning."""
    return {
        "tokens": max(layer.tokens for layer in layers),
        "operations": sum(layer.flops for layer in layers),
        "map bytes": max(layer.map_bytes for layer in layers),
        "parameters": sum(layer.parameters for layer in layers),
    }


def _bars(layers: tuple[Layer, ...], measure: str) -> list[tuple[str, int]]:
    return [(one.kind, getattr(one, FIELDS[measure])) for one in layers]


def _told(now: dict[str, int], grown: dict[str, float]) -> list[str]:
    """Sums in words, each with how many times as much it is as at the published size."""
    lines = {
        "operations": f"{in_powers(now['operations'])} operations",
        "map bytes": f"{in_bytes(now['map bytes'])} in the largest map",
        "parameters": f"{in_words(now['parameters'])} parameters",
    }
    return [
        words if f"{grown[one]:.2g}" == "1" else f"{words} (x {grown[one]:.2g})"
        for one, words in lines.items()
    ]


def _title(side: int, measure: str, sums: list[tuple[int, float]]) -> str:
    (few, _), (stages, _), (patches, _) = sums
    what = {"tokens": "tokens in the first layer", "map bytes": "bytes in the largest map"}
    first = (
        f"{side} x {side} pixels, {what.get(measure, measure)}: the Perceiver's are "
        f"{_times(few / stages)} Hiera's, {_times(few / patches)} DeiT's."
    )
    if side == PUBLISHED_SIDE:
        return f"{first}\n{LESSONS[measure]}"
    growth = ", ".join(f"{grown:.2g}" for _, grown in sums)
    return f"{first}\nThey are {growth} times those at {PUBLISHED_SIDE} pixels, from left to right."


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 9.5 else f"{ratio:.2g} times"


# --- how each family divides a photograph -----------------------------------------------------


def _divide(config: ImageConfig, image: Image.Image) -> tuple[Divided, str]:
    if isinstance(config, HieraConfig):
        return _by_stages(config, image)
    if isinstance(config, DeiTConfig):
        return _by_patches(config, image)
    return _by_inputs(config, image)


def _cells(image: Image.Image, cells: int, side: int = SHOWN) -> Image.Image:
    """One colour for each cell, the mean of its pixels, drawn `side` pixels wide."""
    means = image.resize((cells, cells), Image.Resampling.BOX)
    return means.resize((side, side), Image.Resampling.NEAREST)


def _mosaic(image: Image.Image) -> UInt8[Tensor, "3 side side"]:
    return torch.from_numpy(np.array(image)).movedim(-1, 0)


def _grid(cells: int, box: tuple[float, float, float, float]) -> list[tuple]:
    """Lines between cells, inside a box; none where they would hide the photograph."""
    if cells > FINEST:
        return []
    left, top, right, bottom = box
    places = [n / cells for n in range(cells + 1)]
    down = [(x, top, x, bottom) for x in places if left <= x <= right]
    across = [(left, y, right, y) for y in places if top <= y <= bottom]
    return down + across


def _frame(left: float, top: float, right: float, bottom: float) -> list[tuple]:
    return [
        (left, top, right, top),
        (right, top, right, bottom),
        (left, bottom, right, bottom),
        (left, top, left, bottom),
    ]


def _by_inputs(config: ImageClassifierConfig, image: Image.Image) -> tuple[Divided, str]:
    """Every input a cell, so small that some of them are shown through a lens."""
    cells, side = config.stem.cells(config.image_size)[0], round(LENS * SHOWN)
    left, top = (min(max(round(at * cells) - NEAR // 2, 0), cells - NEAR) for at in EYE)
    mosaic = _cells(image, cells)
    part = tuple(at * image.width / cells for at in (left, top, left + NEAR, top + NEAR))
    lens = image.resize((NEAR, NEAR), Image.Resampling.BOX, box=part)
    mosaic.paste(lens.resize((side, side), Image.Resampling.NEAREST), (SHOWN - side,) * 2)
    corner = 1 - LENS
    steps = [corner + LENS * n / NEAR for n in range(NEAR + 1)]
    lines = [(x, corner, x, 1.0) for x in steps] + [(corner, y, 1.0, y) for y in steps]
    seen = _frame(left / cells, top / cells, (left + NEAR) / cells, (top + NEAR) / cells)
    unit = "pixels" if cells == image.width else "cells"
    words = f"{cells**2:,} {unit}, {config.encoder.num_latents} latents"
    return Divided(_mosaic(mosaic), lines, seen + _frame(corner, corner, 1.0, 1.0)), words


def _by_stages(config: HieraConfig, image: Image.Image) -> tuple[Divided, str]:
    """A quarter of the photograph for each stage, as far as that divides it."""
    grids = [config.grid_after(stage, config.grid)[0] for stage in range(len(config.stages))]
    middle = -(-grids[-1] // 2) / grids[-1]
    mosaic, lines, frames, labels = Image.new("RGB", (SHOWN, SHOWN)), [], [], []
    for number, cells in enumerate(grids):
        left, top = middle * (number % 2), middle * (number // 2)
        box = (left, top, 1.0 if left else middle, 1.0 if top else middle)
        corners = tuple(round(at * SHOWN) for at in box)
        mosaic.paste(_cells(image, cells).crop(corners), corners[:2])
        lines += _grid(cells, box)
        frames += _frame(*box)
        labels.append((left, top, str(number + 1)))
    words = ", then ".join(f"{cells**2:,}" for cells in grids)
    return Divided(_mosaic(mosaic), lines, frames, labels), words


def _by_patches(config: DeiTConfig, image: Image.Image) -> tuple[Divided, str]:
    """One patch beside the other, and two tokens in front."""
    cells = config.grid[0]
    words = f"and {config.num_patches:,} patches"
    lines = _grid(cells, (0.0, 0.0, 1.0, 1.0))
    return Divided(_mosaic(_cells(image, cells)), lines, front="CD"), words


def families() -> Explorer:
    """Read one photograph with three families; see what each divides it into and spends on it."""
    hint = (
        "Predict: from 224 to 448 pixels, whose operations grow most? Turn the side up, then "
        "let the bars show operations and map bytes. C and D are DeiT's two tokens in front."
    )
    for stages in HIERAS:  # counted now, so that their knob answers at once
        layers_of(_published("fourier", stages, "base")[f"Hiera, {stages}"])
    return Explorer("One photograph, three families", draw, KNOBS, hint)
