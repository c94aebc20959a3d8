"""What readers bring of their own: pictures, paths to them, and texts."""

import io
from dataclasses import dataclass
from os.path import expanduser
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from perceiver_tutorial.checkpoints.pictures import as_rgb

from ..kit.recipes.recipe import FOLDER
from .knobs import Words

MEGABYTES = 50
ANY_PICTURE = FOLDER.parent.parent / "pictures" / "image_classifier.png"


@dataclass(frozen=True)
class PathToPicture(Words):
    """Where a picture lies."""

    def corners(self) -> tuple[str, ...]:
        return ("", str(ANY_PICTURE))


def picture_in(content: bytes) -> Image.Image:
    """The picture in a file, the right way up, in red, green and blue.

    Args:
        content: of the file.

    Raises:
        ValueError: if it is no picture, is cut short, or is too large to be unpacked.
    """
    try:
        return as_rgb(Image.open(io.BytesIO(content)))
    except UnidentifiedImageError:
        raise ValueError(
            f"expected a picture, as PNG, JPEG or WebP, got {len(content):,} bytes of something "
            "else. Choose another file."
        ) from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"the picture cannot be read to its end: {error}. Save it anew.") from None
    except Image.DecompressionBombError as error:
        raise ValueError(f"the picture is too large: {error}. Make it smaller.") from None


def content_at(path: str) -> bytes:
    """What is in a file.

    Args:
        path: as it is typed, `~` and quotation marks included.

    Raises:
        ValueError: if there is no such file, it is a folder, too large, or may not be read.
    """
    place = Path(expanduser(path.strip().strip("\"'")))
    try:
        if place.is_dir():
            raise ValueError(f"expected a picture, got the folder {place}. Name a file in it.")
        size = place.stat().st_size / 1e6
        if size > MEGABYTES:
            raise ValueError(
                f"expected at most {MEGABYTES} MB, got {size:.0f} MB. Make the picture smaller."
            )
        return place.read_bytes()
    except OSError as error:
        raise ValueError(
            f"expected the path of a picture, got {str(place)[:200]!r}: {error.strerror}. "
            "Look at its spelling; a path starts at / or ~ or in the notebook's folder."
        ) from None


def text_in(content: bytes) -> str:
    """The text in a file.

    Raises:
        ValueError: if it is no UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(
            f"expected a text in UTF-8, got {len(content):,} bytes of something else. Save it "
            "as plain text."
        ) from None


def on_one_line(text: str, num_bytes: int) -> tuple[str, str]:
    """A text as the models learned from texts, and a sentence on what that took.

    Args:
        text: any; several blanks and line breaks become one blank.
        num_bytes: more are cut off, between characters.

    Raises:
        ValueError: if nothing is left.
    """
    line = " ".join(text.encode(errors="replace").decode().split())
    if not line:
        raise ValueError("expected a text, got none but blanks. Write a few words.")
    total = len(line.encode())
    if total <= num_bytes:
        return line, f"Your text, {total} bytes."
    cut = line.encode()[:num_bytes].decode(errors="ignore")
    return cut, f"Your text, cut to what the model takes: {len(cut.encode())} of {total:,} bytes."


def as_digit(picture: Image.Image) -> tuple[Float[Tensor, "1 1 8 8"], str]:
    """A picture as the models learned digits from, and a sentence on what that took.

    Args:
        picture: of anything; light or dark ink, which the rim tells.
    """
    small = ImageOps.fit(picture.convert("L"), (8, 8), Image.Resampling.BOX)
    greys = torch.from_numpy(np.array(small)).float() / 255
    greys = (greys - greys.min()) / (greys.max() - greys.min()).clamp(min=1e-6)
    rim = torch.cat([greys[0], greys[-1], greys[1:-1, 0], greys[1:-1, -1]]).mean()
    turned = "; light became dark, as ink was light in training" if rim > 0.5 else ""
    told = (
        f"Your picture as the model sees it: its middle square in 8 x 8 greys, stretched{turned}."
    )
    return (1 - greys if rim > 0.5 else greys)[None, None], told


def as_cat(picture: Image.Image) -> tuple[Float[Tensor, "1 3 24 24"], str]:
    """A picture as the model learned one cat from, and a sentence on what that took."""
    small = ImageOps.fit(picture.convert("RGB"), (24, 24), Image.Resampling.BOX)
    colours = torch.from_numpy(np.array(small)).movedim(-1, 0)[None] / 255
    told = (
        "Your picture as the model sees it: its middle square in 24 x 24 pixels. It has met a "
        "single cat, and so it finds two eyes and a nose in anything."
    )
    return 4 * (colours - 0.5), told
