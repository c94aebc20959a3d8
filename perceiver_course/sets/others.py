"""Sets of texts, sounds, point clouds, series and battles."""

from collections.abc import Iterator

from datasets import Array2D, ClassLabel, Features, List, Value
from torch.nn.functional import pad

from ..chapters.entities.data import FEATURES, OTHER_SIDE, OWN_SIDE, focus_fire, situations
from ..chapters.extending.data import KINDS, SOUNDS, gappy_series, sounds, tagged_texts
from ..chapters.point_clouds.data import BODIES, clouds
from ..kit import samples
from ..kit.recipes.facts import questions
from ..kit.recipes.text_masked import sentences
from .made import MadeSet, Row, rows
from .pictures import ARITHMETIC, OPEN

PSF = "PSF licence"
SLOTS = OWN_SIDE[1] + OTHER_SIDE[1]


def _code_or_prose(split: str) -> Iterator[Row]:
    some = samples.code_or_prose()
    if split == "train":
        yield from rows(text=some.train_texts, label=some.train_labels)
    else:
        yield from rows(text=some.test_texts, label=some.test_labels)


def _prose(split: str) -> Iterator[Row]:
    yield from rows(text=getattr(samples.prose(), f"{split}_lines"))


def _sentences(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    yield from rows(text=sentences(count, seed, held_out))


def _questions(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    for one in questions(count, seed, held_out):
        yield {**one._asdict(), "answer": one.answer}


def _tagged_texts(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    for text in tagged_texts(count, seed, held_out):
        yield {"words": list(text.words), "tags": list(text.labels)}


def _sounds(count: int, seed: int) -> Iterator[Row]:
    waves, labels = sounds(count, seed=seed)
    yield from rows(audio=waves, label=labels)


def _clouds(count: int, seed: int) -> Iterator[Row]:
    points, labels = clouds(count, seed=seed)
    yield from rows(points=points, label=labels)


def _series(count: int, seed: int) -> Iterator[Row]:
    some = gappy_series(count, seed=seed)
    yield from rows(measured=some.measured, true=some.true)


def _situations(count: int, seed: int) -> Iterator[Row]:
    seen = situations(count, seed)
    empty = SLOTS - seen.mask.shape[1]
    yield from rows(
        units=pad(seen.units, (0, 0, 0, empty)),
        mask=pad(seen.mask, (0, empty)),
        enemies=pad(seen.enemies, (0, empty)),
        target=focus_fire(seen),
    )


SETS = {
    "code-or-prose": MadeSet(
        Features({"text": Value("string"), "label": ClassLabel(names=list(samples.KINDS))}),
        _code_or_prose,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "5,400 passages of up to 126 characters, half of them code: to classify texts byte by "
        "byte. Held back are other modules.",
        "Python's standard library, as it is installed",
        PSF,
        ["Python"],
    ),
    "prose": MadeSet(
        Features({"text": Value("string")}),
        _prose,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "What Python's help says on some eighty topics, in lines of up to 46 characters: real "
        "English for masked language.",
        "Python's standard library, as it is installed",
        PSF,
        ["Python"],
    ),
    "sentences": MadeSet(
        Features({"text": Value("string")}),
        _sentences,
        {
            "train": {"count": 6000, "seed": 0, "held_out": False},
            "test": {"count": 600, "seed": 0, "held_out": True},
        },
        "English sentences from a small grammar, in which a hidden word often follows from the "
        "others: masked language in a minute.",
        ARITHMETIC,
        OPEN,
    ),
    "questions": MadeSet(
        Features(
            {
                "text": Value("string"),
                "start": Value("int64"),
                "stop": Value("int64"),
                "answer": Value("string"),
            }
        ),
        _questions,
        {
            "train": {"count": 8000, "seed": 0, "held_out": False},
            "test": {"count": 400, "seed": 0, "held_out": True},
        },
        "A question, a report that answers it, and at which characters: question answering. The "
        "names in `test` are new.",
        ARITHMETIC,
        OPEN,
    ),
    "tagged-texts": MadeSet(
        Features(
            {
                "words": List(Value("string")),
                "tags": List(ClassLabel(names=["none", *KINDS[1:]])),
            }
        ),
        _tagged_texts,
        {
            "train": {"count": 6000, "seed": 0, "held_out": False},
            "test": {"count": 400, "seed": 0, "held_out": True},
        },
        "Sentences word by word, and which words name a person, a place or a firm: token "
        "classification. The names in `test` are new.",
        ARITHMETIC,
        OPEN,
    ),
    "sounds": MadeSet(
        Features({"audio": Array2D((1024, 1), "float32"), "label": ClassLabel(names=list(SOUNDS))}),
        _sounds,
        {"train": {"count": 4000, "seed": 1}, "test": {"count": 480, "seed": 0}},
        "Eight kinds of sound with noise, a quarter of a second each, at 4,000 samples a second, "
        "mono: to classify.",
        ARITHMETIC,
        OPEN,
    ),
    "clouds": MadeSet(
        Features({"points": Array2D((128, 3), "float32"), "label": ClassLabel(names=list(BODIES))}),
        _clouds,
        {"train": {"count": 1400, "seed": 1}, "test": {"count": 280, "seed": 0}},
        "Points on the surface of fourteen bodies, in no order: sets to classify.",
        ARITHMETIC,
        OPEN,
    ),
    "series": MadeSet(
        Features(
            {
                "measured": List(Value("float32"), length=40),
                "true": List(Value("float32"), length=40),
            }
        ),
        _series,
        {"train": {"count": 4000, "seed": 1}, "test": {"count": 300, "seed": 2}},
        "Curves of 40 days, three quarters of which nobody measured (NaN): gaps to fill.",
        ARITHMETIC,
        OPEN,
    ),
    "situations": MadeSet(
        Features(
            {
                "units": Array2D((SLOTS, len(FEATURES)), "float32"),
                "mask": List(Value("bool"), length=SLOTS),
                "enemies": List(Value("bool"), length=SLOTS),
                "target": Value("int64"),
            }
        ),
        _situations,
        {"train": {"count": 4000, "seed": 100_001}, "test": {"count": 4000, "seed": 0}},
        "Battles seen by one unit, and the enemy that a scripted player points at. Of each unit: "
        f"{', '.join(FEATURES)}.",
        ARITHMETIC,
        OPEN,
    ),
}
