"""What is said about the Perceiver that reads bytes: its way from ids to latents and to a class."""

from dataclasses import replace

import measured
import pytest
import theirs
import torch
from measured import shallow, walk_of
from shaken import relative_error, shake
from torch import nn
from transformers import PerceiverConfig, PerceiverModel
from transformers.models.perceiver import modeling_perceiver as modeling

from perceiver_course import claim
from perceiver_tutorial.perceiver import TEXT_CLASSIFIER, TINY, build

pytestmark = pytest.mark.usefixtures("no_gradients")

LANGUAGE, TEXT = theirs.MASKED_LANGUAGE, theirs.TEXT
READ, THINK = "encoder.cross.0", "encoder.blocks.0.0"


@pytest.fixture(scope="module")
def language():
    """The masked language model of transformers at published size, with nothing in it."""
    return theirs.published(LANGUAGE).perceiver


@pytest.fixture(scope="module")
def classifier():
    """Its text classifier likewise."""
    return theirs.published(TEXT).perceiver


@pytest.fixture(scope="module")
def latents(language):
    return language.embeddings(batch_size=1)


@pytest.fixture(scope="module")
def array(language):
    """The input array of the longest text."""
    return language.input_preprocessor(torch.zeros(1, 2048, dtype=torch.long, device="meta"))[0]


# -- from bytes to latents -----------------------------------------------------------------


def test_256_latents_are_1280_wide(latents):
    assert walk_of(measured.BYTES)["encoder"].shape == latents.shape
    default = PerceiverConfig()
    assert [default.num_latents, default.d_latents] == list(latents.shape[1:])
    claim("pio.text.num-latents", latents.shape[1])
    claim("pio.text.latent-width", latents.shape[2])
    claim("pio.text.latents-shape", latents.shape)


def test_a_byte_becomes_768_numbers(language):
    tables = language.input_preprocessor
    found = {
        "d_model": PerceiverConfig().d_model,
        "bytes": tables.embeddings.weight.shape,
        "places": tables.position_embeddings.weight.shape,
    }
    ours = build(replace(shallow(measured.BYTES), max_bytes=5)).preprocessor.embeddings
    assert ours.weight.shape == found["bytes"]
    claim("pio.text.d-model", found)


def test_the_input_array_is_as_long_as_the_text(language):
    ids = torch.zeros(1, 2048, dtype=torch.long, device="meta")
    shapes = [given.shape for given in language.input_preprocessor(ids) if given is not None]
    assert walk_of(measured.BYTES)["preprocessor"].shape == shapes[0]
    claim("pio.text.preprocessed-shape", shapes)


def is_added(table, array, without):
    rows = table[: array.shape[1]]
    return relative_error(array - without, rows.expand_as(array)) < 1e-5


def test_positions_are_added_from_a_table():
    ids = theirs.tiny_input(TEXT)["inputs"][:, :9]
    preprocessor = theirs.tiny(TEXT).perceiver.input_preprocessor
    array, _, without = preprocessor(ids)
    ours = shake(build(TINY[measured.BYTES])).preprocessor
    found = {
        "table": walk_of(measured.BYTES, depth=None)["preprocessor.position_embeddings"].shape,
        "transformers": is_added(preprocessor.position_embeddings.weight, array, without),
        "ours": is_added(ours.position_embeddings.weight[:9], ours(ids), ours.embeddings(ids)),
    }
    claim("pio.text.absolute-positions", found)


def test_reading_turns_2048_bytes_into_256_latents(language, latents, array):
    output, weights = language.encoder.cross_attention(
        latents, inputs=array, output_attentions=True
    )
    ours = walk_of(shallow(measured.BYTES), depth=None)
    assert ours[READ].shape == output.shape
    assert ours[f"{READ}.attention.weights"].shape == weights.shape
    claim("pio.text.cross-attention-output", {"output": output.shape, "map": weights.shape})


