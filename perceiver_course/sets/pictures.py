"""Sets of pictures, films and motion."""

from collections.abc import Iterator

from datasets import (
    Array2D,
    Array3D,
    Array4D,
    ClassLabel,
    Features,
    Image,
    List,
    Value,
)
from PIL.Image import fromarray
from torch import Tensor

from perceiver_tutorial.perceiver import local_contrast_normalisation

from ..chapters.extending.data import THINGS, scenes
from ..chapters.feature_maps.data import SEGMENTS, segments
from ..kit import samples
from ..kit.clips import FILE, SHAPES, Clips, clips, read_clips
from ..kit.recipes.cat_face import cat_faces
from ..kit.recipes.flow import small_motions
from .made import ARITHMETIC, OPEN, MadeSet, Row, rows

UCI = (
    "E. Alpaydin and C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning "
    "Repository, as scikit-learn ships it"
)
DIGITS = Features({"image": Array3D((1, 8, 8), "float32"), "label": ClassLabel(num_classes=10)})
PHOTOGRAPHS = Features({"image": Image(), "name": Value("string")})
TITLES = {
    "train": (
        "flower", "astronaut", "coffee", "rocket", "camera", "grass", "gravel", "coins", "tissue",
    ),
    "test": ("china", "cat", "brick", "moon"),
}  # fmt: skip


def _split_of(digits: samples.Digits, split: str) -> Iterator[Row]:
    if split == "train":
        return rows(image=digits.train_images, label=digits.train_labels)
    return rows(image=digits.test_images, label=digits.test_labels)


def _digits(split: str) -> Iterator[Row]:
    yield from _split_of(samples.digits(), split)


def _few_digits(split: str) -> Iterator[Row]:
    yield from _split_of(samples.few_digits(), split)


def _pictures(colours: Tensor) -> list:
    """Colours from 0 to 1 in 256 steps, as PNG keeps them."""
    steps = (255 * colours).round().byte().movedim(1, -1).numpy()
    return [fromarray(picture) for picture in steps]


def _six_pictures() -> Iterator[Row]:
    names = ("cat", "astronaut", "coffee", "rocket", "stars", "retina")
    yield from rows(image=_pictures(samples.six_pictures()), name=names)


def _textures(split: str) -> Iterator[Row]:
    colours = getattr(samples.textures(), split)
    yield from rows(image=_pictures((colours + 1) / 2), name=TITLES[split])


def _cat_faces(count: int, seed: int) -> Iterator[Row]:
    images, places = cat_faces(count, seed)
    yield from rows(image=images, places=places)


def _scenes(count: int, seed: int) -> Iterator[Row]:
    images, classes, boxes = scenes(count, seed=seed)
    yield from rows(image=images, classes=classes, boxes=boxes)


def _segments(count: int, seed: int) -> Iterator[Row]:
    images, labels = segments(count, seed=seed)
    yield from rows(image=images, labels=labels)


def _moving_pairs(count: int, seed: int, photographs: str) -> Iterator[Row]:
    pairs = small_motions(
        local_contrast_normalisation(getattr(samples.textures(), photographs)), count, seed
    )
    yield from rows(frames=pairs.frames, flow=pairs.flow, in_sight=pairs.in_sight)


def _stereo_pair() -> Iterator[Row]:
    pair = samples.stereo_motorcycle()
    yield {"frames": pair.frames.numpy(), "flow": pair.flow.numpy(), "known": pair.known.numpy()}


def _clip_rows(some: Clips) -> Iterator[Row]:
    return rows(
        image=some.image,
        audio=some.audio,
        label=some.label.argmax(1),
        speed=some.speeds,
        cycles=some.cycles,
    )


def _clips(count: int, seed: int) -> Iterator[Row]:
    yield from _clip_rows(clips(count, seed))


def _stored_clips() -> Iterator[Row]:
    yield from _clip_rows(read_clips())


CLIP = Features(
    {
        "image": Array4D((8, 3, 16, 16), "float32"),
        "audio": Array2D((128, 1), "float32"),
        "label": ClassLabel(names=list(SHAPES)),
        "speed": Value("float32"),
        "cycles": Value("int64"),
    }
)

