"""Attention: what a latent, a query or a token reads, back on a picture or text of one's own."""

from functools import cache, lru_cache
from math import isqrt
from typing import Any

from torch import nn

from ...kit.picture import Picture
from ..explorer import Explorer, Settings
from ..knobs import Choice, Knob, Upload, Whole, Words
from ..own import PathToPicture
from .looks import Look
from .pictures import Row, draw_row_on_image, draw_row_on_text
from .readers import PICTURE_READERS, TEXT_READERS, Given, Reader, cats, digits

READERS: dict[str, Reader] = {**PICTURE_READERS, **TEXT_READERS}
APART = ("class token", "distillation token")
THROUGH = (
    "Through them: half of a latent stays, half is what it read, the mean of all heads (rollout)."
)

HINTS = {
    "DeiT": "Turn the head: one token reads in four ways at once. Then turn the token from 0, the "
    "class token, to a patch. Or choose a Perceiver, where a few latents read all pixels.",
    "Perceiver": "Turn the sample: latent 5 moves with the ink. Now take latent 12: it keeps its "
    "places whatever is shown. Then walk through the layers, or give a picture of your own.",
    "Hiera": "Walk through the layers: first a token reads its mask unit only, then all tokens.",
    "text": "Turn the latent: does one of them read words, or do they look for signs? Type a line "
    "of your own, then walk through the layers.",
}


@cache
def _model(name: str) -> nn.Module:
    return READERS[name].load()


@lru_cache(maxsize=16)
def seen(model: str, upload: bytes | None, own: str, sample: int) -> tuple[Given, list[Look], Any]:
    """What a model is given, all its looks at it, and its answer; computed once for each input.

    Raises:
        ValueError: if what a reader brought cannot be read.
    """
    reader = READERS[model]
    given = reader.given(upload, own, sample)
    return given, *reader.look(_model(model), given.raw)


@cache
def _others(model: str) -> list[Look]:
    return READERS[model].look(_model(model), READERS[model].others())[0]


def _at_hand(settings: Settings) -> list[Look]:
    """The looks at what is given; at a sample if what a reader brought cannot be read."""
    model, upload, own, sample = (settings[k] for k in ("model", "upload", "own", "sample"))
    try:
        return seen(model, upload, own, sample)[1]
    except ValueError:
        return seen(model, None, "", 0)[1]


def _look(settings: Settings) -> Look:
    return next(look for look in _at_hand(settings) if look.name == settings["layer"])


def _upload(settings: Settings) -> Knob:
    if READERS[settings["model"]].is_text:
        return Upload("your own text", ".txt,.md,.py,text/*")
    return Upload("your own picture", "image/*")


def _own(settings: Settings) -> Knob:
    if READERS[settings["model"]].is_text:
        return Words("or type it, then Enter")
    return PathToPicture("or its path, then Enter")


def _sample(settings: Settings) -> Knob:
    reader = READERS[settings["model"]]
    if settings["upload"] is not None or settings["own"].strip():
        return Whole("sample (yours is read)", 0, 0, 0)
    return Whole("sample", 0, reader.num_samples - 1, reader.start[0])


def _layer(settings: Settings) -> Knob:
    names = tuple(look.name for look in _at_hand(settings))
    return Choice("layer", names, names[0], tried=(names[0], names[-1]))


def _head(settings: Settings) -> Knob:
    return Whole("head", 0, _look(settings).weights.shape[1] - 1, 0)


def _row(settings: Settings) -> Knob:
    look = _look(settings)
    last = look.weights.shape[2] - 1
    return Whole(look.asks, 0, last, min(last, READERS[settings["model"]].start[1]))


def draw(
    model: str, upload: bytes | None, own: str, sample: int, layer: str, head: int, row: int
) -> Picture:
    """What one row of one attention reads, on what the model was given."""
    given, looks, answer = seen(model, upload, own, sample)
    number, look = next((n, look) for n, look in enumerate(looks) if look.name == layer)
    told = f"{given.told} {THROUGH}" if look.back is not None else given.told
    on_input, weights = look.on_input(head, row)[0], look.weights[0, head, row]
    kind = "bytes" if given.letters else looks[0].reads
    shown = Row(
        f"{layer}, head {head}: {_title(look, row, given)}",
        READERS[model].say(answer, given), told, weights, look.reads, on_input, kind,
        APART[: len(on_input) - isqrt(len(on_input)) ** 2] if look.asks == "token" else (),
    )  # fmt: skip
    if given.letters:
        asks = row if look.asks == "query" and look.weights.shape[2] > 1 else None
        return draw_row_on_text(shown, given.letters, asks)
    usual = _others(model)[number].on_input(head, row).mean(0)
    side = isqrt(len(on_input))
    marks = READERS[model].mark(answer)
    return draw_row_on_image(
        shown, given.raw[0], (side, side), usual, asks=_asks(look, row), marks=marks
    )


def _asks(look: Look, row: int) -> tuple[int, int, int] | None:
    """Row, column and tokens along a side of the token that asks, if it lies on the picture."""
    tokens = look.weights.shape[2]
    side = isqrt(tokens)
    place = row - (tokens - side * side)
    return (*divmod(place, side), side) if look.asks == "token" and place >= 0 else None


def _title(look: Look, row: int, given: Given) -> str:
    """Who reads what, in words."""
    place, rows = _asks(look, row), look.weights.shape[2]
    who = f"{look.asks} {row}"
    if look.asks == "token":
        who = (
            f"the {APART[row]}"
            if place is None
            else f"the token of row {place[0]}, column {place[1]}"
        )
    elif look.asks == "query":
        who = "the only query" if rows == 1 else f"the query of {_byte(given, row)}"
    inputs = "bytes" if given.letters else "pixels"
    through = "" if look.back is None else f"; through them these {inputs}"
    return f"{who} reads {look.reads}{through}"


def _byte(given: Given, place: int) -> str:
    letters = [text for text, ids in given.letters for _ in ids]
    return f'byte {place}, "{letters[place]}",'


KNOBS = {
    "model": Choice("model", tuple(READERS), next(iter(READERS))),
    "upload": _upload,
    "own": _own,
    "sample": _sample,
    "layer": _layer,
    "head": _head,
    "row": _row,
}


def attention(model: str = next(iter(READERS))) -> Explorer:
    """Turn to any layer, head and latent of a trained model, and see what it reads of your input.

    Args:
        model: to begin with, one of `READERS`.

    Raises:
        ValueError: if there is no such model.
    """
    if model not in READERS:
        raise ValueError(f"expected a model of {', '.join(READERS)}, got {model!r}.")
    digits(), cats()  # opened now, so that turning to them is swift
    hint = HINTS["text" if READERS[model].is_text else model.split(",")[0]]
    knobs = KNOBS | {"model": Choice("model", tuple(READERS), model)}
    return Explorer("What is read, back on the input", draw, knobs, hint)
