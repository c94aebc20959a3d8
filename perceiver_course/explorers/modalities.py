"""All arrays of a machine for several modalities: one to scale, and all of them in bytes."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import lru_cache

import torch
from matplotlib.axes import Axes

from perceiver_tutorial.perceiver import PUBLISHED, MultimodalConfig, PerceiverIO
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.multimodal import (
    MultimodalDecoder,
    MultimodalPostprocessor,
    MultimodalPreprocessor,
    MultimodalQueries,
)
from perceiver_tutorial.tracing import Cost, Walk, cost, walk
from perceiver_tutorial.zoo import build

from ..kit.axes import PARTS
from ..kit.formulas import layer_flops
from ..kit.picture import INK, Picture, box, sheet, write
from .amounts import Bar, byte_scale, draw_bar_table, in_bytes, in_words, tens
from .explorer import Explorer
from .knobs import Choice, Several, Whole

WIDE, TALL = 8.0, 4.95
LEFT, ACROSS = 0.15, 7.7
WIDEST = 1160  # channels across the drawing, so that a narrower array is seen to be narrower
# Dots tell where from what in grey as well.
LOOKS = {
    part: {"hatch": "..", **look} if part == "where it is" else look for part, look in PARTS.items()
}
OUTLINE = {"edgecolor": INK, "linewidth": 0.7}
BYTES = byte_scale(6, 42, 2, 3, 4)
FLOPS = tens(5, 17, 6, 9, 12, 15)


def draw_arrays(
    rows: Mapping[str, int],
    widths: Mapping[str, tuple[int, int, int]],
    title: str,
    held: tuple[Sequence[Bar], int],
    spent: Sequence[Bar],
) -> Picture:
    """An array of several modalities, and below it what all arrays hold and all steps cost.

    Channels are to scale, the same in every drawing. Rows are not: a band is taller for more.

    Args:
        rows: modality -> its rows of the array, in the array's order.
        widths: modality -> channels of what is there, of where it is, and of padding.
        title: what to notice, in one or two lines; without any rows, all there is.
        held: bytes of every array, and the bytes of a memory, which are marked.
        spent: operations of every step.
    """
    figure, axes = sheet(WIDE, TALL, is_upward=True)
    write(axes, LEFT, TALL - 0.1, title, 10, va="top", linespacing=1.4)
    plain = title.replace("\n", " ")
    if not rows:
        return Picture(figure, plain)
    _legend(axes, TALL - 0.72)
    told = _bands(axes, TALL - 0.92, rows, widths)
    (bars, memory), top = held, 2.1
    low = draw_bar_table(axes, bars, BYTES, top, (2.32, 3.62, 3.68))
    x = 2.39 + 1.23 * BYTES.share(memory)
    axes.vlines(x, low, top, color=INK, linewidth=1.4, linestyle="--")
    write(axes, 2.39, top + 0.1, f"bytes; dashed: a memory of {in_bytes(memory)}", size=9)
    draw_bar_table(axes, spent, FLOPS, top, (5.5, 6.85, 6.93), step=0.3)
    write(axes, 5.57, top + 0.1, "operations", size=9)
    listed = "; ".join(f"{bar.name}, {in_bytes(bar.amount)}" for bar in bars)
    costs = "; ".join(f"{bar.name}, {in_words(bar.amount)}" for bar in spent)
    return Picture(figure, f"{plain} {told}. Bytes: {listed}. Operations: {costs}.")


def _legend(axes: Axes, y: float) -> None:
    for number, (part, look) in enumerate(LOOKS.items()):
        x = LEFT + 1.4 * number
        box(axes, x, y - 0.06, 0.22, 0.12, **OUTLINE | look)
        write(axes, x + 0.29, y, part)


def _bands(axes: Axes, top: float, rows: Mapping[str, int], widths: Mapping[str, tuple]) -> str:
    """One band for each modality, from top to bottom, under a line that says what it is."""
    told = []
    for name, count in rows.items():
        tall = 0.1 + 0.06 * math.log10(count)
        parts = [f"{n} {part}" for n, part in zip(widths[name], PARTS, strict=True) if n]
        named = f"{name}, {count:,} row{'s' * (count > 1)}"
        told.append(f"{named}: {' + '.join(parts)}")
        short = " + ".join(str(n) for n in widths[name] if n)
        write(axes, LEFT, top - 0.1, f"{named}: {short} channels", size=9)
        left, inch = LEFT, ACROSS / WIDEST
        for width, look in zip(widths[name], LOOKS.values(), strict=True):
            box(axes, left, top - 0.21 - tall, width * inch, tall, **OUTLINE | look)
            left += width * inch
        top -= tall + 0.31
    return "; ".join(told)


NUMBER = 4  # bytes
OWN_WAY = "preprocessor.parts.*"
Size = tuple[int, int]


def machine(config: MultimodalConfig, names: Collection[str]) -> PerceiverIO:
    """A model that has some of the modalities only, without weights or memory.

    Raises:
        ValueError: if it has none.
    """
    if not names:
        known = ", ".join(config.input_rows)
        raise ValueError(f"expected at least one modality, got none. Choose of {known}.")
    with torch.device("meta"):
        whole = build(config)
        ins, asks, outs = (
            {name: part.parts[name] for name in sorted(names)}
            for part in (whole.preprocessor, whole.queries, whole.postprocessor)
        )
        preprocessor = MultimodalPreprocessor(ins, config.input_padding, {})
        queries = MultimodalQueries(asks, config.query_padding)
        decoder = MultimodalDecoder(
            config.decoder,
            queries.num_channels,
            config.encoder.latent_channels,
            output_channels=config.output_channels,
        )
        encoder = PerceiverEncoder(config.encoder, preprocessor.num_channels)
        parts = preprocessor, encoder, queries, decoder
        return PerceiverIO(*parts, MultimodalPostprocessor(outs)).eval()


@dataclass(frozen=True)
class Measured:
    """Arrays, operations and parameters of an autoencoder, as they are walked and counted.

    Attributes:
        config: sizes.
        chunks: how many parts its answer is decoded in. The label is asked for in each.
        walked: one chunk on its way, three levels deep.
        spent: what that took.
    """

    config: MultimodalConfig
    chunks: int
    walked: Walk
    spent: Cost

    @property
    def rows(self) -> dict[str, int]:
        """Modality -> its rows of the input array, in the array's order."""
        ways = (
            step
            for step in self.walked.steps
            if fnmatch(step.name, OWN_WAY) and step.name.count(".") == 2
        )
        return {step.name.split(".")[-1]: step.shape[1] for step in ways}

    @property
    def widths(self) -> dict[str, tuple[int, int, int]]:
        """Modality -> channels of what is there, of where it is, and of padding."""
        (_, channels), found = self.arrays["input array"], {}
        steps = {step.name: step for step in self.walked.steps}
        for name in self.rows:
            way = OWN_WAY.replace("*", name)
            own, places = steps[way].shape[-1], steps.get(f"{way}.positions")
            where = places.shape[-1] if places else 0
            found[name] = own - where, where, channels - own
        return found

    @property
    def arrays(self) -> dict[str, Size]:
        """Rows and columns of every array, one chunk of questions at a time."""
        steps = {
            "input array": "preprocessor",
            "latents": "encoder",
            "queries": "decoder.cross",
        }
        arrays = {name: self.walked[step].shape[1:] for name, step in steps.items()}
        answers = [output.sizes for output in self.walked["decoder"].outputs]
        arrays["output array"] = (sum(rows for _, rows, _ in answers), answers[0][-1])
        inputs, latents, asked = (arrays[name][0] for name in ("input array", "latents", "queries"))
        return arrays | {
            "map of reading": (latents, inputs),
            "map of thinking": (latents, latents),
            "map of answering": (asked, latents),
            "map if all read all": (inputs, inputs),
        }

    @property
    def array_bytes(self) -> dict[str, int]:
        """Bytes of every array, as 32-bit numbers; of a map, for all heads."""
        encoder, decoder = self.config.encoder, self.config.decoder
        heads = {
            "map of reading": encoder.cross_heads,
            "map of thinking": encoder.self_heads,
            "map of answering": decoder.num_heads,
        }
        return {
            name: NUMBER * heads.get(name, 1) * rows * columns
            for name, (rows, columns) in self.arrays.items()
        }

    @property
    def flops(self) -> dict[str, int]:
        """Floating point operations of a whole pass, and of the same if all inputs read all."""
        encoder, (inputs, channels) = self.config.encoder, self.arrays["input array"]
        plain = sum(layer_flops(inputs, inputs, channels, channels).values())
        answering = self.spent["decoder"].flops + self.spent["postprocessor"].flops
        return {
            "reading": self.spent["encoder.cross.0"].flops,
            "thinking": self.spent["encoder.blocks.0.0"].flops,
            "answering": self.chunks * answering,
            "all read all": encoder.num_blocks * encoder.layers_per_block * plain,
        }


