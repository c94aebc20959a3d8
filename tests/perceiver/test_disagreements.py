"""The choices that differ between the implementations are those that with_fidelity sets."""

import pytest

from perceiver_tutorial.perceiver import PUBLISHED, disagreements, with_fidelity
from perceiver_tutorial.perceiver.config import ConvPoolStem, num_cells

EXPECTED = {
    "deepmind/language-perceiver": {"activation", "mask_queries"},
    "deepmind/vision-perceiver-learned": {"activation", "decoder.query_residual"},
    "deepmind/vision-perceiver-fourier": {"activation"},
    "deepmind/vision-perceiver-conv": {"activation", "stem.padding"},
    "deepmind/optical-flow-perceiver": {"activation"},
    "deepmind/multimodal-perceiver": {"activation"},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_model_names_its_disagreements(name):
    assert disagreements(PUBLISHED[name]).keys() == EXPECTED[name]


def test_they_are_the_same_whichever_side_is_asked():
    config = PUBLISHED["deepmind/vision-perceiver-conv"]
    found = disagreements(config)
    assert found == disagreements(with_fidelity(config, "deepmind"))
    assert found["stem.padding"] == ("transformers", "same")


@pytest.mark.parametrize("length", range(12, 300))
def test_padding_for_the_pool_makes_exactly_one_cell_more(length):
    assert num_cells(length, "same") == num_cells(length, "transformers") + 1


@pytest.mark.parametrize("padding", ["same", "transformers"])
@pytest.mark.parametrize("layers, size", [(1, (32, 24)), (2, (64, 80))])
def test_cells_are_counted_as_they_come_out(padding, layers, size):
    cells = ConvPoolStem(4, num_layers=layers, padding=padding).cells(size)
    assert cells == tuple(num_cells(n, padding, layers) for n in size)
