"""What is asked and what is answered: lanes from queries to answers, pixels and their latents."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from perceiver_tutorial.tracing import Walk

from .axes import AXES
from .picture import INK, Picture, arrow, box, middle, panels

# Left edge and width of each column of `draw_query_map`.
QUERIES, LATENTS, OUTPUTS, ANSWERS = (0.0, 2.6), (3.7, 1.5), (6.3, 2.3), (9.4, 2.2)


def draw_query_map(walk: Walk) -> Picture:
    """From queries through the latents to answers: one lane for each kind of question.

    Args:
        walk: of any Perceiver.
    """
    queries, outputs, answers = (_sizes(walk, name) for name in ("queries", "decoder", "answer"))
    latents = _times(walk["encoder"].shape[1:])
    lanes = len(queries)
    figure, ((axes,),) = panels(1, 1, 9.5, 0.9 + 0.55 * lanes)
    _box(axes, LATENTS, (-0.9, lanes - 0.1), f"latents\n{latents}", "latents")
    for lane, (name, asked) in enumerate(queries.items()):
        y = lanes - 1 - lane
        _box(axes, QUERIES, (y - 0.35, y + 0.35), f"{name} {asked}".strip(), "queries")
        _box(axes, OUTPUTS, (y - 0.35, y + 0.35), outputs[name], "queries")
        _box(axes, ANSWERS, (y - 0.35, y + 0.35), answers[name], "batch")
        for left, right in ((QUERIES, LATENTS), (LATENTS, OUTPUTS), (OUTPUTS, ANSWERS)):
            arrow(axes, (sum(left) + 0.05, y), (right[0] - 0.05, y))
    titles = {"queries": QUERIES, "read": LATENTS, "output array": OUTPUTS, "answer": ANSWERS}
    for title, (left, width) in titles.items():
        middle(axes, left + width / 2, lanes, title, 9, va="bottom")
    axes.set(xlim=(-0.2, 11.8), ylim=(-1.0, lanes + 0.4))
    told = (
        f"{name} {asked} give outputs {outputs[name]} and the answer {answers[name]}".strip()
        for name, asked in queries.items()
    )
    return Picture(figure, f"{walk.title}: queries read {latents} latents. {'; '.join(told)}.")


def _sizes(walk: Walk, name: str) -> dict[str, str]:
    return {output.key: _times(output.sizes[1:]) for output in walk[name].outputs}


def _times(sizes: Sequence[int]) -> str:
    return " x ".join(f"{n:,}" for n in sizes)


def _box(axes: Axes, column: tuple, span: tuple, text: str, kind: str) -> None:
    (left, width), (low, high) = column, span
    look = {"facecolor": AXES[kind].colour, "edgecolor": INK, "alpha": 0.55}
    box(axes, left, low, width, high - low, **look)
    middle(axes, left + width / 2, (low + high) / 2, text, 9)
