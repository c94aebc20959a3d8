"""Operations and bytes against the number of inputs: who grows how, and where ways part."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from perceiver_tutorial.perceiver import EncoderConfig

from ..kit.axes import AXES
from ..kit.formulas import encoder_flops, layer_flops
from ..kit.picture import INK, Picture, box, sheet, write
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


@dataclass(frozen=True)
class Growth:
    """Something that grows with the inputs.

    Attributes:
        lines: one of `LOOKS` -> its value for every size.
        here: the same, for the size that is marked.
    """

    lines: Mapping[str, Sequence[int]]
    here: Mapping[str, int]


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


def draw_growth(
    sizes: Sequence[int],
    here: int,
    work: Growth,
    maps: Growth,
    marks: tuple[tuple[int, int], tuple[int, int]],
    title: str,
) -> Picture:
    """Two plots with equal steps for equal ratios: operations, and bytes of one attention map.

    Args:
        sizes: numbers of inputs at which the lines are known.
        here: one that is marked.
        work: operations.
        maps: bytes.
        marks: (inputs, operations) where both take as many, and (inputs, bytes) where a
            memory ends.
        title: what to notice, in one or two lines.
    """
    figure, axes = sheet(8.0, 4.15, is_upward=True)
    write(axes, 0.15, 4.05, title, 10, va="top", linespacing=1.4)
    _legend(axes, work.here)
    for plot, growth, named in ((WORK, work, "operations"), (MAPS, maps, "bytes of one map")):
        _frame(axes, plot, named)
        _lines(axes, plot, sizes, growth.lines)
        _mark_here(axes, plot, here, growth.here)
    meeting, (most, memory) = marks
    x, y = WORK.place(*meeting)
    axes.plot(x, y, marker="o", markersize=11, fillstyle="none", color=INK, linestyle="none")
    aside = -0.3 if y > WORK.low + 0.45 else 0.4
    write(axes, x + 0.1, y + aside, f"as many at {meeting[0]:,}")
    _memory(axes, most, memory)
    plain = title.replace("\n", " ")
    told = "; ".join(f"{name}, {in_words(value)}" for name, value in work.here.items())
    return Picture(figure, f"{plain} Operations with {here:,} inputs: {told}.")


def _legend(axes: Axes, here: Mapping[str, int]) -> None:
    """What the lines are, and their values where the mark is."""
    for number, (name, (kind, style, width)) in enumerate(LOOKS.items()):
        x, y = 0.15 + 3.9 * (number % 2), 3.42 - 0.2 * (number // 2)
        colour = AXES[kind].colour
        axes.plot((x, x + 0.5), (y, y), color=colour, linestyle=style, linewidth=width)
        write(axes, x + 0.58, y, f"{name}: {in_powers(here[name])}", size=9)


def _frame(axes: Axes, plot: Plot, named: str) -> None:
    low, top, right = plot.low, plot.low + plot.tall, plot.left + plot.wide
    across = [plot.place(1, value)[1] for value, _ in plot.up.marks]
    axes.hlines(across, plot.left, right, color=GRID, linewidth=0.7, zorder=0)
    for y, (_, name) in zip(across, plot.up.marks, strict=True):
        write(axes, plot.left - 0.06, y, name, ha="right")
    along = [plot.place(inputs, 1)[0] for inputs, _ in INPUT_SCALE.marks]
    axes.vlines(along, low, top, color=GRID, linewidth=0.7, zorder=0)
    for x, (_, name) in zip(along, INPUT_SCALE.marks, strict=True):
        write(axes, x, low - 0.1, name, ha="center")
    axes.plot((plot.left, plot.left, right), (top, low, low), color=INK, linewidth=0.8)
    write(axes, plot.left + plot.wide / 2, low - 0.3, "inputs (M)", ha="center", size=9)
    write(axes, plot.left - 0.5, top + 0.12, named, size=9)


def _lines(axes: Axes, plot: Plot, sizes: Sequence[int], lines: Mapping[str, Sequence]) -> None:
    for name, values in lines.items():
        kind, style, width = LOOKS[name]
        places = [plot.place(n, value) for n, value in zip(sizes, values, strict=True)]
        look = {"color": AXES[kind].colour, "linestyle": style, "linewidth": width}
        axes.plot(*zip(*places, strict=True), **look)


def _mark_here(axes: Axes, plot: Plot, here: int, values: Mapping[str, int]) -> None:
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


def _memory(axes: Axes, most: int, memory: int) -> None:
    """Where the memory ends: all above is hatched."""
    x, y = MAPS.place(most, memory)
    top, right = MAPS.low + MAPS.tall, MAPS.left + MAPS.wide
    look = {"facecolor": "none", "edgecolor": "#999999", "hatch": HATCH, "linewidth": 0}
    box(axes, MAPS.left, y, MAPS.wide, top - y, zorder=0, **look)
    axes.hlines(y, MAPS.left, right, color=INK, linewidth=1.2, linestyle="--")
    axes.plot(x, y, marker="s", markersize=6, color=INK)
    write(axes, MAPS.left + 0.08, y + 0.14, f"above {in_bytes(memory)}", ground="white")


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
    """What it costs that latents read once and think, and that all read all in every layer."""
    flops = _flops_of(num_latents, channels, depth)
    maps = _maps_of(num_latents)
    meeting = meeting_of(flops)
    memory = memory * 2**30
    most = math.isqrt(memory // NUMBER)
    here = flops(num_inputs), maps(num_inputs)
    return draw_growth(
        SIZES,
        num_inputs,
        _growth(flops, num_inputs),
        _growth(maps, num_inputs),
        ((meeting, flops(meeting)["all read all"]), (most, memory)),
        _title(num_inputs, here, meeting, (most, memory)),
    )


def _flops_of(num_latents: int, channels: int, depth: int) -> Callable[[int], dict[str, int]]:
    encoder = EncoderConfig(num_latents, channels, 1, depth, self_heads=1, cross_heads=1)

    def flops(inputs: int) -> dict[str, int]:
        few = encoder_flops(encoder, inputs, channels)
        plain = sum(layer_flops(inputs, inputs, channels, channels).values())
        both = sum(few.values())
        return {"all read all": depth * plain, "latents read, then think": both, **few}

    return flops


def _maps_of(num_latents: int) -> Callable[[int], dict[str, int]]:
    """Bytes of one attention map, if it were written down."""
    return lambda inputs: {
        "all read all": NUMBER * inputs**2,
        "reading": NUMBER * num_latents * inputs,
        "thinking": NUMBER * num_latents**2,
    }


def meeting_of(flops: Callable[[int], dict[str, int]]) -> int:
    """The smallest number of inputs with which all reading all takes more operations."""
    low, high = 0, 2**30
    while high - low > 1:
        middle = (low + high) // 2
        plain, few, *_ = flops(middle).values()
        low, high = (low, middle) if plain > few else (middle, high)
    return high


def _growth(amounts: Callable[[int], dict[str, int]], here: int) -> Growth:
    found = [amounts(size) for size in SIZES]
    return Growth({name: [one[name] for one in found] for name in found[0]}, amounts(here))


def _title(num_inputs: int, here: tuple[dict, dict], meeting: int, limit: tuple[int, int]) -> str:
    plain, few, *_ = here[0].values()
    full_map, read_map, _ = here[1].values()
    times = f"{plain / few:,.0f}" if plain >= 9.5 * few else f"{plain / few:.2g}"
    most, memory = limit
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
