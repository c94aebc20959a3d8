"""Which statement of the ledger stands behind which step of which model."""

from dataclasses import replace
from fnmatch import fnmatch
from functools import cache

from perceiver_tutorial.deit import PUBLISHED as DEIT
from perceiver_tutorial.hiera import PUBLISHED as HIERA
from perceiver_tutorial.perceiver import PUBLISHED as PERCEIVER
from perceiver_tutorial.tracing import Walk, walk
from perceiver_tutorial.tracing.models import published_config

from ...kit.claims import Claim, read_claims
from ...kit.picture import Picture
from ...kit.shapes import reasons
from ..explorer import Explorer, Settings
from ..knobs import Choice
from .diagram import draw_step_diagram
from .steps import Panel, named_steps

# Models, steps, statement; the first line that fits is taken. * stands for anything.
# The pre-training pools once less than the statement on pooling says, so nothing is quoted there.
CLAIMS = (
    ("*/vision-perceiver-learned", "raw", "pio.img-learned.input"),
    ("*/vision-perceiver-learned", "preprocessor", "pio.img-learned.concat-positions"),
    ("*/vision-perceiver-learned", "encoder.cross.0", "pio.img-learned.kv-shape"),
    ("*/vision-perceiver-fourier", "raw", "pio.img-fourier.resolution"),
    ("*/vision-perceiver-fourier", "preprocessor.positions", "pio.core.fourier-size-formula"),
    ("*/vision-perceiver-fourier", "preprocessor", "pio.img-fourier.fixed-2d"),
    ("*/vision-perceiver-conv", "preprocessor.stem.0", "pio.img-conv.token-grid"),
    ("*/vision-perceiver-conv", "preprocessor.positions", "pio.img-conv.token-grid"),
    ("*/vision-perceiver-conv", "preprocessor", "pio.img-conv.preprocessed-shape"),
    ("*/vision-perceiver-*", "encoder.cross.0", "pio.img.cross-output"),
    ("*/vision-perceiver-*", "encoder.blocks.0.0", "pio.img.blocks"),
    ("*/vision-perceiver-*", "encoder", "pio.img.final-latents"),
    ("*/vision-perceiver-*", "queries", "pio.img.cls-query"),
    ("*/vision-perceiver-*", "decoder.cross", "pio.img.cls-cross-out"),
    ("*/vision-perceiver-*", "decoder", "pio.img.cls-cross-out"),
    ("*/vision-perceiver-*", "postprocessor", "pio.img.logits"),
    ("*/vision-perceiver-*", "answer", "pio.img.logits"),
    ("*/language-perceiver", "raw", "pio.text.padded-length"),
    ("*/language-perceiver", "preprocessor", "pio.text.preprocessed-shape"),
    ("*/language-perceiver", "encoder.cross.0", "pio.text.cross-attention-output"),
    ("*/language-perceiver", "encoder.blocks.0.0", "pio.text.layers"),
    ("*/language-perceiver", "encoder", "pio.text.last-hidden"),
    ("*/language-perceiver", "decoder*", "pio.text.mlm-decoder-shape"),
    ("*/language-perceiver", "postprocessor", "pio.text.vocab-size"),
    ("*/language-perceiver", "answer", "pio.text.mlm-logits"),
    ("*/optical-flow-perceiver", "raw", "pio.flow.input-shape"),
    ("*/optical-flow-perceiver", "preprocessor.positions", "pio.flow.position-channels"),
    ("*/optical-flow-perceiver", "preprocessor", "pio.flow.channel-sum"),
    ("*/optical-flow-perceiver", "encoder.cross.0", "pio.flow.cross-output"),
    ("*/optical-flow-perceiver", "encoder.blocks.0.0", "pio.flow.layers-heads"),
    ("*/optical-flow-perceiver", "encoder", "pio.flow.latents"),
    ("*/optical-flow-perceiver", "queries", "pio.flow.decoder-query"),
    ("*/optical-flow-perceiver", "postprocessor", "pio.flow.projection"),
    ("*/optical-flow-perceiver", "answer", "pio.flow.output-shape"),
    ("*/multimodal-perceiver", "raw", "pio.mm.image-input"),
    ("*/multimodal-perceiver", "preprocessor.parts.audio", "pio.mm.audio-preprocessed"),
    ("*/multimodal-perceiver", "preprocessor.parts.image", "pio.mm.image-preprocessed"),
    ("*/multimodal-perceiver", "preprocessor.parts.label", "pio.mm.largest-channel"),
    ("*/multimodal-perceiver", "preprocessor", "pio.mm.concat-shape"),
    ("*/multimodal-perceiver", "encoder.blocks.0.0", "pio.mm.layers-heads"),
    ("*/multimodal-perceiver", "encoder", "pio.mm.latents"),
    ("*/multimodal-perceiver", "queries.parts.audio", "pio.core.fourier-size-formula"),
    ("*/multimodal-perceiver", "queries.parts.image", "pio.mm.query-total"),
    ("*/multimodal-perceiver", "queries.parts.label", "pio.mm.label-query"),
    ("*/multimodal-perceiver", "queries*", "pio.mm.query-pad"),
    ("*/multimodal-perceiver", "postprocessor.parts.label", "pio.mm.label-post"),
    ("*/hiera-tiny-224-mae-hf", "answer", "hiera.mae-query-pool"),
    ("*/hiera-*-mae-hf", "encoder.stages.0.0", "hiera.mae-shapes"),
    ("*/hiera-*-mae-hf", "fuse", "hiera.mae-shapes"),
    ("*/hiera-tiny-224-hf", "answer", "hiera.title-finetuned"),
    ("*/hiera-*-224-*", "raw", "hiera.preprocess"),
    ("*/hiera-*-224-*", "encoder.patches", "hiera.patch-embed"),
    ("*/hiera-*-224-*", "encoder.stages.0.0", "hiera.mask-unit"),
    ("*/hiera-*-224-hf", "encoder.stages.[123].0", "hiera.query-pool"),
    ("*/hiera-*-in1k-hf", "encoder.stages.[123].0", "hiera.query-pool"),
    ("*/hiera_*_16x224", "encoder.stages.[123].0", "hiera.query-pool"),
    ("*/hiera[-_]*", "encoder.stages.1.1", "hiera.locality"),
    ("*/hiera[-_]*", "encoder.stages.2.1", "hiera.mask-unit-attention-stages"),
    ("*/hiera[-_]*", "encoder.stages.3.1", "hiera.hierarchy"),
    ("*/hiera-*-in1k-hf", "answer", "hiera.no-cls"),
    ("*/hiera_*_16x224", "answer", "hiera.no-cls"),
    ("*/deit-small-*", "layers.0", "deit.small-architecture"),
    ("*/deit-*", "patches", "deit.patches"),
    ("*/deit-*-distilled-*", "layers.0", "deit.distillation-token"),
    ("*/deit-*-distilled-*", "layers.0.attention", "deit.token-interaction"),
    ("*/deit-*-distilled-*", "*_head", "deit.usable-classes"),
    ("*/deit-*-distilled-*", "answer", "deit.final-logits"),
    ("*/deit-*", "layers.0.attention", "deit.always-distillation"),
    ("*/deit-*", "layers.0*", "hiera.vit-constant"),
)


