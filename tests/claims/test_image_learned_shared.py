"""What is said about all three image classifiers at once: where they differ, and where not."""

import ast
import inspect
import textwrap
from dataclasses import fields, replace

import measured
import pytest
import theirs
import torch
import transformers
from measured import shallow, walk_of
from transformers import PerceiverConfig
from transformers.models.perceiver.modeling_perceiver import PerceiverImagePreprocessor

from perceiver_course import claim
from perceiver_tutorial.perceiver import PUBLISHED, TEXT_CLASSIFIER, build, with_fidelity

pytestmark = pytest.mark.usefixtures("no_gradients")

THREE = {"learned": theirs.LEARNED, "fourier": theirs.FOURIER, "conv": theirs.CONV}
OURS = {"learned": measured.LEARNED, "fourier": measured.FOURIER, "conv": measured.CONV}
READ, THINK = "encoder.cross.0", "encoder.blocks.0.0"


def same_of_all(measure):
    """What is measured of all three, if it is the same."""
    found = [measure(name) for name in THREE]
    assert found[0] == found[1] == found[2]
    return found[0]


# -- where they differ ---------------------------------------------------------------------


def test_the_classes_are_three():
    kinds = ("Learned", "Fourier", "ConvProcessing")
    names = [f"PerceiverForImageClassification{kind}" for kind in kinds]
    claim("pio.img.classes", [name for name in names if hasattr(transformers, name)])


def test_a_fourth_preprocessing_is_for_flow_and_video():
    with pytest.raises(ValueError, match="is invalid") as error:
        PerceiverImagePreprocessor(PerceiverConfig(), prep_type="none of them")
    video = theirs.published(theirs.MULTIMODAL).perceiver.input_preprocessor.modalities["image"]
    preprocessors = {
        **{name: theirs.published(a).perceiver.input_preprocessor for name, a in THREE.items()},
        "flow": theirs.published(theirs.FLOW).perceiver.input_preprocessor,
        "video": video,
    }
    found = {name: preprocessor.prep_type for name, preprocessor in preprocessors.items()}
    claim("pio.img.three-preprocessings", {**found, "another": error.type.__name__})


def joined(architecture):
    """Channels before and after positions come, and whether the former are still there."""
    preprocessor = theirs.tiny(architecture).perceiver.input_preprocessor
    array, _, without = preprocessor(theirs.tiny_input(architecture)["inputs"])
    width = without.shape[-1]
    return [width, array.shape[-1], torch.equal(array[..., :width], without)]


def test_images_get_positions_appended_and_text_gets_them_added():
    architectures = {**THREE, "text": theirs.TEXT}
    found = {name: joined(architecture) for name, architecture in architectures.items()}
    widths = {n: walk_of(m)["preprocessor"].axes["channels"] for n, m in OURS.items()}
    assert widths == {name: found[name][1] for name in widths}
    claim("pio.img.positions-added", found)


def constructor(architecture):
    """The parts that a class of transformers puts into its model, each as it is written."""
    source = textwrap.dedent(inspect.getsource(architecture.__init__))
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    model = next(c for c in calls if getattr(c.func, "id", "") == "PerceiverModel")
    return {part.arg: ast.unparse(part.value) for part in model.keywords}


def different_values(configs):
    return sorted(
        field.name
        for field in fields(configs[0])
        if len({str(getattr(config, field.name)) for config in configs}) > 1
    )


def test_the_three_differ_in_their_preprocessors_only():
    constructors = [constructor(architecture) for architecture in THREE.values()]
    written = {part: len({c[part] for c in constructors}) for part in constructors[0]}
    found = {"written in transformers": written}
    for fidelity in ("transformers", "deepmind"):
        configs = [with_fidelity(PUBLISHED[name], fidelity) for name in OURS.values()]
        found[f"ours, as {fidelity}"] = different_values(configs)
    claim("pio.img.only-preprocessor-config-differs", found)


