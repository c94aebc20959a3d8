"""What is said about the Perceiver that guesses masked bytes: its decoder, and what it costs."""

from dataclasses import replace

import measured
import pytest
import theirs
import torch
from measured import cost_of, gflop, shallow, walk_of, with_encoder
from torch import nn
from transformers import PerceiverConfig

from perceiver_course import claim
from perceiver_tutorial.perceiver import PUBLISHED, TEXT_CLASSIFIER, build
from perceiver_tutorial.tracing import cost, walk

pytestmark = pytest.mark.usefixtures("no_gradients")

LANGUAGE, TEXT = theirs.MASKED_LANGUAGE, theirs.TEXT
PLUS_PLUS = with_encoder(measured.BYTES, latent_channels=1536, v_channels=1536, layers_per_block=40)


@pytest.fixture(scope="module")
def language():
    """The masked language model of transformers at published size, with nothing in it."""
    return theirs.published(LANGUAGE)


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def their_parameters(architecture=LANGUAGE, **options):
    with torch.device("meta"):
        return architecture(PerceiverConfig(**options)).num_parameters()


# -- the decoder ---------------------------------------------------------------------------


def test_the_masked_language_model_differs_in_more_than_its_decoder(language):
    classifier = theirs.published(TEXT)
    more = {name for name, _ in language.named_children()}
    more -= {name for name, _ in classifier.named_children()}
    found = {
        "parts it has more": sorted(more),
        "their parameters": sum(parameters(getattr(language, name)) for name in more),
        "text": reads_with(classifier, classifier.perceiver.decoder.decoder.final_layer),
        "masked language": reads_with(language, language.perceiver.decoder.final_layer),
    }
    claim("pio.text.mlm-only-decoder-differs", found)


def reads_with(model, final):
    """The choices of a decoder's cross-attention, and what is behind it."""
    attention = theirs.decoding(model).attention
    return {
        "decoder": type(model.perceiver.decoder).__name__,
        "heads": attention.self.num_heads,
        "qk": attention.self.query.out_features,
        "v": attention.self.value.out_features,
        "residual": attention.use_query_residual,
        "final": type(final).__name__,
    }


def decoded(language):
    """What the decoder of transformers gives for the longest text."""
    ids = torch.zeros(1, 2048, dtype=torch.long, device="meta")
    inside = language.perceiver
    queries = inside.decoder.decoder_query(inside.input_preprocessor(ids)[0])
    return inside.decoder(queries, inside.embeddings(batch_size=1)).logits


def test_every_place_gets_768_numbers(language):
    rows = decoded(language)
    assert walk_of(measured.BYTES)["decoder"].shape == rows.shape
    unused = language.perceiver.decoder.output_num_channels
    claim("pio.text.mlm-decoder-shape", {"output": rows.shape, "output_num_channels": unused})


def test_scores_compare_every_row_with_every_embedding(language):
    head, table = language.embedding_decoder, language.perceiver.input_preprocessor.embeddings
    logits = head(decoded(language), embedding_layer=table)
    assert walk_of(measured.BYTES)["answer"].shape == logits.shape
    ours = build(shallow(measured.BYTES))
    tied = ours.postprocessor.embeddings is ours.preprocessor.embeddings
    untied = parameters(ours.postprocessor) - ours.postprocessor.embeddings.weight.numel()
    assert untied == parameters(head)
    claim("pio.text.mlm-logits", {"shape": logits.shape, "own parameters": untied, "tied": tied})


def test_one_linear_map_and_no_tanh_make_the_logits():
    model = theirs.published(TEXT)
    decoder = model.perceiver.decoder.decoder
    layer = set(decoder.decoding_cross_attention.modules())
    behind = [module for module in decoder.modules() if module not in layer]
    ours = walk(TEXT_CLASSIFIER, depth=None).steps
    found = {
        "tanh": sum(isinstance(module, nn.Tanh) for module in model.modules()),
        "linear maps behind the layer": sum(isinstance(module, nn.Linear) for module in behind),
        "ours": [s.kind for s in ours if s.name.startswith("postprocessor.")],
        "activation of the layer": type(
            decoder.decoding_cross_attention.mlp.intermediate_act_fn
        ).__name__,
    }
    claim("pio.text.footnote-mlp", found)


# -- parameters and operations -------------------------------------------------------------


def test_the_default_configuration_is_not_the_published_model(language):
    found = {"default": their_parameters(), "published": language.num_parameters()}
    wide = with_encoder(measured.BYTES, qk_channels=None, v_channels=None)
    assert walk_of(measured.BYTES).parameters == found["published"]
    assert walk(wide).parameters == found["default"]
    claim("pio.text.qk-channels", found)


def test_the_byte_model_has_201_million_parameters(language):
    inside, walked = language.perceiver, walk_of(measured.BYTES)
    found = {
        "all": walked.parameters,
        "preprocessor": walked["preprocessor"].parameters,
        "latents": inside.embeddings.latents.numel(),
        "encoder": walked["encoder"].parameters - inside.embeddings.latents.numel(),
        "decoder": walked["queries"].parameters + walked["decoder"].parameters,
        "head": parameters(language.embedding_decoder),
    }
    parts = (inside.input_preprocessor, inside.encoder, inside.decoder)
    assert [found[n] for n in ("preprocessor", "encoder", "decoder")] == [*map(parameters, parts)]
    claim("pio.text.params-mlm", found)


def test_113_thousand_million_operations_are_those_of_the_classifier():
    model = cost_of(measured.BYTES)
    parts = {part: gflop(model[part].flops) for part in ("encoder", "decoder", "postprocessor")}
    classifier = gflop(cost_of(TEXT_CLASSIFIER).total.flops)
    found = {"masked language": gflop(model.total.flops), **parts, "classifier": classifier}
    claim("pio.text.flops-mlm", found)


def test_plus_plus_is_deeper_and_wider():
    sizes = {"num_self_attends_per_block": 40, "d_latents": 1536}
    theirs_too = their_parameters(**sizes, qk_channels=256, v_channels=1536)
    total = cost_of(PLUS_PLUS).total
    assert theirs_too == total.parameters
    found = {"parameters": total.parameters, "GFLOP": gflop(total.flops)}
    claim("pio.text.params-plusplus", found)


def test_the_model_with_the_higher_score_is_twice_as_large():
    found = {}
    for model in (measured.BYTES, PLUS_PLUS):
        total, layers = cost_of(model).total, walk_of(model)["encoder.blocks.0.0"].modules
        sizes = {"parameters": total.parameters, "GFLOP": gflop(total.flops)}
        found[f"{layers} layers"] = sizes
    claim("pio.text.glue-81.8", found)


def test_a_vocabulary_of_32000_pieces_costs_more_in_the_head_than_its_text_saves():
    pieces = cost(replace(PUBLISHED[measured.BYTES], vocabulary=32_000, max_bytes=512))
    head = pieces["postprocessor"].flops
    found = {
        "parameters": pieces.total.parameters,
        "GFLOP": gflop(pieces.total.flops),
        "head": gflop(head),
        "without head": gflop(pieces.total.flops - head),
    }
    claim("pio.text.params-sentencepiece", found)


def test_the_classifier_has_206_million_parameters():
    walked = walk_of(TEXT_CLASSIFIER)
    decoding = ("queries", "decoder", "postprocessor")
    found = {"all": walked.parameters, "decoder": sum(walked[p].parameters for p in decoding)}
    assert theirs.published(TEXT).num_parameters() == found["all"]
    assert parameters(theirs.published(TEXT).perceiver.decoder) == found["decoder"]
    claim("pio.text.params-seqcls", found)
