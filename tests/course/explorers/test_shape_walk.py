"""The shape walk shows what `walk` found, and quotes what fits."""

import math

import pytest
from contrast import too_faint

from perceiver_course.explorers.shape_walk.diagram import _columns, _measure
from perceiver_course.explorers.shape_walk.explorer import (
    CLAIMS,
    FAMILIES,
    as_told,
    claim_behind,
    draw,
    panels_of,
    shape_walk,
    walked,
)
from perceiver_course.explorers.shape_walk.steps import named_steps
from perceiver_course.kit.claims import read_claims
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.tracing.models import published_configs

NAMES = tuple(published_configs())
# What the ids of statements begin with that may be quoted for a model.
QUOTED = {
    "vision-perceiver-learned": ("pio.img.", "pio.img-learned.", "pio.core."),
    "vision-perceiver-fourier": ("pio.img.", "pio.img-fourier.", "pio.core."),
    "vision-perceiver-conv": ("pio.img.", "pio.img-conv.", "pio.core."),
    "language-perceiver": ("pio.text.", "pio.core."),
    "optical-flow-perceiver": ("pio.flow.", "pio.core."),
    "multimodal-perceiver": ("pio.mm.", "pio.core."),
    "hiera": ("hiera.",),
    "deit": ("deit.", "hiera.vit-constant"),
}


def quoted(model: str) -> dict[str, str]:
    """Step -> id of the statement behind it."""
    found = {s.name: claim_behind(model, s.name) for s in named_steps(walked(model)).values()}
    return {step: claim.id for step, claim in found.items() if claim}


def family_of(label: str) -> str:
    return next(family for family, names in FAMILIES.items() if label in names)


def test_every_published_model_can_be_chosen():
    assert sorted(name for names in FAMILIES.values() for name in names) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_statements_fit_the_model(name):
    prefixes = next(p for part, p in QUOTED.items() if part in name)
    found = quoted(name)
    assert len(found) >= 3
    assert [claim for claim in found.values() if not claim.startswith(prefixes)] == []


def test_every_line_of_the_table_is_used_and_every_statement_exists():
    used = {(step, claim) for name in NAMES for step, claim in quoted(name).items()}
    for models, steps, claim in CLAIMS:
        assert claim in read_claims()
        assert any(found == claim for _, found in used), (models, steps)


def sizes_expected() -> list[tuple[str, str, str, list]]:
    """Statements whose truth is one shape, and where they are quoted."""
    lines = [(n, s, c) for n in NAMES for s, c in quoted(n).items()]
    wanted = ((n, s, c, read_claims()[c].expect) for n, s, c in lines if "pio.core" not in c)
    return [line for line in wanted if isinstance(line[3], list) and len(line[3]) > 1
            and all(isinstance(size, int) for size in line[3])]  # fmt: skip


def test_shapes_that_are_quoted_are_those_that_are_drawn():
    lines = sizes_expected()
    assert len(lines) > 10
    wrong = []
    for name, step, claim, sizes in lines:
        shown = walked(name)[step]
        shapes = {shape.sizes[-len(sizes) :] for shape in (*shown.inputs, *shown.outputs)}
        if tuple(sizes) not in shapes:
            wrong.append((claim, sizes, shapes))
    assert wrong == []


def test_a_statement_that_does_not_hold_is_told_with_the_truth():
    told = as_told(claim_behind("deepmind/vision-perceiver-fourier", "preprocessor"))
    assert "are added to the pixels" in told
    assert "Corrected: Concatenated" in told
    assert as_told(read_claims()["deit.patches"]).endswith("This holds.")
    assert as_told(None) == ""


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_is_what_was_walked(name):
    taken = walk(name)
    boxes = [box for column in _columns(taken) for box in column]
    shapes = [shape for step in taken.steps for shape in step.outputs]
    assert sorted(math.prod(axis.size for axis in box.axes) for box in boxes) == sorted(
        math.prod(shape.sizes) for shape in shapes
    )
    assert all(math.prod(box.sides) == math.prod(a.size for a in box.axes) for box in boxes)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_told_with_its_sizes(name):
    for label, step in named_steps(walked(name)).items():
        alt = panels_of(name)[label].told(walked(name))
        assert f"Chosen is {label}: " in alt
        sizes = [f"{size:,}" for shape in step.outputs for size in shape.sizes[-1:]]
        assert all(size in alt.split("Out: ")[1] for size in sizes)


@pytest.mark.parametrize("name", [
    "deepmind/language-perceiver", "deepmind/multimodal-perceiver",
    "facebook/hiera-tiny-224-mae-hf", "facebook/hiera_base_16x224",
    "facebook/deit-tiny-distilled-patch16-224",
])  # fmt: skip
def test_every_step_can_be_drawn(name):
    told = {label: draw(family_of(name), name, label).alt for label in named_steps(walked(name))}
    assert all(f"Chosen is {label}: " in alt for label, alt in told.items())


def test_the_chosen_step_alone_has_a_thick_line():
    name = "deepmind/multimodal-perceiver"
    for label, thick in (("3 preprocessor.parts.image", 1), ("12 queries", 3)):
        picture = draw("Perceiver IO", name, label)
        widths = [box.get_linewidth() for box in picture.figure.axes[0].patches]
        assert sum(width == 3 for width in widths) == thick


def test_tenfold_rows_are_as_much_taller_wherever_they_are():
    columns = _columns(walked("facebook/hiera-tiny-224-in1k-hf"))
    measure = _measure(columns)
    tall = [math.log10(column[0].sides[0]) * measure.rows for column in columns[1:-1]]
    assert tall == sorted(tall, reverse=True)
    assert tall[2] - tall[3] == pytest.approx(measure.rows * math.log10(4))


@pytest.mark.parametrize("name", [
    "deepmind/multimodal-perceiver", "facebook/hiera_base_16x224",
    "facebook/deit-base-distilled-patch16-384",
])  # fmt: skip
def test_words_can_be_read_in_every_family(name):
    for label in list(panels_of(name))[::4]:
        assert list(too_faint(draw(family_of(name), name, label).figure)) == []


def test_a_model_of_another_family_is_refused():
    with pytest.raises(ValueError, match=r"expected a model of DeiT, got .*Choose another"):
        draw("DeiT", NAMES[0], "1 raw")


def test_a_step_stays_chosen_where_the_next_model_has_it():
    explorer = shape_walk()
    explorer.turn(family="Hiera")
    explorer.turn(step="8 encoder.stages.2.1")
    explorer.turn(model="facebook/hiera-huge-224-in1k-hf")
    assert explorer.settings["step"] == "8 encoder.stages.2.1"
    assert "35 modules alike" in explorer.picture.alt
    explorer.turn(family="DeiT")
    assert explorer.settings["step"] == "5 layers.0"