@lru_cache(maxsize=32)
def measure(config: MultimodalConfig, names: Collection[str], chunks: int = 1) -> Measured:
    """Walk through a machine for some modalities, and count what it takes."""
    model, raw = machine(config, names), config.example_input()
    raw = {name: raw[name].to("meta") for name in names}
    asked = {name: math.ceil(config.num_outputs[name] / chunks) for name in names}
    points = {name: torch.arange(count) for name, count in asked.items()}
    walked = walk(model, raw, points=points, depth=3)
    return Measured(config, chunks, walked, cost(model, raw, points=points))


CONFIG = PUBLISHED["deepmind/multimodal-perceiver"]
MEMORY = 16 * 2**30
NOTHING = "No modality is chosen: there is no array, and nothing to read. Tick at least one."
KNOBS = {
    "modalities": Several("modalities", ("audio", "image", "label"), ("audio", "image", "label")),
    "patch_size": Choice("pixels of a patch's side", (2, 4, 8, 16), 4),
    "num_bands": Whole("bands of the image", 1, 64, 32),
    "num_latents": Whole("latents", 16, 2048, 784, 16),
    "chunks": Choice("chunks of the answer", (1, 16, 128), 128),
}
KINDS = {
    "input array": "inputs",
    "latents": "latents",
    "queries": "queries",
    "output array": "queries",
    "map of reading": "inputs",
    "map of thinking": "latents",
    "map of answering": "queries",
}


