"""Photographs as DeiT and ViT take them, pixel for pixel as transformers makes them."""

import pytest
import torch
from PIL import Image
from transformers import DeiTImageProcessorPil, ViTImageProcessorPil

from perceiver_course.chapters.distillation_token.model import prepare_deit
from perceiver_tutorial.checkpoints.pictures import (
    HALF,
    IMAGENET_MEAN,
    IMAGENET_STD,
    crop_middle,
    normalise,
    prepare,
    resize,
    resize_shorter,
)

IMAGENET = {"image_mean": IMAGENET_MEAN, "image_std": IMAGENET_STD}


@pytest.fixture(params=[(451, 300), (300, 451), (224, 224), (101, 77)], ids=str)
def photograph(request):
    width, height = request.param
    colours = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8)
    return Image.fromarray(colours.numpy())


def theirs(photograph, processor=DeiTImageProcessorPil, **options):
    return processor(**options)(photograph, return_tensors="pt").pixel_values


@pytest.mark.parametrize("side, larger", [(224, 256), (384, 438)])
def test_a_photograph_is_prepared_as_by_transformers(photograph, side, larger):
    options = {"crop_size": {"height": side, "width": side}, **IMAGENET}
    kept = theirs(photograph, size={"shortest_edge": larger}, **options)
    squashed = theirs(photograph, size={"height": larger, "width": larger}, **options)
    assert torch.equal(prepare_deit(photograph, side), kept)
    assert torch.equal(prepare_deit(photograph, side, squash=True), squashed)


def test_only_a_square_is_the_same_squashed_or_not(photograph):
    same = torch.equal(prepare_deit(photograph), prepare_deit(photograph, squash=True))
    assert same == (photograph.width == photograph.height)


def test_a_processor_without_arguments_has_another_mean(photograph):
    squashed = crop_middle(resize(photograph, (256, 256)), 224)
    assert torch.equal(normalise(squashed, HALF, HALF), theirs(photograph))


def test_a_vit_only_resizes(photograph):
    bicubic = theirs(photograph, ViTImageProcessorPil, resample=Image.Resampling.BICUBIC)
    assert torch.equal(normalise(resize(photograph), HALF, HALF), bicubic)


def test_the_longer_side_is_rounded_down():
    assert resize_shorter(Image.new("RGB", (451, 300))).size == (384, 256)
    assert resize_shorter(Image.new("RGB", (77, 101)), 20).size == (20, 26)


def test_the_middle_of_an_odd_remainder_lies_left_and_above():
    picture = Image.new("L", (6, 5))
    picture.putpixel((1, 1), 255)
    assert crop_middle(picture, 3).getpixel((0, 0)) == 255


def test_too_small_a_picture_has_no_such_middle():
    with pytest.raises(ValueError, match=r"expected at least 224 x 224 pixels, got 300 x 200\. R"):
        crop_middle(Image.new("RGB", (200, 300)))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("make", [prepare, prepare_deit])
def test_an_array_is_no_picture(make):
    with pytest.raises(TypeError, match=r"expected a PIL image, got Tensor\. Image.open\(path\)"):
        make(torch.zeros(3, 8, 8))
