"""One letter and one colour for each kind of axis, in prose, tables and pictures alike."""

from dataclasses import dataclass

DARK, LIGHT = "#222222", "#FFFFFF"


@dataclass(frozen=True)
class Kind:
    """How an axis is shown. The letter alone suffices, in grey and for the colour-blind.

    Attributes:
        letter: in formulas, e.g. M in "B, M, C".
        colour: one of Okabe and Ito's, which remain distinct for the colour-blind.
        ink: of a letter that stands on this colour.
    """

    letter: str
    colour: str
    ink: str = DARK

    @property
    def chip(self) -> str:
        """The letter on its colour, as HTML for prose."""
        style = f"background-color:{self.colour};color:{self.ink}"
        return f'<b style="{style}">&nbsp;{self.letter}&nbsp;</b>'


AXES = {
    "batch": Kind("B", "#BBBBBB"),
    "inputs": Kind("M", "#E69F00"),
    "channels": Kind("C", "#56B4E9"),
    "latents": Kind("N", "#0072B2", LIGHT),
    "latent channels": Kind("D", "#9AD0F5"),
    "queries": Kind("O", "#009E73"),
    "classes": Kind("L", "#CC79A7"),
    "heads": Kind("A", "#F0E442"),
    "height": Kind("H", "#D55E00"),
    "width": Kind("W", "#EE9A66"),
    "frames": Kind("T", "#8A6FBF", LIGHT),
}

# What a row of an input array is made of.
PARTS = {
    "what is there": {"facecolor": AXES["inputs"].colour},
    "where it is": {"facecolor": AXES["channels"].colour},
    "learned padding": {"facecolor": "#EEEEEE", "hatch": "////"},
}
