"""Files that do not fit are refused by name; files that do are read as they are."""

import pytest
import torch
from folders import change_config, change_weights
from PIL import Image
from safetensors.torch import load_file
from shaken import shake
from theirs import MASKED_LANGUAGE, tiny
from tiny import CONFIGS
from transformers import PerceiverConfig, PerceiverForImageClassificationFourier
from transformers.models.perceiver.image_processing_pil_perceiver import PerceiverImageProcessorPil

from perceiver_tutorial.checkpoints import load, save
from perceiver_tutorial.checkpoints.pictures import centre_crop, normalise, prepare, resize
from perceiver_tutorial.perceiver import build, with_fidelity


@pytest.fixture
def folder(tmp_path):
    """A tiny checkpoint, as transformers saves it."""
    sizes = {"num_latents": 7, "d_latents": 16, "num_self_attends_per_block": 2, "num_labels": 5}
    config = PerceiverConfig(**sizes, num_self_attention_heads=2, num_cross_attention_heads=1)
    shake(PerceiverForImageClassificationFourier(config)).save_pretrained(tmp_path)
    return tmp_path


def test_a_loaded_model_is_ready_to_be_used(folder):
    model = load(folder, image_size=(8, 10))
    assert not model.training
    assert model.config.image_size == (8, 10) and model.config.num_classes == 5


def test_image_models_take_224_pixels_unless_told_otherwise(folder):
    assert load(folder).config.image_size == (224, 224)


def test_fidelity_can_be_chosen_when_loading(folder):
    assert load(folder, image_size=(8, 8)).config.activation == "gelu"
    assert load(folder, "deepmind", image_size=(8, 8)).config.activation == "gelu_tanh"


MISFITS = {
    "missing": (
        lambda s: {k: v for k, v in s.items() if k != "perceiver.embeddings.latents"},
        r"do not fit: perceiver.embeddings.latents is missing\. Nothing was loaded\.",
    ),
    "unexpected": (
        lambda s: {**s, "perceiver.encoder.self_attends.7.layernorm.bias": torch.zeros(16)},
        r"perceiver.encoder.self_attends.7.layernorm.bias is unexpected",
    ),
    "wrong shape": (
        lambda s: {**s, "perceiver.embeddings.latents": torch.zeros(6, 16)},
        r"perceiver.embeddings.latents is \[6, 16\], expected \[7, 16\]",
    ),
    "unknown": (
        lambda s: {**s, "perceiver.pooler.weight": torch.zeros(1)},
        r"fit: perceiver.pooler.weight is unexpected",
    ),
}


@pytest.mark.parametrize("change, message", MISFITS.values(), ids=MISFITS)
def test_weights_that_do_not_fit_are_named(folder, change, message):
    change_weights(folder, change)
    with pytest.raises(ValueError, match=message):
        load(folder, image_size=(8, 8))


STRANGE = {
    "another model": ({"architectures": ["BertModel"]}, r"expected one of .*, got BertModel"),
    "no architecture": ({"architectures": None}, r"expected one of .*, got none"),
    "another activation": ({"hidden_act": "relu"}, r"expected hidden_act as one of gelu, .*relu"),
    "another width": (
        {"cross_attention_shape_for_attention": "q"},
        r"expected cross_attention_shape_for_attention=kv, as in all published, got q",
    ),
}  # fmt: skip


@pytest.mark.parametrize("changes, message", STRANGE.values(), ids=STRANGE)
def test_a_configuration_that_is_not_ours_is_refused(folder, changes, message):
    change_config(folder, **changes)
    with pytest.raises(ValueError, match=message):
        load(folder)


@pytest.mark.parametrize("lost, message", [
    ("config.json", r"expected a config.json in the folder"),
    ("model.safetensors", r"expected model.safetensors or pytorch_model.bin in the folder"),
])  # fmt: skip
def test_a_lost_file_is_named(folder, lost, message):
    (folder / lost).unlink()
    with pytest.raises(FileNotFoundError, match=message):
        load(folder)


