"""What is said about shapes, parameters and costs of Perceivers, at published size."""

import math
from dataclasses import replace

import measured
import pytest
import theirs
import torch
from measured import cost_of, gflop, shallow, walk_of, with_encoder
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    HieraConfig,
    HieraForImageClassification,
    PerceiverConfig,
)
from transformers.models.perceiver import modeling_perceiver as modeling

from perceiver_course import claim
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.perceiver import (
    PERCEIVER_V1,
    TEXT_CLASSIFIER,
    build,
    example_input,
)
from perceiver_tutorial.tracing import cost

FAMILIES = {
    "language": measured.BYTES,
    "images": measured.FOURIER,
    "flow": measured.FLOW,
    "multimodal": measured.MULTIMODAL,
}
READ, THINK = "encoder.cross.0", "encoder.blocks.0.0"


# -- shapes --------------------------------------------------------------------------------


def test_the_encoder_output_has_one_row_for_each_latent():
    shapes = {family: walk_of(name)["encoder"].shape for family, name in FAMILIES.items()}
    tiny = theirs.tiny(theirs.FOURIER).perceiver.encoder
    norms_behind = sum(isinstance(part, nn.LayerNorm) for part in tiny.children())
    claim("pio.core.encoder-output", {**shapes, "norms behind": norms_behind})


def test_published_models_have_a_few_hundred_to_a_few_thousand_latents():
    latents = {f: walk_of(name)["encoder"].axes["latents"] for f, name in FAMILIES.items()}
    claim("pio.core.latent-count-examples", latents)


def test_one_model_reads_every_modality():
    kinds = {type(theirs.tiny(architecture).perceiver) for architecture in theirs.SEVEN}
    arrays = {family: walk_of(name)["preprocessor"].shape for family, name in FAMILIES.items()}
    claim("pio.core.any-modality", {"kinds of model": len(kinds), **arrays})


def test_there_are_as_many_answers_as_queries():
    chunk = {"audio": 15, "image": 6272, "label": 1}
    with torch.device("meta"):
        model = build(measured.MULTIMODAL)
        raw = example_input(model.config)
        latents = torch.zeros(1, 784, 512)
        points = {name: torch.arange(n) for name, n in chunk.items()}
        asked = model.queries(model.preprocessor(raw), points)
        answered = model.decoder(asked, latents)
    sizes = {family: answers(walk_of(name)) for family, name in FAMILIES.items() if name in ONE}
    sizes["multimodal chunk"] = sum(rows.shape[1] for rows in answered.values())
    assert sizes["multimodal chunk"] == sum(rows.shape[1] for rows in asked.values())
    claim("pio.core.flexible-decoding", sizes)


ONE = (measured.BYTES, measured.FOURIER, measured.FLOW)


def answers(walked):
    """Rows of the output array, after looking that there are as many queries."""
    assert walked["decoder"].shape[1] == walked["queries"].shape[1]
    return walked["decoder"].shape[1]


def test_attention_gives_rows_as_wide_as_the_values_until_they_are_mapped_back():
    learned, flow = (
        walk_of(shallow(name), depth=None) for name in (measured.LEARNED, measured.FLOW)
    )
    found = {
        f"{name}, {moment}": walked[f"{part}.attention.{step}"].shape
        for name, walked, part in (
            ("learned encoder", learned, READ),
            ("flow decoder", flow, "decoder.cross"),
        )
        for moment, step in (("inside", "context"), ("after", "out_proj"))
    }
    claim("pio.core.qkv-shape-preserved", found)


READERS = {
    "learned": theirs.LEARNED,
    "fourier": theirs.FOURIER,
    "conv": theirs.CONV,
    "flow": theirs.FLOW,
    "multimodal": theirs.MULTIMODAL,
}


def splits_over_eight_heads(width):
    config, widths = PerceiverConfig(), {"q_dim": 512, "kv_dim": width}
    try:
        modeling.PerceiverAttention(config, is_cross_attention=True, num_heads=8, **widths)
    except ValueError as error:
        assert f"({width}) must be divisible by num_heads (8)" in str(error)
        return False
    return True


