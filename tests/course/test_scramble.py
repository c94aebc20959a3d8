"""Scrambling moves pixels, all images' alike, and loses none."""

import pytest
import torch

from perceiver_course.kit.scramble import pixel_order, reorder_pixels
from perceiver_tutorial.perceiver import TINY, build

IMAGES = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)


def test_every_image_and_colour_is_reordered_alike():
    scrambled = reorder_pixels(IMAGES, pixel_order(20))
    assert scrambled.shape == IMAGES.shape
    assert torch.equal(scrambled - scrambled[:1, :1], (IMAGES - IMAGES[:1, :1]).expand_as(IMAGES))


def test_the_way_back_is_the_inverse_order():
    order = pixel_order(20)
    assert not torch.equal(reorder_pixels(IMAGES, order), IMAGES)
    assert torch.equal(reorder_pixels(reorder_pixels(IMAGES, order), order.argsort()), IMAGES)


def test_a_seed_gives_the_same_order_again():
    assert torch.equal(pixel_order(20, seed=1), pixel_order(20, seed=1))
    assert not torch.equal(pixel_order(20, seed=1), pixel_order(20, seed=2))


@pytest.mark.parametrize("order", [torch.arange(19), torch.zeros(20, dtype=torch.long)])
@pytest.mark.usefixtures("without_shape_checks")
def test_an_order_names_every_pixel_once(order):
    with pytest.raises(ValueError, match=r"expected every one of 20 pixels once"):
        reorder_pixels(IMAGES, order)


def test_a_model_with_learned_places_follows_its_pixels():
    model, order = build(TINY["deepmind/vision-perceiver-learned"]).eval(), pixel_order(80)
    images, table = torch.randn(2, 3, 8, 10), model.preprocessor.positions.table
    with torch.no_grad():
        scores = model(images)
        lost = model(reorder_pixels(images, order))
        table.copy_(table[order])
        followed = model(reorder_pixels(images, order))
    assert torch.allclose(followed, scores, atol=1e-5)
    assert not torch.allclose(lost, scores, atol=1e-5)
