"""What is said about transformers' Hiera: outputs, backbone, pre-training, sizes, first weights."""

from dataclasses import replace

import meta
import pytest
import theirs_hiera
import torch
import transformers
from measured import walk_of
from shaken import in_float64, relative_error
from tolerances import GOLDEN
from torch import nn
from transformers import (
    HieraBackbone,
    HieraConfig,
    HieraForImageClassification,
    HieraForPreTraining,
    HieraModel,
)
from transformers.models.hiera import modeling_hiera as modeling

from perceiver_course import claim
from perceiver_tutorial.hiera import PUBLISHED, build
from perceiver_tutorial.tracing import walk

pytestmark = pytest.mark.usefixtures("no_gradients")

STAGES = [f"stage{number}" for number in range(1, 5)]
FEATURES, PRETRAINING = "facebook/hiera-tiny-224-hf", "facebook/hiera-tiny-224-mae-hf"
TOLERANCE = 1e-5


# -- what comes out ------------------------------------------------------------------------


def test_the_base_model_returns_tokens_and_their_normed_mean():
    answer = theirs_hiera.published(HieraModel)(theirs_hiera.images(device="meta"))
    small = theirs_hiera.narrow()
    run = small(theirs_hiera.images())
    by_hand = small.pooler.layernorm(run.last_hidden_state.mean(1))
    assert walk_of(FEATURES)["answer"].shape == answer.pooler_output.shape
    found = {"tokens": answer.last_hidden_state.shape, "pooled": answer.pooler_output.shape}
    is_mean = relative_error(run.pooler_output, by_hand) < TOLERANCE
    claim("hiera.model-output", {**found, "is the normed mean": is_mean})


def test_four_output_classes_are_its_own_and_the_fifth_is_everyones():
    images = theirs_hiera.images()
    models = [HieraModel, HieraForImageClassification, HieraForPreTraining, HieraBackbone]
    returned = {a.__name__: type(theirs_hiera.narrow(a)(images)) for a in models}
    encoder = theirs_hiera.narrow().encoder(torch.zeros(1, 3136, 8))
    returned["HieraEncoder"] = type(encoder)
    own = [kind.__name__ for kind in returned.values() if kind.__module__ == modeling.__name__]
    found = {
        "returned": {name: kind.__name__ for name, kind in returned.items()},
        "its own": len(own),
        "at top level": sum(hasattr(transformers, name) for name in own),
    }
    claim("hiera.output-classes", found)


# -- the backbone --------------------------------------------------------------------------


def test_a_backbone_gives_the_stages_that_are_asked_for():
    plain = theirs_hiera.published(HieraBackbone)
    names = plain.stage_names
    every = HieraBackbone(HieraConfig(**theirs_hiera.NARROW, out_features=names))
    maps = every(theirs_hiera.images()).feature_maps
    claim("hiera.backbone-api", {"default": plain.out_features, "all": names, "maps": len(maps)})


def test_its_maps_have_the_shapes_of_the_stages():
    with torch.device("meta"):
        backbone = HieraBackbone(theirs_hiera.config(out_features=STAGES))
        ours = build(FEATURES).feature_maps(theirs_hiera.images())
    maps = backbone(theirs_hiera.images(device="meta")).feature_maps
    assert [m.shape for m in ours] == [m.shape for m in maps]
    claim("hiera.backbone-shapes", [m.shape for m in maps])


def with_metas_weights(architecture, **options):
    """A small model of transformers with Meta's weights, Meta's input and Meta's four maps."""
    sizes = {"embed_dim": 4, "image_size": [64, 96], "depths": [1, 2, 2, 1]}
    with in_float64():
        ours, given, want = meta.golden("hiera")
        model = architecture(HieraConfig(**sizes, **options)).eval()
        state = meta.as_transformers(replaced_head(ours), "HieraModel")
        model.load_state_dict(state, strict=architecture is HieraModel)
    return model, given["images"], [want[name] for name in STAGES]


def replaced_head(model):
    """The model without its classifier, which is in no base model."""
    base = build(replace(model.config, num_classes=None))
    base.load_state_dict(model.state_dict(), strict=False)
    return base


def equal(maps, wanted):
    return [
        relative_error(a, b) < GOLDEN["hiera"][stage]
        for a, b, stage in zip(maps, wanted, STAGES, strict=True)
    ]


def test_its_maps_are_others_because_it_forgets_to_unroll():
    backbone, images, wanted = with_metas_weights(HieraBackbone, out_features=STAGES)
    for stage in STAGES:
        backbone.hidden_states_norms[stage] = nn.Identity()
    channels_last = [m.movedim(1, -1) for m in backbone(images).feature_maps]
    stride, schedule = backbone.embeddings.patch_stride, [backbone.config.query_stride] * 3
    backbone.embeddings.register_forward_hook(
        lambda _module, _, out: (modeling.unroll(out[0], [64, 96], stride, schedule), *out[1:])
    )
    mended = [m.movedim(1, -1) for m in backbone(images).feature_maps]
    found = {"as it is": equal(channels_last, wanted), "unrolled": equal(mended, wanted)}
    claim("hiera.backbone-content", found)


