"""Which outputs are asked for, which answers come, and what they cost."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from torch import Tensor

from perceiver_tutorial import tracing
from perceiver_tutorial.perceiver import PerceiverIO
from perceiver_tutorial.perceiver.multimodal import pad_channels
from perceiver_tutorial.perceiver.queries import GridQueries

from ..kit.axes import AXES
from ..kit.clips import clips
from ..kit.picture import DOTS_PER_INCH, INK, Picture, box, inset, sheet, show, write
from ..kit.recipes import trained
from ..kit.recipes.clips import CLIPS
from .explorer import Explorer, Settings
from .knobs import Choice, Whole

BOLD = {"fontweight": "bold"}
# In pixels; a panel holds 16 or 32 cells in whole pixels.
WIDTH, HEIGHT, MARGIN, PANEL, TOP = 800, 478, 8, 256, 92
BAR, BARS_LEFT, BARS_WIDE = 26, 190, 480
NOTHING = {"facecolor": "#F4F4F4", "edgecolor": "#999999", "hatch": "////", "linewidth": 0,
           "zorder": -1}  # fmt: skip
PIECES = (  # takes turns, chunk by chunk
    {"color": AXES["queries"].colour, "marker": "o"},
    {"color": AXES["inputs"].colour, "marker": "s"},
)


def draw_asked(
    read: Float[Tensor, "3 height width"],
    asked: Bool[Tensor, "rows columns"],
    answers: Float[Tensor, "asked colours=3"],
    full: Float[Tensor, "rows columns colours=3"],
    chunk_size: int | None,
    costs: Mapping[str, float],
    told: tuple[str, str],
) -> Picture:
    """The places that are asked for, the answers alone, all answers, and the costs to scale.

    Args:
        read: the picture that was encoded, colours from 0 to 1.
        asked: which cells of a grid over the picture; it may be finer than the picture.
        answers: for the cells that are asked for, row by row.
        full: for all cells.
        chunk_size: queries that are answered together; None for all of them.
        costs: what -> millions of operations.
        told: two lines above, the first in bold.
    """
    figure, page = sheet(WIDTH, HEIGHT, per_inch=DOTS_PER_INCH)
    write(page, MARGIN, 18, told[0], 12, **BOLD)
    write(page, MARGIN, 42, told[1], 9)
    left, middle, right = (inset(page, _left(n), TOP, PANEL, PANEL) for n in range(3))
    _show(left, read.movedim(0, -1))
    _dot(left, asked, chunk_size, read.shape[1])
    _show(right, full)
    box(middle, 0, 0, 1, 1, transform=middle.transAxes, **NOTHING)
    _show(middle, _only(asked, answers))
    rows, columns = asked.shape
    titles = ("read once, asked at the dots", "answers to these queries",
              f"all {rows * columns:,} answers of this frame")  # fmt: skip
    for number, title in enumerate(titles):
        write(page, _left(number), TOP - 14, title, 9)
    _draw_costs(page, costs)
    listed = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
    return Picture(figure, f"{told[0]}. {told[1]} Millions of operations: {listed}.")


def _only(asked: Tensor, answers: Tensor) -> Float[Tensor, "rows columns rgba=4"]:
    """Answers where they were asked for; elsewhere one sees through."""
    shown = torch.zeros(*asked.shape, 4)
    shown[asked] = torch.cat([answers.clamp(0, 1), torch.ones(len(answers), 1)], dim=1)
    return shown


def _dot(axes: Axes, asked: Tensor, chunk_size: int | None, side: int) -> None:
    """A dot on every place, in two looks that take turns chunk by chunk."""
    y, x = asked.nonzero().numpy().T * side / len(asked)
    chunk = np.arange(len(x)) // (chunk_size or len(x)) % 2
    size = min(5.0, 96 / len(asked))
    look = {"linestyle": "", "markersize": size, "markeredgecolor": "white", "markeredgewidth": 0.4,
            "clip_on": False}  # fmt: skip
    for number, piece in enumerate(PIECES):
        axes.plot(x[chunk == number], y[chunk == number], **piece, **look)


def _draw_costs(page: Axes, costs: Mapping[str, float]) -> None:
    """Bars to one scale, each with its number behind it."""
    top = TOP + PANEL + 34
    write(page, MARGIN, top - 16, "cost, in millions of operations", 9, **BOLD)
    looks = ("latents", "queries", "queries")
    for line, ((name, cost), kind) in enumerate(zip(costs.items(), looks, strict=True)):
        wide, y = BARS_WIDE * cost / max(costs.values()), top + line * BAR
        look = {"facecolor": AXES[kind].colour, "edgecolor": INK, "linewidth": 0.6}
        box(page, BARS_LEFT, y + 3, wide, BAR - 8, hatch="////" if line == 1 else None, **look)
        write(page, BARS_LEFT - 8, y + BAR / 2, name, 9, ha="right")
        write(page, BARS_LEFT + wide + 8, y + BAR / 2, f"{cost:.2f}", 9)


def _left(number: int) -> int:
    return MARGIN + number * (PANEL + MARGIN)


def _show(axes: Axes, picture: Tensor) -> None:
    show(axes, picture.clamp(0, 1).numpy(), aspect="auto")
    axes.set_autoscale_on(False)


SIDE, CLIP = CLIPS.image.image_size[0], 49
CHUNKS = {"all at once": None, "64 at a time": 64, "32 at a time": 32}
SIZES = {
    "a box": Whole("side of the box", 1, SIDE, 7),
    "every k-th": Whole("k", 1, 8, 3),
    "rows": Whole("how many rows", 1, SIDE, 1),
    "scattered": Whole("how many", 1, SIDE**2, 40),
    "between the pixels": Whole("side of the box", 1, SIDE, 7),
}


class Encoded(NamedTuple):
    """A trained autoencoder that has read one clip.

    Attributes:
        model: answers about pixels, sound and the label.
        raw: the clip.
        latents: all that the decoder knows of it.
    """

    model: PerceiverIO
    raw: dict[str, Tensor]
    latents: Float[Tensor, "1 latents latent_channels"]


@cache
def encoded() -> Encoded:
    """Film and sound are read, once; no label."""
    model, raw = trained("clips"), clips(1, seed=CLIP).raw
    with torch.no_grad():
        return Encoded(model, raw, model.encode(raw, CLIPS.mask(["image", "audio"], batch_size=1)))


def places(ask: str, size: int, row: int, column: int) -> Bool[Tensor, "height width"]:
    """Which pixels are asked for; between the pixels, on a grid that is twice as fine.

    Args:
        ask: one of `SIZES`.
        size: what its knob says.
        row: where a box or a line begins, or the middle of what is scattered; a box that
            would leave the picture is moved back.
        column: the same.
    """
    fineness = 2 if ask == "between the pixels" else 1
    asked = torch.zeros(fineness * SIDE, fineness * SIDE, dtype=torch.bool)
    y, x = (fineness * min(start, SIDE - size) for start in (row, column))
    if ask == "every k-th":
        asked[row % size :: size, column % size :: size] = True
    elif ask == "rows":
        asked[y : y + size, column:] = True
    elif ask == "scattered":
        asked.view(-1)[_scattered(row, column)[:size]] = True
    else:
        asked[y : y + fineness * size, x : x + fineness * size] = True
    if fineness == 2:
        asked[::2, ::2] = False
    return asked


@cache
def _scattered(row: int, column: int) -> Int[Tensor, " pixels"]:
    """All pixels in a random order, those near a place rather first."""
    generator = torch.Generator().manual_seed(0)
    chance = -(-torch.rand(SIDE, SIDE, generator=generator).log()).log()
    down, across = torch.arange(SIDE)[:, None] - row, torch.arange(SIDE) - column
    return (chance - (down**2 + across**2) / 18).flatten().argsort(descending=True)


def answers(
    asked: Bool[Tensor, "height width"], frame: int, chunk_size: int | None
) -> Float[Tensor, "asked colours=3"]:
    """What the decoder says to these queries and no others, pixel after pixel."""
    model, raw, latents = encoded()
    points = frame * asked.numel() + asked.flatten().nonzero()[:, 0]
    with torch.no_grad():
        if len(asked) > SIDE:
            pieces = points.split(chunk_size or len(points))
            return torch.cat([_between(some, len(asked)) for some in pieces])
        return model.decode(latents, raw, points={"image": points}, chunk_size=chunk_size)["image"][
            0
        ]


def _between(points: Int[Tensor, " points"], side: int) -> Float[Tensor, "points colours=3"]:
    """Answers on a grid that the model was not built for: only the queries are others."""
    model, _, latents = encoded()
    pitches = CLIPS.image.positions
    grid = GridQueries(
        (CLIPS.image.num_frames, side, side), pitches.num_bands, pitches.max_resolution
    )
    rows = pad_channels(grid(latents, points), model.queries.padding["image"])
    return model.postprocessor(model.decoder({"image": rows}, latents))["image"][0]


@cache
def all_answers(side: int, frame: int) -> Float[Tensor, "{side} {side} colours=3"]:
    """Every pixel of a frame, on a grid of this side, decoded together."""
    everywhere = torch.ones(side, side, dtype=torch.bool)
    return answers(everywhere, frame, None).unflatten(0, (side, side))


def decode_flops(num_pixels: int, num_chunks: int = 1) -> int:
    """Operations of decoding pixels: each chunk projects the latents anew, queries cost the same.

    Args:
        num_pixels: queries for pixels.
        num_chunks: pieces that they are answered in.
    """
    one, two = _decoding(1), _decoding(2)
    return num_chunks * (2 * one - two) + num_pixels * (two - one)


@cache
def _decoding(num_pixels: int | None) -> int:
    """As counted, in one piece; None: all there is, sound and label as well."""
    points = None if num_pixels is None else {"image": torch.arange(num_pixels)}
    counted = tracing.cost(CLIPS, points=points)
    return counted["decoder"].flops + counted["postprocessor"].flops


@cache
def _encoding() -> int:
    return tracing.cost(CLIPS)["encoder"].flops


def _size(settings: Settings) -> Whole:
    return SIZES[settings["ask"]]


KNOBS = {
    "ask": Choice("ask for", tuple(SIZES), "a box"),
    "size": _size,
    "row": Whole("row", 0, SIDE - 1, 6),
    "column": Whole("column", 0, SIDE - 1, 4),
    "frame": Whole("frame", 0, CLIPS.image.num_frames - 1, 3),
    "chunk": Choice("answer", tuple(CHUNKS), "all at once"),
}


def draw(ask: str, size: int, row: int, column: int, frame: int, chunk: str) -> Picture:
    """Decode what is asked for, from latents that were encoded once, and compare."""
    asked = places(ask, size, row, column)
    found = answers(asked, frame, CHUNKS[chunk])
    full = all_answers(len(asked), frame)
    off = (found - full[asked]).abs().max().item()
    pieces = -(-len(found) // (CHUNKS[chunk] or len(found)))
    costs = _costs(len(found), pieces)
    told = (
        _counted(len(found), costs),
        _compared(len(asked) > SIDE, off, pieces, CHUNKS[chunk]),
    )
    return draw_asked(
        encoded().raw["image"][0, frame], asked, found, full, CHUNKS[chunk], costs, told
    )


def _costs(num_pixels: int, num_chunks: int) -> dict[str, float]:
    """What -> millions of operations."""
    return {
        "encode, once": _encoding() / 1e6,
        f"decode all {sum(CLIPS.num_outputs.values()):,} outputs": _decoding(None) / 1e6,
        "decode these": decode_flops(num_pixels, num_chunks) / 1e6,
    }


def _counted(num_pixels: int, costs: dict[str, float]) -> str:
    _, everything, these = costs.values()
    queries = "1 query" if num_pixels == 1 else f"{num_pixels} queries"
    share = f"{these / everything:.1%} of the cost of a full decode"
    return f"{queries}, {3 * num_pixels:,} numbers, {share}"


def _compared(is_between: bool, off: float, num_chunks: int, chunk_size: int | None) -> str:
    pieces = f"{num_chunks} chunks of {chunk_size} at most" if num_chunks > 1 else "1 chunk"
    new = "No such place was ever learned. " if is_between else ""
    return f"In {pieces}. {new}Among all of the frame the answers differ by {_rounded(off)}."


def _rounded(off: float) -> str:
    return "less than 0.00001" if off < 1e-5 else f"{off:.5f}"


def queries() -> Explorer:
    """Ask a trained autoencoder for some pixels, or between them, and get just those answers."""
    hint = (
        "Move the box: only its answers are computed, and the encoder rests. Then ask between "
        "the pixels, and last change the chunks: does any answer change?"
    )
    return Explorer("Output queries", draw, KNOBS, hint)
