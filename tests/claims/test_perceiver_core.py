"""What is said about the parts of every Perceiver, tried on transformers' own and on ours."""

import inspect

import pytest
import theirs
import torch
from einops import rearrange
from shaken import relative_error, shake
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from transformers import PerceiverConfig, PerceiverModel
from transformers.models.perceiver import modeling_perceiver as modeling

from perceiver_course import claim
from perceiver_tutorial.attention import MultiHeadAttention
from perceiver_tutorial.hooks import record
from perceiver_tutorial.perceiver.queries import GridQueries
from perceiver_tutorial.positions import FourierPositions, fourier_features, grid_positions

pytestmark = pytest.mark.usefixtures("no_gradients")


def bare(**parts):
    """The model of transformers around any parts, tiny and shaken."""
    return shake(PerceiverModel(PerceiverConfig(**theirs.TINY), **parts))


def is_equal(ours, others, tolerance=1e-5):
    return relative_error(ours, others) < tolerance


# -- the model and its parts ---------------------------------------------------------------


def test_latents_are_a_parameter_that_starts_small():
    config = PerceiverConfig(num_latents=256, d_latents=1280, num_self_attends_per_block=1)
    drawn = modeling.PerceiverEmbeddings(config).latents
    latents = PerceiverModel(config).embeddings.latents
    assert isinstance(latents, nn.Parameter)
    stds = {"drawn": round(float(drawn.std()), 1), "started": round(float(latents.std()), 3)}
    claim("pio.core.latents-parameter", {"shape": latents.shape, **stds})


def test_every_sample_looks_at_the_same_latents_without_a_copy():
    embeddings = modeling.PerceiverEmbeddings(PerceiverConfig(**theirs.TINY))
    latents = embeddings(batch_size=3)
    assert latents.data_ptr() == embeddings.latents.data_ptr()
    claim("pio.core.latents-batch", {"shape": latents.shape, "batch_stride": latents.stride(0)})


def test_three_parts_may_be_left_out():
    parameters = inspect.signature(PerceiverModel.__init__).parameters.values()
    claim("pio.core.three-parts", sorted(p.name for p in parameters if p.default is None))


def test_all_task_models_are_wrapped_around_the_same_model():
    tasks = [name for name in modeling.__all__ if name.startswith("PerceiverFor")]
    models = [theirs.tiny(getattr(modeling, name)) for name in tasks]
    wrappers = [type(m).__name__ for m in models if type(m.perceiver) is PerceiverModel]
    assert sorted(wrappers) == sorted(tasks)
    claim("pio.core.all-variants-wrap-model", sorted(wrappers))


def test_without_a_preprocessor_inputs_must_be_as_wide_as_the_configuration_says():
    model = bare()
    with pytest.raises(ValueError, match=r"25 doesn't correspond to config.d_model: 24") as error:
        model(torch.randn(2, 9, 25))
    fitting = model(torch.randn(2, 9, 24)).last_hidden_state
    claim(
        "pio.core.no-preprocessor-needs-dmodel",
        {"24 channels": fitting.shape, "25 channels": error.type.__name__},
    )


def test_without_a_decoder_the_latents_are_the_answer():
    output = bare()(torch.randn(2, 9, 24))
    found = {"logits": output.logits is not None, "latents": output.last_hidden_state.shape}
    claim("pio.core.no-decoder-output", found)


def test_only_the_autoencoder_has_a_postprocessor_inside():
    models = map(theirs.tiny, theirs.SEVEN)
    inside = [type(m).__name__ for m in models if m.perceiver.output_postprocessor is not None]
    claim("pio.core.postprocessor-only-autoencoding", inside)


def test_latents_ask_and_inputs_are_read_when_encoding():
    model, raw = theirs.tiny(theirs.TEXT), theirs.tiny_input(theirs.TEXT)
    attention = model.perceiver.encoder.cross_attention.attention.self
    asked = {name: getattr(attention, name) for name in ("query", "key", "value")}
    came = theirs.passing(lambda: model(**raw), **asked)
    claim("pio.core.encoder-qkv-roles", {name: x.shape for name, x in came.items()})


def origin_of_queries(architecture):
    """What must be changed so that the decoder is asked something else."""
    model, raw, other = theirs.tiny(architecture), *map(theirs.tiny_input, [architecture] * 2)

    def queries(raw):
        return theirs.passing(lambda: model(**raw), x_q=theirs.decoding(model))["x_q"]

    first = queries(raw).clone()
    if not torch.equal(first, queries(other)):
        return "inputs"
    for parameter in model.perceiver.decoder.parameters():
        parameter.add_(1.0)
    share = float((first != queries(raw)).float().mean())
    return {0.0: "fixed", 1.0: "trainable"}.get(share, "fixed and trainable")


