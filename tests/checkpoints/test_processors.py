"""Every published image model's preparation, number for number as transformers makes it."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import BitImageProcessorPil, DeiTImageProcessorPil, ViTImageProcessorPil
from transformers.models.perceiver.image_processing_pil_perceiver import PerceiverImageProcessorPil

from perceiver_course.chapters.distillation_token.model import prepare_deit
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.checkpoints import preparation, processor
from perceiver_tutorial.checkpoints.pictures import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Preparation,
    as_rgb,
    centre_crop,
    prepare,
    resize_shorter,
)
from perceiver_tutorial.checkpoints.processors import DEFAULTS, read_processor
from perceiver_tutorial.perceiver import FourierConfig, PixelStem

PERCEIVERS = [f"deepmind/vision-perceiver-{kind}" for kind in ("learned", "fourier", "conv")]
HIERAS = [name for name in hiera.PUBLISHED if "16x224" not in name]
DEITS = list(deit.PUBLISHED)
THEIRS = {"Perceiver": PerceiverImageProcessorPil, "DeiT": DeiTImageProcessorPil,
          "ViT": ViTImageProcessorPil, "Bit": BitImageProcessorPil}  # fmt: skip
IMAGENET = {"image_mean": list(IMAGENET_MEAN), "image_std": list(IMAGENET_STD)}


def noise(width, height):
    return Image.fromarray(torch.randint(0, 256, (height, width, 3), dtype=torch.uint8).numpy())


@pytest.fixture(params=[(451, 300), (300, 451), (230, 230), (77, 5)], ids=str)
def photograph(request):
    return noise(*request.param)


def theirs(photograph, kind, **settings):
    return THEIRS[kind](**settings)(photograph, return_tensors="pt").pixel_values


def published_settings(name):
    """What stands in the published preprocessor_config.json, sizes as numbers as there."""
    if name in PERCEIVERS:
        return "Perceiver", {"size": 224, "crop_size": 256, **IMAGENET}
    if name in HIERAS:
        return "Bit", {"size": {"shortest_edge": 256}, "crop_size": 224, **IMAGENET}
    side, larger = (384, 438) if name.endswith("384") else (224, 256)
    return "DeiT", {"size": larger, "crop_size": side, **IMAGENET}


@pytest.mark.parametrize("name", [*PERCEIVERS, *HIERAS[::7], *DEITS[::3]])
def test_a_published_model_gets_what_transformers_would_give_it(name, photograph):
    kind, settings = published_settings(name)
    assert torch.equal(processor(name)(photograph), theirs(photograph, kind, **settings))


@pytest.mark.parametrize("name", [*PERCEIVERS, *HIERAS, *DEITS])
def test_every_published_image_model_gets_a_picture_of_its_size(name):
    config = {**perceiver.PUBLISHED, **hiera.PUBLISHED, **deit.PUBLISHED}[name]
    pixels = processor(name)(noise(20, 30))
    assert pixels.shape == config.example_input(1).shape


def test_accuracy_of_a_deit_was_measured_without_squashing(photograph):
    name = "facebook/deit-tiny-patch16-224"
    assert torch.equal(processor(name, as_measured=True)(photograph), prepare_deit(photograph))
    assert torch.equal(processor(name)(photograph), prepare_deit(photograph, squash=True))


@pytest.mark.parametrize("name", [PERCEIVERS[0], HIERAS[0]])
def test_others_were_measured_as_they_are_published(name):
    assert processor(name, as_measured=True) == processor(name)


TAKES = {
    "deepmind/language-perceiver": r"takes text\. perceiver\.encode_text",
    "deepmind/optical-flow-perceiver": r"takes two pictures .* perceiver\.predict_flow",
    "deepmind/multimodal-perceiver": r"takes a video, its sound and a label: a dictionary",
    "facebook/hiera_base_16x224": r"takes a video of 16 frames of 224 x 224 pixels: prepare each",
}


@pytest.mark.parametrize("name, words", TAKES.items())
def test_other_models_say_what_they_take(name, words):
    with pytest.raises(ValueError, match=f"expected a model that takes a photograph, .*{words}"):
        processor(name)


def test_something_else_says_its_class():
    config = perceiver.published.MODELNET40
    with pytest.raises(ValueError, match=r"something else \(PointCloudConfig\): see config\.exam"):
        preparation(config)


def test_a_model_that_is_not_square_needs_a_preparation_of_its_own():
    config = deit.DeiTConfig(channels=4, num_heads=1, image_size=(16, 32))
    with pytest.raises(ValueError, match="expected a model for square pictures, got one for 16 x"):
        preparation(config)


def test_a_model_of_another_size_is_prepared_in_proportion(photograph):
    config = perceiver.ImageClassifierConfig(
        perceiver.EncoderConfig(1, 8, 1, 1, 1, 1), PixelStem(), FourierConfig(2, (8, 8)), (20, 12)
    )
    assert preparation(config)(photograph).shape == (1, 3, 20, 12)
    small = deit.DeiTConfig(channels=4, num_heads=1, image_size=(32, 32))
    for wanted in (small, deit.DeiTMaskedImageConfig(small)):
        assert preparation(wanted) == Preparation(size=(36, 36), crop=32)


# -- a folder's own file -------------------------------------------------------------------


@pytest.mark.parametrize("kind", THEIRS)
def test_a_file_that_transformers_wrote_is_read(kind, photograph, tmp_path):
    THEIRS[kind]().save_pretrained(tmp_path)
    assert torch.equal(processor(tmp_path)(photograph), theirs(photograph, kind))


@pytest.mark.parametrize("name", [PERCEIVERS[0], HIERAS[0], DEITS[0], DEITS[-1]])
def test_a_published_file_is_read_as_the_published_name(name, tmp_path):
    kind, settings = published_settings(name)
    written = {"feature_extractor_type": f"{kind}FeatureExtractor", "do_resize": True, **settings}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(written))
    assert processor(tmp_path) == processor(name)


SETTINGS = [
    ("Bit", {"size": 40, "crop_size": 32}),
    ("Bit", {"size": {"height": 40, "width": 50}, "crop_size": {"height": 32, "width": 32}}),
    ("Bit", {"size": {"shortest_edge": 40}, "do_center_crop": False}),
    ("Bit", {"do_resize": False, "crop_size": 4}),
    ("Bit", {"do_normalize": False}),
    ("DeiT", {"size": {"shortest_edge": 40}, "crop_size": 32, "image_mean": 0.25}),
    ("DeiT", {"size": 40, "crop_size": 32, "resample": 0}),
    ("ViT", {"size": 40, "image_std": [0.1, 0.2, 0.3]}),
    ("Perceiver", {"size": 24, "crop_size": 32, "resample": 1}),
    ("Perceiver", {"size": {"height": 24, "width": 30}, "do_center_crop": False}),
]


@pytest.mark.parametrize("kind, settings", SETTINGS)
def test_other_settings_mean_what_they_mean_to_transformers(kind, settings, photograph):
    written = {"image_processor_type": f"{kind}ImageProcessor", "processor_class": None, **settings}
    ours = read_processor(written)(photograph)
    assert torch.allclose(ours, theirs(photograph, kind, **settings), atol=1e-6)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_what_the_file_leaves_out_is_as_in_transformers(kind, photograph):
    ours = read_processor({"image_processor_type": f"{kind}ImageProcessorFast"})
    assert torch.equal(ours(photograph), theirs(photograph, kind))


REFUSED = {
    "type": ({"image_processor_type": "ConvNextImageProcessor"}, "to be one of Perceiver.*got Co"),
    "no type": ({"size": 224}, "got nothing"),
    "unknown": ({"crop_pct": 0.9}, r"of what published models need, got crop_pct=0\.9"),
    "0 to 255": ({"do_rescale": False}, "colours divided by 255, got do_rescale=False"),
    "factor": ({"rescale_factor": 0.0078}, r"got do_rescale=None, rescale_factor=0\.0078"),
    "four": ({"image_mean": [0.5] * 4}, "one number for each of three colours"),
    "resampling": ({"resample": 9}, r"resample in .* as 0 \(nearest\), .*got 9"),
    "size": ({"size": {"longest_edge": 5}}, "size as height and width, or as shortest_edge, got"),
    "crop": ({"crop_size": {"height": 3, "width": 4}}, "crop_size as equal height and width"),
    "too much": ({"size": 200}, "expected a crop within the 200 pixels .*got 224"),
    "share": ({"image_processor_type": "PerceiverImageProcessor", "size": 384},
              "expected a size of at most crop_size, got size=384"),
    "which": ({"image_processor_type": "ViTImageProcessor", "do_center_crop": True},
              "crop_size as equal height and width, got crop_size=None"),
}  # fmt: skip


@pytest.mark.parametrize("settings, words", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused(settings, words):
    kind = {} if words == "got nothing" else {"image_processor_type": "BitImageProcessor"}
    with pytest.raises(ValueError, match=words):
        read_processor({**kind, **settings})


def test_a_folder_without_such_a_file_says_what_else_there_is(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"published name, or a folder .*preparation\(mo"):
        processor(tmp_path)


# -- every kind of picture -----------------------------------------------------------------


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "LAB"])
@pytest.mark.parametrize("name", [PERCEIVERS[0], HIERAS[0], DEITS[0]])
def test_every_way_to_store_colours_is_read(name, mode):
    plain = Image.new("RGB", (30, 20), (255, 255, 255))
    stored = Image.new("LAB", (30, 20), (255, 128, 128)) if mode == "LAB" else plain.convert(mode)
    assert torch.allclose(processor(name)(stored), processor(name)(plain), atol=0.05)


def test_16_bits_are_scaled_and_not_cut_off():
    levels = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    for order in ("<u2", ">u2"):
        read = as_rgb(Image.fromarray(levels.astype(order)))
        assert np.asarray(read)[0, :, 0].tolist() == [0, 1, 128, 255]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_of_unknown_range_are_refused(mode):
    with pytest.raises(ValueError, match=rf"of 8 or 16 bits, got a picture of mode '{mode}'"):
        prepare(Image.new(mode, (3, 2)))


def test_a_palette_with_transparency_keeps_its_colours(recwarn):
    picture = Image.new("P", (3, 2), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.info["transparency"] = b"\x00\x80"
    assert as_rgb(picture).getpixel((0, 0)) == (10, 20, 30)
    assert not recwarn.list


@pytest.mark.parametrize("name", [PERCEIVERS[0], HIERAS[0], DEITS[0]])
def test_a_picture_that_was_taken_sideways_is_turned(name, tmp_path):
    upright = noise(40, 24)
    sideways = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it
    sideways.save(tmp_path / "photo.png", exif=exif)
    with Image.open(tmp_path / "photo.png") as opened:
        assert torch.equal(processor(name)(opened), processor(name)(upright))


@pytest.mark.parametrize("name", [PERCEIVERS[0], HIERAS[0], DEITS[-1]])
def test_one_pixel_is_a_picture(name):
    pixels = processor(name)(Image.new("RGB", (1, 1), (51, 102, 153)))
    wanted = [
        (x - m) / s for x, m, s in zip((0.2, 0.4, 0.6), IMAGENET_MEAN, IMAGENET_STD, strict=True)
    ]
    assert torch.allclose(pixels, torch.tensor(wanted)[None, :, None, None].expand_as(pixels))


def test_a_picture_of_no_pixels_is_none():
    with pytest.raises(ValueError, match="expected a picture, got 0 x 5 pixels"):
        prepare(Image.new("RGB", (5, 0)))


def test_a_strip_that_would_fill_the_memory_is_refused():
    with pytest.raises(ValueError, match=r"as long and narrow as 1 x 5000 .*become 256 x 1280000"):
        processor(HIERAS[0])(Image.new("RGB", (5000, 1)))
    assert resize_shorter(Image.new("RGB", (500, 1))).size == (128000, 256)


def test_the_smallest_middle_is_one_pixel():
    assert centre_crop(Image.new("RGB", (1, 9))).size == (1, 1)


def test_more_than_everything_cannot_be_cut_out():
    with pytest.raises(ValueError, match=r"a share above 0, up to 1, got 1\.5"):
        Preparation(share=1.5)


@pytest.mark.usefixtures("without_shape_checks")
def test_an_array_is_no_photograph():
    with pytest.raises(TypeError, match="expected a PIL image, got ndarray"):
        processor(HIERAS[0])(np.zeros((3, 3, 3)))


def test_a_preparation_tells_its_steps():
    words = str(processor(PERCEIVERS[0]))
    assert words.startswith("middle 0.875 of the shorter side, resized to 224 x 224, colours less")
    bilinear = str(Preparation(size=256, crop=224, resampling=Image.Resampling.BILINEAR))
    assert bilinear.startswith("shorter side to 256 (bilinear), middle 224 x 224, colours less")
