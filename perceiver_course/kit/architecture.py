"""The one figure that recurs: a Perceiver IO from raw data to the answer, one part in colour."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .axes import AXES
from .picture import Number, Picture, box, middle, sheet, write

GREY, PALE = "#D5D5D5", "#F6F6F6"
PARTS = {
    "preprocessor": AXES["inputs"].colour,
    "cross-attention": AXES["height"].colour,
    "self-attention": AXES["latents"].colour,
    "queries": AXES["queries"].colour,
    "decoder": AXES["classes"].colour,
    "postprocessor": AXES["frames"].colour,
}
TALLEST, LOWEST = 31.0, 0.35  # of an array, in tenths of an inch; one row is a hairline
MIDDLE = 21.0


@dataclass(frozen=True)
class _Drawing:
    """The sheet, and which part is in colour."""

    axes: Axes
    highlight: str | None
    rows_of_inputs: int

    def colour(self, part: str) -> str:
        return PARTS[part] if self.highlight in (None, part) else GREY

    def module(self, x: Number, width: Number, words: str, part: str, height: Number = 7) -> None:
        ground = "white" if self.highlight in (None, part) else PALE
        corner = x, MIDDLE - height / 2
        look = {"boxstyle": "round,pad=0.3", "fc": ground, "ec": self.colour(part), "lw": 2}
        self.axes.add_patch(FancyBboxPatch(corner, width, height, **look))
        for number, line in enumerate(lines := words.split("\n")):
            middle(
                self.axes, x + width / 2, MIDDLE + 1.7 * (number - (len(lines) - 1) / 2), line, 9
            )

    def array(self, x: Number, y: Number, rows: int, words: tuple[str, str], part: str) -> None:
        """An array as tall as it has rows, its words below."""
        height = max(TALLEST * rows / self.rows_of_inputs, LOWEST)
        box(self.axes, x - 1.6, y - height / 2, 3.2, height, facecolor=self.colour(part))
        for number, line in enumerate(words):
            middle(self.axes, x, y + height / 2 + 1.5 + 1.7 * number, line, 9)

    def arrow(self, start: tuple, end: tuple, part: str, words: str = "", bend: Number = 0) -> None:
        look = {"arrowstyle": "-|>", "mutation_scale": 12, "lw": 2, "color": self.colour(part)}
        way = f"arc3,rad={bend}"
        self.axes.add_patch(FancyArrowPatch(start, end, connectionstyle=way, **look))
        if start[0] == end[0]:
            write(self.axes, end[0] + 0.8, (start[1] + end[1]) / 2, words)
        else:
            middle(self.axes, (start[0] + end[0]) / 2, min(start[1], end[1]) - 1.4, words)


def architecture(
    highlight: str | None = None,
    *,
    inputs: tuple[int, int] = (50176, 261),
    latents: tuple[int, int] = (512, 1024),
    queries: tuple[int, int] = (1, 1024),
    layers: int = 6,
    repeats: int = 8,
) -> Picture:
    """A Perceiver IO from left to right; the heights of its arrays are drawn to one linear scale.

    The sizes are those of the published image classifier with Fourier positions.

    Args:
        highlight: the part in colour, one of `PARTS`; the others are grey. Default: all in colour.
        inputs: rows and width of the input array.
        latents: the same of the latent array.
        queries: the same of the query array.
        layers: self-attention layers in the block.
        repeats: how often the block runs.

    Raises:
        ValueError: if there is no such part.
    """
    if highlight not in (None, *PARTS):
        raise ValueError(f"expected one of {', '.join(PARTS)}, got {highlight!r}.")
    figure, axes = sheet(104, 42, per_inch=10)
    draw = _Drawing(axes, highlight, inputs[0])
    size = {
        name: f"{rows:,} × {width:,}"
        for name, (rows, width) in {"X": inputs, "Z": latents, "Q": queries}.items()
    }
    draw.module(1, 10, "preprocessor", "preprocessor")
    draw.arrow((11.6, MIDDLE), (14.6, MIDDLE), "preprocessor")
    draw.array(16.5, MIDDLE, inputs[0], ("inputs X", f"M × C = {size['X']}"), "preprocessor")
    draw.arrow((18.4, MIDDLE), (29.4, MIDDLE), "cross-attention", "keys, values")
    draw.module(30, 12, "cross-attention\nlayer", "cross-attention")
    draw.array(36, 33, latents[0], ("latents Z", f"N × D = {size['Z']}"), "cross-attention")
    draw.arrow((36, 32.6), (36, 25.2), "cross-attention", "queries")
    draw.arrow((42.6, MIDDLE), (47.4, MIDDLE), "self-attention")
    draw.module(48, 13, f"{layers} self-attention\nlayers", "self-attention", 8)
    draw.arrow((59, 16.3), (50, 16.3), "self-attention", bend=0.9)
    middle(axes, 54.5, 10, f"{repeats} times, the same weights", 9)
    draw.arrow((61.6, MIDDLE), (72.4, MIDDLE), "decoder", "keys, values")
    draw.module(73, 12, "cross-attention\nlayer", "decoder")
    draw.array(79, 33, queries[0], ("queries Q", f"O × E = {size['Q']}"), "queries")
    draw.arrow((79, 32.6), (79, 25.2), "queries", "queries")
    draw.arrow((85.6, MIDDLE), (91.4, MIDDLE), "postprocessor", "O rows")
    draw.module(92, 11, "postprocessor", "postprocessor")
    times = inputs[0] / latents[0]
    scale = f"Heights of X and Z are to one linear scale: X is {times:.0f} times as tall as Z."
    write(axes, 1, 1.5, scale, 9)
    return Picture(figure, _told(highlight, size, times, layers, repeats))


def _told(
    highlight: str | None, size: dict[str, str], times: Number, layers: int, repeats: int
) -> str:
    coloured = f" In colour: {highlight}." if highlight else ""
    return (
        f"A Perceiver IO from left to right. A preprocessor makes the inputs, {size['X']}. In a "
        f"cross-attention layer the latents, {size['Z']}, are the queries, and the inputs the keys "
        f"and values. {layers} self-attention layers run {repeats} times with the same weights. In "
        f"a second cross-attention layer the output queries, {size['Q']}, attend to the latents. A "
        f"postprocessor makes the answer. Heights are linear: the inputs are {times:.0f} times as "
        f"tall as the latents.{coloured}"
    )
