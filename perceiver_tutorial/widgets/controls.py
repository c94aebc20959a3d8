"""How controls look; and controls of several boxes or buttons, which have one value together."""

from collections.abc import Sequence
from typing import Any

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
