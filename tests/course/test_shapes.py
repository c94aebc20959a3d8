"""Every number of every step of every published model has a reason, and the reasons are right."""

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
import torch

from perceiver_course.explorers.shape_walk.steps import named_steps
from perceiver_course.kit.letters_of_shapes import tables_of
from perceiver_course.kit.shapes import Reason, read_table, reasons
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.hiera.layers import HieraLayer
from perceiver_tutorial.tracing import cost, walk
from perceiver_tutorial.tracing.models import published_configs
from perceiver_tutorial.tracing.recorder import Shape
from perceiver_tutorial.zoo import build

CONFIGS = published_configs()
COUNTS = ("parameters", "runs")


def value_of(terms: str) -> float:
    return eval(terms.replace(",", "").replace(" x ", " * "))


def complaints(found: list[Reason], step) -> list[str]:
    """Axes without a reason, counts that are not the step's, terms that do not give the number."""
    said = {(reason.what, reason.value) for reason in found}
    axes = [pair for shape in step.outputs for pair in zip(shape.axes, shape.sizes, strict=True)]
    missing = [
        f"{name} {size}"
        for name, size in axes
        if name not in ("batch", "1") and (name, size) not in said
    ]
    counts = [r.made for r in found if r.what in COUNTS and r.value != getattr(step, r.what)]
    sums = [r.made for r in found if r.terms and value_of(r.terms) != r.value]
    return [*missing, *counts, *sums]


@pytest.mark.parametrize("name", CONFIGS)
def test_every_size_has_a_reason_and_every_sum_comes_out(name):
    for label, step in named_steps(walk(name)).items():
        found = reasons(CONFIGS[name], step)
        assert found, label
        assert complaints(found, step) == [], label
        assert all(reason.because for reason in found), label


def test_what_is_wrong_would_be_told():
    name = "deepmind/vision-perceiver-fourier"
    step = walk(name)["encoder.blocks.0.0"]
    good = reasons(CONFIGS[name], step)
    for number, reason in enumerate(good[:3]):
        bad = [*good[:number], replace(reason, value=reason.value + 1), *good[number + 1 :]]
        assert complaints(bad, step) != []
    wider = replace(step, outputs=(Shape((1, 512, 1025), step.outputs[0].axes),))
    assert complaints(good, wider) == ["channels 1025"]
    assert complaints([replace(good[2], terms="8 x 7")], step)[-1].startswith("48 = 8 x 7")


@pytest.mark.parametrize("name", [
    *(n for n in perceiver.PUBLISHED if "conv" not in n), *(n for n in deit.PUBLISHED if "384" in n)
])  # fmt: skip
def test_operations_are_those_that_torch_counts(name):
    counted, compared = cost(name), 0
    for step in walk(name).steps:
        found = {reason.what: reason.value for reason in reasons(CONFIGS[name], step)}
        if "operations" in found:
            assert found["operations"] * step.runs == counted[step.name].flops
            compared += 1
    assert compared == (1 if name in deit.PUBLISHED else 3)


@pytest.mark.parametrize("name", [
    "deepmind/vision-perceiver-conv", "deepmind/language-perceiver",
    "deepmind/optical-flow-perceiver", "facebook/deit-tiny-patch16-224",
])  # fmt: skip
def test_attention_weights_are_those_of_the_maps(name):
    deep = walk(name, depth=None)
    for step in walk(name).steps:
        found = {reason.what: reason.value for reason in reasons(CONFIGS[name], step)}
        if "attention weights" in found:
            _, _, queries, keys = deep[f"{step.name}.attention.weights"].shape
            assert found["attention weights"] == queries * keys


@pytest.mark.parametrize("name", hiera.PUBLISHED)
def test_a_token_reads_as_many_as_its_block_lets_it(name):
    with torch.device("meta"):
        modules = dict(build(CONFIGS[name]).named_modules())
    for step in walk(name).steps:
        found = {reason.what: reason.value for reason in reasons(CONFIGS[name], step)}
        if "tokens read by each" in found:
            block = modules[step.name]
            assert isinstance(block, HieraLayer)
            everybody = step.inputs[0].sizes[1]
            assert found["tokens read by each"] == (block.attention.unit_tokens or everybody)
            assert found["heads in a layer"] == block.attention.num_heads


def test_every_row_of_the_table_is_about_a_step_of_some_model():
    models = {tables_of(config): config for config in CONFIGS.values()}
    conv = perceiver.PUBLISHED["deepmind/vision-perceiver-conv"]
    others = perceiver.TEXT_CLASSIFIER, perceiver.with_fidelity(conv, "deepmind")
    models |= {tables_of(config): config for config in others}
    unused = {(table, steps) for table, rows in read_table().items() for steps in rows}
    for tables, config in models.items():
        names = [step.name for step in walk(config, depth=None).steps]
        about = {steps for _, steps in unused if any(fnmatchcase(name, steps) for name in names)}
        unused -= {(table, steps) for table in tables for steps in about}
    assert unused == set()
