"""What can be turned: every knob knows its range, its corners, and its control on the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import ipywidgets

from .many import Cells, Checks, File

FEW = 4  # options that still fit side by side as buttons
WIDE = {"description_width": "initial"}


@runtime_checkable
class Knob(Protocol):
    """One thing that a reader can change.

    Attributes:
        label: what stands beside the control.
        start: its value before anybody turned it.
    """

    label: str
    start: Any

    def corners(self) -> Sequence[Any]:
        """Values at the ends of the range, which a test tries in every combination."""

    def nearest(self, value: Any) -> Any:
        """The value itself if the range has it, else the nearest that the range has."""

    def control(self, value: Any) -> ipywidgets.Widget:
        """A control that shows `value`, with a trait `value`, operable by keyboard."""


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, both included, in steps."""

    label: str
    low: int
    high: int
    start: int
    step: int = 1

    def corners(self) -> tuple[int, ...]:
        return (self.low, self.high)

    def nearest(self, value: int) -> int:
        return min(max(value, self.low), self.high)

    def control(self, value: int) -> ipywidgets.IntSlider:
        return ipywidgets.IntSlider(
            value, self.low, self.high, self.step, description=self.label, style=WIDE
        )


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`, both included, in steps."""

    label: str
    low: float
    high: float
    start: float
    step: float = 0.1

    def corners(self) -> tuple[float, ...]:
        return (self.low, self.high)

    def nearest(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def control(self, value: float) -> ipywidgets.FloatSlider:
        return ipywidgets.FloatSlider(
            value, min=self.low, max=self.high, step=self.step, description=self.label, style=WIDE
        )


@dataclass(frozen=True)
class Choice:
    """One of several options: buttons while they are few and short, else a list.

    Attributes:
        label: what stands beside it.
        options: what can be chosen, in this order.
        start: one of them.
    """

    label: str
    options: tuple[Any, ...]
    start: Any

    def corners(self) -> tuple[Any, ...]:
        return self.options

    def nearest(self, value: Any) -> Any:
        return value if value in self.options else self.start

    def control(self, value: Any) -> ipywidgets.Widget:
        if len(self.options) <= FEW and sum(len(str(o)) for o in self.options) <= 48:
            buttons = ipywidgets.ToggleButtons(
                options=self.options, value=value, description=self.label, style=WIDE
            )
            buttons.style.button_width = "auto"
            return buttons
        return ipywidgets.Dropdown(
            options=self.options, value=value, description=self.label, style=WIDE
        )


@dataclass(frozen=True)
class Switch:
    """On or off."""

    label: str
    start: bool = False

    def corners(self) -> tuple[bool, ...]:
        return (False, True)

    def nearest(self, value: bool) -> bool:
        return value

    def control(self, value: bool) -> ipywidgets.Checkbox:
        return ipywidgets.Checkbox(value, description=self.label, indent=False)


@dataclass(frozen=True)
class Several:
    """Any of several options, none and all included; the value is a tuple of those chosen."""

    label: str
    options: tuple[str, ...]
    start: tuple[str, ...]

    def corners(self) -> tuple[tuple[str, ...], ...]:
        ones = tuple((option,) for option in self.options)
        return ((), *ones, self.options)

    def nearest(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(option for option in self.options if option in value)

    def control(self, value: tuple[str, ...]) -> Checks:
        return Checks(self.label, self.options, value)


@dataclass(frozen=True)
class Grid:
    """Cells of a small grid that are on or off, by hand; the value is a tuple of rows of bools."""

    label: str
    start: tuple[tuple[bool, ...], ...]

    def corners(self) -> tuple[tuple[tuple[bool, ...], ...], ...]:
        rows, columns = len(self.start), len(self.start[0])
        full = tuple(((on,) * columns,) * rows for on in (False, True))
        single = tuple(tuple(y == x == 0 for x in range(columns)) for y in range(rows))
        return tuple(dict.fromkeys((*full, single, self.start)))

    def nearest(self, value: tuple) -> tuple:
        same = (len(value), len(value[0])) == (len(self.start), len(self.start[0]))
        return value if same else self.start

    def control(self, value: tuple) -> Cells:
        return Cells(self.label, value)


@dataclass(frozen=True)
class Words:
    """A line of text of the reader's own; it counts when Enter is pressed."""

    label: str
    start: str = ""

    def corners(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("", "x", self.start, "naïve 漢字 😀 \u200b\t", "long " * 400)))

    def nearest(self, value: str) -> str:
        return value

    def control(self, value: str) -> ipywidgets.Text:
        return ipywidgets.Text(
            value, description=self.label, style=WIDE, continuous_update=False,
            layout={"width": "100%"},
        )  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file of the reader's own; the value is what is in it, or None."""

    label: str
    accept: str = "image/*"
    start: None = None

    def corners(self) -> tuple[None]:
        return (None,)

    def nearest(self, value: Any) -> Any:
        return value

    def control(self, value: bytes | None) -> File:
        return File(self.label, self.accept, value)
