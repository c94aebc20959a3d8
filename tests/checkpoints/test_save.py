"""What we write, others read: the same weights, the same answers, and nothing lost on the way."""

import importlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file
from shaken import shake
from theirs import SEVEN, tiny, tiny_input
from tiny import CONFIGS
from torch import nn
from transformers import DeiTConfig, HieraConfig, ViTConfig

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.checkpoints import load, save
from perceiver_tutorial.perceiver import TINY, with_fidelity
from perceiver_tutorial.zoo import build

HIERAS = ("HieraModel", "HieraForImageClassification", "HieraForPreTraining")
DEITS = (
    "DeiTModel",
    "DeiTForImageClassification",
    "DeiTForImageClassificationWithTeacher",
    "DeiTForMaskedImageModeling",
    "ViTModel",
    "ViTForImageClassification",
)
HIERA = {
    "image_size": [32, 64], "embed_dim": 8, "depths": [1, 2, 1, 1], "num_labels": 5,
    "decoder_hidden_size": 12, "decoder_depth": 1, "decoder_num_heads": 2, "num_query_pool": 2,
}  # fmt: skip
DEIT = {
    "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 24,
    "image_size": 16, "patch_size": 8, "encoder_stride": 8, "num_labels": 5,
}  # fmt: skip


def theirs(name):
    """A tiny model of transformers', and something to feed it."""
    architecture = getattr(transformers, name)
    if name.startswith("Perceiver"):
        return tiny(architecture), tiny_input(architecture)
    if name.startswith("Hiera"):
        options = {**HIERA, "num_query_pool": 2 if name == "HieraForPreTraining" else 3}
        options |= {} if name == "HieraForPreTraining" else {"decoder_depth": None}
        model = shake(architecture(HieraConfig(**options)))
        mask = torch.tensor([[1, 0]] * 2) if name == "HieraForPreTraining" else None
        given = {} if mask is None else {"bool_masked_pos": mask}
        return model, {"pixel_values": torch.randn(2, 3, 32, 64), **given}
    config = ViTConfig if name.startswith("ViT") else DeiTConfig
    given = {"bool_masked_pos": torch.tensor([[0, 1, 0, 0]] * 2)} if "Masked" in name else {}
    return shake(architecture(config(**DEIT))), {"pixel_values": torch.randn(2, 3, 16, 16), **given}


ALL = (*(architecture.__name__ for architecture in SEVEN), *HIERAS, *DEITS)


@pytest.mark.parametrize("name", ALL)
@torch.no_grad()
def test_transformers_reads_what_we_wrote_and_answers_the_same(name, tmp_path):
    model, given = theirs(name)
    model.save_pretrained(tmp_path / "theirs")
    save(load(tmp_path / "theirs"), tmp_path / "ours")
    again, info = type(model).from_pretrained(tmp_path / "ours", output_loading_info=True)
    lost = {key for key in info["missing_keys"] if not key.startswith("pooler.dense")}
    assert not lost and not info["unexpected_keys"] and not info["mismatched_keys"]
    torch.testing.assert_close(answer(again.eval(), given), answer(model, given), rtol=0, atol=0)


def answer(model, given):
    said = model(**given)
    wanted = ("logits", "last_hidden_state", "reconstruction", "cls_logits", "loss")
    return {key: said[key] for key in wanted if key in said and said[key] is not None}


@pytest.mark.parametrize("name", ALL)
def test_we_write_the_names_that_transformers_writes(name, tmp_path):
    model, _ = theirs(name)
    model.save_pretrained(tmp_path / "theirs")
    save(load(tmp_path / "theirs"), tmp_path / "ours")
    written = load_file(tmp_path / "theirs" / "model.safetensors")
    ours = load_file(tmp_path / "ours" / "model.safetensors")
    assert set(ours) == {n for n in written if not n.startswith("pooler.dense")}
    assert all(torch.equal(ours[n], written[n]) for n in ours)
    config, own = (
        json.loads((tmp_path / w / "config.json").read_text()) for w in ("theirs", "ours")
    )
    if "id2label" in own:
        assert own["id2label"] == config["id2label"]
    assert own.items() <= config.items()


# --- other layouts --------------------------------------------------------------------------------

