"""Checkpoints as people have them: averaged, in parts, wrapped, or for other classes."""

import copy
import json
import warnings
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from shaken import shake
from theirs_deit import narrow
from torch import nn
from transformers import DeiTModel

from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.checkpoints import compare, load, save
from perceiver_tutorial.checkpoints.families import layout_of, own_weights
from perceiver_tutorial.perceiver.tiny import IMAGES
from perceiver_tutorial.zoo import build

DEIT = deit.DeiTConfig(6, 2, depth=2, image_size=(16, 24), patch_size=8, num_classes=5)
HIERA = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (32, 32), num_classes=5)
CONFIGS = {"DeiT": DEIT, "Hiera": HIERA, "Perceiver": IMAGES}
OTHERS = {"DeiT": "meta", "Hiera": "timm", "Perceiver": "transformers"}


def stored(config, spread=0.3):
    """A shaken model, and its weights under the names of others."""
    model = shake(build(config), spread).eval()
    family = next(name for name, known in CONFIGS.items() if type(known) is type(config))
    return model, layout_of(config, OTHERS[family]).write(own_weights(model))


def same(model, other):
    state, others = model.state_dict(), other.state_dict()
    return set(state) == set(others) and all(torch.equal(state[n], others[n]) for n in state)


@pytest.fixture(autouse=True)
def silent():
    """Whoever loads what there is only one of hears nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


# --- weights, and their moving average ------------------------------------------------------------


@pytest.mark.parametrize(
    "plain, averaged", [("state_dict", "state_dict_ema"), ("model", "model_ema")]
)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_of_weights_and_their_average_the_average_is_taken_and_that_is_said(
    config, plain, averaged, tmp_path
):
    (first, weights), (second, average) = stored(config), stored(config, 0.9)
    torch.save({plain: weights, averaged: average, "epoch": 3}, tmp_path / "last.pth")
    said = rf"last\.pth has '{averaged}' and '{plain}': '{averaged}' is taken\. .*averaged=False"
    with pytest.warns(UserWarning, match=said):
        assert same(load(tmp_path / "last.pth", config=config), second)
    with pytest.warns(UserWarning, match=rf"'{plain}' is taken\. .*averaged=True\) takes"):
        assert same(load(tmp_path / "last.pth", config=config, averaged=False), first)
    with pytest.warns(UserWarning, match=f"'{averaged}' is taken"):
        assert compare(tmp_path / "last.pth", config).fits


@pytest.mark.parametrize(
    "key", ["state_dict_ema", "model_ema", "state_dict", "model", "model_state"]
)
@pytest.mark.parametrize("averaged", [True, False])
def test_the_only_weights_of_a_file_are_taken_without_a_word(key, averaged, tmp_path):
    model, weights = stored(DEIT)
    torch.save({key: weights}, tmp_path / "x.pth")
    assert same(load(tmp_path / "x.pth", config=DEIT, averaged=averaged), model)


@pytest.mark.parametrize("taken, left, averaged", [
    ("state_dict", "model", True), ("ema", "model", True), ("ema_state_dict", "state_dict", True),
    ("state_dict", "ema_state_dict", False), ("model", "teacher", True), ("model", "ema", False),
])  # fmt: skip
def test_of_several_weights_those_that_are_taken_and_those_that_are_left_are_named(
    taken, left, averaged, tmp_path
):
    (model, weights), (_, others) = stored(DEIT), stored(DEIT, 0.9)
    state = {"state": {0: {"step": torch.ones(1)}}, "param_groups": [{"lr": 0.1}]}
    torch.save({left: others, "optimizer": state, taken: weights}, tmp_path / "last.pth")
    with pytest.warns(UserWarning, match=rf"has '{taken}' and '{left}': '{taken}' is taken\."):
        assert same(load(tmp_path / "last.pth", config=DEIT, averaged=averaged), model)


@pytest.mark.parametrize("averaged", [True, False])
def test_weights_two_wrappers_deep_are_found(averaged, tmp_path):
    model, weights = stored(DEIT)
    for content in ({"model_ema": {"module": weights, "decay": 0.999}}, {"module": weights}):
        torch.save(content, tmp_path / "x.pth")
        assert same(load(tmp_path / "x.pth", config=DEIT, averaged=averaged), model)


def test_an_average_that_is_stored_as_something_else_is_passed_over(tmp_path):
    model, weights = stored(DEIT)
    torch.save({"ema": {"decay": 0.99, "shadow": [1.0]}, "model": weights}, tmp_path / "x.pth")
    assert same(load(tmp_path / "x.pth", config=DEIT), model)


def test_a_dictionary_that_holds_itself_is_refused(tmp_path):
    content = {}
    content["model"] = content
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=r"expected weights in x\.pth.*got dict at 'model'"):
        load(tmp_path / "x.pth", config=DEIT)


# --- names of classes -----------------------------------------------------------------------------


FOURIER = perceiver.PUBLISHED["deepmind/vision-perceiver-fourier"]
NAMED = {**CONFIGS, "Perceiver": replace(FOURIER, encoder=IMAGES.encoder, num_classes=4)}


@pytest.mark.parametrize("config", NAMED.values(), ids=NAMED)
def test_names_of_classes_are_loaded_and_saved(config, tmp_path):
    folder = save(shake(build(config)), tmp_path / "theirs")
    names = [f"class {n}" for n in range(config.num_classes)]
    content = json.loads((folder / "config.json").read_text())
    content["id2label"] = {str(n): name for n, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(content))
    model = load(folder)
    assert model.config.class_names == tuple(names)
    again = json.loads((save(model, tmp_path / "ours") / "config.json").read_text())
    assert again["id2label"] == content["id2label"]


@pytest.mark.parametrize("config", [CONFIGS[name] for name in CONFIGS if name != "Hiera"])
def test_no_classes_are_refused(config):
    with pytest.raises(ValueError, match=r"expected num_classes of at least 1.* got 0\."):
        replace(config, num_classes=0)


def test_more_names_than_classes_are_refused():
    with pytest.raises(ValueError, match=r"one name for each of 5 classes, got 2\. For other cl"):
        deit.DeiTConfig(6, 2, num_classes=5, class_names=("cat", "dog"))


# --- several files --------------------------------------------------------------------------------


@pytest.fixture
def parts(tmp_path):
    """A DeiT of transformers in several files, as its save_pretrained writes large ones."""
    narrow().save_pretrained(tmp_path / "parts", max_shard_size="40KB")
    narrow().save_pretrained(tmp_path / "whole")
    assert (tmp_path / "parts/model.safetensors.index.json").is_file()
    return tmp_path


def test_a_checkpoint_in_several_files_is_the_one_in_one_file(parts):
    assert len(list((parts / "parts").glob("*.safetensors"))) > 2
    assert same(load(parts / "parts"), load(parts / "whole"))
    assert compare(parts / "parts").fits


def test_torchs_files_may_have_an_index_too(parts):
    folder = parts / "parts"
    for file in folder.glob("*.safetensors"):
        torch.save(load_file(file), folder / file.name.replace("safetensors", "bin"))
        file.unlink()
    index = (folder / "model.safetensors.index.json").read_text().replace(".safetensors", ".bin")
    (folder / "pytorch_model.bin.index.json").write_text(index)
    (folder / "model.safetensors.index.json").unlink()
    assert same(load(folder), load(parts / "whole"))


@pytest.mark.parametrize("file", ["parts/model.safetensors.index.json", "whole/model.safetensors"])
def test_a_file_of_a_checkpoint_is_read_with_the_config_beside_it(parts, file):
    assert same(load(parts / file), load(parts / "whole"))
    (parts / file).with_name("config.json").unlink()
    with pytest.raises(ValueError, match="expected the weights of a published model in model"):
        load(parts / file)


def test_a_part_that_is_not_there_is_named(parts):
    next((parts / "parts").glob("model-00002-*")).unlink()
    with pytest.raises(FileNotFoundError, match=r"but there is no 'model-00002-of-\d+\.safetens"):
        load(parts / "parts")


def test_a_part_of_another_checkpoint_is_noticed(parts):
    part = next((parts / "parts").glob("model-00002-*"))
    save_file({f"x.{name}": value for name, value in load_file(part).items()}, part)
    with pytest.raises(
        ValueError, match=r"expected all weights that .*index\.json lists, got none"
    ):
        load(parts / "parts")


@pytest.mark.parametrize("place", ["../secret.safetensors", "/etc/secret.safetensors"])
def test_an_index_that_points_elsewhere_is_not_followed(parts, place):
    index = parts / "parts/model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"cls_token": place}}))
    with pytest.raises(FileNotFoundError, match=r"lists in its folder, but there is no '"):
        load(parts / "parts")


# --- names with a wrapper in them -----------------------------------------------------------------

WRAPPED = {
    "parallel": lambda name: f"module.{name}",
    "compiled": lambda name: f"_orig_mod.{name}",
    "of Lightning": lambda name: f"model.{name}",
    "compiled, then parallel": lambda name: f"module._orig_mod.{name}",
    "a part compiled": lambda name: name.replace(".", "._orig_mod.", 1),
    "blocks sharded": lambda name: name.replace(".0.", ".0._fsdp_wrapped_module."),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_what_a_wrapper_adds_to_names_is_taken_off(config, wrap, tmp_path):
    model, weights = stored(config)
    wrapped = {wrap(name): value for name, value in weights.items()}
    torch.save({"state_dict": wrapped}, tmp_path / "x.pth")
    assert same(load(tmp_path / "x.pth", config=config), model)
    assert same(load(wrapped, config=config), model)


def test_torchs_averaged_model_is_read():
    averaged = torch.optim.swa_utils.AveragedModel(narrow())
    assert compare(averaged.state_dict(), load(narrow().state_dict(), config=NARROW).config).fits


NARROW = deit.DeiTConfig(24, 2, depth=3, image_size=(64, 64), num_classes=5)


def test_a_wrapper_around_a_part_only_is_no_wrapper_of_the_model():
    _, weights = stored(DEIT)
    some = {(f"model.{n}" if "head" in n else n): value for n, value in weights.items()}
    with pytest.raises(ValueError, match=r"head\.weight is missing"):
        load(some, config=DEIT)


def test_missing_names_are_summarised_by_what_they_begin_with():
    _, weights = stored(DEIT)
    few = {f"student.{name}": value for name, value in weights.items()}
    with pytest.raises(ValueError) as error:
        load(few, config=DEIT)
    said = str(error.value)
    assert "missing: blocks.*" in said and "unexpected: student." in said and len(said) < 700


# --- other classes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_a_body_is_loaded_into_another_number_of_classes_and_the_head_is_new(name, tmp_path):
    model, weights = stored(CONFIGS[name])
    torch.save(weights, tmp_path / "x.pth")
    with pytest.warns(UserWarning, match=r"the head for 3 classes is new and random: .*weight"):
        other = load(tmp_path / "x.pth", num_classes=3, config=CONFIGS[name])
    kept = {n: v for n, v in model.state_dict().items() if n in body(name, model)}
    new = other.state_dict()
    assert all(torch.equal(new[n], kept[n]) for n in kept)
    assert {n for n in new if n not in kept} == {n for n in model.state_dict() if n not in kept}
    assert other.config.num_classes == 3 and not other.training
    raw = CONFIGS[name].example_input(2)
    answer = other(raw)
    assert getattr(answer, "logits", answer).shape == (2, 3)


def body(name, model):
    heads = {"DeiT": ("class_head", "distillation_head"), "Hiera": ("head",),
             "Perceiver": ("postprocessor",)}  # fmt: skip
    return {n for n in model.state_dict() if not n.startswith(heads[name])}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_head_for_as_many_classes_is_kept(name):
    model, weights = stored(CONFIGS[name])
    assert same(load(weights, num_classes=CONFIGS[name].num_classes, config=CONFIGS[name]), model)


def test_a_model_without_a_head_gets_one(tmp_path):
    shake(DeiTModel(narrow().config)).save_pretrained(tmp_path)
    with pytest.warns(UserWarning, match="the head for 3 classes is new and random: class_head"):
        other = load(tmp_path, num_classes=3)
    assert other(torch.zeros(1, 3, 64, 64)).logits.shape == (1, 3)
    assert torch.equal(other.norm.weight, load(tmp_path).norm.weight)


def test_published_weights_are_recognised_for_other_classes():
    config = deit.PUBLISHED["facebook/deit-tiny-patch16-224"]
    model, weights = stored(config)
    with pytest.warns(UserWarning, match="for facebook/deit-tiny-patch16-224: the head for 7"):
        other = load(weights, num_classes=7)
    assert torch.equal(other.norm.weight, model.norm.weight)
    small, few = stored(other.config)
    assert same(load(few, num_classes=7), small)


def test_a_body_that_does_not_fit_is_refused_for_other_classes_too():
    _, weights = stored(DEIT)
    with pytest.raises(ValueError, match=r"norm\.weight is missing"):
        load({n: v for n, v in weights.items() if n != "norm.weight"}, num_classes=3, config=DEIT)


def test_what_does_not_classify_gets_no_head(tmp_path):
    config = hiera.HieraMAEConfig(hiera.HieraConfig(8, 1, (1, 1, 1, 1), (64, 64), num_pools=2))
    folder = save(build(config), tmp_path / "mae")
    with pytest.raises(ValueError, match=r"a model that classifies .*hiera\.classifier_from makes"):
        load(folder, num_classes=3)


def test_only_a_masked_hiera_is_told_how_to_become_a_classifier():
    config = perceiver.TINY["deepmind/optical-flow-perceiver"]
    with pytest.raises(ValueError, match=r"a model that classifies .* Load it without\.$"):
        load({"w": torch.zeros(1)}, num_classes=3, config=config)


# --- timm's names ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name, config", deit.DEIT_III.items(), ids=deit.DEIT_III)
def test_a_deit_iii_is_known_by_timms_name(name, config, tmp_path, monkeypatch):
    narrowed = deit.DeiTConfig(
        12, 2, depth=1, image_size=config.image_size, patch_size=config.patch_size,
        distilled=False, layer_scale=0.1, patch_positions_only=True, norm_eps=config.norm_eps,
    )  # fmt: skip
    monkeypatch.setitem(deit.DEIT_III, name, narrowed)
    model = shake(build(narrowed)).eval()
    save(model, tmp_path / "model.safetensors", "timm")
    (tmp_path / "config.json").write_text(json.dumps({"architecture": name, "num_classes": 1000}))
    again = load(tmp_path)
    assert same(again, model) and again.config == narrowed
    assert "deit3" in name and deit.build(name).config == narrowed


@pytest.mark.parametrize("name, millions", [
    ("deit3_small_patch16_224", 22.1), ("deit3_medium_patch16_224", 38.8),
    ("deit3_base_patch16_384", 86.9), ("deit3_large_patch16_224", 304.4),
    ("deit3_huge_patch14_224", 632.1),
])  # fmt: skip
def test_a_deit_iii_has_as_many_parameters_as_published(name, millions):
    with torch.device("meta"):
        model = deit.build(name)
    assert round(sum(p.numel() for p in model.parameters()) / 1e6, 1) == millions


@pytest.mark.parametrize("size", ["small", "base"])
def test_timms_absolute_window_hieras_are_refused_with_what_differs(size, tmp_path):
    name = f"hiera_{size}_abswin_256"
    (tmp_path / "config.json").write_text(json.dumps({"architecture": name, "num_classes": 1000}))
    save_file({"pos_embed_win": torch.zeros(1, 96, 8, 8)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=rf"got timm's '{name}': its blocks scale both branches"):
        load(tmp_path)


# --- teachers -------------------------------------------------------------------------------------


class InTuple(nn.Module):
    """Answers with several things, the logits first."""

    def forward(self, images):
        return (images.mean((2, 3)),)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_teacher_may_be_any_module_that_answers_logits(dtype):
    theirs = narrow().to(dtype)
    images = torch.randn(2, 3, 64, 64, dtype=dtype)
    teachers = {
        "transformers": theirs,
        "ours": load(narrow().state_dict(), config=NARROW).to(dtype),
        "plain": nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 5)).to(dtype),
    }
    for model in teachers.values():
        wanted = copy.deepcopy(model).eval()(images)
        logits = deit.Teacher(model)(images)
        assert torch.equal(logits, getattr(wanted, "logits", wanted))
        assert logits.dtype == dtype and not any(p.requires_grad for p in model.parameters())


def test_a_teacher_that_answers_something_else_is_refused():
    with pytest.raises(TypeError, match=r"answers logits, or an object with \.logits, got tuple"):
        deit.Teacher(InTuple())(torch.zeros(1, 3, 4, 4))