def draw(
    modalities: tuple[str, ...], patch_size: int, num_bands: int, num_latents: int, chunks: int
) -> Picture:
    """The array that these modalities make, and what it costs to read it."""
    if not modalities:
        return draw_arrays({}, {}, NOTHING, ([], MEMORY), [])
    sizes = measure(_config(patch_size, num_bands, num_latents), modalities, chunks)
    held = [
        Bar(f"{name}, {rows:,} x {columns:,}", sizes.array_bytes[name], KINDS.get(name))
        for name, (rows, columns) in sizes.arrays.items()
    ]
    return draw_arrays(sizes.rows, sizes.widths, _title(sizes), (held, MEMORY), _spent(sizes))


def _config(patch_size: int, num_bands: int, num_latents: int) -> MultimodalConfig:
    image = CONFIG.image
    positions = replace(
        image.positions,
        num_bands=num_bands,
        max_resolution=(image.num_frames, *(side // patch_size for side in image.image_size)),
    )
    return replace(
        CONFIG,
        encoder=replace(CONFIG.encoder, num_latents=num_latents),
        image=replace(image, patch_size=patch_size, positions=positions),
    )


def _spent(sizes: Measured) -> list[Bar]:
    times = sizes.config.encoder.layers_per_block
    names = {
        "reading": ("reading once", "inputs"),
        "thinking": (f"thinking {times} times", "latents"),
        "answering": ("answering in all", "queries"),
        "all read all": (f"all read all {times} times", None),
    }
    return [Bar(name, sizes.flops[step], kind) for step, (name, kind) in names.items()]


def _title(sizes: Measured) -> str:
    """Who decides the width, how much of it is padding, and whether all could read all."""
    (inputs, channels), widths = sizes.arrays["input array"], sizes.widths
    widest = min(widths, key=lambda name: widths[name][-1])
    padding = sum(rows * widths[name][-1] for name, rows in sizes.rows.items())
    share = 100 * padding / (inputs * channels)
    most = math.isqrt(MEMORY // NUMBER)
    fits = "would fit" if inputs <= most else "would NOT fit"
    return (
        f"{inputs:,} x {channels}: the {widest} decides the width; "
        f"{share:.0f} of 100 numbers are padding; "
        f"{in_words(sizes.walked.parameters)} parameters.\n"
        f"16 GiB hold a map of {most:,} x {most:,}: all of {inputs:,} reading all {fits}, "
        "for one head."
    )


def modalities() -> Explorer:
    """Choose modalities and sizes; see every array, and where all reading all stops fitting."""
    hint = (
        "First take the label away: one row of 52,097 goes, and all others become narrower. "
        "Then make patches of 2 pixels."
    )
    return Explorer("Several modalities in one array", draw, KNOBS, hint)