def test_images_differ_from_text_in_more_than_the_preprocessor():
    text, image = (c.encoder for c in (TEXT_CLASSIFIER, PUBLISHED[measured.LEARNED]))
    models = theirs.published(theirs.TEXT), theirs.published(theirs.LEARNED)
    found = {}
    for name, option in OPTIONS.items():
        pair = [getattr(config, name) for config in (text, image)]
        assert pair == [getattr(model.config, option) for model in models]
        found[name] = pair
    assert all(a != b for a, b in found.values())
    classes = [model.config.num_labels for model in models]
    claim("pio.img.only-difference-from-text", {**found, "classes": classes})


OPTIONS = {
    "num_latents": "num_latents",
    "latent_channels": "d_latents",
    "num_blocks": "num_blocks",
    "layers_per_block": "num_self_attends_per_block",
    "cross_heads": "num_cross_attention_heads",
    "qk_channels": "qk_channels",
    "v_channels": "v_channels",
}


# -- where they do not ---------------------------------------------------------------------


def test_classifiers_of_images_have_512_latents_and_other_models_have_others():
    models = {**OURS, "flow": measured.FLOW, "multimodal": measured.MULTIMODAL}
    found = {name: walk_of(model)["encoder"].shape[1:] for name, model in models.items()}
    claim("pio.img.num-latents", found)


def test_reading_and_thinking_keep_the_shape_of_the_latents():
    read = same_of_all(lambda name: walk_of(OURS[name])[READ].shape)
    claim("pio.img.cross-output", read)
    claim("pio.img.final-latents", same_of_all(lambda name: walk_of(OURS[name])["encoder"].shape))


def test_six_layers_with_eight_heads_run_eight_times():
    encoder = theirs.tiny(theirs.LEARNED, num_blocks=8, num_self_attends_per_block=6).perceiver
    runs = []
    for layer in encoder.encoder.self_attends:
        layer.register_forward_hook(lambda *_: runs.append(1))
    encoder(**theirs.tiny_input(theirs.LEARNED))
    thinking = walk_of(measured.LEARNED)[THINK]
    assert thinking.runs == len(runs)
    weights = walk_of(shallow(measured.LEARNED), depth=None)[f"{THINK}.attention.weights"]
    found = {"layers": thinking.modules, "runs": len(runs), "map": weights.shape}
    claim("pio.img.blocks", found)


def answered(name):
    """Query, what it brings, its scores: on the meta device, by transformers."""
    model = theirs.published(THREE[name])
    decoder, latents = model.perceiver.decoder, model.perceiver.embeddings(batch_size=1)
    query = decoder.decoder_query(torch.zeros(1, 3, device="meta"))
    answer = theirs.decoding(model)(query, inputs=latents)[0]
    scores = decoder.decoder.final_layer(answer)
    logits = decoder(query, latents).logits
    walked = walk_of(OURS[name])
    stops = [walked[step].shape for step in ("queries", "decoder", "answer")]
    assert stops == [tuple(x.shape) for x in (query, answer, logits)]
    return [tuple(x.shape) for x in (query, answer, scores, logits)]


def test_one_query_as_wide_as_the_latents_asks_for_1000_scores():
    query, answer, scores, logits = same_of_all(answered)
    claim("pio.img.cls-query", query)
    claim("pio.img.cls-cross-out", {"cross-attention": answer, "final layer": scores})
    claim("pio.img.logits", logits)


def parameters(config):
    with torch.device("meta"):
        return sum(p.numel() for p in build(config).parameters())


def test_the_models_that_learned_from_jft_are_others():
    found = {}
    for name in ("fourier", "conv"):
        config = PUBLISHED[OURS[name]]
        unshared = {"num_blocks": 16, "layers_per_block": 1, "block_schedule": tuple(range(16))}
        encoder = replace(config.encoder, **unshared, self_widening_factor=4)
        larger = replace(config, encoder=encoder)
        found[name] = {"published": parameters(config), "config B": parameters(larger)}
    claim("pio.img.jft-conv-84.5", found)
