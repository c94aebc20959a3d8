"""Files that do not fit are refused by name; files that do are read as they are."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from shaken import shake
from tiny import CONFIGS
from torch import nn
from transformers import PerceiverConfig, PerceiverForImageClassificationFourier
from transformers.models.perceiver.image_processing_pil_perceiver import PerceiverImageProcessorPil
from unchecked import without_shape_checks  # noqa: F401

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.checkpoints.load import load_strictly
from perceiver_tutorial.checkpoints.pictures import centre_crop, normalise, prepare, resize
from perceiver_tutorial.checkpoints.rename import merge, rename
from perceiver_tutorial.perceiver import build, with_fidelity


@pytest.fixture
def folder(tmp_path):
    """A tiny checkpoint, as transformers saves it."""
    sizes = {"num_latents": 7, "d_latents": 16, "num_self_attends_per_block": 2, "num_labels": 5}
    config = PerceiverConfig(**sizes, num_self_attention_heads=2, num_cross_attention_heads=1)
    shake(PerceiverForImageClassificationFourier(config)).save_pretrained(tmp_path)
    return tmp_path


def change_config(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def change_weights(folder, change):
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file)


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
        r"the weights do not fit the model: encoder.latents is missing\.",
    ),
    "unexpected": (
        lambda s: {**s, "perceiver.encoder.self_attends.7.layernorm.bias": torch.zeros(16)},
        r"encoder.blocks.0.7.norm_mlp.bias is unexpected",
    ),
    "wrong shape": (
        lambda s: {**s, "perceiver.embeddings.latents": torch.zeros(6, 16)},
        r"encoder.latents is \[6, 16\], expected \[7, 16\]",
    ),
    "unknown": (
        lambda s: {**s, "perceiver.pooler.weight": torch.zeros(1)},
        r"no name in the table for the published weights perceiver.pooler.weight",
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
        {"cross_attention_shape_for_attention": "q"}, r"expected cross_attention_shape.* 'kv'",
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
        FileNotFoundError, match=r"`hf download deepmind/language-perceiver --local"
    ):
        load("deepmind/language-perceiver")


def test_a_path_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match=r"there is no 'nowhere'"):
        load("nowhere")


def test_a_golden_file_needs_its_sizes(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"expected the sizes of x.npz in x.json beside it"):
        load(tmp_path / "x.npz")


def test_weights_with_code_inside_are_not_run(folder):
    class Trap:
        def __reduce__(self):
            return (print, ("the trap was sprung",))

    (folder / "model.safetensors").unlink()
    torch.save({"weight": Trap()}, folder / "pytorch_model.bin")
    with pytest.raises(Exception, match="Weights only load failed"):
        load(folder)


def test_shared_weights_are_loaded_once_and_stay_shared():
    model = shake(build(CONFIGS["masked language"]))
    state = {k: v for k, v in model.state_dict().items() if k != "postprocessor.embedding.weight"}
    fresh = build(CONFIGS["masked language"])
    load_strictly(fresh, state)
    assert fresh.postprocessor.embedding.weight is fresh.preprocessor.what.table.weight
    torch.testing.assert_close(fresh.state_dict(), model.state_dict())


def test_loading_leaves_the_given_weights_alone():
    model = nn.Linear(2, 3)
    state = {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}
    load_strictly(model, state)
    assert list(state) == ["weight", "bias"] and torch.equal(model.weight, state["weight"])


def test_a_pattern_stands_for_any_number_of_layers():
    state = {f"a.{i}.x.weight": torch.tensor(i) for i in (0, 12)}
    renamed = rename(state, merge(("a.{}.x", "b.{}.y"), leaves=("weight",)))
    assert {key: int(value) for key, value in renamed.items()} == {
        "b.0.y.weight": 0,
        "b.12.y.weight": 12,
    }


def test_a_pattern_must_match_the_whole_name():
    with pytest.raises(ValueError, match=r"xa.weight, a.weight.y"):
        rename({"xa.weight": torch.zeros(1), "a.weight.y": torch.zeros(1)}, {"a.weight": "b"})


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
