"""Saved DeiTs: as Meta and timm store them, or not whole, or none of ours."""

import pytest
import torch
from folders import change_config, change_weights
from safetensors.torch import load_file
from shaken import relative_error, shake
from torch.nn.functional import conv2d, gelu, layer_norm, linear
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTForMaskedImageModeling,
    DeiTModel,
    ViTConfig,
    ViTForImageClassification,
    ViTForMaskedImageModeling,
)

from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints import load, save

TINY = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 24,
    "image_size": [16, 24],
    "patch_size": 8,
    "encoder_stride": 8,
    "num_labels": 5,
}


def saved(folder, architecture=DeiTForImageClassificationWithTeacher, **options):
    """A tiny checkpoint, as transformers saves it."""
    config = ViTConfig if architecture.__name__.startswith("ViT") else DeiTConfig
    shake(architecture(config(**{**TINY, **options}))).save_pretrained(folder)
    return folder


def test_a_loaded_model_is_ready_to_be_used(tmp_path):
    model = load(saved(tmp_path))
    assert not model.training
    assert model.config.num_classes == 5 and model.config.has_two_heads


def test_what_has_no_classifier_gets_none(tmp_path):
    assert load(saved(tmp_path, DeiTModel)).config.num_classes is None
    raw = torch.zeros(1, 3, 16, 24)
    assert load(saved(tmp_path, num_labels=0))(raw).class_logits.shape == (1, 12)
    assert load(saved(tmp_path, num_labels=2))(raw).logits.shape == (1, 2)


def test_a_pooler_is_left_out(tmp_path):
    saved(tmp_path, DeiTModel)
    assert any("pooler" in name for name in load_file(tmp_path / "model.safetensors"))
    assert not any("pooler" in name for name in load(tmp_path).state_dict())


def test_a_checkpoint_is_loaded_for_another_size(tmp_path):
    for architecture in (DeiTForImageClassificationWithTeacher, DeiTForMaskedImageModeling):
        model = load(saved(tmp_path, architecture), image_size=(32, 8))
        assert getattr(model, "encoder", model).positions.shape == (1, 6, 12)


# --- Meta's and timm's names ----------------------------------------------------------------------

CONFIGS = {
    "distilled": deit.DeiTConfig(
        12, 3, depth=2, image_size=(16, 24), patch_size=8, num_classes=5, norm_eps=1e-6
    )
}
CONFIGS["plain"] = deit.DeiTConfig(
    12, 3, 2, (16, 24), 8, num_classes=5, distilled=False, norm_eps=1e-6
)
CONFIGS["DeiT III"] = deit.DeiTConfig(
    12, 3, 2, (16, 24), 8, num_classes=5, distilled=False, norm_eps=1e-6,
    layer_scale=0.1, patch_positions_only=True,
)  # fmt: skip
BY_KIND = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def meta_state(config):
    """What a file of Meta's holds under "model": names and shapes as released, noise in them."""
    c, rows = config.channels, config.num_tokens
    shapes = {
        "cls_token": (1, 1, c),
        "patch_embed.proj.weight": (c, 3, 8, 8), "patch_embed.proj.bias": (c,),
        "norm.weight": (c,), "norm.bias": (c,), "head.weight": (5, c), "head.bias": (5,),
    }  # fmt: skip
    if config.distilled:
        shapes |= {"dist_token": (1, 1, c), "head_dist.weight": (5, c), "head_dist.bias": (5,)}
    for n in range(config.depth):
        for name, size in (
            ("norm1", (c,)), ("attn.qkv", (3 * c, c)), ("attn.proj", (c, c)),
            ("norm2", (c,)), ("mlp.fc1", (4 * c, c)), ("mlp.fc2", (c, 4 * c)),
        ):  # fmt: skip
            shapes |= {f"blocks.{n}.{name}.weight": size, f"blocks.{n}.{name}.bias": size[:1]}
        if config.layer_scale:
            shapes |= {f"blocks.{n}.gamma_1": (c,), f"blocks.{n}.gamma_2": (c,)}
    shapes["pos_embed"] = (1, rows - config.patch_positions_only, c)
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def meta_forward(state, images, heads):
    """The released forward pass, from its own weights: one score list for each head."""

    def through(name, x):
        return linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def norm(name, x):
        return layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], 1e-6)

    weight, bias = (state[f"patch_embed.proj.{leaf}"] for leaf in ("weight", "bias"))
    x = conv2d(images, weight, bias, stride=weight.shape[-1]).flatten(2).mT
    front = [state[name].expand(len(x), 1, -1) for name in ("cls_token", "dist_token")
             if name in state]  # fmt: skip
    if state["pos_embed"].shape[1] == x.shape[1]:
        x = torch.cat([*front, x + state["pos_embed"]], 1)
    else:
        x = torch.cat([*front, x], 1) + state["pos_embed"]
    depth = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks"))
    for block in (f"blocks.{n}" for n in range(depth)):
        qkv = through(f"{block}.attn.qkv", norm(f"{block}.norm1", x))
        q, k, v = qkv.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
        seen = (q * q.shape[-1] ** -0.5 @ k.mT).softmax(-1) @ v
        branch = through(f"{block}.attn.proj", seen.transpose(1, 2).flatten(2))
        x = x + branch * state.get(f"{block}.gamma_1", 1)
        branch = through(f"{block}.mlp.fc1", norm(f"{block}.norm2", x))
        x = x + through(f"{block}.mlp.fc2", gelu(branch)) * state.get(f"{block}.gamma_2", 1)
    x = norm("norm", x)
    return [through(head, x[:, n]) for n, head in enumerate(("head", "head_dist")[: len(front)])]


