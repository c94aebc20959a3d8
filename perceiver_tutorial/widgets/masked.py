"""A masked autoencoder: hide parts of a digit, at random or by hand, and see what comes back."""

from functools import cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..hiera import HieraMAE
from ..hiera.targets import from_patches, patches, statistics
from ..masks import block_units, keep_of, random_units
from ..recipes import trained
from ..recipes.digits_hiera import PRETRAINING, enlarged_digits
from ..viz import Picture, draw_filled
from .explorer import Explorer
from .knobs import Choice, Grid, Real, Switch, Whole

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
    chosen = keep_of(WAYS[way](1, UNITS, mask_ratio, dice), UNITS)
    return chosen ^ torch.tensor(turned).view(1, -1)


def predicted(image: Views, keep: Bool[Tensor, "1 units"]) -> Pixels | None:
    """What the network says of every patch, in units of its contrast; None if it sees nothing."""
    if not keep.any():
        return None
    with torch.no_grad():
        return model()(image, keep)


def scale_of(image: Views, keep: Bool[Tensor, "1 units"], borrows: bool) -> Scale:
    """Brightness and contrast to draw every patch with.

    Args:
        image: the truth.
        keep: True for units that are seen.
        borrows: whether hidden patches take their own true ones, or what is usual at their place.
    """
    own, (_, others) = statistics(patches(image, PRETRAINING.encoder)), usual()
    is_own = keep[..., None] | borrows
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
    image, keep = held_out()[digit][None], kept(way, mask_ratio, seed, turned)
    brightness, contrast = scale_of(image, keep, borrows)
    says = predicted(image, keep)
    answer = None if says is None else says * contrast + brightness
    truth, (mean_digit, _) = patches(image, PRETRAINING.encoder), usual()
    ways = {"network": answer, "brightness alone": brightness, "mean digit": mean_digit}
    seen = keep[..., None]
    filled = {
        title: None if made is None else _picture(torch.where(seen, truth, made))
        for title, made in ways.items()
    }
    shown = None if answer is None else _picture(answer)
    return draw_filled(image[0], keep.view(UNITS), shown, filled, _words(digit, keep, borrows))


def _picture(pixels: Float[Tensor, "1 tokens pixels"]) -> Float[Tensor, "3 height width"]:
    return from_patches(pixels, PRETRAINING.encoder)[0]


def _words(digit: int, keep: Bool[Tensor, "1 units"], borrows: bool) -> tuple[str, str]:
    """What is hidden, and where the numbers for it come from."""
    hidden, units = int((~keep).sum()), keep.numel()
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