def claim_behind(model: str, step: str) -> Claim | None:
    """The statement behind one step of a published model, or None.

    Args:
        model: its published name.
        step: its name in the walk.
    """
    for models, steps, name in CLAIMS:
        if fnmatch(model, models) and fnmatch(step, steps):
            return read_claims()[name]
    return None


def as_told(claim: Claim | None) -> str:
    """A statement and its verdict; where it does not hold, also what is true."""
    if claim is None:
        return ""
    said = f"{claim.id}: “{claim.claim}”"
    if claim.verdict == "holds":
        return f"{said} This holds."
    return f"{said} {claim.verdict.capitalize()}: {claim.truth}"


FAMILIES = {"Perceiver IO": PERCEIVER, "Hiera": HIERA, "DeiT": DEIT}
STARTS = {
    "Perceiver IO": "deepmind/vision-perceiver-fourier",
    "Hiera": "facebook/hiera-tiny-224-in1k-hf",
    "DeiT": "facebook/deit-tiny-distilled-patch16-224",
}
# Where a model does what makes it special.
SHOWN_FIRST = ("preprocessor", "encoder.stages.1.0", "layers.0")


@cache
def walked(model: str) -> Walk:
    """The walk through a published model, taken once."""
    return walk(model)


def models(settings: Settings) -> Choice:
    """The published names of the family that was chosen."""
    family = settings["family"]
    return Choice("model", tuple(FAMILIES[family]), STARTS[family])


def steps(settings: Settings) -> Choice:
    """The steps of the model that was chosen."""
    names = named_steps(walked(settings["model"]))
    start = next(label for label, step in names.items() if step.name in SHOWN_FIRST)
    first, *_, last = names
    return Choice("step", tuple(names), start, tried=(first, last))


KNOBS = {
    "family": Choice("family", tuple(FAMILIES), "Perceiver IO"),
    "model": models,
    "step": steps,
}


def draw(family: str, model: str, step: str) -> Picture:
    """All steps of a model, and why one of them has the sizes it has.

    Raises:
        ValueError: if the family has no such model.
    """
    if model not in FAMILIES[family]:
        raise ValueError(f"expected a model of {family}, got {model}. Choose another.")
    panels = panels_of(model)
    lines = max(panel.needs for panel in panels.values())
    return draw_step_diagram(walked(model), replace(panels[step], lines=lines))


@cache
def panels_of(model: str) -> dict[str, Panel]:
    """What is said about each step of a published model."""
    config = published_config(model)
    panels = {}
    for label, step in named_steps(walked(model)).items():
        why = [(one.what, one.made) for one in reasons(config, step)]
        panels[label] = Panel(step, label, why, as_told(claim_behind(model, step.name)))
    return panels


def shape_walk() -> Explorer:
    """Walk through any published model, and ask each step why it has its sizes."""
    hint = (
        "Click the slider of the steps and move on with the arrow keys: what gets smaller, what "
        "wider? Then take Hiera, where both happen at once, and DeiT, where nothing does."
    )
    return Explorer("Shape walk", draw, KNOBS, hint)
