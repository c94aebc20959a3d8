"""One picture, what is seen of it, and several ways to fill the rest, each with its error."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from perceiver_tutorial.hiera import HieraMAE
from perceiver_tutorial.hiera.targets import from_patches, patches, statistics
from perceiver_tutorial.masks import block_units, mask_of, random_units

from ..kit.axes import AXES
from ..kit.images import GREY
from ..kit.picture import Picture, borders, boxes, lines, sheet, show, write
from ..kit.recipes import trained
from ..kit.recipes.digits_hiera import PRETRAINING, enlarged_digits
from .explorer import Explorer
from .knobs import Choice, Grid, Real, Switch, Whole

HIDDEN = {"facecolors": "#BBBBBB", "edgecolors": "white", "linewidths": 0.6, "hatch": "///"}
BORDER = {"colors": AXES["inputs"].colour, "linewidths": 1.4}
ACROSS, SIDE, BETWEEN, MARGIN, TOP, CAPTION = 3, 1.95, 0.3, 0.2, 0.52, 0.32  # inches
WIDTH = 2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * BETWEEN

KEY = "hatched: hidden    line: where seen meets hidden    error: mean squared, over hidden pixels"

Shown = Float[Tensor, "colours height width"]
Corner = tuple[float, float]


def draw_filled(
    picture: Shown,
    mask: Bool[Tensor, "rows columns"],
    answer: Shown | None,
    filled: Mapping[str, Shown | None],
    words: Sequence[str],
) -> Picture:
    """A picture, what is seen, what is answered, and pictures whose hidden units were filled.

    Args:
        picture: the truth, any range.
        mask: True for mask units that are seen.
        answer: what a model says about all units; None if it cannot say anything.
        filled: title -> picture that is the truth where it is seen; its mean squared error where
            it is not is written beside the title. None if there is none.
        words: lines above it; the first is the title.
    """
    errors = [title + _error(picture, mask, made) for title, made in filled.items()]
    titles = ["the truth", "what is seen", "what the network says", *errors]
    figure, axes = sheet(WIDTH, TOP + -(-len(titles) // ACROSS) * (SIDE + CAPTION) + 2 * MARGIN)
    corners = [_corner(number) for number in range(len(titles))]
    for corner, title in zip(corners, titles, strict=True):
        write(axes, corner[0], corner[1] - 0.07, title, 9, va="baseline")
    for corner, one in zip(corners, [picture, picture, answer, *filled.values()], strict=True):
        _paint(axes, corner, one, picture)
    _hide(axes, corners[1], ~mask)
    for corner, made in zip(corners[3:], filled.values(), strict=True):
        if made is not None:
            size = SIDE / np.array(mask.T.shape)
            ends = np.reshape(borders(mask), (-1, 2, 2)) * size + corner
            lines(axes, ends, **BORDER)
    for line, sentence in enumerate(words):
        write(axes, MARGIN, 0.27 + 0.22 * line, sentence, 9 if line else 11, va="baseline")
    write(axes, MARGIN, axes.get_ylim()[0] - 0.12, KEY, va="baseline")
    told = f"Mean squared error over hidden pixels: {'; '.join(errors)}."
    return Picture(figure, f"{' '.join(words)} {told}")


def _corner(number: int) -> Corner:
    """Upper left corner of a panel, in inches."""
    row, column = divmod(number, ACROSS)
    return MARGIN + column * (SIDE + BETWEEN), TOP + row * (SIDE + CAPTION) + CAPTION


def _paint(axes: Axes, corner: Corner, picture: Tensor | None, truth: Tensor) -> None:
    """Paint it on the scale of the truth; what does not exist is hatched all over."""
    if picture is None:
        _hide(axes, corner, truth.new_ones(1, 1).bool())
        return
    low, high = truth.min(), truth.max()
    scaled, (left, top) = ((picture - low) / (high - low)).clamp(0, 1), corner
    show(axes, scaled, (left, left + SIDE, top + SIDE, top), **GREY)


def _hide(axes: Axes, corner: Corner, hidden: Bool[Tensor, "rows columns"]) -> None:
    """Hatch the units that are hidden."""
    size = SIDE / np.array(hidden.T.shape)
    corners = hidden.nonzero().flip(1).numpy() * size + corner
    boxes(axes, [(*place, *size) for place in corners], **HIDDEN)


def _error(picture: Shown, mask: Bool[Tensor, "rows columns"], made: Shown | None) -> str:
    """Mean squared error over the hidden pixels, or why there is none."""
    if made is None:
        return ", no answer"
    if mask.all():
        return ", nothing hidden"
    rows, columns = picture.shape[-2] // mask.shape[0], picture.shape[-1] // mask.shape[1]
    hidden = ~mask.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    return f", error {float((made - picture)[:, hidden].square().mean()):.2f}"


UNITS = PRETRAINING.encoder.units
WAYS = {"scattered": random_units, "in a block": block_units}
OF_EACH = 4  # handwritings of every digit
KNOBS = {
    "digit": Whole("digit", 0, 10 * OF_EACH - 1, 5),
    "way": Choice("hidden units", tuple(WAYS), "scattered"),
    "mask_ratio": Real("share that is hidden", 0.0, 0.95, 0.6, 0.05),
    "seed": Whole("seed", 0, 9, 0),
    "turned": Grid("turn units over by hand", ((False,) * UNITS[1],) * UNITS[0]),
    "borrows": Switch("borrow brightness and contrast from the truth", start=True),
}

Views = Float[Tensor, "1 3 height width"]
Pixels = Float[Tensor, "1 tokens pixels"]
Scale = tuple[Float[Tensor, "1 tokens 1"], Float[Tensor, "1 tokens 1"]]


@cache
def model() -> HieraMAE:
    """The pre-training that comes with the course."""
    return trained("digits-mae")


@cache
def held_out() -> Float[Tensor, "digits 3 height width"]:
    """Digits that no training saw: 0 to 9, and again in another handwriting."""
    digits = enlarged_digits()
    of_class = [(digits.test_labels == label).nonzero()[:OF_EACH, 0] for label in range(10)]
    return digits.test_images[torch.stack(of_class, 1).flatten()]


@cache
def usual() -> tuple[Pixels, Scale]:
    """The mean training digit, and how bright and contrasted such digits are at each place."""
    seen = patches(enlarged_digits().train_images, PRETRAINING.encoder)
    brightness, contrast = statistics(seen)
    scale = brightness.mean(0, keepdim=True), contrast.mean(0, keepdim=True)
    return seen.mean(0, keepdim=True), scale


def kept(
    way: str, mask_ratio: float, seed: int, turned: tuple[tuple[bool, ...], ...]
) -> Bool[Tensor, "1 units"]:
    """True for mask units that are seen: a random choice, of which some are turned over."""
    dice = torch.Generator().manual_seed(seed)
    chosen = mask_of(WAYS[way](1, UNITS, mask_ratio, dice), UNITS)
    return chosen ^ torch.tensor(turned).view(1, -1)


def predicted(image: Views, mask: Bool[Tensor, "1 units"]) -> Pixels | None:
    """What the network says of every patch, in units of its contrast; None if it sees nothing."""
    if not mask.any():
        return None
    with torch.no_grad():
        return model()(image, mask)


def scale_of(image: Views, mask: Bool[Tensor, "1 units"], borrows: bool) -> Scale:
    """Brightness and contrast to draw every patch with.

    Args:
        image: the truth.
        mask: True for units that are seen.
        borrows: whether hidden patches take their own true ones, or what is usual at their place.
    """
    own, (_, others) = statistics(patches(image, PRETRAINING.encoder)), usual()
    is_own = mask[..., None] | borrows
    brightness, contrast = (torch.where(is_own, *pair) for pair in zip(own, others, strict=True))
    return brightness, contrast


def draw(
    digit: int,
    way: str,
    mask_ratio: float,
    seed: int,
    turned: tuple[tuple[bool, ...], ...],
    borrows: bool,
) -> Picture:
    """A digit, what is seen of it, and what the network makes of the rest."""
    image, mask = held_out()[digit][None], kept(way, mask_ratio, seed, turned)
    brightness, contrast = scale_of(image, mask, borrows)
    says = predicted(image, mask)
    answer = None if says is None else says * contrast + brightness
    truth, (mean_digit, _) = patches(image, PRETRAINING.encoder), usual()
    ways = {"network": answer, "brightness alone": brightness, "mean digit": mean_digit}
    seen = mask[..., None]
    filled = {
        title: None if made is None else _picture(torch.where(seen, truth, made))
        for title, made in ways.items()
    }
    shown = None if answer is None else _picture(answer)
    return draw_filled(image[0], mask.view(UNITS), shown, filled, _words(digit, mask, borrows))


def _picture(pixels: Float[Tensor, "1 tokens pixels"]) -> Float[Tensor, "3 height width"]:
    return from_patches(pixels, PRETRAINING.encoder)[0]


def _words(digit: int, mask: Bool[Tensor, "1 units"], borrows: bool) -> tuple[str, str]:
    """What is hidden, and where the numbers for it come from."""
    hidden, units = int((~mask).sum()), mask.numel()
    if hidden == units:
        said = "No token enters the encoder, so the network has no answer. Turn a unit over."
    elif not hidden:
        said = "The loss would refuse. Nobody ever judged what is said of seen units: it is noise."
    elif borrows:
        said = "Borrowed from the truth: how bright and how contrasted each hidden unit is."
    else:
        said = "Nothing borrowed: hidden units get the brightness and contrast of training digits."
    return f"A {digit % 10} with {hidden} of {units} mask units hidden.", said


def masked() -> Explorer:
    """Hide mask units of a digit, at random or by hand, and watch a small Hiera rebuild them."""
    hint = (
        "Hide the units in a block: which digit do you read now? Then hide none, hide all, and "
        "switch off what is borrowed."
    )
    return Explorer("Masked autoencoder", draw, KNOBS, hint)
