"""All arrays of a machine for several modalities: one to scale, and all of them in bytes."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matplotlib.axes import Axes

from perceiver_tutorial.perceiver import PUBLISHED, MultimodalConfig

from ..kit.axes import PARTS
from ..kit.formulas import (
    attend_flops,
    attend_parameters,
    encoder_flops,
    encoder_parameters,
    map_parameters,
)
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
COLOURS = 3
Size = tuple[int, int]


@dataclass(frozen=True)
class Modality:
    """One modality in numbers.

    Attributes:
        rows: of the input array.
        what: channels that say what is there.
        where: channels that say where it is.
        questions: how many there are.
        question_channels: width of one.
        answer: numbers in the answer to one.
    """

    rows: int
    what: int
    where: int
    questions: int
    question_channels: int
    answer: int

    @property
    def channels(self) -> int:
        """Width of a row before it is padded."""
        return self.what + self.where


def modalities_of(config: MultimodalConfig) -> dict[str, Modality]:
    """All modalities of a configuration, in the array's order."""
    questions, film, sound = config.num_outputs, config.image, config.audio
    rows = {name: len(some) for name, some in config.input_rows.items()}
    there = {"audio": sound.samples_per_patch, "image": COLOURS * film.patch_size**2}
    answers = {"audio": sound.samples_per_patch, "image": COLOURS}
    found = {}
    for name, positions in (("audio", sound.positions), ("image", film.positions)):
        where = len(positions.max_resolution) * (2 * positions.num_bands + 1)
        found[name] = Modality(
            rows[name], there[name], where, questions[name], where, answers[name]
        )
    classes = config.label.num_classes
    asked = config.label.query_channels
    return {**found, "label": Modality(rows["label"], classes, 0, 1, asked, classes)}