def test_26_layers_with_8_heads_run_once(language, latents):
    layers = language.encoder.self_attends
    thinking = walk_of(measured.BYTES)[THINK]
    assert thinking.modules == len(layers)
    runs = {"layers": len(layers), "runs": thinking.runs}
    claim("pio.text.layers", {"blocks": language.config.num_blocks, **runs})
    weights = [layer(latents, output_attentions=True)[1].shape for layer in layers]
    assert len(set(weights)) == 1
    read = language.encoder.cross_attention.attention.self.num_heads
    claim("pio.text.heads", {"map": weights[0], "reading": read})


def test_after_26_layers_latents_have_the_shape_they_had(language, latents, array):
    last = language.encoder(latents, inputs=array).last_hidden_state
    assert walk_of(measured.BYTES)["encoder"].shape == last.shape
    claim("pio.text.last-hidden", last.shape)


# -- the classifier ------------------------------------------------------------------------


def test_one_learned_query_as_wide_as_the_latents_asks_for_the_class(classifier, array):
    queries = classifier.decoder.decoder_query(array)
    table = classifier.decoder.decoder.output_position_encodings.position_embeddings
    assert walk_of(TEXT_CLASSIFIER)["queries"].shape == queries.shape
    claim("pio.text.cls-query-shape", {"parameter": table.shape, "query": queries.shape})


def test_the_query_starts_at_random_and_learns():
    model = TEXT(PerceiverConfig(**{**theirs.TINY, "d_latents": 1280}))
    query = model.perceiver.decoder.decoder.output_position_encodings.position_embeddings
    with torch.enable_grad():
        model(**theirs.tiny_input(TEXT)).logits.sum().backward()
    found = {"std": round(float(query.std()), 2), "learns": bool(query.grad.any())}
    claim("pio.text.cls-query-trained", {"kind": type(query).__name__, **found})


def test_a_linear_map_makes_scores_of_the_answer(classifier, latents, array):
    queries = classifier.decoder.decoder_query(array)
    answer = theirs.decoding(theirs.published(TEXT))(queries, inputs=latents)[0]
    scores = classifier.decoder.decoder.final_layer(answer)
    assert walk_of(TEXT_CLASSIFIER)["decoder"].shape == answer.shape
    found = {"cross-attention": answer.shape, "final layer": scores.shape}
    claim("pio.text.cls-decoder-output", found)
    squeezed = classifier.decoder(queries, latents).logits
    assert walk_of(TEXT_CLASSIFIER)["answer"].shape == squeezed.shape
    claim("pio.text.cls-squeeze", squeezed.shape)


def test_the_listed_class_cannot_be_built():
    class Listed(nn.Module):
        def __init__(self, config):
            super().__init__(config)

    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given") as error:
        Listed(PerceiverConfig())
    found = {"listed": error.type.__name__, "base": TEXT.__base__.__name__}
    claim("pio.text.cls-class-code", found)


def test_the_listed_parts_make_the_same_classifier():
    config, original = PerceiverConfig(**theirs.TINY), theirs.tiny(TEXT)
    decoder = modeling.PerceiverClassificationDecoder(
        config,
        num_channels=config.d_latents,
        trainable_position_encoding_kwargs={"num_channels": config.d_latents, "index_dims": 1},
        use_query_residual=True,
    )
    text = modeling.PerceiverTextPreprocessor(config)
    rebuilt = PerceiverModel(config, input_preprocessor=text, decoder=decoder).eval()
    loaded = rebuilt.load_state_dict(original.perceiver.state_dict())
    raw = theirs.tiny_input(TEXT)
    found = {"weights that fit": len(rebuilt.state_dict()), "misfits": sum(map(len, loaded))}
    same = torch.equal(rebuilt(**raw).logits, original(**raw).logits)
    claim("pio.text.cls-parts", {**found, "same logits": same})


def test_the_decoder_gives_the_logits_without_a_postprocessor():
    model, raw = theirs.tiny(TEXT), theirs.tiny_input(TEXT)
    final = model.perceiver.decoder.decoder.final_layer
    recorded = []
    handle = final.register_forward_hook(lambda *call: recorded.append(call[-1]))
    logits = model(**raw).logits
    handle.remove()
    found = {
        "postprocessors": int(model.perceiver.output_postprocessor is not None),
        "final layer is answer": torch.equal(recorded[0][:, 0], logits),
    }
    claim("pio.text.cls-no-postprocessor", found)