def test_a_published_name_is_answered_with_the_command_that_fetches_it():
    with pytest.raises(
        FileNotFoundError, match=r"`hf download deepmind/language-perceiver` fetches"
    ):
        load("deepmind/language-perceiver")


def test_a_path_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"there is no 'nowhere'"):
        load("nowhere")


def test_an_older_name_is_read_and_the_present_one_is_written(tmp_path):
    tiny(MASKED_LANGUAGE).save_pretrained(tmp_path)
    bias = load_file(tmp_path / "model.safetensors")["embedding_decoder.bias"]
    change_weights(tmp_path, lambda s: {
        "perceiver.output_postprocessor.bias" if k == "embedding_decoder.bias" else k: v
        for k, v in s.items()
    })  # fmt: skip
    model = load(tmp_path)
    assert torch.equal(model.postprocessor.bias, bias)
    assert "embedding_decoder.bias" in load_file(save(model, tmp_path / "x") / "model.safetensors")


def test_shared_weights_are_stored_once_and_stay_shared(tmp_path):
    model = shake(build(CONFIGS["masked language"]))
    file = save(model, tmp_path / "language.pystate", layout="deepmind")
    again = load(file, config=CONFIGS["masked language"])
    assert again.postprocessor.embeddings.weight is again.preprocessor.embeddings.weight
    torch.testing.assert_close(again.state_dict(), model.state_dict())


def test_loading_leaves_the_given_weights_alone(folder):
    state = load_file(folder / "model.safetensors")
    names = list(state)
    model = load(state, config=load(folder, image_size=(8, 8)).config)
    model.encoder.latents.data.zero_()
    assert list(state) == names and state["perceiver.embeddings.latents"].any()


@pytest.mark.usefixtures("without_shape_checks")
def test_a_third_fidelity_does_not_exist():
    with pytest.raises(
        ValueError, match=r"fidelity='jax' is neither 'transformers' nor 'deepmind'"
    ):
        with_fidelity(CONFIGS["text classes"], "jax")


def test_fidelity_changes_what_the_two_implementations_do_differently_and_nothing_else():
    changed = {
        name: [
            field
            for field in vars(config)
            if getattr(with_fidelity(config, "deepmind"), field)
            != getattr(with_fidelity(config, "transformers"), field)
        ]
        for name, config in CONFIGS.items()
    }
    assert changed == {
        **{name: ["activation"] for name in CONFIGS},
        "learned images": ["decoder", "activation"],
        "conv images": ["stem", "activation"],
        "masked language": ["mask_queries", "activation"],
    }


@pytest.fixture(params=[(451, 300), (300, 451), (224, 224), (101, 77)], ids=str)
def photograph(request):
    width, height = request.param
    colours = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8)
    return Image.fromarray(colours.numpy())


def test_a_photograph_is_prepared_as_by_transformers(photograph):
    want = PerceiverImageProcessorPil()(photograph, return_tensors="pt").pixel_values
    assert torch.equal(prepare(photograph), want)


def test_the_crop_is_a_square_of_seven_eighths_of_the_shorter_side(photograph):
    side = int(0.875 * min(photograph.size))
    assert centre_crop(photograph).size == (side, side)


def test_a_picture_is_resized_to_height_and_width(photograph):
    assert normalise(resize(photograph, (20, 30))).shape == (1, 3, 20, 30)


def test_grey_and_transparent_pictures_become_three_colours(photograph):
    for mode in ("L", "RGBA"):
        assert prepare(photograph.convert(mode)).shape == (1, 3, 224, 224)


@pytest.mark.usefixtures("without_shape_checks")
def test_an_array_is_no_picture():
    with pytest.raises(
        TypeError, match=r"expected a PIL image, got Tensor. Image.open\(path\) reads"
    ):
        normalise(torch.zeros(3, 8, 8))