@BY_KIND
def test_weights_in_metas_layout_give_what_metas_code_gives(config):
    state = meta_state(config)
    model, raw = load(state, config=config), torch.randn(2, 3, 16, 24)
    answer, wanted = model(raw), meta_forward(state, raw, config.num_heads)
    assert relative_error(answer.class_logits, wanted[0]) < 2e-5
    if config.distilled:
        assert relative_error(answer.distillation_logits, wanted[1]) < 2e-5


def as_timm(state):
    """The scales of DeiT III have other names in timm; nothing else has."""
    pairs = (("gamma_1", "ls1.gamma"), ("gamma_2", "ls2.gamma"))
    for meta, timm in pairs:
        state = {name.replace(meta, timm): value for name, value in state.items()}
    return state


@BY_KIND
@pytest.mark.parametrize("layout", ["meta", "timm"])
def test_metas_and_timms_layouts_go_round(layout, config, tmp_path):
    state = meta_state(config) if layout == "meta" else as_timm(meta_state(config))
    file = save(load(state, config=config), tmp_path / "weights.pth", layout=layout)
    written = torch.load(file, weights_only=True)
    written = written["model"] if layout == "meta" else written
    assert set(written) == set(state)
    assert all(torch.equal(written[name], state[name]) for name in state)


def test_a_distilled_checkpoint_is_refused_by_a_plain_model():
    with pytest.raises(ValueError, match=r"pos_embed is \[1, 8, 12\], expected \[1, 7, 12\]; "
                       r".*(dist_token|head_dist\.\w+) is unexpected"):  # fmt: skip
        load(meta_state(CONFIGS["distilled"]), config=CONFIGS["plain"])


def test_a_name_that_no_deit_has_is_refused():
    with pytest.raises(ValueError, match=r"head\.norm\.weight is unexpected\. Nothing was loaded"):
        load({**meta_state(CONFIGS["plain"]), "head.norm.weight": torch.zeros(12)},
             config=CONFIGS["plain"])  # fmt: skip


# --- weights --------------------------------------------------------------------------------------

