"""Draw the pictures of README, page and poster with the package, or say which have changed.

python tools/figures.py draw
python tools/figures.py check
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from perceiver_course.explorers.shape_walk.diagram import draw_stage_diagram
from perceiver_course.kit.picture import Picture
from perceiver_course.kit.walks import draw_walk
from perceiver_tutorial.tracing import walk

FOLDER = Path(__file__).parent.parent / "pictures"


def image_classifier() -> Picture:
    """The published image model with Fourier positions, all arrays to scale."""
    return draw_walk(walk("deepmind/vision-perceiver-fourier"))


def shape_walk() -> Picture:
    """The same model stage by stage, as the explorer of that name shows it."""
    return draw_stage_diagram(walk("deepmind/vision-perceiver-fourier"))


# What ends in svg is for print, the page and the poster: as sharp at any size.
FIGURES: dict[str, Callable[[], Picture]] = {
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
    """Whether two files hold the same pixels, or the same lines."""
    if not stored.exists():
        return False
    if stored.suffix == ".svg":
        return drawn.read_bytes() == stored.read_bytes()
    return np.array_equal(Image.open(drawn), Image.open(stored))


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
