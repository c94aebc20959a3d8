"""Models that read a text or an image, and where they look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from jaxtyping import Float, Int
from PIL import Image
from torch import Tensor, nn

from perceiver_tutorial.hiera import Hiera, classifier_from
from perceiver_tutorial.perceiver import characters, encode_text
from perceiver_tutorial.perceiver.losses import best_spans
from perceiver_tutorial.perceiver.tasks.language import UNDERSCORE
from perceiver_tutorial.perceiver.tokenizer import MASK, decode_text

from ...kit import samples
from ...kit.recipes import trained
from ...kit.recipes.cat_face import SIZE, cat_faces
from ...kit.recipes.digits_deit import few_labels
from ...kit.recipes.digits_hiera import enlarged
from ...kit.recipes.facts import FACTS, LONGEST_ANSWER, questions
from ...kit.recipes.text_classes import CODE_OR_PROSE
from ...kit.recipes.text_masked import SENTENCES, one_word_hidden, sentences
from ...kit.samples import KINDS
from ..own import as_cat, as_digit, content_at, on_one_line, picture_in, text_in
from .looks import Look, deit_looks, hiera_looks, perceiver_looks


@dataclass(frozen=True, eq=False)
class Given:
    """What a model is given.

    Attributes:
        raw: as the model takes it, a batch of one.
        told: what it is and how it was prepared, in a sentence.
        truth: the right answer, where it is known.
        letters: of a text, its characters with their ids.
    """

    raw: Tensor
    told: str
    truth: Any = None
    letters: tuple = ()


@dataclass(frozen=True, eq=False)
class Reader:
    """A trained model with its inputs.

    Attributes:
        load: makes the model.
        sample: one of the course's own inputs, by its number.
        prepare: what a reader brought, a picture or a text, to what the model takes.
        look: model and raw inputs to its looks and its answer.
        say: the answer in words.
        num_samples: how many there are.
        start: the sample and the row to begin with.
        is_text: whether it reads bytes instead of a picture.
        others: samples to compare with, as a batch; of pictures only.
        mark: the answer as places on the picture, row and column of each.
    """

    load: Callable[[], nn.Module]
    sample: Callable[[int], Given]
    prepare: Callable[[Any], Given]
    look: Callable[[nn.Module, Tensor], tuple[list[Look], Any]]
    say: Callable[[Any, Given], str]
    num_samples: int
    start: tuple[int, int] = (0, 0)
    is_text: bool = False
    others: Callable[[], Tensor] | None = None
    mark: Callable[[Any], Sequence[tuple[float, float]]] = lambda _answer: ()

    def given(self, upload: bytes | None, own: str, sample: int) -> Given:
        """What a reader brought, or else a sample; what was typed counts before a file.

        Raises:
            ValueError: if it cannot be read, in a sentence.
        """
        if upload is None and not own.strip():
            return self.sample(sample)
        if self.is_text:
            return self.prepare(own if own.strip() else text_in(upload))
        return self.prepare(picture_in(content_at(own) if own.strip() else upload))


NUM_TEXTS = 24
LINES = (
    "if x is None: return the_list[0]  # There is nothing to do.",
    "The list is empty, and so there is nothing to do.",
    "He said: (see below)",
    "for name in sorted(names): print(name.upper())",
    "Nobody had yet written a line of code, and yet there was already a fault in it.",
    "JSON HTTP URL",
    "x.y.z",
    "elf",
)


@cache
def hidden_words() -> list[str]:
    """Sentences with one word each as underscores."""
    whole = sentences(NUM_TEXTS, seed=1, held_out=True)
    return [one_word_hidden(text)[number % 4 - 1] for number, text in enumerate(whole)]


@cache
def reports() -> list[str]:
    """A question and the text that answers it, about people whose names are new."""
    return [question.text for question in questions(NUM_TEXTS, held_out=True)]


def _given(text: str, told: str, special: bool) -> Given:
    ids = encode_text([text], None, special=special).ids
    return Given(ids, told, letters=tuple(characters(ids[0])))


def _sample(texts: Callable[[], list[str]], special: bool, number: int) -> Given:
    return _given(texts()[number], f"Text {number} of the course's own.", special)


def _own(max_bytes: int, special: bool, text: str) -> Given:
    return _given(*on_one_line(text, max_bytes - 2 * special), special)


def say_kind(logits: Float[Tensor, "1 2"], _given: Given) -> str:
    """Code, or prose."""
    share, kind = logits.softmax(-1)[0].max(-1)
    return f"The model answers {KINDS[kind]} ({share:.0%})."


def say_guess(logits: Float[Tensor, "1 bytes vocabulary"], given: Given) -> str:
    """What it puts in the place of underscores."""
    hidden = given.raw == UNDERSCORE
    if not hidden.any():
        return "Nothing is hidden: write an underscore for each letter that it should guess."
    return f'The model guesses "{decode_text(logits.argmax(-1)[hidden])}" for the underscores.'


def say_span(logits: Float[Tensor, "1 bytes 2"], given: Given) -> str:
    """What it points at."""
    mask = torch.ones_like(given.raw, dtype=torch.bool)
    ((first, last),) = best_spans(logits, mask, LONGEST_ANSWER).tolist()
    return f'The model points at "{decode_text(given.raw[0, first : last + 1])}".'


def _masked_looks(model, raw: Tensor) -> tuple[list, Any]:
    return perceiver_looks(model, raw.masked_fill(raw == UNDERSCORE, MASK), inputs="bytes")


def _reader(name: str, config, texts, say, look, start: tuple[int, int], special=True) -> Reader:
    return Reader(
        partial(trained, name),
        partial(_sample, texts, special),
        partial(_own, config.max_bytes, special),
        look,
        say,
        num_samples=len(texts()),
        start=start,
        is_text=True,
    )


_bytes = partial(perceiver_looks, inputs="bytes")
TEXT_READERS = {
    "Perceiver, code or prose": _reader(
        "code-or-prose", CODE_OR_PROSE, lambda: LINES, say_kind, _bytes, (0, 5)
    ),
    "Perceiver, hidden words": _reader(
        "sentences-masked", SENTENCES, hidden_words, say_guess, _masked_looks, (0, 4)
    ),
    "Perceiver, who sold what": _reader(
        "facts", FACTS, reports, say_span, _bytes, (0, 4), special=False
    ),
}


NUM_PICTURES, NUM_OTHERS = 40, 64
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
    return cat_faces(NUM_PICTURES + NUM_OTHERS)


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
    return Reader(load, look=look, say=say, num_samples=NUM_PICTURES, start=start, **ways)


_pixels = partial(perceiver_looks, inputs="pixels")
PICTURE_READERS = {
    "DeiT, digits": _digit_reader(partial(trained, "digits-deit-token"), coloured, deit_looks),
    "Perceiver, digits": _digit_reader(
        partial(trained, "digits-fourier"), same, _pixels, start=(7, 5)
    ),
    "Perceiver, a cat's face": Reader(
        partial(trained, "cat-face"), _cat, _own_cat, _pixels, say_places, NUM_PICTURES,
        start=(0, 3), others=lambda: cats()[0][NUM_PICTURES:], mark=mark_places,
    ),
    "Hiera, digits": _digit_reader(_hiera, enlarged, hiera_looks, say_nothing, start=(7, 27)),
}  # fmt: skip
