"""Why every array of a model has the shape it has: the table `data/shapes.yaml`, in numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

import yaml

from perceiver_tutorial.tracing.models import Config
from perceiver_tutorial.tracing.walk import Step

from . import DATA
from .arithmetic import shape_of, written_out
from .formulas import layer_flops
from .letters_of_shapes import letters_of, tables_of

FILE = DATA / "shapes.yaml"
COUNTS = (
    "numbers", "parameters", "runs", "attention weights", "operations", "heads in a layer",
    "tokens read by each",
)  # fmt: skip
LAYER_FLOPS = "layer_flops(o, m, e, c)"  # the one formula that is a function of ours
WITHOUT_BATCH = ("points",)  # positions are the same for all samples


@dataclass(frozen=True)
class Size:
    """One row of the table.

    Attributes:
        what: an axis of the step, or one of `COUNTS`.
        formula: how it comes about, in letters.
        because: the thought behind it.
    """

    what: str
    formula: str
    because: str


@dataclass(frozen=True)
class Reason:
    """One number of a step, and where it comes from.

    Attributes:
        value: the number.
        what: which it is: an axis of the step, or one of `COUNTS`.
        terms: what it is made of; empty where it was simply chosen.
        because: the thought behind it.
    """

    value: int
    what: str
    terms: str
    because: str

    @property
    def made(self) -> str:
        """The number, what it is made of, and why."""
        terms = f" = {self.terms}" if self.terms else ""
        return f"{self.value:,}{terms}: {self.because}"


def sizes_of(config: Config, step: str) -> list[Size]:
    """What the table says about one step of a model, axes in their order.

    Args:
        config: of the model.
        step: its name in the walk.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> sizes_of(PUBLISHED["deepmind/vision-perceiver-fourier"], "preprocessor")[0]
    Size(what='inputs', formula='H*W', because='one for each pixel')
    """
    found: dict[str, list[Size]] = {}
    for table in tables_of(config):
        for pattern, sizes in read_table()[table].items():
            if fnmatchcase(step, pattern):
                found |= sizes
    return [size for sizes in found.values() for size in sizes]


def shape_formula(config: Config, step: str) -> str:
    """The shape of what a step returns, axis by axis.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> shape_formula(PUBLISHED["deepmind/vision-perceiver-fourier"], "preprocessor")
    'B, H*W, 3 + 2*(2*K + 1)'
    """
    axes = [size for size in sizes_of(config, step) if size.what not in COUNTS]
    batch = [] if axes[0].what in WITHOUT_BATCH else ["B"]
    return ", ".join([*batch, *(axis.formula for axis in axes)])


def reasons(config: Config, step: Step) -> list[Reason]:
    """Where the numbers of a step come from.

    Args:
        config: of the model that was walked.
        step: of its walk.

    >>> from perceiver_tutorial.tracing.models import published_config
    >>> from perceiver_tutorial.tracing import walk
    >>> name = "deepmind/vision-perceiver-fourier"
    >>> for reason in reasons(published_config(name), walk(name)["preprocessor"]):
    ...     print(reason.what, reason.made)
    inputs 50,176 = 224 x 224: one for each pixel
    channels 261 = 3 + 2 x (2 x 64 + 1): what is there, then where it is
    """
    letters = letters_of(config, step.name) | _incoming(step)
    return [
        _operations(letters, size) if size.formula == LAYER_FLOPS else Reason(
            *shape_of(size.formula, letters), size.what,
            written_out(size.formula, letters), size.because,
        )
        for size in sizes_of(config, step.name)
    ]  # fmt: skip


def _incoming(step: Step) -> dict[str, int]:
    """Small letters: sizes of the first and the last array that comes, and how often."""
    arrays = [array.sizes[1:] for array in step.inputs if len(array.sizes) == 3]
    if not arrays:
        return {"r": step.runs}
    (o, e), (m, c) = arrays[0], arrays[-1]
    return {"o": o, "e": e, "m": m, "c": c, "r": step.runs}


def _operations(letters: Mapping[str, int], size: Size) -> Reason:
    """Of one attention layer and its MLP: `layer_flops`, and the part that takes most of them."""
    flops = layer_flops(
        *(letters[size] for size in "omec"),
        qk_channels=letters.get("Q", letters["c"]),
        v_channels=letters.get("V"),
        widening_factor=letters.get("F", 1),
    )
    total, most = sum(flops.values()), max(flops, key=flops.__getitem__)
    because = f"{size.because}; in one run, {flops[most] / total:.0%} of them for the {most}"
    return Reason(total, size.what, "", because)


@cache
def read_table() -> dict[str, dict[str, dict[str, list[Size]]]]:
    """Table -> steps -> axis or count -> its rows, one unless several arrays are returned."""
    tables = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        table: {pattern: {what: list(_rows(what, said)) for what, said in sizes.items()}
                for pattern, sizes in steps.items()}
        for table, steps in tables.items()
    }  # fmt: skip


def _rows(what: str, said: str | list[str]) -> Iterator[Size]:
    for one in [said] if isinstance(said, str) else said:
        yield Size(what, *re.split(r" +-- +", one, maxsplit=1))