PLACES = {
    "a pickle": (CONFIGS["conv images"], "x.pystate", "deepmind"),
    "a golden file": (CONFIGS["learned images"], "x.npz", "deepmind"),
    "Meta's Hiera": (hiera.HieraConfig(4, 1, (1, 2, 1, 1), (32, 64)), "x.pth", "meta"),
    "timm's Hiera": (hiera.HieraConfig(4, 1, (1, 2, 1, 1), (32, 64)), "x.safetensors", "timm"),
    "Meta's DeiT": (deit.DeiTConfig(6, 2, 2, (16, 24), 8), "x.pth", "meta"),
    "timm's DeiT": (deit.DeiTConfig(6, 2, 2, (16, 24), 8), "x.pth", "timm"),
}


@pytest.mark.parametrize("config, file, layout", PLACES.values(), ids=PLACES)
def test_a_file_goes_round_exactly(config, file, layout, tmp_path):
    model = shake(build(config))
    again = load(save(model, tmp_path / file, layout), config=config)
    assert again.config == config
    torch.testing.assert_close(again.state_dict(), model.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("name", TINY)
def test_a_golden_file_brings_its_sizes(name, tmp_path):
    model = shake(build(TINY[name]))
    again = load(save(model, tmp_path / "x.npz", "deepmind"))
    assert again.config == with_fidelity(model.config, "transformers")
    torch.testing.assert_close(again.state_dict(), model.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("config, key", [
    (hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64)), "model_state"),
    (deit.DeiTConfig(6, 2, 1, (16, 24), 8), "model"),
])  # fmt: skip
def test_metas_files_hold_their_weights_under_a_key(config, key, tmp_path):
    file = save(build(config), tmp_path / "x.pth", "meta")
    assert list(torch.load(file, weights_only=True)) == [key]


def test_a_tied_embedding_is_stored_once(tmp_path):
    model = build(CONFIGS["masked language"])
    save(model, tmp_path / "x.npz", "deepmind")
    with np.load(tmp_path / "x.npz") as arrays:
        assert [n for n in arrays.files if "embed//" in n] == ["p::embed//embeddings"]


# --- what enters --------------------------------------------------------------------------------


def tiny_deit():
    return shake(build(deit.DeiTConfig(6, 2, 1, (16, 24), 8)))


def test_a_model_without_a_configuration_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"built from a configuration, got a Linear .* torch\.save"
    ):
        save(nn.Linear(2, 3), tmp_path / "x")


def test_a_model_without_weights_is_refused(tmp_path):
    with torch.device("meta"):
        model = build(deit.DeiTConfig(6, 2, 1, (16, 24), 8))
    with pytest.raises(ValueError, match=r"got one on the meta device, .* Build it outside of"):
        save(model, tmp_path / "x")


@pytest.mark.parametrize("config, layout, message", [
    (CONFIGS["fourier images"], "meta", r"one of 'transformers', 'deepmind' for Image.*'meta'"),
    (hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64)), "deepmind", r"'meta', 'timm' for Hiera"),
    (CONFIGS["entities"], "transformers", r"that transformers has, got EntityConfig .* torch\.s"),
    (CONFIGS["patch images"], "deepmind", r"that DeepMind published, got ImageClassifierConfig"),
    (CONFIGS["fourier images"], "transformers", r"with positions\.num_bands=5, positions\.max_res"),
    (hiera.HieraMAEConfig(hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64))), "timm",
     r"timm has no pre-training\. Use layout='meta'"),
    (hiera.HieraConfig(4, 1, (1, 1, 1, 1), (32, 64), positions="windowed"), "meta",
     r"no place for encoder.positions.inside, encoder.positions.coarse"),
    (deit.DeiTConfig(6, 2, 1, (16, 24), 8, layer_scale=0.1), "transformers",
     r"no place for layers.0.scale_attention.weight"),
    (CONFIGS["averaged images"], "deepmind", r"no place for encoder\.cross\.1"),
    (replace(CONFIGS["fourier images"], decoder=None), "deepmind", r"with decoder\.query_residual"),
])  # fmt: skip
def test_a_layout_without_room_for_the_model_says_so(config, layout, message, tmp_path):
    ending = {"meta": "x.pth", "timm": "x.pth", "deepmind": "x.npz"}.get(layout, "folder")
    with pytest.raises(ValueError, match=message):
        save(build(config), tmp_path / ending, layout)
    assert not list(tmp_path.iterdir())