SETS = {
    "digits": MadeSet(
        DIGITS,
        _digits,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "1,797 handwritten digits from 0 (paper) to 1 (ink), to classify; a quarter of every class "
        "is held back.",
        UCI,
        OPEN,
        ["scikit-learn"],
    ),
    "few-digits": MadeSet(
        DIGITS,
        _few_digits,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "The same digits, 200 to learn from and 1,597 to be judged by: too few without a teacher.",
        UCI,
        OPEN,
        ["scikit-learn"],
    ),
    "six-pictures": MadeSet(
        PHOTOGRAPHS,
        _six_pictures,
        {"train": {}},
        "Six photographs of 40 x 32 pixels, to look at shapes with.",
        "scikit-image: Stefan van der Walt, NASA, Rachel Michetti, SpaceX, Mikael Häggström",
        "Public domain or CC0",
        ["scikit-image", "pillow"],
    ),
    "textures": MadeSet(
        PHOTOGRAPHS,
        _textures,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "Thirteen photographs of 160 x 120 pixels, to learn motion from; no photograph is in both "
        "splits.",
        "scikit-image and scikit-learn; the list of photographers is in data/README.md",
        "CC0, public domain or no known restrictions; China and the flower: CC BY 2.0",
        ["scikit-image", "scikit-learn", "pillow"],
    ),
    "cat-faces": MadeSet(
        Features({"image": Array3D((3, 24, 24), "float32"), "places": Array2D((3, 2), "float32")}),
        _cat_faces,
        {"train": {"count": 1600, "seed": 1}, "test": {"count": 200, "seed": 0}},
        "Turned and shifted views of one cat, and where (y, x) her eyes and her nose are: a "
        "regression. Colours from -2 to 2, places from -1 to 1.",
        "scikit-image's Chelsea, by Stefan van der Walt; views from a seed",
        "CC0",
        ["scikit-image"],
    ),
    "scenes": MadeSet(
        Features(
            {
                "image": Array3D((1, 32, 32), "float32"),
                "classes": List(Value("int64"), length=3),
                "boxes": Array2D((3, 4), "float32"),
            }
        ),
        _scenes,
        {"train": {"count": 3000, "seed": 1}, "test": {"count": 300, "seed": 0}},
        f"One to three grey things and their boxes, to detect. Classes: 0 {THINGS[0]}, 1 "
        f"{THINGS[1]}, 2 {THINGS[2]}, -1 no further thing; boxes: centre x, y, width, height.",
        ARITHMETIC,
        OPEN,
    ),
    "segments": MadeSet(
        Features({"image": Array3D((3, 64, 64), "float32"), "labels": Array2D((64, 64), "uint8")}),
        _segments,
        {"train": {"count": 600, "seed": 1}, "test": {"count": 150, "seed": 0}},
        "Coloured shapes, one over another, and the class of every pixel. Labels: "
        + ", ".join(f"{number} {name}" for number, name in enumerate(SEGMENTS))
        + ".",
        ARITHMETIC,
        OPEN,
    ),
    "moving-pairs": MadeSet(
        Features(
            {
                "frames": Array4D((2, 3, 20, 20), "float32"),
                "flow": Array3D((20, 20, 2), "float32"),
                "in_sight": Array2D((20, 20), "bool"),
            }
        ),
        _moving_pairs,
        {
            "train": {"count": 800, "seed": 1, "photographs": "train"},
            "test": {"count": 256, "seed": 0, "photographs": "test"},
        },
        "Two frames of a photograph that slides, turns and comes nearer, and how far every pixel "
        "moves (right, down), in pixels.",
        "The photographs of `textures`, moved by arithmetic, from a seed",
        OPEN,
        ["scikit-image", "scikit-learn", "pillow"],
    ),
    "stereo-pair": MadeSet(
        Features(
            {
                "frames": Array4D((2, 3, 41, 58), "float32"),
                "flow": Array3D((41, 58, 2), "float32"),
                "known": Array2D((41, 58), "bool"),
            }
        ),
        _stereo_pair,
        {"test": {}},
        "A motorcycle seen from two places, and how far every pixel moves between the views: real "
        "motion, to be judged by.",
        "Middlebury stereo data of 2014 by N. Nesic, P. Westling, X. Wang, Y. Kitajima, G. "
        "Krathwohl and D. Scharstein, as scikit-image ships it",
        "None is stated; cite High-resolution stereo datasets with subpixel-accurate ground "
        "truth, GCPR 2014",
        ["scikit-image"],
    ),
    "clips": MadeSet(
        CLIP,
        _clips,
        {"train": {"count": 1500, "seed": 1}, "test": {"count": 200, "seed": 0}},
        "Films of 8 frames with 128 samples of sound and a class: three modalities at once, one of "
        "which can be hidden. The pitch says how fast the shape flies.",
        ARITHMETIC,
        OPEN,
    ),
    "stored-clips": MadeSet(
        CLIP,
        _stored_clips,
        {"test": {}},
        "The 64 clips that come with the course, in 256 steps of colour.",
        ARITHMETIC + "; tools/make_clips.py",
        OPEN,
        files=[FILE],
    ),
}
