"""The first Perceiver: its cross-attentions, which of them share weights, and its answer."""

from dataclasses import replace
from functools import cache

import pytest
import theirs
import torch
from measured import FOURIER, cost_of, gflop, walk_of
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import EXACT
from torch import nn
from transformers import PerceiverConfig
from transformers.models.perceiver.modeling_perceiver import PerceiverEncoder as TheirEncoder

from perceiver_tutorial.perceiver import PERCEIVER_V1, PUBLISHED, build, with_fidelity
from perceiver_tutorial.perceiver.decoder import AverageDecoder, classification_decoder
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.tiny import ENCODER

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

# Parameters; GFLOP; million parameters as published, by 2107.14795 (table 7, where conv has no
# more than fourier, though its stem has weights) and by 2103.03206.
SIZES = {
    "perceiver-fourier": (42_135_859, 403.9668, 42.1),
    "perceiver-learned": (55_951_080, 475.881, 55.9),
    "perceiver-conv": (42_341_754, 367.0875, 42.1),
    "perceiver-fourier-8-reads": (44_912_254, 706.2791, 44.9),
    "perceiver-fourier-8-reads-unshared": (326_241_856, 706.2791, 326.2),
}
EIGHT = "perceiver-fourier-8-reads"
WIDTH, ROWS = 6, 20
LINEAR = ("weight", "bias")
NAMES = {
    "norm_kv": "attention.self.layernorm2",
    "norm_q": "attention.self.layernorm1",
    "attention.q_proj": "attention.self.query",
    "attention.k_proj": "attention.self.key",
    "attention.v_proj": "attention.self.value",
    "attention.out_proj": "attention.output.dense",
    "norm_mlp": "layernorm",
    "mlp.fc1": "mlp.dense1",
    "mlp.fc2": "mlp.dense2",
}


@cache
def encoder(cross_schedule=(0, 1, 1), block_schedule=None):
    """A small encoder that reads three times."""
    return shake(
        PerceiverEncoder(
            replace(ENCODER, cross_schedule=cross_schedule, block_schedule=block_schedule), WIDTH
        )
    )


def array(batch_size=2):
    return torch.randn(batch_size, ROWS, WIDTH)


# -- sizes ---------------------------------------------------------------------------------


def test_all_have_a_size():
    assert set(PERCEIVER_V1) == set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_parameters_and_operations_are_exact_and_as_published(name):
    parameters, operations, published = SIZES[name]
    total = cost_of(PERCEIVER_V1[name]).total
    assert (total.parameters, gflop(total.flops)) == (parameters, operations)
    assert parameters / 1e6 == pytest.approx(published, abs=0.25)


def test_the_average_saves_the_query_and_the_whole_decoder():
    io, averaged = walk_of(FOURIER), walk_of(PERCEIVER_V1["perceiver-fourier"])
    saved = sum(io[part].parameters for part in ("queries", "decoder"))
    assert io.parameters - averaged.parameters == saved == 6_304_768
    assert averaged["queries"].shape == (1, 0, 1024)
    assert averaged["decoder"].shape == (1, 1, 1024)


def test_eight_reads_have_two_sets_of_weights():
    reads = walk_of(PERCEIVER_V1[EIGHT])["encoder.cross.0"]
    think = walk_of(PERCEIVER_V1[EIGHT])["encoder.blocks.0.0"]
    assert (reads.modules, reads.runs) == (2, 8)
    assert (think.modules, think.runs) == (6, 48)
    all_apart = walk_of(PERCEIVER_V1[f"{EIGHT}-unshared"])["encoder.blocks.0.0"]
    assert (all_apart.modules, all_apart.runs) == (48, 48)


def test_seven_more_reads_take_seven_times_as_much_as_one():
    once, often = cost_of(PERCEIVER_V1["perceiver-fourier"]), cost_of(PERCEIVER_V1[EIGHT])
    read = once["encoder.cross.0"].flops
    assert often["encoder.cross.0"].flops == 8 * read
    assert often.total.flops - once.total.flops == 7 * read
    assert gflop(7 * read) == 302.3123


# -- what it computes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["perceiver-fourier", EIGHT])
def test_a_model_is_its_schedule_written_out_and_averaged(name):
    """At a small size, with the schedule of the published one."""
    sizes, published = CONFIGS["averaged images"], PERCEIVER_V1[name].encoder
    small = replace(
        ENCODER,
        num_blocks=8,
        cross_schedule=published.cross_schedule,
        block_schedule=published.block_schedule,
    )
    config = replace(sizes, encoder=small)
    model, raw = shake(build(config)), raw_for(config)
    inputs = model.preprocessor(raw)
    latents = model.encoder.latents.expand(2, -1, -1)
    for turn in range(8):
        if turn < len(published.cross_schedule):
            latents = model.encoder.cross[min(turn, 1)](latents, inputs)
        for think in model.encoder.blocks[0]:
            latents = think(latents)
    by_hand = model.postprocessor.linear(latents.mean(1))
    assert relative_error(model(raw), by_hand) < EXACT