def test_another_activation_than_transformers_has_classes_for_is_written_as_it_is(tmp_path):
    model, _ = theirs("PerceiverForOpticalFlow")
    model.save_pretrained(tmp_path / "theirs")
    ours = load(tmp_path / "theirs", fidelity="deepmind")
    save(ours, tmp_path / "ours")
    assert json.loads((tmp_path / "ours/config.json").read_text())["hidden_act"] == (
        "gelu_pytorch_tanh"
    )


def test_what_deepmind_does_otherwise_is_not_said_to_be_transformers(tmp_path):
    model, _ = theirs("PerceiverForImageClassificationLearned")
    model.save_pretrained(tmp_path / "theirs")
    with pytest.raises(ValueError, match=r"query_residual=False. .* fidelity='transformers'"):
        save(load(tmp_path / "theirs", fidelity="deepmind"), tmp_path / "ours")


@pytest.mark.parametrize("file, layout", [("x.bin", "meta"), ("x.pth", "deepmind"), ("x", "timm")])
def test_another_ending_is_refused(file, layout, tmp_path):
    model = build(CONFIGS["fourier images"]) if layout == "deepmind" else tiny_deit()
    with pytest.raises(ValueError, match=rf"ends in .* for layout='{layout}', got .*{file}"):
        save(model, tmp_path / file, layout)


# --- what is there already ------------------------------------------------------------------------


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match=r"got .* with thesis\.tex\. Choose another"):
        save(tiny_deit(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_a_folder_is_left_alone(tmp_path):
    (tmp_path / "model").write_text("not a folder")
    with pytest.raises(FileExistsError, match=r"expected a folder, new or empty, got .*model"):
        save(tiny_deit(), tmp_path / "model")
    assert (tmp_path / "model").read_text() == "not a folder"


def test_a_checkpoint_is_replaced_by_the_next(tmp_path):
    first, second = tiny_deit(), tiny_deit()
    second.norm.bias.data += 1
    for model in (first, second):
        save(model, tmp_path / "new" / "folder")
    again = load(tmp_path / "new" / "folder")
    assert torch.equal(again.norm.bias, second.norm.bias)
    assert {path.name for path in (tmp_path / "new/folder").iterdir()} == {
        "config.json", "model.safetensors",
    }  # fmt: skip


@pytest.mark.parametrize("place, layout", [("folder", "transformers"), ("old.pth", "meta")])
def test_when_writing_fails_the_old_file_stays(place, layout, tmp_path, monkeypatch):
    old = save(tiny_deit(), tmp_path / place, layout)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full(*_args, **_options):
        raise OSError("no space left on device")

    room = importlib.import_module("perceiver_tutorial.checkpoints.save")
    monkeypatch.setattr(room, "save_file", full)
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space left"):
        save(tiny_deit(), old, layout)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_a_link_is_replaced_and_what_it_points_at_is_not(tmp_path):
    original = tmp_path / "original.pth"
    original.write_text("somebody else's")
    os.symlink(original, tmp_path / "link.pth")
    save(tiny_deit(), tmp_path / "link.pth", "meta")
    assert original.read_text() == "somebody else's"
    assert not (tmp_path / "link.pth").is_symlink()


def test_a_folder_of_links_as_in_the_cache_is_left_alone(tmp_path):
    (tmp_path / "blob").write_text("{}")
    (tmp_path / "snapshot").mkdir()
    os.symlink(tmp_path / "blob", tmp_path / "snapshot" / "config.json")
    with pytest.raises(FileExistsError, match=r"with config\.json\. Choose another"):
        save(tiny_deit(), tmp_path / "snapshot")


def test_a_model_that_was_made_smaller_is_saved_as_it_is(tmp_path):
    model = build(replace(deit.DeiTConfig(6, 2, 1, (16, 24), 8), drop_path=0.1))
    save(model, tmp_path / "folder")
    assert load(tmp_path / "folder").config == replace(model.config, drop_path=0.0)
