"""A walk as a diagram: arrays as rectangles, as tall as they have rows, as wide as channels."""

import math

from matplotlib.axes import Axes

from perceiver_tutorial.tracing import Walk

from .axes import AXES, Kind
from .picture import INK, Picture, arrow, box, middle, panels, title_above, write

# Step of the walk, name of the array, kind of its rows; left to right.
ARRAYS = (
    ("preprocessor", "input array", "inputs"),
    ("encoder", "latents", "latents"),
    ("decoder", "output array", "queries"),
)
GAP = 3.0
QUERIES_AT = -3.3


def draw_walk(walk: Walk) -> Picture:
    """The arrays of a Perceiver, drawn to scale (logarithmically), from left to right.

    Rows of several modalities are drawn as the one array that they form.

    Args:
        walk: of any Perceiver.
    """
    figure, ((axes,),) = panels(1, 1, 9.5, 3.9)
    edges, x = [], 0.0
    for name, title, kind in ARRAYS:
        edges.append(_array(axes, x, _rows(walk, name), title, AXES[kind]))
        x = edges[-1][1] + GAP
    for (_, start), (end, _), label in zip(edges, edges[1:], _steps(walk), strict=False):
        _arrow(axes, (start + 0.1, 0), (end - 0.1, 0), label)
    _ends(axes, walk, edges[0][0], edges[-1][1])
    _queries(axes, walk, (edges[1][1] + edges[2][0]) / 2)
    axes.set(xlim=(-4.2, x + 1.2), ylim=(-4.4, 4.2))
    title_above(axes, f"{walk.title}: {walk.parameters:,} parameters", 10)
    return Picture(figure, _alt(walk))


def _array(
    axes: Axes, x: float, shape: tuple[int, int], title: str, kind: Kind
) -> tuple[float, float]:
    rows, channels = shape
    width, height = (0.35 + 0.9 * math.log10(max(count, 1)) for count in (channels, rows))
    look = {"facecolor": kind.colour, "edgecolor": INK, "alpha": 0.6}
    box(axes, x, -height / 2, width, height, **look)
    text = f"{title}\n{rows:,} x {channels:,}"
    middle(axes, x + width / 2, height / 2 + 0.15, text, 9, va="bottom")
    middle(axes, x + width / 2, 0, kind.letter, 11)
    return x, x + width


def _arrow(axes: Axes, start: tuple, end: tuple, label: str, style: str = "-") -> None:
    arrow(axes, start, end, 14, style)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    middle(axes, x, y + 0.2, label, va="bottom")


def _steps(walk: Walk) -> tuple[str, str]:
    runs = {name: sum(s.runs for s in walk.steps if s.name.startswith(name)) for name in
            ("encoder.cross.", "encoder.blocks.")}  # fmt: skip
    if not any(runs.values()):
        return "encode", "decode"
    times = "once" if runs["encoder.cross."] == 1 else f"{runs['encoder.cross.']} times"
    return f"read {times},\nthink {runs['encoder.blocks.']} times", "decode"


def _ends(axes: Axes, walk: Walk, first: float, last: float) -> None:
    _arrow(axes, (first - 1.6, 0), (first - 0.1, 0), "")
    write(axes, first - 1.8, 0, f"raw\n{_size(walk, 'raw')}", 9, ha="right")
    _arrow(axes, (last + 0.1, 0), (last + 1.6, 0), "")
    write(axes, last + 1.8, 0, f"answer\n{_size(walk, 'answer')}", 9)


def _queries(axes: Axes, walk: Walk, x: float) -> None:
    text = "queries\n{:,} x {:,}".format(*_rows(walk, "queries"))
    middle(axes, x, QUERIES_AT, text, 9, va="top")
    _arrow(axes, (x, QUERIES_AT + 0.1), (x, -0.1), "", style="--")


def _rows(walk: Walk, name: str) -> tuple[int, int]:
    """Rows, of all modalities together, and channels."""
    outputs = walk[name].outputs
    return sum(output.sizes[1] for output in outputs), outputs[0].sizes[-1]


def _size(walk: Walk, name: str) -> str:
    """Sizes without the batch, a line for each modality."""
    lines = []
    for output in walk[name].outputs:
        sizes = " x ".join(f"{n:,}" for n in output.sizes[1:])
        lines.append(f"{output.key} {sizes}".strip())
    return "\n".join(lines)


def _alt(walk: Walk) -> str:
    arrays = ["{} {:,} x {:,}".format(title, *_rows(walk, name)) for name, title, _ in ARRAYS]
    queries = "{:,} x {:,}".format(*_rows(walk, "queries"))
    read, decode = (step.replace("\n", " ") for step in _steps(walk))
    raw, answer = (_size(walk, name).replace("\n", ", ") for name in ("raw", "answer"))
    return (
        f"{walk.title}, from left to right: raw {raw}; {arrays[0]}; {read}; {arrays[1]}; "
        f"{decode} with queries {queries}; {arrays[2]}; answer {answer}."
    )