@dataclass(frozen=True)
class MultimodalSizes:
    """Arrays, operations and parameters of an autoencoder that has some of the modalities.

    Attributes:
        config: sizes.
        names: the modalities that it has.
        chunks: how many parts its answer is decoded in. The label is asked for in each.

    Raises:
        ValueError: if it has none.
    """

    config: MultimodalConfig
    names: Collection[str]
    chunks: int = 1

    def __post_init__(self):
        if not self.names:
            known = ", ".join(self.config.input_rows)
            raise ValueError(f"expected at least one modality, got none. Choose of {known}.")

    @cached_property
    def modalities(self) -> dict[str, Modality]:
        """Those that it has, in the array's order."""
        return {n: m for n, m in modalities_of(self.config).items() if n in self.names}

    @property
    def inputs(self) -> int:
        """Rows of the input array."""
        return sum(one.rows for one in self.modalities.values())

    @property
    def widest(self) -> str:
        """The modality that decides how wide all rows are."""
        return max(self.modalities, key=lambda name: self.modalities[name].channels)

    @property
    def channels(self) -> int:
        """Width of the input array."""
        return self.modalities[self.widest].channels + self.config.input_padding

    @property
    def padding(self) -> int:
        """Numbers of the input array that are nothing but padding."""
        return sum(one.rows * (self.channels - one.channels) for one in self.modalities.values())

    @property
    def questions(self) -> dict[str, int]:
        """How much is asked about each modality in one chunk."""
        return {n: math.ceil(m.questions / self.chunks) for n, m in self.modalities.items()}

    @property
    def question_channels(self) -> int:
        """Width of a question."""
        widths = [one.question_channels for one in self.modalities.values()]
        return max(widths) + self.config.query_padding

    @property
    def arrays(self) -> dict[str, Size]:
        """Rows and columns of every array, one chunk of questions at a time."""
        asked, latents = sum(self.questions.values()), self.config.encoder.num_latents
        return {
            "input array": (self.inputs, self.channels),
            "latents": (latents, self.config.encoder.latent_channels),
            "queries": (asked, self.question_channels),
            "output array": (asked, self.config.output_channels),
            "map of reading": (latents, self.inputs),
            "map of thinking": (latents, latents),
            "map of answering": (asked, latents),
            "map if all read all": (self.inputs, self.inputs),
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
        encoder, inputs, channels = self.config.encoder, self.inputs, self.channels
        plain = sum(attend_flops(inputs, inputs, channels, channels).values())
        return {
            **encoder_flops(encoder, inputs, channels),
            "answering": self.chunks * self.answering_flops,
            "all read all": encoder.num_blocks * encoder.layers_per_block * plain,
        }

    @property
    def answering_flops(self) -> int:
        """Floating point operations of one chunk of the answer."""
        latents, asking = self.arrays["latents"], self.arrays["queries"]
        decoder, width = self.config.decoder, self.config.output_channels
        read = attend_flops(
            asking[0],
            latents[0],
            asking[1],
            latents[1],
            qk_channels=decoder.qk_channels or latents[1],
            v_channels=decoder.v_channels,
        )
        out = [count * self.modalities[name].answer for name, count in self.questions.items()]
        return sum(read.values()) + 2 * width * (math.prod(asking) + sum(out))

    @property
    def parameters(self) -> int:
        """Learned numbers of the whole model."""
        config, asked = self.config, self.question_channels
        latent_channels, width = config.encoder.latent_channels, config.output_channels
        reader = attend_parameters(
            asked,
            latent_channels,
            qk_channels=config.decoder.qk_channels or latent_channels,
            v_channels=config.decoder.v_channels,
        )
        ways = (self._own_parameters(name) for name in self.modalities)
        encoder = encoder_parameters(config.encoder, self.channels)
        return encoder + reader + map_parameters(asked, width) + sum(ways)

    def _own_parameters(self, name: str) -> int:
        """Of one modality: padding, mask token, padding of its questions, its way out."""
        one = self.modalities[name]
        padding = 2 * self.channels - one.channels
        learned = one.question_channels if name == "label" else 0
        questions = self.question_channels - one.question_channels + learned
        return padding + questions + map_parameters(self.config.output_channels, one.answer)


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
    sizes = MultimodalSizes(_config(patch_size, num_bands, num_latents), modalities, chunks)
    widths = {
        name: (one.what, one.where, sizes.channels - one.channels)
        for name, one in sizes.modalities.items()
    }
    held = [
        Bar(f"{name}, {rows:,} x {columns:,}", sizes.array_bytes[name], KINDS.get(name))
        for name, (rows, columns) in sizes.arrays.items()
    ]
    rows = {name: one.rows for name, one in sizes.modalities.items()}
    return draw_arrays(rows, widths, _title(sizes), (held, MEMORY), _spent(sizes))


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


def _spent(sizes: MultimodalSizes) -> list[Bar]:
    times = sizes.config.encoder.layers_per_block
    names = {
        "reading": ("reading once", "inputs"),
        "thinking": (f"thinking {times} times", "latents"),
        "answering": ("answering in all", "queries"),
        "all read all": (f"all read all {times} times", None),
    }
    return [Bar(name, sizes.flops[step], kind) for step, (name, kind) in names.items()]


def _title(sizes: MultimodalSizes) -> str:
    """Who decides the width, how much of it is padding, and whether all could read all."""
    share = 100 * sizes.padding / (sizes.inputs * sizes.channels)
    most = math.isqrt(MEMORY // NUMBER)
    fits = "would fit" if sizes.inputs <= most else "would NOT fit"
    return (
        f"{sizes.inputs:,} x {sizes.channels}: the {sizes.widest} decides the width; "
        f"{share:.0f} of 100 numbers are padding; {in_words(sizes.parameters)} parameters.\n"
        f"16 GiB hold a map of {most:,} x {most:,}: all of {sizes.inputs:,} reading all {fits}, "
        "for one head."
    )


def modalities() -> Explorer:
    """Choose modalities and sizes; see every array, and where all reading all stops fitting."""
    hint = (
        "First take the label away: one row of 52,097 goes, and all others become narrower. "
        "Then make patches of 2 pixels."
    )
    return Explorer("Several modalities in one array", draw, KNOBS, hint)
