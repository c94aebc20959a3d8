"""The steps of a walk, by name, with their axes, and the panel that tells about one."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes

from perceiver_tutorial.tracing import Walk
from perceiver_tutorial.tracing.recorder import Shape
from perceiver_tutorial.tracing.walk import Step

from ...kit.axes import AXES
from ...kit.picture import Number, box, frame, middle, write

# Name of an axis in a signature -> its kind in `AXES`; others keep their own name.
KINDS = {
    "bytes": "inputs", "points": "inputs", "tokens": "inputs", "rows": "height",
    "patches": "inputs", "positions": "inputs", "pooled": "inputs", "kept": "inputs",
    "keys": "inputs", "outputs": "queries", "columns": "width",
    "q_dim": "channels", "kv_dim": "channels",
    "position_channels": "channels", "query_channels": "channels",
    "output_channels": "channels", "common_channels": "channels", "out_channels": "channels",
    "latent_channels": "latent channels", "pixels": "channels",
}  # fmt: skip
# In a Perceiver's encoder the latents ask, and in its decoder they are read.
ENCODER = {
    "queries": "latents", "positions": "latents",
    "q_dim": "latent channels", "channels": "latent channels",
}  # fmt: skip
OTHERS = {
    "encoder": ENCODER,
    "decoder": {"keys": "latents", "kv_dim": "latent channels"},
    "layers": {"queries": "inputs"},
}
# What the rows of an input array are, where a model has a word of its own.
ROWS = {
    "pooled": "tokens", "positions": "tokens", "tokens": "tokens", "patches": "patches",
    "bytes": "bytes", "points": "places", "kept": "mask units",
}  # fmt: skip
WORDS = {"3": "colours", "vocabulary": "ids", "unit_grid": "of a side"}
ONE = {"queries": "query", "classes": "class"}
WIDE = ("channels", "latent channels", "classes", "ids", "xy", "colours", "audio_channels")


def named_steps(walk: Walk) -> dict[str, Step]:
    """Number and name -> step, of all that return arrays.

    >>> from perceiver_tutorial.tracing import walk
    >>> list(named_steps(walk("facebook/deit-tiny-patch16-224", depth=1)))
    ['1 raw', '2 patches', '3 layers.0', '4 class_head', '5 answer']
    """
    steps = [step for step in walk.steps if step.outputs]
    return {f"{number} {step.name}": step for number, step in enumerate(steps, 1)}


def kind_of(axis: str, step: Step, walk: Walk) -> str:
    """The kind of an axis in `AXES`, or another word for it.

    Args:
        axis: its name in a signature.
        step: where it was met.
        walk: of the whole model.
    """
    part = step.name.split(".")[0]
    if part == "layers" or any(one.name.startswith("encoder.cross") for one in walk.steps):
        axis = OTHERS.get(part, {}).get(axis, axis)
    return KINDS.get(axis) or WORDS.get(axis, axis)


class Axis(NamedTuple):
    """One axis as it is shown: its kind in `AXES` or a word instead, its name, its size."""

    kind: str
    word: str
    size: int

    @property
    def told(self) -> str:
        """How many of what."""
        one = ONE.get(self.word, self.word.removesuffix("s"))
        return f"{self.size:,} {one if self.size == 1 else self.word}"


def axes_of(shape: Shape, step: Step, walk: Walk) -> list[Axis]:
    """Every axis of an array but the batch, and what is 1 in its place."""
    pairs = zip(shape.axes, shape.sizes, strict=True)
    return [
        Axis(kind_of(name, step, walk), word_of(name, step, walk), size)
        for name, size in pairs
        if name not in ("batch", "1")
    ]


def word_of(axis: str, step: Step, walk: Walk) -> str:
    """What an axis is called aloud; arguments as in `kind_of`."""
    kind = kind_of(axis, step, walk)
    return (ROWS.get(axis, kind) if kind == "inputs" else kind).replace("_", " ")


LINE, INDENT, LETTERS, SIZE = 17, 52, 112, 8.2
PAUSES, CLAIM_LINE = 2.8, 0.88  # in lines
GREY = "#555555"
# Width of an average letter over the size of the font, and of an axis' colour; in pixels.
LETTER, TAB = 0.78, 6


@dataclass(frozen=True)
class Panel:
    """What is said about one step.

    Attributes:
        step: which.
        label: its number and name.
        reasons: name of an axis or a count, and where its number comes from.
        claim: what somebody said about it, and whether it is so; empty: nobody did.
        lines: how many there is room for, so that all steps of a model have the same.
    """

    step: Step
    label: str
    reasons: Sequence[tuple[str, str]]
    claim: str
    lines: Number = 0

    @property
    def claim_lines(self) -> list[str]:
        """The claim, in lines that fit."""
        return textwrap.wrap(self.claim, LETTERS)

    @property
    def needs(self) -> Number:
        """Lines that it takes."""
        spoken = len(_rows(self.step)) + len(self.reasons) + CLAIM_LINE * len(self.claim_lines)
        return PAUSES + spoken

    @property
    def height(self) -> Number:
        """In pixels."""
        return LINE * max(self.lines, self.needs)

    @property
    def head(self) -> str:
        """Class, parameters and runs in one line."""
        step = self.step
        if not step.runs:
            return f"{self.label}: what {'comes in' if step.name == 'raw' else 'comes out'}"
        modules = "1 module" if step.modules == 1 else f"{step.modules} modules alike"
        runs = "once" if step.runs == 1 else f"{step.runs} times"
        return f"{self.label}: {step.kind}, {step.parameters:,} parameters, {modules}, run {runs}"

    def told(self, walk: Walk) -> str:
        """The panel in words."""
        came, went = (
            " and ".join(_words(shape, self.step, walk) for shape in shapes)
            for shapes in (self.step.inputs, self.step.outputs)
        )
        why = "; ".join(f"{word_of(what, self.step, walk)} {made}" for what, made in self.reasons)
        claim = f" {self.claim}" if self.claim else ""
        taken = f"In: {came}. " if came else ""
        told = f"Chosen is {self.head}. {taken}Out: {went}. {why}.{claim}"
        return told if told.endswith(".") else f"{told}."


def draw_panel(page: Axes, panel: Panel, walk: Walk, corner: tuple[Number, Number]) -> None:
    """Draw the panel on a sheet.

    Args:
        page: as wide as the panel, with a margin on both sides.
        panel: what to say.
        walk: which the step belongs to.
        corner: its left and its top, in pixels.
    """
    width = page.get_xlim()[1] - 2 * corner[0]
    frame(page, *corner, width, panel.height, linewidth=1.5)
    x, y = corner[0] + 10, corner[1] + LINE * 0.8
    write(page, x, y, panel.head, SIZE, weight="bold")
    for word, shapes in _rows(panel.step):
        y += LINE
        write(page, x, y, word, SIZE, color=GREY)
        _draw_shapes(page, x + INDENT, y, panel.step, shapes, walk)
    y += LINE / 3
    write(page, x, y + LINE, "why", SIZE, color=GREY)
    for what, made in panel.reasons:
        y += LINE
        _draw_told(page, x + INDENT, y, kind_of(what, panel.step, walk), made, is_named=True)
    if panel.claim:
        write(page, x, y + LINE * 1.33, "claim", SIZE, color=GREY)
    for number, line in enumerate(panel.claim_lines):
        write(page, x + INDENT, y + LINE * (1.33 + CLAIM_LINE * number), line, SIZE)


def _rows(step: Step) -> list[tuple[str, tuple[Shape, ...]]]:
    """What came and what went, several in several lines."""
    came = [("in" if not n else "", (shape,)) for n, shape in enumerate(step.inputs)]
    went = [("out" if not n else "", (shape,)) for n, shape in enumerate(step.outputs)]
    return [*came, *went]


def _draw_shapes(
    page: Axes, x: Number, y: Number, step: Step, shapes: Sequence[Shape], walk: Walk
) -> None:
    """Every axis with its letter, size and name."""
    for shape in shapes:
        if shape.key:
            write(page, x, y, shape.key, SIZE, color=GREY)
            x += INDENT
        for axis in axes_of(shape, step, walk):
            x = _draw_told(page, x, y, axis.kind, axis.told)


def _draw_told(
    page: Axes, x: Number, y: Number, kind: str, words: str, *, is_named: bool = False
) -> Number:
    """A letter on its colour, or else a name, and words; where they end."""
    if kind in AXES:
        draw_axis(page, x + 8, y, kind, "", SIZE)
        x += 22
    elif is_named:
        words = f"{kind.replace('_', ' ')}: {words}"
    write(page, x, y, words, SIZE)
    return x + LETTER * SIZE * len(words) + 12


def draw_axis(page: Axes, x: Number, y: Number, kind: str, words: str, size: Number) -> None:
    """The letter of an axis behind its colour, and words; others without. Centred.

    The letter stands beside its colour, since not all colours carry small letters.
    """
    if kind in AXES:
        words = f"{AXES[kind].letter} {words}".strip()
        half, height = LETTER * size * len(words) / 2, 1.4 * size + 2
        box(page, x - half - TAB, y - height / 2, TAB, height, facecolor=AXES[kind].colour)
        x += TAB / 2
    middle(page, x, y, words, size)


def _words(shape: Shape, step: Step, walk: Walk) -> str:
    sizes = " x ".join(axis.told for axis in axes_of(shape, step, walk))
    return f"{shape.key} {sizes}".strip()
