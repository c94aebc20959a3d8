"""What is said about one stage of a walk: what comes and goes, why, and who claimed it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from ..tracing import Walk
from ..tracing.recorder import Shape
from ..tracing.walk import Stage
from .axes import AXES
from .sheet import LETTER, Number, Sheet
from .stage_axes import axes_of, kind_of, word_of

LINE, INDENT, LETTERS, SIZE = 17, 52, 112, 8.2
PAUSES, CLAIM_LINE = 2.8, 0.88  # in lines
GREY = "#555555"


@dataclass(frozen=True)
class Panel:
    """What is said about one stage.

    Attributes:
        stage: which.
        label: its number and name.
        reasons: name of an axis or a count, and where its number comes from.
        claim: what somebody said about it, and whether it is so; empty: nobody did.
        lines: how many there is room for, so that all stages of a model have the same.
    """

    stage: Stage
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
        spoken = len(_rows(self.stage)) + len(self.reasons) + CLAIM_LINE * len(self.claim_lines)
        return PAUSES + spoken

    @property
    def height(self) -> Number:
        """In pixels."""
        return LINE * max(self.lines, self.needs)

    @property
    def head(self) -> str:
        """Class, parameters and runs in one line."""
        stage = self.stage
        if not stage.runs:
            return f"{self.label}: what {'comes in' if stage.name == 'raw' else 'comes out'}"
        modules = "1 module" if stage.modules == 1 else f"{stage.modules} modules alike"
        runs = "once" if stage.runs == 1 else f"{stage.runs} times"
        return f"{self.label}: {stage.kind}, {stage.parameters:,} parameters, {modules}, run {runs}"

    def told(self, walk: Walk) -> str:
        """The panel in words."""
        came, went = (
            " and ".join(_words(shape, self.stage, walk) for shape in shapes)
            for shapes in (self.stage.inputs, self.stage.outputs)
        )
        why = "; ".join(f"{word_of(what, self.stage, walk)} {made}" for what, made in self.reasons)
        claim = f" {self.claim}" if self.claim else ""
        taken = f"In: {came}. " if came else ""
        told = f"Chosen is {self.head}. {taken}Out: {went}. {why}.{claim}"
        return told if told.endswith(".") else f"{told}."


def draw_panel(sheet: Sheet, panel: Panel, walk: Walk, corner: tuple[Number, Number]) -> None:
    """Draw the panel on a sheet.

    Args:
        sheet: as wide as the panel, with a margin on both sides.
        panel: what to say.
        walk: which the stage belongs to.
        corner: its left and its top, in pixels.
    """
    sheet.box(corner, (sheet.width - 2 * corner[0], panel.height), "none", 1.5)
    x, y = corner[0] + 10, corner[1] + LINE * 0.8
    sheet.words(x, y, panel.head, is_bold=True)
    for word, shapes in _rows(panel.stage):
        y += LINE
        sheet.words(x, y, word, colour=GREY)
        _draw_shapes(sheet, x + INDENT, y, panel.stage, shapes, walk)
    y += LINE / 3
    sheet.words(x, y + LINE, "why", colour=GREY)
    for what, made in panel.reasons:
        y += LINE
        _draw_axis(sheet, x + INDENT, y, kind_of(what, panel.stage, walk), made, is_named=True)
    if panel.claim:
        sheet.words(x, y + LINE * 1.33, "claim", colour=GREY)
    for number, line in enumerate(panel.claim_lines):
        sheet.words(x + INDENT, y + LINE * (1.33 + CLAIM_LINE * number), line)


def _rows(stage: Stage) -> list[tuple[str, tuple[Shape, ...]]]:
    """What came and what went, several in several lines."""
    came = [("in" if not n else "", (shape,)) for n, shape in enumerate(stage.inputs)]
    went = [("out" if not n else "", (shape,)) for n, shape in enumerate(stage.outputs)]
    return [*came, *went]


def _draw_shapes(
    sheet: Sheet, x: Number, y: Number, stage: Stage, shapes: Sequence[Shape], walk: Walk
) -> None:
    """Every axis with its letter, size and name."""
    for shape in shapes:
        if shape.key:
            sheet.words(x, y, shape.key, colour=GREY)
            x += INDENT
        for axis in axes_of(shape, stage, walk):
            x = _draw_axis(sheet, x, y, axis.kind, axis.told)


def _draw_axis(
    sheet: Sheet, x: Number, y: Number, kind: str, words: str, *, is_named: bool = False
) -> Number:
    """A letter on its colour, or else a name, and words; where they end."""
    if kind in AXES:
        sheet.axis(x + 8, y, kind, "", SIZE)
        x += 22
    elif is_named:
        words = f"{kind.replace('_', ' ')}: {words}"
    sheet.words(x, y, words)
    return x + LETTER * SIZE * len(words) + 12


def _words(shape: Shape, stage: Stage, walk: Walk) -> str:
    sizes = " x ".join(axis.told for axis in axes_of(shape, stage, walk))
    return f"{shape.key} {sizes}".strip()
