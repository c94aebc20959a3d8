"""The few real pictures and texts of the course, from packages that ship them; invented names."""

import ast
import re
import sysconfig
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import chain, cycle, islice, product, zip_longest
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from PIL import Image, ImageOps
from torch import Tensor

STARTS = ("Ba", "Bo", "Da", "De", "Fa", "Fi", "Ga", "Ki", "La", "Mo", "Na", "Po", "Ra", "Ta", "Zu")
MIDDLES = ("", "ba", "de", "fi", "ko", "la", "mu", "ri", "so", "ta", "ve")
ENDS = ("bo", "da", "fe", "gu", "ki", "lo", "ma", "no", "po", "ra", "si", "tu", "vo", "ze")


class Digits(NamedTuple):
    """Handwritten digits, 8 x 8 pixels from 0 (paper) to 1 (ink), and what they are."""

    train_images: Float[Tensor, "train 1 8 8"]
    train_labels: Int[Tensor, " train"]
    test_images: Float[Tensor, "test 1 8 8"]
    test_labels: Int[Tensor, " test"]


def digits() -> Digits:
    """scikit-learn's 1,797 digits, a quarter of every class held back for testing."""
    return _split(0.75, seed=0)


def few_digits(num_labels: int = 200, seed: int = 0) -> Digits:
    """The same digits, but only few of them to learn from; all others are held back.

    Args:
        num_labels: digits to learn from, as many of each class as of all.
        seed: which.
    """
    return _split(num_labels, seed)


def _split(train_size: float | int, seed: int) -> Digits:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    parts = train_test_split(
        images, labels, train_size=train_size, stratify=labels, random_state=seed
    )
    train_images, test_images, train_labels, test_labels = map(torch.as_tensor, parts)
    return Digits(train_images, train_labels, test_images, test_labels)


TEXTURE_SIZE = (120, 160)


class Textures(NamedTuple):
    """Photographs at one size, colours from -1 to 1; no photograph is in both sets.

    Attributes:
        train: to learn from.
        test: held out.
    """

    train: Float[Tensor, "textures 3 120 160"]
    test: Float[Tensor, "_textures 3 120 160"]


@cache
def textures() -> Textures:
    """Nine photographs to learn motion from and four others, grey ones with three equal colours.

    Of scikit-image and scikit-learn, cut to 3 : 4 and resampled to 120 x 160 pixels.
    """
    from skimage import data
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    train = (
        flower, data.astronaut(), data.coffee(), data.rocket(), data.camera(),
        data.grass(), data.gravel(), data.coins(), data.immunohistochemistry(),
    )  # fmt: skip
    test = (china, data.chelsea(), data.brick(), data.moon())
    return Textures(
        *(torch.stack([_small(photograph) for photograph in some]) for some in (train, test))
    )


def _small(photograph: np.ndarray) -> Float[Tensor, "3 120 160"]:
    image = Image.fromarray(photograph).convert("RGB")
    fitted = ImageOps.fit(image, TEXTURE_SIZE[::-1], Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(fitted)).movedim(-1, 0) / 127.5 - 1


class StereoPair(NamedTuple):
    """One thing seen from two places: a real pair of frames, and how far each pixel moves.

    Attributes:
        frames: the left view, then the right one, colours from -1 to 1.
        flow: right and down, in pixels; 0 where it is not known.
        known: True where it was measured.
    """

    frames: Float[Tensor, "frames=2 3 height width"]
    flow: Float[Tensor, "height width xy=2"]
    known: Bool[Tensor, "height width"]