MISFITS = {
    "a wider checkpoint": (
        {"hidden_size": 24},
        r"cls_token is \[1, 1, 12\], expected \[1, 1, 24\].* and \d+ more\. Nothing was loaded",
    ),
    "a deeper checkpoint": (
        {"num_hidden_layers": 3},
        r"deit.encoder.layer.2.\S+ is missing; .* and \d+ more\. .*Take the configuration and",
    ),
    "another image size": (
        {"image_size": [16, 16]},
        r"deit.embeddings.position_embeddings is \[1, 8, 12\], expected \[1, 6, 12\]\. Nothing",
    ),
    "another patch": (
        {"patch_size": 4},
        r"projection.weight is \[12, 3, 8, 8\], expected \[12, 3, 4, 4\]",
    ),
    "other classes": (
        {"id2label": {str(n): str(n) for n in range(7)}},
        r"cls_classifier.weight is \[5, 12\], expected \[7, 12\]; .*distillation_classifier",
    ),
    "a plain class": ({"architectures": ["ViTForImageClassification"]}, r" and \d+ more\. Nothing"),
    "one head of two": (
        {"architectures": ["DeiTForImageClassification"]},
        r"classifier.weight is missing; .*distillation_classifier.weight is unexpected",
    ),
}


@pytest.mark.parametrize("changes, message", MISFITS.values(), ids=MISFITS)
def test_weights_of_another_checkpoint_are_refused(changes, message, tmp_path):
    change_config(saved(tmp_path), **changes)
    with pytest.raises(ValueError, match=message) as error:
        load(tmp_path)
    assert len(str(error.value)) < 700


def test_a_model_without_its_last_norm_is_refused(tmp_path):
    change_weights(
        saved(tmp_path), lambda s: {k: v for k, v in s.items() if ".layernorm." not in k}
    )
    with pytest.raises(
        ValueError, match=r"deit.layernorm.weight is missing; deit.layernorm.bias is missing"
    ):
        load(tmp_path)


def test_a_plain_checkpoint_that_says_it_is_distilled_is_refused(tmp_path):
    change_config(saved(tmp_path, ViTForImageClassification), architectures=["DeiTModel"])
    with pytest.raises(ValueError, match=r"embeddings.distillation_token is missing; "):
        load(tmp_path)


# --- configurations -------------------------------------------------------------------------------

ODD = {
    "another activation": (
        {"hidden_act": "relu"},
        r"expected hidden_act=gelu, .* got relu\. .*run",
    ),
    "grey images": ({"num_channels": 1}, r"expected num_channels=3, .* got 1\. .* transformers"),
    "maps without bias": ({"qkv_bias": False}, r"expected qkv_bias=True, .* got False"),
    "oblong patches": (
        {"patch_size": [8, 4]},
        r"expected square patches, got patch_size=\[8, 4\]\. .*: run it in transformers",
    ),
    "half a width": (
        {"intermediate_size": 30},
        r"expected intermediate_size as a multiple of hidden_size=12, got 30\. .*run it",
    ),
    "half a patch": (
        {"image_size": [16, 28]},
        r"whole numbers of 8-pixel patches, got \(16, 28\)\. Resize or crop, e\.g\. to \(16, 32\)",
    ),
}


@pytest.mark.parametrize("options, message", ODD.values(), ids=ODD)
def test_options_that_no_published_deit_has_are_refused(options, message, tmp_path):
    saved(tmp_path, **options)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_a_decoder_that_draws_other_patches_is_refused(tmp_path):
    saved(tmp_path, DeiTForMaskedImageModeling, encoder_stride=4)
    with pytest.raises(ValueError, match=r"expected encoder_stride=8, as in all published, got 4"):
        load(tmp_path)
    assert load(saved(tmp_path, DeiTForImageClassification, encoder_stride=4))


def test_another_class_is_refused_with_those_that_are_read(tmp_path):
    saved(tmp_path, ViTForMaskedImageModeling, patch_size=8)
    with pytest.raises(ValueError, match=r"expected one of .*ViTForImageClassification, .*"
                       r"got ViTForMaskedImageModeling\. Save one of these"):  # fmt: skip
        load(tmp_path)


def test_an_option_that_is_not_there_is_named(tmp_path):
    change_config(saved(tmp_path), layer_norm_eps=None)
    with pytest.raises(
        ValueError, match=r"expected layer_norm_eps in config.json.*save_pretrained"
    ):
        load(tmp_path)


def test_published_names_are_answered_with_what_can_be_done():
    with pytest.raises(FileNotFoundError, match=r"`hf download facebook/deit-tiny-patch16-224"):
        load("facebook/deit-tiny-patch16-224")