def test_the_base_model_has_the_right_maps():
    published = theirs_hiera.published(HieraModel)
    answer = published(theirs_hiera.images(device="meta"), output_hidden_states=True)
    small, images, wanted = with_metas_weights(HieraModel)
    maps = small(images, output_hidden_states=True).reshaped_hidden_states[1:5]
    shapes = [m.shape for m in answer.reshaped_hidden_states[1:5]]
    claim("hiera.backbone-workaround", {"shapes": shapes, "equal": equal(maps, wanted)})


def test_a_saved_base_model_has_no_norms_for_a_backbone(tmp_path):
    theirs_hiera.narrow(HieraModel).save_pretrained(tmp_path)
    options = {"out_features": STAGES, "output_loading_info": True}
    backbone, said = HieraBackbone.from_pretrained(tmp_path, **options)
    norms = backbone.hidden_states_norms.values()
    found = {
        "missing": sorted(said["missing_keys"]),
        "unexpected": sorted(said["unexpected_keys"]),
        "weights": sorted({float(w) for norm in norms for w in norm.weight}),
        "biases": sorted({round(float(b), 4) for norm in norms for b in norm.bias}),
        "eps": sorted({norm.eps for norm in norms}),
    }
    claim("hiera.backbone-norms", found)


# -- pre-training --------------------------------------------------------------------------


def tokens_of_first_stage(model, images):
    """How many tokens the first stage is given."""
    seen = []
    stage = model.encoder.stages[0]
    handle = stage.register_forward_pre_hook(lambda _module, args: seen.append(args[0].shape[1]))
    model(images)
    handle.remove()
    return seen[0]


def test_two_of_five_mask_units_are_seen():
    sparse = HieraModel(HieraConfig(**theirs_hiera.NARROW), is_mae=True).eval()
    images, noise = theirs_hiera.images(), torch.rand(1, 49)
    answer = sparse(images, noise=noise)
    kept = answer.bool_masked_pos
    black = images * kept.view(1, 1, 7, 7).repeat_interleave(32, 2).repeat_interleave(32, 3)
    again = sparse(black, noise=noise)
    found = {
        "kept": int(kept.sum()),
        "True is kept": torch.equal(again.last_hidden_state, answer.last_hidden_state),
        "tokens": tokens_of_first_stage(sparse, images),
        "of": tokens_of_first_stage(theirs_hiera.narrow(), images),
    }
    assert walk_of(PRETRAINING)["encoder.stages.0.0"].shape[1] == found["tokens"]
    claim("hiera.mae-shapes", found)


def test_the_published_pretraining_pools_twice():
    found, ours = {}, PUBLISHED[PRETRAINING]
    for pools in (2, 3):
        walked = walk(replace(ours, encoder=replace(ours.encoder, num_pools=pools)))
        whole = theirs_hiera.published(HieraForPreTraining, num_query_pool=pools)
        assert whole.num_parameters() == walked.parameters
        narrow = theirs_hiera.narrow(HieraForPreTraining, num_query_pool=pools)
        assert narrow(theirs_hiera.images()).logits.shape == walked["answer"].shape
        found[pools] = {"answer": walked["answer"].shape, "parameters": walked.parameters}
    assert walk_of(PRETRAINING)["answer"].shape == found[2]["answer"]
    claim("hiera.mae-query-pool", found)


# -- other sizes, first weights ------------------------------------------------------------


def test_another_size_gives_an_answer_but_no_hidden_states():
    model, images = theirs_hiera.narrow(), theirs_hiera.images(256, 256)
    options = {"interpolate_pos_encoding": True}
    tokens = model(images, **options).last_hidden_state.shape[1]
    with pytest.raises(RuntimeError, match="invalid for input of size") as error:
        model(images, output_hidden_states=True, **options)
    with torch.device("meta"):
        ours = [m.shape[2:] for m in build(FEATURES).feature_maps(theirs_hiera.images(256, 256))]
    found = {"tokens": tokens, "hidden states": error.type.__name__, "our maps": ours}
    claim("hiera.other-resolution", found)


def test_every_bias_starts_at_one_fiftieth():
    ours = build(replace(PUBLISHED[FEATURES], embed_channels=8, stages=(1, 2, 2, 1)))
    biases = {
        name: {
            type(module).__name__: sorted({round(float(b), 4) for b in module.bias})
            for module in model.modules()
            if isinstance(module, (nn.Linear, nn.Conv2d, nn.LayerNorm))
        }
        for name, model in {
            "transformers": HieraModel(HieraConfig(**theirs_hiera.NARROW)),
            "ours": ours,
        }.items()
    }
    assert biases["ours"] == biases["transformers"]
    claim("hiera.init-bias", biases["transformers"])
