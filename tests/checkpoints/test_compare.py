"""The dry run: every weight by name, before any of them moves, at any size."""

import importlib

import pytest
import torch
from safetensors.torch import load_file, save_file
from shaken import shake
from tiny import CONFIGS
from yardstick import count_to_a_million, seconds

from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints import compare, load, save
from perceiver_tutorial.checkpoints.families import PUBLISHED, layout_of, shapes_of
from perceiver_tutorial.checkpoints.files import read_weights
from perceiver_tutorial.zoo import build

CONFIG = deit.DeiTConfig(6, 2, depth=3, image_size=(16, 24), patch_size=8, num_classes=5)


@pytest.fixture
def doctored(tmp_path):
    """A state dict in transformers' layout with four things wrong."""
    state = load_file(save(build(CONFIG), tmp_path / "x") / "model.safetensors")
    state["deit.layernorm.gain"] = state.pop("deit.layernorm.weight")
    state["cls_classifier.weight"] = state["cls_classifier.weight"].T.contiguous()
    for block in range(3):
        del state[f"deit.encoder.layer.{block}.output.dense.bias"]
    return state


def test_everything_that_does_not_fit_is_named_and_the_rest_is_matched(doctored):
    compared = compare(doctored, CONFIG)
    assert not compared.fits
    assert compared.names("wrong shape") == ["cls_classifier.weight"]
    assert compared.names("unexpected") == ["deit.layernorm.gain"]
    assert set(compared.names("missing")) == {
        "deit.layernorm.weight",
        *(f"deit.encoder.layer.{block}.output.dense.bias" for block in range(3)),
    }
    assert len(compared.names("matched")) == len(doctored) - 2


def test_the_table_shows_what_does_not_fit_first_and_layers_alike_once(doctored):
    text = str(compare(doctored, CONFIG))
    first, _, header, *lines = text.splitlines()
    assert first.startswith(
        "these weights for DeiTConfig: 1 wrong shape, 4 missing, 1 unexpected, "
    )
    assert header.split()[:4] == ["verdict", "in", "the", "file"]
    assert lines[0].split()[:4] == ["wrong", "shape", "cls_classifier.weight", "class_head.weight"]
    assert "(6, 5)" in lines[0] and "(5, 6)" in lines[0]
    (blocks,) = [line for line in lines if "output.dense.bias" in line and "missing" in line]
    assert "deit.encoder.layer.*.output.dense.bias" in blocks and blocks.endswith("3")
    assert "layers.*.mlp.fc2.bias" in blocks


def test_a_doctored_state_dict_can_be_repaired(doctored):
    with pytest.raises(ValueError, match=r"cls_classifier.weight is \[6, 5\], expected \[5, 6\]; "):
        load(doctored, config=CONFIG)
    doctored["deit.layernorm.weight"] = doctored.pop("deit.layernorm.gain")
    doctored["cls_classifier.weight"] = doctored["cls_classifier.weight"].T
    for block in range(3):
        doctored[f"deit.encoder.layer.{block}.output.dense.bias"] = torch.zeros(6)
    assert compare(doctored, CONFIG).fits
    assert load(doctored, config=CONFIG).config == CONFIG


def test_fused_weights_show_what_they_become():
    state = layout_of(CONFIG, "meta").write(shapes_of(CONFIG))
    (fused,) = [w for w in compare(state, CONFIG).weights if w.theirs == "blocks.0.attn.qkv.bias"]
    assert fused.expected == (18,)
    assert [name.rsplit(".", 2)[1] for name in fused.ours] == ["q_proj", "k_proj", "v_proj"]
    assert "layers.*.attention.q_proj.bias + k_proj.bias + v_proj.bias " in str(
        compare(state, CONFIG)
    )


def test_a_notebook_gets_the_same_table_with_names_that_break_over_lines(doctored):
    html = compare(doctored, CONFIG)._repr_html_()
    assert html.startswith("<p>these weights for DeiTConfig: 1 wrong shape, 4 missing, ")
    assert ">wrong shape</td>" in html and ">cls_classifier.<wbr>weight</td>" in html
    assert html.count("<tr>") == len(str(compare(doctored, CONFIG)).splitlines()) - 2


def test_names_that_differ_in_more_than_the_layer_have_their_own_lines():
    state = layout_of(CONFIG, "meta").write(shapes_of(CONFIG))
    lines = [line.split()[1:3] for line in str(compare(state, CONFIG)).splitlines()]
    assert ["blocks.*.norm1.weight", "layers.*.norm_q.weight"] in lines
    assert ["blocks.*.norm2.weight", "layers.*.norm_mlp.weight"] in lines