def reads_the_latents(architecture):
    model, raw = theirs.tiny(architecture), theirs.tiny_input(architecture)
    norm_kv = theirs.decoding(model).attention.self.layernorm2
    came = theirs.passing(lambda: model(**raw), norm_kv=norm_kv)["norm_kv"]
    return torch.equal(came, model.perceiver(**raw).last_hidden_state)


def test_decoders_read_the_latents_but_not_all_ask_with_trained_queries():
    origins = {a.__name__.removeprefix("PerceiverFor"): origin_of_queries(a) for a in theirs.SEVEN}
    assert all(reads_the_latents(architecture) for architecture in theirs.SEVEN)
    claim("pio.core.decoder-qkv-roles", origins)


def by_hand(layer, x_q, x_kv=None):
    """One layer, recomputed from its linear maps and norms."""
    attention, heads = layer.attention.self, layer.attention.self.num_heads
    normed = attention.layernorm1(x_q)
    x_kv = normed if x_kv is None else attention.layernorm2(x_kv)
    q, k, v = (
        rearrange(x, "b n (heads c) -> b heads n c", heads=heads)
        for x in (attention.query(normed), attention.key(x_kv), attention.value(x_kv))
    )
    context = rearrange(scaled_dot_product_attention(q, k, v), "b heads n c -> b n (heads c)")
    x = layer.attention.output.dense(context)
    x = x_q + x if layer.attention.use_query_residual else x
    return x + layer.mlp.dense2(gelu(layer.mlp.dense1(layer.layernorm(x))))


def test_a_layer_is_attention_then_mlp_both_pre_norm_with_residuals():
    classifier, flow = theirs.tiny(theirs.FOURIER), theirs.tiny(theirs.FLOW)
    reading, thinking = (
        classifier.perceiver.encoder.cross_attention,
        classifier.perceiver.encoder.self_attends[0],
    )
    answering, queries = theirs.decoding(flow), torch.randn(2, 9, 322)
    latents, array = torch.randn(2, 7, 16), torch.randn(2, 9, 261)
    found = {
        "reading": is_equal(by_hand(reading, latents, array), reading(latents, inputs=array)[0]),
        "thinking": is_equal(by_hand(thinking, latents), thinking(latents)[0]),
        "answering": is_equal(
            by_hand(answering, queries, latents), answering(queries, inputs=latents)[0]
        ),
        "residuals": [x.attention.use_query_residual for x in (reading, thinking, answering)],
        "mlp": reading.mlp.dense1.weight.shape,
    }
    claim("pio.core.pre-norm-residual", found)


def test_the_option_for_the_layer_norm_epsilon_is_never_read():
    model = theirs.tiny(theirs.FOURIER, layer_norm_eps=0.5)
    used = {module.eps for module in model.modules() if isinstance(module, nn.LayerNorm)}
    default = PerceiverConfig().layer_norm_eps
    claim("pio.core.layernorm-eps-unused", {"option": default, "used": sorted(used)})


def test_order_does_not_matter_unless_positions_tell():
    order = torch.randperm(13)
    array, text = torch.randn(2, 13, 24), theirs.tiny_input(theirs.TEXT)["inputs"]
    plain, placed = bare(), theirs.tiny(theirs.TEXT).perceiver
    unchanged = {
        name: is_equal(model(x[:, order]).last_hidden_state, model(x).last_hidden_state)
        for name, model, x in (("bare", plain, array), ("with positions", placed, text))
    }
    claim("pio.core.permutation-invariance", unchanged)


def measured_scale(scores, weights):
    """What scores are multiplied by, told from the weights: softmax keeps their differences."""
    logs = weights.log()
    ratios = (logs[..., 1:] - logs[..., :1]) / (scores[..., 1:] - scores[..., :1])
    assert is_equal(ratios, ratios.median().expand_as(ratios))
    return round(float(ratios.median()), 4)


def scores(q, k, heads):
    q, k = (rearrange(x, "b n (heads c) -> b heads n c", heads=heads) for x in (q, k))
    return q @ k.transpose(-1, -2)


def our_scale(x_q, x_kv, **sizes):
    ours = MultiHeadAttention(x_q.shape[-1], x_kv.shape[-1], **sizes).double()
    with record(ours, "weights") as recorded:
        ours(x_q, x_kv)
    q, k = ours.q_proj(x_q), ours.k_proj(x_kv)
    return measured_scale(scores(q, k, ours.num_heads), recorded["weights"][0])


def their_scale(x_q, x_kv, **sizes):
    widths = {"q_dim": x_q.shape[-1], "kv_dim": x_kv.shape[-1]}
    theirs = modeling.PerceiverSelfAttention(PerceiverConfig(), True, **sizes, **widths)
    theirs = theirs.double().eval()
    weights = theirs(x_q, inputs=x_kv, output_attentions=True)[1]
    q, k = theirs.query(theirs.layernorm1(x_q)), theirs.key(theirs.layernorm2(x_kv))
    return measured_scale(scores(q, k, theirs.num_heads), weights)