def test_the_encoder_attends_at_the_width_of_what_it_reads():
    attentions = {
        name: theirs.published(architecture).perceiver.encoder.cross_attention.attention.self
        for name, architecture in READERS.items()
    }
    assert all(a.value.out_features == a.query.out_features for a in attentions.values())
    widths = {name: attention.query.out_features for name, attention in attentions.items()}
    unfit = sorted(n for n, width in widths.items() if not splits_over_eight_heads(width))
    claim("pio.core.kv-shape-for-attention", {"widths": widths, "not for 8 heads": unfit})


def test_all_decoders_but_that_of_language_look_with_one_head():
    families = {**READERS, "language": theirs.MASKED_LANGUAGE}
    heads = {
        name: theirs.decoding(theirs.published(architecture)).attention.self.num_heads
        for name, architecture in families.items()
    }
    raw, tiny = theirs.tiny_input(theirs.FOURIER), theirs.tiny(theirs.FOURIER)
    tiny_map = tiny(**raw, output_attentions=True).cross_attentions[-1].shape
    ours = walk_of(shallow(measured.FOURIER), depth=None)["decoder.cross.attention.weights"].shape
    assert ours == (1, 1, 1, 512)
    claim("pio.core.decoder-single-head", {"heads": heads, "tiny map": tiny_map})


def test_the_same_six_self_attention_layers_run_eight_times():
    thinking = walk_of(measured.FOURIER)[THINK]
    once, eight_times = (theirs.tiny(theirs.FOURIER, num_blocks=n) for n in (1, 8))
    more = eight_times.num_parameters() - once.num_parameters()
    found = {"modules": thinking.modules, "runs": thinking.runs}
    claim("pio.core.repeatable-block", {**found, "more parameters with 8 blocks": more})


# -- costs ---------------------------------------------------------------------------------


def test_reading_eight_times_instead_of_once_would_be_expensive():
    encoder = theirs.tiny(theirs.FOURIER, num_blocks=8).perceiver.encoder
    latents, array = torch.randn(2, 7, 16), torch.randn(2, 9, 261)
    output = encoder(latents, inputs=array, output_attentions=True)
    one, eight = (
        cost(with_encoder(measured.FOURIER, layers_per_block=1, cross_schedule=(0,) * reads))
        for reads in (1, 8)
    )
    more = eight.total.flops - one.total.flops
    found = {"reads": len(output.cross_attentions), "GFLOP of seven more": gflop(more)}
    claim("pio.core.single-cross-attend", found)


LENGTHS = (256, 512, 1024, 2048)


@pytest.fixture(scope="module")
def texts():
    """The published text classifier with one self-attention layer, for texts of four lengths."""
    return [cost(replace(shallow(TEXT_CLASSIFIER), max_bytes=n)) for n in LENGTHS]


def test_thinking_costs_the_same_for_every_length_of_text(texts):
    walked = walk_of(shallow(TEXT_CLASSIFIER), depth=None)
    attention_map = walked[f"{THINK}.attention.weights"].shape
    assert {text[THINK].map_bytes for text in texts} == {4 * math.prod(attention_map)}
    found = {"GFLOP": [gflop(text[THINK].flops) for text in texts], "map": attention_map}
    claim("pio.core.self-attention-cost", found)


def test_reading_costs_the_same_for_every_further_byte(texts):
    reading = [text[READ].flops for text in texts]
    slopes = {
        (b - a) / (m - n)
        for a, b, n, m in zip(reading, reading[1:], LENGTHS, LENGTHS[1:], strict=False)
    }
    assert len(slopes) == 1
    found = {"GFLOP": [gflop(flops) for flops in reading], "FLOP per byte": int(slopes.pop())}
    claim("pio.core.cross-attention-linear", found)


def test_larger_images_are_dearer_to_read_but_not_to_think_about():
    sizes = [(112, 112), (224, 224)]
    costs = [cost(replace(shallow(measured.FOURIER), image_size=size)) for size in sizes]
    found = {
        "thinking once": [gflop(image[THINK].flops) for image in costs],
        "reading": [gflop(image[READ].flops) for image in costs],
    }
    claim("pio.core.self-attention-cost-cards", found)


def language_flops(num_inputs=8, num_outputs=8, num_layers=1):
    with torch.device("meta"):
        model = build(with_encoder(measured.BYTES, layers_per_block=num_layers)).eval()
        raw, points = torch.zeros(1, num_inputs, dtype=torch.long), torch.arange(num_outputs)
    return cost(model, raw, points=points).total.flops