def stereo_motorcycle(shrink: int = 12, shift: int = 34) -> StereoPair:
    """A motorcycle before a wall, from the left and from the right, with measured motion.

    Of the Middlebury stereo data of 2014, as scikit-image ships it: 500 x 741 pixels.
    Near things move most between the views. What the left view shows at column x the
    right one shows at x minus the disparity (scikit-image's words say the reverse).

    Args:
        shrink: pixels, along each side, that become one.
        shift: columns that the right view is moved to the right before, so that the
            wall moves one way and the wheel the other; in pixels of the original.

    Raises:
        ValueError: if nothing would be left.

    >>> pair = stereo_motorcycle()
    >>> pair.frames.shape, pair.flow.shape
    (torch.Size([2, 3, 41, 58]), torch.Size([41, 58, 2]))
    """
    from skimage.data import stereo_motorcycle as motorcycle

    left, right, disparity = motorcycle()
    width = left.shape[1] - shift
    if shrink < 1 or not 0 <= shift <= left.shape[1] - shrink or shrink > len(left):
        raise ValueError(
            "expected shrink of at least 1 and a shift from 0 that leave a pixel of 500 x 741, "
            f"got shrink={shrink}, shift={shift}."
        )
    rightward = _blocks(shift - disparity[:, shift:, None], shrink).squeeze(-1)
    known = np.isfinite(rightward).mean((2, 3)) > 0.5
    middle = np.ma.median(np.ma.masked_invalid(rightward.reshape(*known.shape, -1)), axis=-1)
    right_and_down = np.stack([middle.filled(0) * known, np.zeros(known.shape)], axis=-1)
    flow = torch.from_numpy(right_and_down / shrink).float()
    views = (_blocks(view, shrink).mean((2, 3)) for view in (left[:, shift:], right[:, :width]))
    frames = torch.stack([torch.from_numpy(view).movedim(-1, 0) for view in views])
    return StereoPair(frames.float() / 127.5 - 1, flow, torch.from_numpy(known))