def test_scores_are_divided_by_the_root_of_a_heads_width():
    published = {
        "language": ((1280, 768), {"num_heads": 8, "qk_channels": 256}),
        "learned images": ((1024, 512), {"num_heads": 1, "qk_channels": 512}),
    }
    found = {}
    for name, ((query_channels, kv_channels), sizes) in published.items():
        x_q = torch.randn(1, 2, query_channels, dtype=torch.double)
        x_kv = torch.randn(1, 5, kv_channels, dtype=torch.double)
        found[name] = their_scale(x_q, x_kv, **sizes)
        assert our_scale(x_q, x_kv, **sizes) == found[name]
    claim("pio.core.attention-scale", found)


def test_hidden_states_repeat_the_borders_of_blocks():
    deep = theirs.tiny(theirs.TEXT, num_blocks=1, num_self_attends_per_block=26)
    repeated = theirs.tiny(theirs.FOURIER, num_blocks=8, num_self_attends_per_block=6)
    found = {
        name: counts(model, theirs.tiny_input(type(model)))
        for name, model in {"text": deep, "images": repeated}.items()
    }
    claim("pio.core.hidden-states-count", found)


def counts(model, raw):
    output = model(**raw, output_hidden_states=True, output_attentions=True)
    kinds = ("hidden_states", "attentions", "cross_attentions")
    return {kind: len(output[kind]) for kind in kinds}


# -- positions -----------------------------------------------------------------------------


def fourier(num_bands, max_resolution):
    return modeling.PerceiverFourierPositionEncoding(num_bands, max_resolution)


def test_fourier_positions_have_two_channels_for_each_band_and_one_more_for_each_axis():
    uses = [(64, (224, 224)), (192, (30720,)), (32, (16, 56, 56))]
    sizes = [fourier(*use).output_size() for use in uses]
    for size, (num_bands, max_resolution) in zip(sizes, uses, strict=True):
        point = torch.zeros(1, len(max_resolution))
        assert fourier_features(point, num_bands, max_resolution).shape == (1, size)
    claim("pio.core.fourier-size-formula", sizes)


def formula(place, num_bands, max_resolution):
    """The place, sines of all pitches axis by axis, cosines likewise."""
    pitches = [
        (torch.pi * x * (1 + (cells / 2 - 1) * torch.arange(num_bands) / (num_bands - 1)))
        for x, cells in zip(place, max_resolution, strict=True)
    ]
    angles = torch.cat(pitches)
    return torch.cat([place, angles.sin(), angles.cos()])


def test_fourier_positions_are_the_place_then_all_sines_then_all_cosines():
    place, options = torch.tensor([-0.3, 0.2]), (3, (12, 16))
    features = modeling.generate_fourier_features(place[None, None], *options)[0, 0]
    assert torch.allclose(features, formula(place, *options), atol=1e-5)
    assert torch.allclose(features, fourier_features(place[None], *options)[0], atol=1e-5)
    claim("pio.core.fourier-formula", [round(float(x), 4) for x in features])


def test_fourier_positions_have_nothing_to_learn():
    parts = {
        "positions": fourier(64, (224, 224)),
        "preprocessor": theirs.published(theirs.FOURIER).perceiver.input_preprocessor,
        "ours": FourierPositions((9, 14), 64),
    }
    learned = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    claim("pio.core.fourier-fixed", learned)


def test_encoders_place_the_last_cell_at_one_and_decoders_do_not():
    size, options = (16, 224, 224), {"num_bands": 2, "max_resolution": (16, 56, 56)}
    last = torch.tensor([16 * 224 * 224 - 1])
    encoder = modeling.build_linear_positions(size)[-1, -1, -1]
    decoder = modeling.PerceiverBasicDecoder(
        PerceiverConfig(),
        output_num_channels=3,
        position_encoding_type="fourier",
        output_index_dims=size,
        position_encoding_only=True,
        fourier_position_encoding_kwargs=options,
    )
    asked = decoder.decoder_query(torch.zeros(1, 1), subsampled_points=last)[0, 0, :3]
    assert torch.equal(encoder, grid_positions(size)[-1])
    assert torch.allclose(GridQueries(size, **options)(torch.zeros(1, 1, 1), last)[0, 0, :3], asked)
    found = {"encoder": encoder[:2].tolist(), "decoder": [round(x, 4) for x in asked[:2].tolist()]}
    claim("pio.core.decoder-position-grid", found)


def test_every_sample_has_positions_of_its_own_with_us_only():
    places = torch.rand(2, 5, 2) * 2 - 1
    options = (4, (12, 16))
    features = {
        "transformers": modeling.generate_fourier_features(places, *options),
        "ours": fourier_features(places, *options),
    }
    own = {name: int((x[0] != x[1]).any(0).sum()) for name, x in features.items()}
    claim("pio.core.fourier-batch-bug", own)