def test_cost_grows_evenly_with_inputs_outputs_and_layers():
    least = language_flops()
    slopes = {
        "input": (language_flops(num_inputs=108) - least) // 100,
        "output": (language_flops(num_inputs=108, num_outputs=108) - language_flops(num_inputs=108))
        // 100,
        "layer": language_flops(num_layers=2) - least,
    }
    predicted = least + 2040 * slopes["input"] + 504 * slopes["output"] + 4 * slopes["layer"]
    assert language_flops(num_inputs=2048, num_outputs=512, num_layers=5) == predicted
    claim("pio.core.complexity-formula", slopes)


def test_the_encoder_does_not_know_how_many_answers_are_wanted():
    one, many = cost_of(TEXT_CLASSIFIER), cost_of(measured.BYTES)
    found = {
        part: [gflop(model[part].flops) for model in (one, many)] for part in ("encoder", "decoder")
    }
    claim("pio.core.output-size-independent", found)


def test_a_map_of_all_pixels_against_all_pixels_would_not_fit():
    with torch.device("meta"):
        all_pixels = cost(SelfAttentionLayer(322, num_heads=1), torch.zeros(1, 368 * 496, 322))
    perceiver = cost_of(measured.FLOW)[READ]
    found = {
        "all pixels GiB": round(all_pixels.total.map_bytes / 2**30, 3),
        "latents GiB": round(perceiver.map_bytes / 2**30, 4),
    }
    claim("pio.core.memory-quadratic-vs-latent", found)


def counted(model, raw):
    """Operations of a model on the meta device, counted by torch itself."""
    frozen = model.eval().requires_grad_(False)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        frozen(raw)
    return counter.get_total_flops()


def test_averaging_the_latents_gives_the_numbers_of_the_first_perceiver():
    found = {}
    for name in ("fourier", "learned", "conv"):
        config = PERCEIVER_V1[f"perceiver-{name}"]
        with torch.device("meta"):
            model, raw = build(config).eval(), example_input(config)
        found[name] = {
            "parameters": sum(p.numel() for p in model.parameters()),
            "GFLOP": gflop(counted(model, raw)),
        }
    claim("pio.core.original-perceiver-params", found)


def test_perceiver_papers_count_two_where_hiera_and_deit_count_one():
    small = DeiTConfig(hidden_size=384, num_attention_heads=6, intermediate_size=1536)
    tiny = HieraConfig(depths=[1, 2, 7, 2], embed_dim=96, num_heads=[1, 2, 4, 8])
    with torch.device("meta"):
        deit, image = DeiTForImageClassificationWithTeacher(small), torch.zeros(1, 3, 224, 224)
        hiera = HieraForImageClassification(tiny)
    found = {
        "perceiver GFLOP": gflop(cost_of(measured.FOURIER).total.flops),
        "hiera tiny GMAC": gflop(counted(hiera, image) / 2),
        "deit small GMAC": gflop(counted(deit, image) / 2),
    }
    claim("pio.core.flops-convention", found)


def try_to_count(is_frozen):
    """Operations of transformers' text classifier on the meta device, or the error."""
    config = PerceiverConfig(**theirs.PUBLISHED[theirs.TEXT])
    with torch.device("meta"), torch.no_grad():
        model = modeling.PerceiverForSequenceClassification(config).eval()
        ids = torch.zeros(1, 2048, dtype=torch.long)
        try:
            with FlopCounterMode(display=False) as counter:
                model.requires_grad_(not is_frozen)(ids)
        except (RuntimeError, AssertionError) as error:
            return error
    return gflop(counter.get_total_flops())


def test_counting_without_memory_takes_two_precautions(monkeypatch):
    only_frozen = try_to_count(is_frozen=True)
    monkeypatch.setattr(modeling, "create_bidirectional_mask", lambda **_: None)
    only_without_mask, both = (try_to_count(is_frozen) for is_frozen in (False, True))
    assert "item()" in str(only_frozen) and "gradient function" in str(only_without_mask)
    assert both == gflop(cost_of(TEXT_CLASSIFIER).total.flops)
    found = {
        "only frozen": type(only_frozen).__name__,
        "only without mask": type(only_without_mask).__name__,
        "both": both,
    }
    claim("pio.core.flopcounter-on-meta", found)