@pytest.mark.parametrize("blocks", [(0, 0, 0), (0, 1, 2)], ids=["shared blocks", "own blocks"])
def test_reading_three_times_is_three_encoders_of_transformers_in_a_row(blocks):
    ours, inputs = encoder(block_schedule=blocks), array()
    latents = ours.latents.expand(2, -1, -1)
    for read, block in zip((0, 1, 1), blocks, strict=True):
        latents = their_encoder(ours, read, block)(latents, inputs=inputs)[0]
    assert relative_error(ours(inputs), latents) < 2e-5


def their_encoder(ours, read, block):
    """Transformers' encoder, which reads once, with one read and one block of ours."""
    options = {"num_latents": 7, "d_latents": 12, "num_blocks": 1, "num_self_attends_per_block": 2}
    model = TheirEncoder(PerceiverConfig(**{**theirs.TINY, **options}), kv_dim=WIDTH).eval()
    layers = {"cross_attention": ours.cross[read]}
    layers |= {f"self_attends.{i}": layer for i, layer in enumerate(ours.blocks[block])}
    for name, layer in layers.items():
        copy_weights(layer, model.get_submodule(name))
    return model


def copy_weights(ours: nn.Module, layer: nn.Module) -> None:
    """Give a layer of theirs the weights of ours; none may be left over."""
    named = {NAMES[n]: m for n, m in ours.named_modules() if n in NAMES}
    state = {f"{n}.{end}": getattr(m, end) for n, m in named.items() for end in LINEAR}
    layer.load_state_dict(state, strict=True)


def test_the_order_of_the_inputs_changes_nothing():
    inputs = array()
    assert relative_error(encoder()(inputs[:, torch.randperm(ROWS)]), encoder()(inputs)) < EXACT


def test_every_read_counts():
    inputs, nothing = array(), torch.zeros(2, ROWS, WIDTH)
    seen = encoder(cross_schedule=(0, 1, 2))(inputs)
    for read in range(3):
        handle = (
            encoder(cross_schedule=(0, 1, 2))
            .cross[read]
            .register_forward_pre_hook(lambda _module, args: (args[0], nothing, *args[2:]))
        )
        assert relative_error(encoder(cross_schedule=(0, 1, 2))(inputs), seen) > 1e-3
        handle.remove()


def test_inputs_that_are_not_kept_are_read_at_no_turn():
    inputs, mask = array(), torch.ones(2, ROWS, dtype=torch.bool)
    mask[:, 12:] = False
    assert relative_error(encoder()(inputs, mask), encoder()(inputs[:, :12])) < EXACT


# -- how it is built -----------------------------------------------------------------------


def test_without_a_decoder_nothing_is_asked():
    queries, decoder = classification_decoder(None, channels=12, activation="gelu")
    assert isinstance(decoder, AverageDecoder)
    assert queries(torch.randn(2, 5, 3)).shape == (2, 0, 12)
    assert queries.all_points(torch.randn(2, 5, 3)).tolist() == []


def test_there_are_no_points_to_choose():
    config = CONFIGS["averaged images"]
    model, raw = build(config), raw_for(config)
    with pytest.raises(ValueError, match="asked nothing: leave points out"):
        model.decode(model.encode(raw), raw, points=torch.tensor([0]))


def test_deepminds_choices_leave_the_average_alone():
    config = with_fidelity(PERCEIVER_V1["perceiver-learned"], "deepmind")
    assert config == replace(PERCEIVER_V1["perceiver-learned"], activation="gelu_tanh")
    assert PUBLISHED[FOURIER].decoder is not None


# --- latents that go on ---------------------------------------------------------------------------


@pytest.fixture
def three_reads():
    config = replace(ENCODER, cross_schedule=(0, 1, 1), block_schedule=(0, 1, 1))
    return shake(PerceiverEncoder(config, 5))


def arrays(*counts):
    return [torch.randn(2, count, 5, dtype=torch.float64) for count in counts]


def test_latents_go_on_from_where_they_are(three_reads):
    first, second = arrays(4, 6)
    learned = three_reads.latents.expand(2, -1, -1)
    torch.testing.assert_close(three_reads(first, latents=learned), three_reads(first))
    on = three_reads(second, latents=three_reads(first))
    assert not torch.allclose(on, three_reads(second))
    model = shake(build(CONFIGS["fourier images"]))
    raw = torch.randn(2, 3, 8, 10)
    before = model.encode(raw)
    wanted = model.encoder(model.preprocessor(raw), latents=before)
    torch.testing.assert_close(model.encode(raw, latents=before), wanted)
