"""Knobs over a picture; where no kernel runs, the picture of the present setting remains."""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

import ipywidgets

from ..kit.picture import Picture
from .knobs import Knob

Settings = dict[str, Any]
# A knob whose range depends on the knobs before it is a function of their values.
AnyKnob = Knob | Callable[[Settings], Knob]
WIDTH = "800px"
# Else a long reading of a slider, such as a model's name, is cut off.
STYLE = "<style>.explorer .widget-readout {max-width: none}</style>"


class Explorer(ipywidgets.VBox):
    """A function from knobs to a picture, to be turned by hand.

    Attributes:
        title: what it is about.
        draw: settings, by name, to a picture.
        knobs: name of a parameter of `draw` -> its knob, or a function that makes the knob
            from the values of those before it.
        picture: what is shown at present.
    """

    def __init__(
        self, title: str, draw: Callable[..., Picture], knobs: Mapping[str, AnyKnob], hint: str
    ):
        """Draw the first picture.

        Args:
            title: see above.
            draw: see above; a ValueError it raises is shown as a sentence.
            knobs: see above.
            hint: what to try first, in a sentence.
        """
        self.title, self.draw, self.knobs = title, draw, dict(knobs)
        self._controls: dict[str, ipywidgets.Widget] = {}
        self._ranges: dict[str, Knob] = {}
        self._row = ipywidgets.Box(layout={"flex_flow": "row wrap", "grid_gap": "4px 16px"})
        self._note, self._shown = ipywidgets.HTML(), ipywidgets.HTML()
        head = ipywidgets.HTML(f"{STYLE}<b>{escape(title)}</b><br>{escape(hint)}")
        parts = [head, self._row, self._note, self._shown]
        super().__init__(parts, layout={"max_width": WIDTH})
        self.add_class("explorer")
        self._set_ranges()
        self.picture = draw(**self.settings)
        self._show()

    @property
    def settings(self) -> Settings:
        """Parameter -> its present value."""
        return {name: control.value for name, control in self._controls.items()}

    def turn(self, **values: Any) -> None:
        """Set knobs from code, as a hand would.

        Args:
            values: parameter -> value.

        Raises:
            KeyError: if there is no such knob.
        """
        for name, value in values.items():
            if name not in self._controls:
                raise KeyError(f"no knob is called {name!r}. There are: {', '.join(self.knobs)}.")
            self._controls[name].value = value

    def _set_ranges(self) -> None:
        """Make a control for each knob; make it anew where the knobs before moved its range."""
        for name, knob in self.knobs.items():
            knob = knob(self.settings_before(name)) if callable(knob) else knob
            if self._ranges.get(name) != knob:
                self._replace(name, knob)
        self._row.children = tuple(self._controls.values())

    def settings_before(self, name: str) -> Settings:
        """The values of all knobs that stand before one."""
        before = list(self.knobs)[: list(self.knobs).index(name)]
        return {other: self._controls[other].value for other in before}

    def _replace(self, name: str, knob: Knob) -> None:
        old = self._controls.get(name)
        value = knob.nearest(old.value) if old else knob.start
        self._ranges[name] = knob
        self._controls[name] = knob.control(value)
        self._controls[name].observe(self._answer, "value")

    def _answer(self, _change) -> None:
        try:
            self._set_ranges()
            self.picture = self.draw(**self.settings)
        except ValueError as refusal:
            self._note.value = f'<p role="alert">{escape(str(refusal))}</p>'
        else:
            self._note.value = ""
            self._show()

    def _show(self) -> None:
        self._shown.value = self.picture.html

    def __repr__(self) -> str:
        return f"explorer: {self.title}. {self.picture.alt}"

    def _repr_mimebundle_(self, **options) -> tuple[dict, dict]:
        still, metadata = self.picture._repr_mimebundle_()
        live = super()._repr_mimebundle_(**options)
        return {**live, **still, "text/plain": repr(self)}, metadata


def corners(knobs: Mapping[str, AnyKnob]) -> Iterator[Settings]:
    """Every combination of the ends of all ranges, those that depend on others included.

    >>> from .knobs import Switch, Whole
    >>> knobs = {"is_wide": Switch("wide"),
    ...          "x": lambda settings: Whole("x", 0, 9 if settings["is_wide"] else 3, 3)}
    >>> [tuple(setting.values()) for setting in corners(knobs)]
    [(False, 0), (False, 3), (True, 0), (True, 9)]
    """
    settings: list[Settings] = [{}]
    for name, knob in knobs.items():
        settings = [
            {**before, name: value}
            for before in settings
            for value in (knob(before) if callable(knob) else knob).corners()
        ]
    yield from settings
