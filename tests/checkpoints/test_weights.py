"""The examples of the documents, with published weights: pytest -m weights, never by default."""

import pytest
import torch
from published_examples import (
    CORNER,
    DEIT_OF_THE_CARD,
    EXAMPLES,
    HIERA,
    LANGUAGE,
    PERCEIVERS,
    check,
    class_of,
    coco_photograph,
    model_of,
    scores,
)

from perceiver_course import claim
from perceiver_tutorial.checkpoints import processor

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def photograph():
    """Two cats on a sofa."""
    return coco_photograph()


def test_the_photograph_is_prepared_as_published(photograph):
    corner = processor(HIERA)(photograph)[0, :, :3, :3]
    torch.testing.assert_close(corner, torch.tensor(CORNER), rtol=0, atol=1e-4)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_published_model_answers_as_published(example, request):
    check(example, None if example.name == LANGUAGE else request.getfixturevalue("photograph"))


@pytest.mark.parametrize("name", PERCEIVERS)
def test_the_cats_are_tabby_cats(name, photograph):
    assert class_of(name, photograph) == "tabby, tabby cat"


def test_the_example_of_the_card_of_the_fourier_perceiver(photograph):
    claim("pio.img-fourier.tabby", class_of(PERCEIVERS[1], photograph))


def test_the_example_of_the_card_of_deit(photograph):
    logits = scores(model_of(DEIT_OF_THE_CARD), DEIT_OF_THE_CARD, photograph)[None]
    claim("deit.coco-example", logits.shape)


def test_the_example_of_the_card_of_hiera(photograph):
    model = model_of("facebook/hiera-tiny-224-hf")
    with torch.inference_mode():
        maps = model.feature_maps(processor(HIERA)(photograph))
    sides, channels = (56, 28, 14, 7), (96, 192, 384, 768)
    assert [m.shape for m in maps] == [(1, c, s, s) for s, c in zip(sides, channels, strict=True)]
    assert all(m.isfinite().all() and m.std() > 0 for m in maps)
