"""How controls look; and controls of several boxes or buttons, which have one value together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import ipywidgets
import traitlets

WIDE = {"description_width": "initial"}


def beside(label: str, *readings: str) -> dict[str, Any]:
    """The look of a slider whose label and longest reading leave it room to be dragged."""
    width = f"{170 + 7 * len(label) + 8 * max(map(len, readings))}px"
    return {
        "description": label,
        "style": WIDE,
        "layout": {"width": width, "max_width": "100%"},
    }


class Checks(ipywidgets.Box):
    """A row of boxes to tick; the value is a tuple of the options that are ticked."""

    value = traitlets.Tuple()

    def __init__(self, label: str, options: Sequence[str], value: tuple[str, ...]):
        self._boxes = [
            ipywidgets.Checkbox(
                option in value, description=option, indent=False, layout={"width": "auto"}
            )
            for option in options
        ]
        for box in self._boxes:
            box.observe(self._read, "value")
        title = ipywidgets.Label(label)
        super().__init__([title, *self._boxes], layout={"flex_flow": "row wrap", "grid_gap": "8px"})
        self.value = value

    def _read(self, _change) -> None:
        self.value = tuple(box.description for box in self._boxes if box.value)


class Cells(ipywidgets.VBox):
    """A small grid of buttons that stay pressed; the value is a tuple of rows of bools."""

    value = traitlets.Tuple()

    def __init__(self, label: str, value: tuple[tuple[bool, ...], ...]):
        self._buttons = [[_cell(label, y, x, on) for x, on in enumerate(row)]
                         for y, row in enumerate(value)]  # fmt: skip
        flat = [button for row in self._buttons for button in row]
        for button in flat:
            button.observe(self._read, "value")
        columns = f"repeat({len(value[0])}, 30px)"
        grid = ipywidgets.GridBox(
            flat, layout={"grid_template_columns": columns, "grid_gap": "2px"}
        )
        super().__init__([ipywidgets.Label(label), grid])
        self.value = value

    def _read(self, _change) -> None:
        self.value = tuple(tuple(button.value for button in row) for row in self._buttons)


def _cell(label: str, y: int, x: int, on: bool) -> ipywidgets.ToggleButton:
    button = ipywidgets.ToggleButton(
        on, tooltip=f"{label}: row {y}, column {x}", layout={"width": "30px", "height": "26px"}
    )
    _tick(button)
    button.observe(lambda change: _tick(change["owner"]), "value")
    return button


def _tick(button: ipywidgets.ToggleButton) -> None:
    """Say with a sign, not with a colour alone, whether the button is pressed."""
    button.icon = "check" if button.value else ""


class File(ipywidgets.HBox):
    """Buttons that ask for a file and forget it; the value is what is in it, or None."""

    value = traitlets.Bytes(None, allow_none=True)

    def __init__(self, label: str, accept: str, value: bytes | None):
        self._button = ipywidgets.FileUpload(
            accept=accept, description=label, layout={"width": "auto"}
        )
        self._button.observe(self._read, "value")
        forget = ipywidgets.Button(description="forget it", layout={"width": "auto"})
        forget.on_click(self._forget)
        super().__init__([self._button, forget])
        self.value = value

    def _read(self, change) -> None:
        self.value = bytes(change["new"][0]["content"]) if change["new"] else None

    def _forget(self, _button) -> None:
        self._button.value = ()  # so that the same file can be chosen again
        self.value = None


FEW = 4  # options that still fit side by side as buttons
ODD_TEXTS = ("", "x", "naïve 漢字 😀 \u200b\t", r"$\frac{1}", "long " * 400)


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

    def corners(self) -> tuple[int | float, ...]:
        return tuple(dict.fromkeys((self.low, self.high)))

    def nearest(self, value: int | float) -> int | float:
        return min(max(value, self.low), self.high)

    def control(self, value: int) -> ipywidgets.Widget:
        look = beside(self.label, str(self.high))
        return ipywidgets.IntSlider(value, self.low, self.high, self.step, **look)


@dataclass(frozen=True)
class Real(Whole):
    """A number from `low` to `high`, both included, in steps."""

    low: float
    high: float
    start: float
    step: float = 0.1

    def control(self, value: float) -> ipywidgets.FloatSlider:
        look = beside(self.label, f"{self.high:.2f}")
        return ipywidgets.FloatSlider(value, min=self.low, max=self.high, step=self.step, **look)


@dataclass(frozen=True)
class Steps:
    """One of several values in their order, on a slider; for steps that grow.

    Attributes:
        label: what stands beside it.
        values: what can be chosen, in this order.
        start: one of them.
    """

    label: str
    values: tuple[int | float, ...]
    start: int | float

    def corners(self) -> tuple[int | float, ...]:
        return (self.values[0], self.values[-1])

    def nearest(self, value: int | float) -> int | float:
        return min(self.values, key=lambda one: abs(one - value))

    def control(self, value: int | float) -> ipywidgets.SelectionSlider:
        options = [(f"{one:,}", one) for one in self.values]
        names = (name for name, _ in options)
        return ipywidgets.SelectionSlider(
            options=options, value=value, **beside(self.label, *names)
        )


@dataclass(frozen=True)
class Choice:
    """One of several options: buttons while they are few and short, else a slider over them.

    Attributes:
        label: what stands beside it.
        options: what can be chosen, in this order.
        start: one of them.
        tried: those that a test tries with everything else. None: all.
    """

    label: str
    options: tuple[Any, ...]
    start: Any
    tried: tuple[Any, ...] | None = None

    def corners(self) -> tuple[Any, ...]:
        return self.options if self.tried is None else self.tried

    def nearest(self, value: Any) -> Any:
        return value if value in self.options else self.start

    def control(self, value: Any) -> ipywidgets.Widget:
        if len(self.options) <= FEW and sum(len(str(o)) for o in self.options) <= 48:
            buttons = ipywidgets.ToggleButtons(
                options=self.options, value=value, description=self.label, style=WIDE
            )
            buttons.style.button_width = "auto"
            return buttons
        # No list to unfold: JupyterLab takes the arrow keys away from one, but not from a slider.
        return ipywidgets.SelectionSlider(
            options=self.options, value=value, **beside(self.label, *map(str, self.options))
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
        look = {"width": "auto"}
        return ipywidgets.Checkbox(value, description=self.label, indent=False, layout=look)


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
    """A line of text of the reader's own; it counts when Enter is pressed.

    Where its range changes, another kind of text is asked for: what was written is forgotten.
    """

    label: str
    start: str = ""

    def corners(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.start, *ODD_TEXTS)))

    def nearest(self, _value: str) -> str:
        return self.start

    def control(self, value: str) -> ipywidgets.Text:
        return ipywidgets.Text(
            value, description=self.label, style=WIDE, continuous_update=False,
            layout={"width": "100%"},
        )  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file of the reader's own; the value is what is in it, or None.

    Where its range changes, another kind of file is asked for: the file is forgotten.
    """

    label: str
    accept: str = "image/*"
    start: None = None

    def corners(self) -> tuple[None]:
        return (None,)

    def nearest(self, _value: bytes | None) -> None:
        return None

    def control(self, value: bytes | None) -> File:
        return File(self.label, self.accept, value)