def test_the_largest_published_model_is_compared_while_python_counts_to_500_million():
    """Ten seconds on a laptop; with a look at every pair of names it would be hours."""
    name = "facebook/hiera-huge-224-mae-hf"
    state = layout_of(PUBLISHED[name], "meta").write(shapes_of(PUBLISHED[name]))
    taken = seconds(lambda: compare(state, name))
    compared = compare(state, name)
    assert compared.fits and len(compared.weights) == len(state)
    assert taken / seconds(count_to_a_million, times=5) < 500


@pytest.mark.parametrize("place, layout", [
    ("folder", "transformers"), ("x.pth", "meta"), ("x.safetensors", "timm"),
])  # fmt: skip
def test_files_are_compared_by_their_shapes_alone(place, layout, tmp_path, monkeypatch):
    path = save(shake(build(CONFIG)), tmp_path / place, layout)
    room, asked = importlib.import_module("perceiver_tutorial.checkpoints.sources"), []

    def noted(file, *, shapes_only=False, averaged=True):
        weights = read_weights(file, shapes_only=shapes_only, averaged=averaged)
        asked.append({value.device.type for value in weights.values()})
        return weights

    monkeypatch.setattr(room, "read_weights", noted)
    assert compare(path, CONFIG).fits and asked == [{"meta"}]
    assert load(path, config=CONFIG) and asked == [{"meta"}, {"meta"}, {"cpu"}]


def test_what_is_not_needed_is_not_listed():
    bare = deit.DeiTConfig(6, 2, 1, (16, 24), 8, num_classes=None)
    state = layout_of(bare, "transformers").write(shapes_of(bare))
    with_pooler = {
        **state,
        "pooler.dense.weight": torch.zeros(6, 6),
        "pooler.dense.bias": torch.zeros(6),
    }
    assert compare(with_pooler, bare).fits
    assert len(compare(with_pooler, bare).weights) == len(state)


# --- whose weights are these? ---------------------------------------------------------------------


@pytest.mark.parametrize("name, layout", [
    ("facebook/deit-tiny-distilled-patch16-224", "meta"),
    ("deepmind/vision-perceiver-conv", "deepmind"),
])  # fmt: skip
def test_a_published_model_is_recognised_by_its_weights(name, layout):
    state = layout_of(PUBLISHED[name], layout).write(shapes_of(PUBLISHED[name]))
    compared = compare(state)
    assert compared.fits and compared.title == f"these weights for {name}"


def test_a_size_that_was_not_published_needs_its_configuration(tmp_path, monkeypatch):
    few = {name: config for name, config in PUBLISHED.items() if "deit-tiny" in name}
    room = importlib.import_module("perceiver_tutorial.checkpoints.identify")
    monkeypatch.setattr(room, "PUBLISHED", few)
    file = save(build(CONFIG), tmp_path / "x.pth", "meta")
    nearest = (
        r"of a published model in x\.pth, got others; nearest, .* is facebook/deit-.*config=a "
    )
    with pytest.raises(ValueError, match=nearest):
        load(file)
    assert load(file, config=CONFIG).config == CONFIG


def test_a_configuration_can_be_given_by_its_published_name(tmp_path):
    file = save(build(CONFIG), tmp_path / "x.pth", "meta")
    with pytest.raises(
        ValueError, match=r"x\.pth for facebook/deit-tiny-patch16-224: the weights do not"
    ):
        load(file, config="facebook/deit-tiny-patch16-224")
    with pytest.raises(ValueError, match=r"Did you mean 'facebook/deit-tiny-patch16-224'"):
        load(file, config="facebook/deit-tiny-patch16-223")


def test_a_model_that_nobody_else_has_is_not_compared():
    config = CONFIGS["entities"]
    with pytest.raises(
        ValueError, match=r"that others have, too, got EntityConfig\. Keep its weig"
    ):
        compare({"latents": torch.zeros(1)}, config)


def test_a_changed_name_in_a_file_is_found(tmp_path):
    folder = save(build(CONFIG), tmp_path / "x")
    file = folder / "model.safetensors"
    state = load_file(file)
    state["deit.embeddings.clstoken"] = state.pop("deit.embeddings.cls_token")
    save_file(state, file)
    assert compare(folder).names("missing") == ["deit.embeddings.cls_token"]
    assert compare(folder).title == "model.safetensors for DeiTConfig"
