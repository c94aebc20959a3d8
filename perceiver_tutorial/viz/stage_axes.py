"""Stages of a walk by number and name, and which kind of axis each of their axes is."""

from typing import NamedTuple

from ..tracing import Walk
from ..tracing.recorder import Shape
from ..tracing.walk import Stage

# Name of an axis in a signature -> its kind in `AXES`; others keep their own name.
KINDS = {
    "bytes": "inputs", "points": "inputs", "rows": "inputs", "tokens": "inputs",
    "patches": "inputs", "positions": "inputs", "pooled": "inputs", "kept": "inputs",
    "keys": "inputs", "outputs": "queries",
    "position_channels": "channels", "query_channels": "channels", "kv_channels": "channels",
    "output_channels": "channels", "common_channels": "channels", "out_channels": "channels",
    "latent_channels": "latent channels", "pixels": "channels",
}  # fmt: skip
# In a Perceiver's encoder the latents ask, and in its decoder they are read.
ENCODER = {
    "queries": "latents", "positions": "latents",
    "query_channels": "latent channels", "channels": "latent channels",
}  # fmt: skip
OTHERS = {
    "encoder": ENCODER,
    "decoder": {"keys": "latents", "kv_channels": "latent channels"},
    "queries": {"rows": "queries"},
}
# What the rows of an input array are, where a model has a word of its own.
ROWS = {
    "pooled": "tokens", "positions": "tokens", "tokens": "tokens", "patches": "patches",
    "bytes": "bytes", "points": "places", "kept": "mask units",
}  # fmt: skip
WORDS = {"3": "colours", "vocabulary": "ids", "unit_grid": "of a side"}
ONE = {"queries": "query", "classes": "class"}
WIDE = ("channels", "latent channels", "classes", "ids", "xy", "colours", "audio_channels")


def named_stages(walk: Walk) -> dict[str, Stage]:
    """Number and name -> stage, of all that return arrays.

    >>> from ..tracing import walk
    >>> list(named_stages(walk("facebook/deit-tiny-patch16-224", depth=1)))
    ['1 raw', '2 encoder', '3 class_head', '4 answer']
    """
    stages = [stage for stage in walk.stages if stage.outputs]
    return {f"{number} {stage.name}": stage for number, stage in enumerate(stages, 1)}


def kind_of(axis: str, stage: Stage, walk: Walk) -> str:
    """The kind of an axis in `AXES`, or another word for it.

    Args:
        axis: its name in a signature.
        stage: where it was met.
        walk: of the whole model.
    """
    if any(one.name.startswith("encoder.reads") for one in walk.stages):
        part = stage.name.split(".")[0]
        axis = OTHERS.get(part, {}).get(axis, axis)
    return KINDS.get(axis) or WORDS.get(axis, axis)


class Axis(NamedTuple):
    """One axis as it is shown: its kind in `AXES` or a word instead, its name, its size."""

    kind: str
    word: str
    size: int

    @property
    def told(self) -> str:
        """How many of what."""
        one = ONE.get(self.word, self.word.removesuffix("s"))
        return f"{self.size:,} {one if self.size == 1 else self.word}"


def axes_of(shape: Shape, stage: Stage, walk: Walk) -> list[Axis]:
    """Every axis of an array but the batch."""
    pairs = zip(shape.axes, shape.sizes, strict=True)
    return [
        Axis(kind_of(name, stage, walk), word_of(name, stage, walk), size)
        for name, size in pairs
        if name != "batch"
    ]


def word_of(axis: str, stage: Stage, walk: Walk) -> str:
    """What an axis is called aloud; arguments as in `kind_of`."""
    kind = kind_of(axis, stage, walk)
    return (ROWS.get(axis, kind) if kind == "inputs" else kind).replace("_", " ")
