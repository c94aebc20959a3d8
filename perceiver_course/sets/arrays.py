"""Sets of sounds, point clouds, series and battles."""

from collections.abc import Iterator

from datasets import Array2D, ClassLabel, Features, List, Value
from torch.nn.functional import pad

from ..chapters.entities.data import FEATURES, OTHER_SIDE, OWN_SIDE, focus_fire, situations
from ..chapters.extending.data import SOUNDS, gappy_series, sounds
from ..chapters.point_clouds.data import BODIES, clouds
from .made import ARITHMETIC, OPEN, MadeSet, Row, rows

SLOTS = OWN_SIDE[1] + OTHER_SIDE[1]


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
