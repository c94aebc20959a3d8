"""Models of four families that read pictures: digits of 8 x 8 pixels, and a cat's face."""

from functools import cache, partial

from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor

from .. import samples
from ..hiera import Hiera, classifier_from
from ..recipes import trained
from ..recipes.cat_face import SIZE, cat_faces
from ..recipes.digits_deit import few_labels
from ..recipes.digits_hiera import enlarged
from .looks import deit_looks, hiera_looks, perceiver_looks
from .own import as_cat, as_digit
from .readers import Given, Reader

NUM_SAMPLES, NUM_OTHERS = 40, 64
MARKS = ("eye", "eye", "nose")


@cache
def digits() -> tuple[Float[Tensor, "digits 1 8 8"], Int[Tensor, " digits"]]:
    """Digits and their labels that none of the models has met; opening them takes a second."""
    all_held, few = samples.digits(), few_labels()
    met = few.train_images[:, :1].flatten(1)
    is_new = (all_held.test_images.flatten(1)[:, None] != met).any(-1).all(-1)
    return all_held.test_images[is_new], all_held.test_labels[is_new]


@cache
def cats() -> tuple[Tensor, Tensor]:
    """Views of the cat, and where her eyes and her nose are."""
    return cat_faces(NUM_SAMPLES + NUM_OTHERS)


def same(images: Tensor) -> Tensor:
    """Digits as the Perceiver takes them."""
    return images


def coloured(images: Float[Tensor, "batch 1 8 8"]) -> Float[Tensor, "batch 3 8 8"]:
    """Digits as DeiT takes them: three equal colours."""
    return images.expand(-1, 3, -1, -1)


def _digit(taken, number: int) -> Given:
    images, labels = digits()
    told = f"Digit {number} of those that no model here was trained with."
    return Given(taken(images[number : number + 1]), told, labels[number].item())


def _own_digit(taken, picture: Image.Image) -> Given:
    image, told = as_digit(picture)
    return Given(taken(image), told)


def _other_digits(taken) -> Tensor:
    return taken(digits()[0][-NUM_OTHERS:])


def say_digit(logits: Float[Tensor, "1 10"], given: Given) -> str:
    """The likeliest digit, and the true one."""
    share, digit = logits.softmax(-1)[0].max(-1)
    truth = "it knows nothing but digits" if given.truth is None else f"it is a {given.truth}"
    return f"The model answers {digit.item()} ({share:.0%}); {truth}."


def say_nothing(_answer: None, given: Given) -> str:
    """Pre-training gives no answer."""
    truth = "" if given.truth is None else f" It is a {given.truth}."
    return f"It learned to rebuild hidden parts of digits, and names nothing.{truth}"


def _cat(number: int) -> Given:
    images, places = cats()
    told = f"View {number} of the cat, which the model has not met."
    return Given(images[number : number + 1], told, places[number])


def _own_cat(picture: Image.Image) -> Given:
    return Given(*as_cat(picture))


def mark_places(answer: Float[Tensor, "1 6"]) -> list[tuple[float, float]]:
    """Row and column of two eyes and a nose, in pixels."""
    return [(y, x) for y, x in ((answer.view(3, 2) + 1) / 2 * (SIZE - 1)).tolist()]


def say_places(answer: Float[Tensor, "1 6"], given: Given) -> str:
    """Where eyes and nose are, in pixels."""
    found = (answer.view(3, 2) + 1) / 2 * (SIZE - 1)
    places = zip(MARKS, mark_places(answer), strict=True)
    said = (f"{mark} at {y:.0f}, {x:.0f}" for mark, (y, x) in places)
    told = f"The model answers (row, column): {'; '.join(said)}"
    if given.truth is None:
        return f"{told}."
    off = (found - (given.truth + 1) / 2 * (SIZE - 1)).norm(dim=-1).mean()
    return f"{told}; {off:.1f} pixels off."


def _hiera() -> Hiera:
    return classifier_from(trained("digits-mae"), num_classes=None).eval()


def _digit_reader(load, taken, look, say=say_digit, start: tuple[int, int] = (7, 0)) -> Reader:
    taking = {"sample": _digit, "prepare": _own_digit, "others": _other_digits}
    ways = {name: partial(way, taken) for name, way in taking.items()}
    return Reader(load, look=look, say=say, num_samples=NUM_SAMPLES, start=start, **ways)


_pixels = partial(perceiver_looks, inputs="pixels")
PICTURE_READERS = {
    "DeiT, digits": _digit_reader(partial(trained, "digits-deit-token"), coloured, deit_looks),
    "Perceiver, digits": _digit_reader(
        partial(trained, "digits-fourier"), same, _pixels, start=(7, 5)
    ),
    "Perceiver, a cat's face": Reader(
        partial(trained, "cat-face"), _cat, _own_cat, _pixels, say_places, NUM_SAMPLES,
        start=(0, 3), others=lambda: cats()[0][NUM_SAMPLES:], mark=mark_places,
    ),
    "Hiera, digits": _digit_reader(_hiera, enlarged, hiera_looks, say_nothing, start=(7, 27)),
}  # fmt: skip
