"""Optical flow: shift and turn a photograph, and see where a small model says that it went."""

from dataclasses import replace
from functools import cache, lru_cache
from math import degrees, radians

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor, nn

from .. import samples
from ..perceiver import even_contrast, predict_flow
from ..perceiver.losses import end_point_error
from ..recipes import trained
from ..recipes.flow import MAX_SHIFT, MAX_TURN
from ..synthetic import MovingPairs, filmed, still
from ..viz import Picture, draw_motion
from .explorer import Explorer
from .knobs import Choice, Real, Upload
from .own import picture_in

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
    return predict_flow(_model(), *even_contrast(frames))


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
    height, width = samples.moving.TEXTURE_SIZE
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
