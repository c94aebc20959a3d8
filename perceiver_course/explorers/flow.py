"""Two frames, where things went in truth, where a model says they went, and how far that is off."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import product
from math import degrees, radians

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from PIL import Image, ImageOps
from torch import Tensor, nn

from perceiver_tutorial.perceiver import local_contrast_normalisation, predict_flow
from perceiver_tutorial.perceiver.losses import end_point_error

from ..kit import samples
from ..kit.axes import AXES
from ..kit.motion import MovingPairs, filmed, still
from ..kit.picture import INK, Picture, borders, lines, middle, sheet, show, write
from ..kit.recipes import trained
from ..kit.recipes.flow import MAX_SHIFT, MAX_TURN
from ..kit.wheel import flow_colours
from .explorer import Explorer
from .knobs import Choice, Real, Upload
from .own import picture_in

# All in one drawing area, in inches: a tenth of the time that six frames and a key would take.
WIDE, SIDE, GAP, EDGE, CAPTION, HEAD = 8.0, 2.46, 0.18, 0.13, 0.24, 0.58
MARKS, ARROWS = 3, 10  # along each side
DARK = 0.75  # how dark the largest error is, that letters beside it can be compared with
START = {"color": "white", "markersize": 4}
END = {"color": AXES["heads"].colour, "markersize": 6.5}
Flow = Float[Tensor, "height width xy=2"]
Corner = tuple[float, float]  # lower left, in inches


def draw_motion(
    frames: Float[Tensor, "frames=2 3 height width"],
    truth: Flow,
    found: Flow,
    learned_to: float,
    title: str,
) -> Picture:
    """Both frames, the key, the true and the found flow in colours with arrows, and the error.

    A line goes around the pixels that move farther than was learned.

    Args:
        frames: the earlier one, then the later one, colours from -1 to 1; square.
        truth: right and down, in pixels.
        found: the same, as a model says it.
        learned_to: the fastest motion along an axis that it has learned from, in pixels.
        title: above all; also the beginning of the words.
    """
    height = HEAD + 2 * (SIDE + CAPTION) + EDGE
    figure, axes = sheet(WIDE, height, is_upward=True)
    upper, lower = ([(EDGE + n * (SIDE + GAP), y) for n in range(3)]
                    for y in (EDGE + SIDE + CAPTION, EDGE))  # fmt: skip
    fastest = max(1.0, torch.ceil(truth.norm(dim=-1).max()).item())
    _show_frames(axes, frames, truth, upper)
    _show_key(axes, fastest, upper[2])
    _show_flows(axes, (truth, found), fastest, lower)
    _outline(axes, truth.abs().amax(-1) > learned_to, lower)
    write(axes, EDGE, height - 0.1, title, 10.5, va="top")
    told = f"{_mean(truth)} in truth, {_mean(found)} for the model"
    return Picture(figure, f"{' '.join(title.split())} Mean motion: {told}.")


def _show_flows(
    axes: Axes, flows: tuple[Flow, Flow], fastest: float, corners: Sequence[Corner]
) -> None:
    """The true flow, the found one, and how far they are apart."""
    off = (flows[1] - flows[0]).norm(dim=-1)
    errors = (1 - DARK * (off / fastest).clamp(max=1))[..., None].expand(-1, -1, 3)
    colours = *(flow_colours(flow, fastest) for flow in flows), errors
    captions = "the truth", "the model", f"off by {off.mean():.2f} pixels; darkest: {fastest:.0f}"
    for panel, corner, caption in zip(colours, corners, captions, strict=True):
        _paint(axes, panel, corner, caption)
    _show_arrows(axes, flows, fastest, corners[:2])


def _paint(axes: Axes, colours: Tensor, corner: Corner, caption: str, **look) -> None:
    """Colours from 0 to 1 in a square, under a caption."""
    x, y = corner
    show(axes, colours.clamp(0, 1).numpy(), (x, x + SIDE, y, y + SIDE), **look)
    write(axes, x, y + SIDE + 0.05, caption, 9, va="baseline")


def _show_frames(axes: Axes, frames: Tensor, truth: Flow, corners: Sequence[Corner]) -> None:
    """The frames, and some points that the motion has taken along."""
    captions = ("earlier, with some of its points", "later: where they went")
    for frame, corner, caption in zip(frames, corners, captions, strict=False):
        _paint(axes, (frame.movedim(0, -1) + 1) / 2, corner, caption)
    side = len(truth)
    some = [round(side * (n + 0.5) / MARKS) for n in range(MARKS)]
    here = torch.tensor(list(product(some, some)))
    there = here.flip(-1) + truth[here[:, 0], here[:, 1]]
    seen = ((there > 0) & (there < side - 1)).all(-1)
    starts, ends = here.flip(-1)[seen].float(), there[seen]
    ways = torch.stack([torch.stack(_inches(p, side, corners[1]), -1) for p in (starts, ends)], 1)
    for colour, wide in (("white", 3.5), (INK, 1.5)):
        lines(axes, ways, colors=colour, linewidths=wide, zorder=1.5)
    for places, corner, look in ((starts, corners[0], END), (starts, corners[1], START),
                                 (ends, corners[1], END)):  # fmt: skip
        axes.plot(*_inches(places, side, corner), "o", markeredgecolor=INK, **look)


def _show_key(axes: Axes, fastest: float, corner: Corner) -> None:
    """The colour of every motion up to the fastest, with words for four of them."""
    line = torch.linspace(-1.45, 1.45, 140)
    motion = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)
    colours = flow_colours(motion * fastest, fastest)
    colours[motion.norm(dim=-1) > 1] = 1
    caption = f"colours of motion; the rim: {fastest:.0f} pixels"
    _paint(axes, colours, corner, caption, interpolation="bilinear")
    for word, (x, y) in {"right": (1, 0), "down": (0, -1), "left": (-1, 0), "up": (0, 1)}.items():
        place = corner[0] + SIDE / 2 * (1 + 0.85 * x), corner[1] + SIDE / 2 * (1 + 0.85 * y)
        middle(axes, *place, word, 9)


def _show_arrows(
    axes: Axes, flows: Sequence[Flow], fastest: float, corners: Sequence[Corner]
) -> None:
    """Arrows for every so many pixels; the fastest nearly meets the next."""
    side = len(flows[0])
    step = max(1, side // ARROWS)
    some = torch.arange(step // 2, side, step)
    y, x = torch.meshgrid(some, some, indexing="ij")
    places = torch.stack([x, y], -1).flatten(0, 1).float()
    starts = [torch.stack(_inches(places, side, corner)) for corner in corners]
    moved = torch.cat([flow[y, x].flatten(0, 1) for flow in flows]) * torch.tensor([1, -1])
    look = {"units": "inches", "width": 0.013, "pivot": "mid", "color": INK}
    scale = {"angles": "xy", "scale_units": "xy", "scale": fastest * side / (0.85 * SIDE * step)}
    axes.quiver(*torch.cat(starts, 1).numpy(), *moved.T.numpy(), **scale, **look)


def _outline(axes: Axes, where: Bool[Tensor, "height width"], corners: Sequence[Corner]) -> None:
    """A line between the pixels that are meant and those that are not."""
    side = len(where)
    ends = torch.tensor(borders(where)).float().view(-1, 2, 2) - 0.5
    placed = [torch.stack(_inches(ends, side, corner), -1) for corner in corners]
    lines(axes, torch.cat(placed), colors=INK, linewidths=1.6)


def _inches(places: Float[Tensor, "*places xy=2"], side: int, corner: Corner) -> list[Tensor]:
    """Where pixels (x, y) of a square lie on the paper; whole numbers are their middles."""
    x, y = (places + 0.5).mul(SIDE / side).unbind(-1)
    return [corner[0] + x, corner[1] + SIDE - y]


def _mean(flow: Flow) -> str:
    right, down = (round(x, 1) + 0.0 for x in flow.flatten(0, -2).mean(0).tolist())
    return f"{right:.1f} right and {down:.1f} down"


SIZE = (40, 40)
FARTHEST, MOST_DEGREES = 5.0, 10.0
PHOTOGRAPHS = ("China", "a cat", "bricks", "the moon")
KNOBS = {
    "right": Real("shift right, pixels", -FARTHEST, FARTHEST, 0.5, 0.25),
    "down": Real("shift down, pixels", -FARTHEST, FARTHEST, 0.0, 0.25),
    "turn": Real("turn clockwise, degrees", -MOST_DEGREES, MOST_DEGREES, 2.5, 0.5),
    "photograph": Choice("photograph", PHOTOGRAPHS, "a cat"),
    "own": Upload("or a picture of your own"),
}


def draw(right: float, down: float, turn: float, photograph: str, own: bytes | None) -> Picture:
    """A pair of frames, their true flow, and what the model finds."""
    pair = moved(own_texture(own) if own else _held_out(photograph), right, down, turn)
    truth, found = pair.flow[0], told(pair.frames[0])
    title = f"{_errors(truth, found)}\n{_range(truth, turn)}"
    return draw_motion(pair.frames[0], truth, found, MAX_SHIFT, title)


def moved(texture: Float[Tensor, "3 _ _"], right: float, down: float, turn: float) -> MovingPairs:
    """Film the middle of a photograph while it is shifted and turned.

    Args:
        texture: colours from -1 to 1.
        right: pixels.
        down: pixels.
        turn: clockwise, in degrees.
    """
    shift, angle = torch.tensor([[right, down]]), torch.tensor([radians(turn)])
    return filmed(texture[None], replace(still(1), shift=shift, turn=angle), SIZE)


def told(frames: Float[Tensor, "frames=2 3 height width"]) -> Float[Tensor, "height width xy=2"]:
    """The flow that the trained model finds, tile by tile, in pixels."""
    return predict_flow(_model(), *local_contrast_normalisation(frames))


@cache
def _model() -> nn.Module:
    return trained("flow")


def _held_out(photograph: str) -> Float[Tensor, "3 height width"]:
    return samples.textures().test[PHOTOGRAPHS.index(photograph)]


@lru_cache(maxsize=2)
def own_texture(content: bytes) -> Float[Tensor, "3 height width"]:
    """A reader's picture at the size of ours, colours from -1 to 1.

    Args:
        content: of its file.

    Raises:
        ValueError: if it is no picture.
    """
    height, width = samples.TEXTURE_SIZE
    small = ImageOps.fit(picture_in(content), (width, height), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(small)).movedim(-1, 0) / 127.5 - 1


def _errors(truth: Float[Tensor, "*places xy=2"], found: Float[Tensor, "*places xy=2"]) -> str:
    """How far off the model is, and how far whoever says that nothing moves."""
    model, nothing = (end_point_error(flow, truth).item() for flow in (found, 0 * truth))
    words = f"End-point error {model:.2f} pixels; “nothing moves” is off by {nothing:.2f}"
    if model >= nothing:
        return f"{words}, and nearer."
    return f"{words}: {1 - model / nothing:.0%} of the motion is found."


def _range(truth: Float[Tensor, "height width xy=2"], turn: float) -> str:
    """Whether the model has met such motion, in a sentence."""
    far = (truth.abs().amax(-1) > MAX_SHIFT).float().mean().item()
    most = degrees(MAX_TURN)
    beyond = [f"a turn of {abs(turn):g}°"] if abs(turn) > most else []
    beyond += [f"{far:.0%} of the pixels too far (outlined)"] if 0 < far < 1 else []
    beyond += ["all pixels too far"] if far == 1 else []
    if not beyond:
        return f"Within its training: shifts up to {MAX_SHIFT} pixels, turns up to {most:.1f}°."
    return f"Beyond its training ({MAX_SHIFT} pixels, {most:.1f}°): {', '.join(beyond)}."


def flow() -> Explorer:
    """Shift and turn a photograph, and compare the flow that a model finds with the truth."""
    hint = (
        "Turn to 10 degrees: what is fastest is lost first, and a line goes around it. Then shift "
        "by 2.5 pixels without a turn, and by 3."
    )
    return Explorer("Optical flow", draw, KNOBS, hint)
