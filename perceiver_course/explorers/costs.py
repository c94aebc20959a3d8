"""Operations and bytes against the number of inputs: who grows how, and where ways part."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes

from perceiver_tutorial.perceiver import EncoderConfig

from ..kit.axes import AXES
from ..kit.formulas import encoder_flops, layer_flops
from ..kit.picture import INK, Picture, box, middle, sheet, write
from .amounts import GRID, HATCH, Scale, byte_scale, in_bytes, in_powers, in_words, tens
from .explorer import Explorer
from .knobs import Steps, Whole

INPUT_SCALE = Scale(
    2**4, 2**20, ((64, "64"), (1024, "1,024"), (16384, "16,384"), (262144, "262,144")), str
)
FLOPS = tens(5, 18, 6, 9, 12, 15)
BYTES = byte_scale(9, 43, 2, 3, 4)
LOOKS = {
    "all read all": ("height", "-.", 2.0),
    "latents read, then think": ("latents", "-", 2.6),
    "reading": ("inputs", "--", 1.6),
    "thinking": ("latents", ":", 1.6),
}


Amounts = Callable[[int], dict[str, int]]  # of inputs: one of `LOOKS` -> operations or bytes


@dataclass(frozen=True)
class Plot:
    """Where a plot lies on a sheet, in inches, and what its axes mean."""

    left: float
    low: float
    wide: float
    tall: float
    up: Scale

    def place(self, inputs: int, value: int) -> tuple[float, float]:
        """Where a value belongs."""
        x = self.left + self.wide * INPUT_SCALE.share(inputs)
        return x, self.low + self.tall * self.up.share(value)


WORK = Plot(0.7, 0.52, 3.8, 2.3, FLOPS)
MAPS = Plot(5.2, 0.52, 2.65, 2.3, BYTES)
NUMBER = 4  # bytes
SIZES = tuple(2**n for n in range(4, 21))
# A photograph of 224 x 224 and two frames of the flow model stand among the powers of two.
INPUTS = tuple(sorted({*SIZES, 50_176, 182_528}))
KNOBS = {
    "num_inputs": Steps("inputs", INPUTS, 50_176),
    "num_latents": Steps("latents", tuple(2**n for n in range(4, 13)), 512),
    "channels": Steps("channels", tuple(2**n for n in range(5, 11)), 256),
    "depth": Whole("layers", 1, 48, 8),
    "memory": Steps("memory in GiB", (1, 2, 4, 8, 16, 24, 40, 80, 141), 16),
}


def draw(num_inputs: int, num_latents: int, channels: int, depth: int, memory: int) -> Picture:
    """What it costs that latents read once and think, and that all read all in every layer.

    Two plots with equal steps for equal ratios: operations, and bytes of one attention map.
    """
    flops, maps = _flops_of(num_latents, channels, depth), _maps_of(num_latents)
    figure, axes = sheet(8.0, 4.15, is_upward=True)
    for plot, amounts, named in ((WORK, flops, "operations"), (MAPS, maps, "bytes of one map")):
        _frame(axes, plot, named)
        _lines(axes, plot, amounts)
        _mark_here(axes, plot, num_inputs, amounts(num_inputs))
    work = flops(num_inputs)
    for number, (name, (kind, style, width)) in enumerate(LOOKS.items()):
        x, y = 0.15 + 3.9 * (number % 2), 3.42 - 0.2 * (number // 2)
        colour = AXES[kind].colour
        axes.plot((x, x + 0.5), (y, y), color=colour, linestyle=style, linewidth=width)
        write(axes, x + 0.58, y, f"{name}: {in_powers(work[name])}", 9)
    meeting = meeting_of(flops)
    x, y = WORK.place(meeting, flops(meeting)["all read all"])
    axes.plot(x, y, marker="o", markersize=11, fillstyle="none", color=INK, linestyle="none")
    write(axes, x + 0.1, y + (-0.3 if y > WORK.low + 0.45 else 0.4), f"as many at {meeting:,}")
    _memory(axes, memory * 2**30)
    title = _title(num_inputs, (work, maps(num_inputs)), meeting, memory * 2**30)
    write(axes, 0.15, 4.05, title, 10, va="top", linespacing=1.4)
    told = "; ".join(f"{name}, {in_words(value)}" for name, value in work.items())
    plain = title.replace("\n", " ")
    return Picture(figure, f"{plain} Operations with {num_inputs:,} inputs: {told}.")


def _frame(axes: Axes, plot: Plot, named: str) -> None:
    low, top, right = plot.low, plot.low + plot.tall, plot.left + plot.wide
    across = [plot.place(1, value)[1] for value, _ in plot.up.marks]
    axes.hlines(across, plot.left, right, color=GRID, linewidth=0.7, zorder=0)
    for y, (_, name) in zip(across, plot.up.marks, strict=True):
        write(axes, plot.left - 0.06, y, name, ha="right")
    along = [plot.place(inputs, 1)[0] for inputs, _ in INPUT_SCALE.marks]
    axes.vlines(along, low, top, color=GRID, linewidth=0.7, zorder=0)
    for x, (_, name) in zip(along, INPUT_SCALE.marks, strict=True):
        middle(axes, x, low - 0.1, name)
    axes.plot((plot.left, plot.left, right), (top, low, low), color=INK, linewidth=0.8)
    middle(axes, plot.left + plot.wide / 2, low - 0.3, "inputs (M)", 9)
    write(axes, plot.left - 0.5, top + 0.12, named, 9)


def _lines(axes: Axes, plot: Plot, amounts: Amounts) -> None:
    found = [amounts(size) for size in SIZES]
    for name in found[0]:
        kind, style, width = LOOKS[name]
        places = [plot.place(n, one[name]) for n, one in zip(SIZES, found, strict=True)]
        look = {"color": AXES[kind].colour, "linestyle": style, "linewidth": width}
        axes.plot(*zip(*places, strict=True), **look)


def _mark_here(axes: Axes, plot: Plot, here: int, values: dict[str, int]) -> None:
    """A thin line up at the size that is marked, a dot on two lines, and how far they are apart."""
    x = plot.place(here, 1)[0]
    axes.vlines(x, plot.low, plot.low + plot.tall, color=INK, linewidth=0.8)
    (_, plain), (_, few), *_ = values.items()
    heights = [plot.place(here, value)[1] for value in (plain, few)]
    for y, name in zip(heights, values, strict=False):
        look = {"markersize": 6, "markeredgecolor": INK, "color": AXES[LOOKS[name][0]].colour}
        axes.plot(x, y, marker="o", **look)
    if heights[0] - heights[1] > 0.4:
        away, align = (0.09, "left") if x < plot.left + 0.8 * plot.wide else (-0.09, "right")
        look = {"weight": "bold", "ha": align, "ground": "white"}
        write(axes, x + away, sum(heights) / 2, f"{plain / few:,.0f} times", 9, **look)


def _memory(axes: Axes, memory: int) -> None:
    """Where the memory ends: all above is hatched."""
    x, y = MAPS.place(math.isqrt(memory // NUMBER), memory)
    top, right = MAPS.low + MAPS.tall, MAPS.left + MAPS.wide
    look = {"facecolor": "none", "edgecolor": "#999999", "hatch": HATCH, "linewidth": 0}
    box(axes, MAPS.left, y, MAPS.wide, top - y, zorder=0, **look)
    axes.hlines(y, MAPS.left, right, color=INK, linewidth=1.2, linestyle="--")
    axes.plot(x, y, marker="s", markersize=6, color=INK)
    write(axes, MAPS.left + 0.08, y + 0.14, f"above {in_bytes(memory)}", ground="white")


def _flops_of(num_latents: int, channels: int, depth: int) -> Amounts:
    encoder = EncoderConfig(num_latents, channels, 1, depth, self_heads=1, cross_heads=1)

    def flops(inputs: int) -> dict[str, int]:
        few = encoder_flops(encoder, inputs, channels)
        plain = sum(layer_flops(inputs, inputs, channels, channels).values())
        both = sum(few.values())
        return {"all read all": depth * plain, "latents read, then think": both, **few}

    return flops


def _maps_of(num_latents: int) -> Amounts:
    """Bytes of one attention map, if it were written down."""
    return lambda inputs: {
        "all read all": NUMBER * inputs**2,
        "reading": NUMBER * num_latents * inputs,
        "thinking": NUMBER * num_latents**2,
    }


def meeting_of(flops: Amounts) -> int:
    """The smallest number of inputs with which all reading all takes more operations."""
    low, high = 0, 2**30
    while high - low > 1:
        middle = (low + high) // 2
        plain, few, *_ = flops(middle).values()
        low, high = (low, middle) if plain > few else (middle, high)
    return high


def _title(num_inputs: int, here: tuple[dict, dict], meeting: int, memory: int) -> str:
    plain, few, *_ = here[0].values()
    full_map, read_map, _ = here[1].values()
    times = f"{plain / few:,.0f}" if plain >= 9.5 * few else f"{plain / few:.2g}"
    most = math.isqrt(memory // NUMBER)
    return (
        f"{num_inputs:,} inputs: all reading all takes {times} times the operations of latents "
        f"(as many at {meeting:,} inputs).\n"
        f"Its map needs {in_bytes(full_map)}, that of reading {in_bytes(read_map)}; "
        f"{in_bytes(memory)} are enough for {most:,} inputs that all read all."
    )


def costs() -> Explorer:
    """Turn inputs, latents, channels, layers and memory; see who pays what, and what fits."""
    hint = (
        "Turn the inputs down until latents no longer pay. Then back up, and the layers down "
        "to 1: which of the two becomes cheaper, and by how much?"
    )
    return Explorer("What latents save", draw, KNOBS, hint)
