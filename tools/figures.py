"""Draw the pictures of README, page and poster with the package, or say which have changed.

python tools/figures.py draw
python tools/figures.py check
"""

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageSequence

from perceiver_course.explorers import families
from perceiver_course.explorers.shape_walk.diagram import draw_step_diagram
from perceiver_course.kit.picture import INK, Picture
from perceiver_course.kit.walks import draw_walk
from perceiver_tutorial.tracing import walk

FOLDER = Path(__file__).parent.parent / "pictures"


def image_classifier() -> Picture:
    """The published image model with Fourier positions, all arrays to scale."""
    return draw_walk(walk("deepmind/vision-perceiver-fourier"))


def shape_walk() -> Picture:
    """The same model step by step, as the explorer of that name shows it."""
    return draw_step_diagram(walk("deepmind/vision-perceiver-fourier"))


# --- the moving picture ---------------------------------------------------------------------------

TURNS = (
    *({"side": side, "measure": "tokens"} for side in (128, 160, 192, 224, 288, 352, 448)),
    *({"side": side, "measure": "operations"} for side in (448, 320, 224, 128)),
)
MILLISECONDS = 1300  # for a frame
MARGIN, STRIP, TRACK = 14, 40, 160  # pixels: the picture's left edge, the knobs' height and length


@dataclass(frozen=True)
class Film:
    """Frames of one size that follow each other for ever.

    Attributes:
        frames: the drawings.
        alt: what they show.
    """

    frames: tuple[Image.Image, ...]
    alt: str

    def save(self, path: Path) -> None:
        """Write a GIF; all frames share a palette, so that nothing flickers."""
        together = np.concatenate([np.asarray(frame)[::2, ::2] for frame in self.frames])
        palette = Image.fromarray(together).quantize(200, Image.Quantize.MEDIANCUT)
        palette.putpalette([255 if level > 245 else level for level in palette.getpalette()])
        plain = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        plain[0].save(path, save_all=True, append_images=plain[1:], duration=MILLISECONDS, loop=0)


def three_families() -> Film:
    """The explorer of that name while its knobs are turned."""
    explorer = families()
    frames = []
    for turned in TURNS:
        explorer.turn(**turned)
        picture = Image.open(io.BytesIO(explorer.picture.png))
        frames.append(with_knobs(picture, explorer.knobs, turned))
    alt = (
        "An explorer while its knobs are turned: the same photograph of a cat, 128 to 448 pixels "
        "wide, as a Perceiver, Hiera and DeiT divide it: pixel by pixel, in four stages of fewer "
        "tokens, in patches. Bars show the tokens of every layer, then its operations."
    )
    return Film(tuple(frames), alt)


def with_knobs(picture: Image.Image, knobs: dict[str, Any], turned: dict[str, Any]) -> Image.Image:
    """The picture under a strip that shows where the turned knobs are."""
    frame = Image.new("RGB", (picture.width, picture.height + STRIP), "white")
    frame.paste(picture, (0, STRIP))
    pen, font, middle = ImageDraw.Draw(frame), ImageFont.load_default(14), STRIP // 2
    side, measure = knobs["side"], knobs["measure"]
    left = MARGIN + 100
    at = left + TRACK * (turned["side"] - side.low) / (side.high - side.low)
    pen.text((MARGIN, middle), side.label, INK, font, "lm")
    pen.line((left, middle, left + TRACK, middle), "#AAAAAA", 4)
    pen.ellipse((at - 8, middle - 8, at + 8, middle + 8), "#0072B2")
    pen.text((left + TRACK + 18, middle), str(turned["side"]), INK, font, "lm")
    left += TRACK + 75
    pen.text((left, middle), measure.label, INK, font, "lm")
    left += 75
    for option in measure.options:
        is_chosen = option == turned["measure"]
        wide = pen.textlength(option, font) + 16
        box = (left, middle - 13, left + wide, middle + 13)
        pen.rounded_rectangle(box, 4, "#0072B2" if is_chosen else "#EEEEEE")
        pen.text((left + wide / 2, middle), option, "white" if is_chosen else INK, font, "mm")
        left += wide + 6
    return frame


# --- all pictures ---------------------------------------------------------------------------------

# What ends in svg is for print, the page and the poster: as sharp at any size.
FIGURES: dict[str, Callable[[], Picture | Film]] = {
    "three_families.gif": three_families,
    "image_classifier.png": image_classifier,
    "image_classifier.svg": image_classifier,
    "shape_walk.svg": shape_walk,
}


def draw() -> list[str]:
    """Store all figures; nothing to complain about."""
    FOLDER.mkdir(exist_ok=True)
    for name, figure in FIGURES.items():
        figure().save(FOLDER / name)
    return []


def check() -> list[str]:
    """Complaints about figures that are missing or show something else than the package draws."""
    with tempfile.TemporaryDirectory() as folder:
        for name, figure in FIGURES.items():
            figure().save(Path(folder) / name)
        return [
            f"pictures/{name} is out of date: python tools/figures.py draw"
            for name in FIGURES
            if not same(Path(folder) / name, FOLDER / name)
        ]


def same(drawn: Path, stored: Path) -> bool:
    """Whether two files show the same: the same lines, or all but a few pixels of every frame."""
    if not stored.exists():
        return False
    if stored.suffix == ".svg":
        return drawn.read_bytes() == stored.read_bytes()
    new, old = levels(drawn), levels(stored)
    return new.shape == old.shape and (far_apart(new, old) < A_LETTER).all()


A_LETTER = 10  # pixels; of the smallest letters more change, by processors that round none
FAR = 64  # of 256 levels


def levels(path: Path) -> np.ndarray:
    """Red, green and blue of every pixel of every frame: [frames, height, width, 3]."""
    film = ImageSequence.Iterator(Image.open(path))
    return np.stack([np.asarray(frame.convert("RGB"), np.int16) for frame in film])


def far_apart(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    """How many pixels of every frame are clearly another colour."""
    return (np.abs(new - old).max(-1) > FAR).sum((1, 2))


VERBS = {"draw": draw, "check": check}


def main(words: list[str]) -> int:
    """Do what was asked; 0 when there is nothing to complain about."""
    if len(words) != 1 or words[0] not in VERBS:
        print(__doc__)
        return 2
    complaints = VERBS[words[0]]()
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
