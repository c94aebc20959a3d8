"""A walk through any published model: every stage, its shapes, their reasons, and the claim."""

from dataclasses import replace
from functools import cache

from ..deit import PUBLISHED as DEIT
from ..hiera import PUBLISHED as HIERA
from ..perceiver import PUBLISHED as PERCEIVER
from ..tracing import Walk, walk
from ..tracing.models import published_config
from ..tracing.why import reasons
from ..viz import Panel, Picture, draw_stage_diagram, named_stages
from .explorer import Explorer, Settings
from .knobs import Choice
from .shape_claims import as_told, claim_behind

FAMILIES = {"Perceiver IO": PERCEIVER, "Hiera": HIERA, "DeiT": DEIT}
STARTS = {
    "Perceiver IO": "deepmind/vision-perceiver-fourier",
    "Hiera": "facebook/hiera-tiny-224-in1k-hf",
    "DeiT": "facebook/deit-tiny-distilled-patch16-224",
}
# Where a model does what makes it special.
SHOWN_FIRST = ("preprocessor", "encoder.stages.1.0", "encoder.to_tokens")


@cache
def walked(model: str) -> Walk:
    """The walk through a published model, taken once."""
    return walk(model)


def models(settings: Settings) -> Choice:
    """The published names of the family that was chosen."""
    family = settings["family"]
    return Choice("model", tuple(FAMILIES[family]), STARTS[family])


def stages(settings: Settings) -> Choice:
    """The stages of the model that was chosen."""
    names = named_stages(walked(settings["model"]))
    start = next(label for label, stage in names.items() if stage.name in SHOWN_FIRST)
    first, *_, last = names
    return Choice("stage", tuple(names), start, tried=(first, last))


KNOBS = {
    "family": Choice("family", tuple(FAMILIES), "Perceiver IO"),
    "model": models,
    "stage": stages,
}


def draw(family: str, model: str, stage: str) -> Picture:
    """All stages of a model, and why one of them has the sizes it has.

    Raises:
        ValueError: if the family has no such model.
    """
    if model not in FAMILIES[family]:
        raise ValueError(f"expected a model of {family}, got {model}. Choose another.")
    panels = panels_of(model)
    lines = max(panel.needs for panel in panels.values())
    return draw_stage_diagram(walked(model), replace(panels[stage], lines=lines))


@cache
def panels_of(model: str) -> dict[str, Panel]:
    """What is said about each stage of a published model."""
    config = published_config(model)
    panels = {}
    for label, stage in named_stages(walked(model)).items():
        why = [(one.what, one.made) for one in reasons(config, stage)]
        panels[label] = Panel(stage, label, why, as_told(claim_behind(model, stage.name)))
    return panels


def shape_walk() -> Explorer:
    """Walk through any published model, and ask each stage why it has its sizes."""
    hint = (
        "Click the slider of the stages and step on with the arrow keys: what gets smaller, what "
        "wider? Then take Hiera, where both happen at once, and DeiT, where nothing does."
    )
    return Explorer("Shape walk", draw, KNOBS, hint)
