"""All our parts keep to the rules for parts, and no part of the package goes untried."""

from functools import partial

import pytest
import torch
from conformance_examples import POSTPROCESSORS, PREPROCESSORS, QUERIES, classes_with
from torch import nn

from perceiver_course.kit.conformance import (
    check_postprocessor,
    check_preprocessor,
    check_queries,
)
from perceiver_tutorial.perceiver import preprocessors
from perceiver_tutorial.perceiver.preprocessors import PixelPreprocessor

TRIALS = {
    **{f"preprocessor {n}": partial(check_preprocessor, *x) for n, x in PREPROCESSORS.items()},
    **{f"queries {n}": partial(check_queries, *x) for n, x in QUERIES.items()},
    **{f"postprocessor {n}": partial(check_postprocessor, *x) for n, x in POSTPROCESSORS.items()},
}
BY_DESIGN = {
    "preprocessor all masked": {
        "idle": ("mask_tokens.audio", "mask_tokens.image", "padding.label")
    },
    "preprocessor half masked": {"random": True},
}


@pytest.mark.parametrize("name", TRIALS)
def test_every_part_of_ours_keeps_to_the_rules(name):
    report = TRIALS[name](**BY_DESIGN.get(name, {}))
    assert not report.problems, report


def test_masking_at_random_and_parameters_without_a_use_have_to_be_said():
    problems = TRIALS["preprocessor half masked"]().problems
    assert set(problems) == {"samples", "repeats"}
    assert "say random=True" in problems["repeats"]
    assert set(TRIALS["preprocessor all masked"]().problems) == {"gradient"}


def tried(trials):
    return {type(part) for part, _ in trials.values()}


@pytest.mark.parametrize("method, trials", [("all_points", QUERIES), ("assemble", POSTPROCESSORS)])
def test_no_queries_and_no_postprocessor_go_untried(method, trials):
    assert classes_with(method) - tried(trials) == set()


def test_no_preprocessor_goes_untried():
    ours = {v for v in vars(preprocessors).values() if isinstance(v, type)}
    assert ours - tried(PREPROCESSORS) == set()


def test_a_trial_leaves_part_and_random_numbers_alone():
    part = nn.Sequential(nn.Flatten(2), nn.Dropout(0.5)).train()
    part.num_channels = 20
    seen = torch.get_rng_state()
    check_preprocessor(part, torch.ones(2, 3, 4, 5).cumsum(0))
    assert part.training and torch.equal(torch.get_rng_state(), seen)


def test_the_report_is_a_line_for_each_property():
    report = check_preprocessor(PixelPreprocessor((4, 5)), torch.randn(2, 3, 4, 5))
    lines = repr(report).splitlines()
    assert lines[0] == "PixelPreprocessor as a preprocessor: 7 of 7 properties hold"
    assert [line.split()[1] for line in lines[2:]] == list(report.words)
    assert {line.split()[0] for line in lines[2:]} == {"right"}


def test_a_wrong_property_stands_out_in_the_report():
    part = PixelPreprocessor((4, 5))
    part.num_channels = 4
    text = repr(check_preprocessor(part, torch.randn(2, 3, 4, 5)))
    assert "6 of 7 properties hold" in text
    assert "\nWRONG  shape     expected rows" in text
    assert max(map(len, text.splitlines())) <= 92


NOTHING_TO_SEE = {
    "all alike": torch.ones(2, 3, 4, 5),
    "one sample": torch.randn(1, 3, 4, 5),
    "two batch sizes": {"image": torch.randn(2, 3), "audio": torch.randn(3, 3)},
}


@pytest.mark.parametrize("raw", NOTHING_TO_SEE.values(), ids=NOTHING_TO_SEE)
def test_an_example_that_shows_nothing_is_refused(raw):
    with pytest.raises(ValueError, match=r"expected an example of two samples .* torch.randn"):
        check_preprocessor(PixelPreprocessor((4, 5)), raw)


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match="expected a module of torch, got function"):
        check_preprocessor(lambda x: x, torch.randn(2, 3))