def _blocks(image: np.ndarray, side: int) -> np.ndarray:
    """Cut into squares [rows, columns, side, side, channels]; an incomplete edge is left out."""
    height, width = (n // side * side for n in image.shape[:2])
    return rearrange(image[:height, :width], "(h y) (w x) c -> h w y x c", y=side, x=side)


def cat() -> Image.Image:
    """A tabby cat, 451 x 300 pixels: scikit-image's Chelsea, public domain (CC0)."""
    from skimage.data import chelsea

    return Image.fromarray(chelsea())


# On `cat`, as (row, column): the eye on the left, the eye on the right, the nose.
CAT_MARKS = ((115, 170), (137, 320), (237, 268))


def cats_eye(side: int = 64) -> Float[Tensor, "1 3 {side} {side}"]:
    """One eye of `cat`, 92 x 92 pixels resampled to `side` x `side`, from 0 to 1."""
    eye = cat().crop((132, 66, 224, 158)).resize((side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(eye)).movedim(-1, 0)[None] / 255


def six_pictures() -> Float[Tensor, "6 3 32 40"]:
    """A cat, an astronaut, coffee, a rocket, stars and the back of an eye, small, from 0 to 1.

    All from scikit-image and in the public domain, cut to 4 : 5 and resampled.
    """
    from skimage import data

    photographs = (
        data.chelsea(), data.astronaut(), data.coffee(),
        data.rocket(), data.hubble_deep_field(), data.retina(),
    )  # fmt: skip
    small = (
        ImageOps.fit(Image.fromarray(photograph), (40, 32), Image.Resampling.BICUBIC)
        for photograph in photographs
    )
    return torch.stack([torch.from_numpy(np.array(p)).movedim(-1, 0) / 255 for p in small])


KINDS = ("code", "prose")
LEARNED_FROM = """
_pyio argparse ast base64 bdb bz2 cmd code codecs configparser contextlib dataclasses difflib
dis doctest enum fileinput fractions ftplib functools gzip heapq imaplib inspect ipaddress
locale lzma mailbox numbers optparse os pdb pickle pickletools pkgutil platform poplib pydoc
queue selectors shutil smtplib socket socketserver ssl subprocess tarfile threading timeit
traceback typing uuid
"""
HELD_BACK = """
cProfile copy csv graphlib mimetypes random shelve site statistics tempfile textwrap tokenize
wave
"""
LENGTHS = (126, 80, 48)


class Passages(NamedTuple):
    """Pieces of up to 126 characters on one line, and what they are: 0 is code, 1 is prose."""

    train_texts: list[str]
    train_labels: Int[Tensor, " train"]
    test_texts: list[str]
    test_labels: Int[Tensor, " test"]


@cache
def code_or_prose() -> Passages:
    """Code and prose from Python's standard library, as much of one as of the other.

    Prose are the whole sentences of docstrings; code is what remains without docstrings
    and comments. Line breaks and indentation, which would give it away, become one space.
    What is held back for testing comes from other modules. Another version of Python has
    slightly other texts, but as many of them.
    """
    texts, labels = [], []
    for modules, count in ((LEARNED_FROM, 2400), (HELD_BACK, 300)):
        code, prose = zip(*map(_code_and_prose_in, modules.split()), strict=True)
        texts.append([*_take(code, count), *_take(prose, count)])
        labels.append(torch.arange(2 * count) // count)
    return Passages(texts[0], labels[0], texts[1], labels[1])


def _code_and_prose_in(module: str) -> tuple[list[str], list[str]]:
    """The code and the prose of one module, in passages."""
    path = Path(sysconfig.get_path("stdlib")) / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    lines, prose = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        is_named = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if is_named and (documentation := ast.get_docstring(node)):
            prose += [p for p in documentation.split("\n\n") if _is_sentence(p)]
            string = node.body[0]
            lines[string.lineno - 1 : string.end_lineno] = [""] * _height(string)
    code = [line for line in lines if not line.lstrip().startswith("#")]
    return _passages(code), _passages(prose)


def _height(node: ast.stmt) -> int:
    return node.end_lineno - node.lineno + 1


def _is_sentence(paragraph: str) -> bool:
    """No example, no table: those are indented, or end without a full stop."""
    return paragraph[:1].isupper() and paragraph.endswith(".") and "\n " not in paragraph


def _passages(lines: list[str]) -> list[str]:
    rows = textwrap.wrap(" ".join(" ".join(lines).split()), max(LENGTHS))
    cuts = zip(rows, cycle(LENGTHS), strict=False)
    return [row[:length] for row, length in cuts if row.isascii()]


def _take(modules: tuple[list[str], ...], count: int) -> Iterator[str]:
    """The first passage of every module, then the second, and so on."""
    in_turn = (passage for turn in zip_longest(*modules) for passage in turn if passage)
    return islice(in_turn, count)


class Prose(NamedTuple):
    """English in lines of at most 46 characters."""

    train_lines: list[str]
    test_lines: list[str]


def prose(width: int = 46) -> Prose:
    """What Python's own help says on some eighty topics; every eighth is held back for testing.

    Topics quote one another: what stands in both is learned from, and not held back.

    Args:
        width: characters in a line, at most. Lines end between words; the text is ASCII.
    """
    from pydoc_data.topics import topics

    lines = [_wrapped(topics[name], width) for name in sorted(topics)]
    held_back = lines[::8]
    learned_from = [*chain(*(some for number, some in enumerate(lines) if number % 8))]
    known = {*learned_from}
    return Prose(learned_from, [line for line in chain(*held_back) if line not in known])


def _wrapped(text: str, width: int) -> list[str]:
    plain = re.sub(r"[^ -~]|[*=~^-]{2,}|\* ", " ", text)
    lines = textwrap.wrap(" ".join(plain.split()), width)
    return [line.strip() for line in lines if re.search(r"[A-Za-z]{3}", line)]


@cache
def invented_names(held_out: bool = False) -> tuple[str, ...]:
    """Names of two or three syllables, 4 or 6 letters long, that stand for nobody.

    A quarter of them is held out. It is made of the same syllables as the others.

    Args:
        held_out: those that are not for training.

    >>> len(invented_names()), len(invented_names(held_out=True))
    (1733, 577)
    """
    names = ["".join(parts) for parts in product(STARTS, MIDDLES, ENDS)]
    Random(0).shuffle(names)
    quarter = len(names) // 4
    return tuple(names[:quarter] if held_out else names[quarter:])
