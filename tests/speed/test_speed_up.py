"""A sped-up model gives the same answers, of every family; and says no where it cannot."""

from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import SMOKE
from torch import Tensor

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.perceiver import (
    TINY,
    EncoderConfig,
    FourierConfig,
    PerceiverIO,
    PointCloudConfig,
)
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.speed import processor, speed_up
from perceiver_tutorial.speed.rows import rows_of
from perceiver_tutorial.taps import listen

HIERA = hiera.HieraConfig(8, 1, (1, 2, 1, 1), input_size=(64, 96), num_classes=5)
DEIT = deit.DeiTConfig(
    channels=24, num_heads=3, depth=3, image_size=(24, 40), patch_size=8, num_classes=5
)
ALL = {
    **CONFIGS,
    "point clouds": PointCloudConfig(
        EncoderConfig(**{**vars(ENCODER), "reads": (0, 1)}), FourierConfig(3, (8, 8, 8))
    ),
    "hiera": HIERA,
    "deit": DEIT,
    "plain deit": replace(DEIT, distilled=False),
    "scaled deit": replace(DEIT, layer_scale=0.1),
}
MULTIMODAL = CONFIGS["multimodal"]
EVERY = pytest.mark.parametrize("config", ALL.values(), ids=ALL)


@pytest.fixture(autouse=True)
def _no_stopwatch(monkeypatch):
    """Which library multiplies is said by a test, not measured."""
    monkeypatch.setattr("perceiver_tutorial.speed.faster.onednn_is_faster", lambda: False)


@pytest.fixture
def bf16(monkeypatch):
    """Let the processor claim to have bfloat16; oneDNN imitates it on some that have not."""
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("oneDNN has no bfloat16 on this processor, not even imitated")
    monkeypatch.setattr("perceiver_tutorial.speed.faster.has_bf16", lambda: True)


def built(config):
    return shake(config.build(), 1.0 if isinstance(config, hiera.HieraConfig) else 0.3)


def some_raw(config):
    if hasattr(config, "activation"):
        return raw_for(config)
    return torch.randn_like(config.example_input(2))


def parts(answer) -> dict[str, Tensor]:
    if isinstance(answer, dict):
        return answer
    return {"": answer if isinstance(answer, Tensor) else answer.logits}


def answers(model, raw, **options) -> dict[str, Tensor]:
    torch.manual_seed(1)  # the multimodal model draws which rows are masked
    with torch.no_grad():
        return parts(model(raw, **options))


def assert_equal(found, right, tolerance=1e-5):
    assert found.keys() == right.keys()
    for name, value in right.items():
        assert relative_error(found[name], value) < tolerance, name


# --- the same answers ---------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("products", ["default", "onednn"])
def test_a_sped_up_model_gives_the_same_answers(config, products):
    model, raw = built(config), some_raw(config)
    assert_equal(answers(speed_up(model, products=products), raw), answers(model, raw))


@EVERY
@pytest.mark.usefixtures("bf16")
def test_bfloat16_answers_differ_a_little(config):
    model, raw = config.build().eval(), some_raw(config)
    found, right = answers(speed_up(model, dtype=torch.bfloat16), raw), answers(model, raw)
    assert_equal(found, right, tolerance=5e-2)  # 12 channels average little away
    assert all(value.dtype == torch.float32 for value in found.values())
    assert any(not torch.equal(found[name], right[name]) for name in right)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("kept", [1, 4])
def test_what_is_not_kept_is_not_read(config, kept):
    model, raw = built(config), raw_for(config)
    rows = model.preprocessor(raw).shape[1]
    keep = torch.zeros(2, rows, dtype=torch.bool)
    keep[0, :kept], keep[1, -kept:] = True, True
    assert_equal(answers(speed_up(model), raw, keep=keep), answers(model, raw, keep=keep))


@pytest.mark.parametrize("name", ["fourier images", "masked language", "multimodal"])
def test_a_sample_that_keeps_nothing_reads_zeros(name):
    model, raw = built(CONFIGS[name]), raw_for(CONFIGS[name])
    keep = torch.zeros(2, model.preprocessor(raw).shape[1], dtype=torch.bool)
    keep[0] = True
    assert_equal(answers(speed_up(model), raw, keep=keep), answers(model, raw, keep=keep))


def test_queries_that_are_masked_read_zeros():
    config = replace(CONFIGS["masked language"], mask_queries=True)
    model, raw = built(config), raw_for(config)
    keep = torch.ones(2, 9, dtype=torch.bool)
    keep[0, 5:] = False
    assert_equal(answers(speed_up(model), raw, keep=keep), answers(model, raw, keep=keep))


def test_nothing_is_read_of_what_is_not_kept_even_if_it_is_no_number():
    model, raw = built(CONFIGS["fourier images"]), raw_for(CONFIGS["fourier images"])
    raw[:, :, 0, 0] = torch.nan
    keep = torch.ones(2, 80, dtype=torch.bool)
    keep[:, 0] = False
    found = answers(speed_up(model), raw, keep=keep)
    assert_equal(found, answers(model, raw, keep=keep))
    assert not found[""].isnan().any()


@pytest.mark.parametrize("name", ["optical flow", "masked language", "fourier images"])
@pytest.mark.parametrize("chunk_size", [None, 3])
def test_latents_are_encoded_once_and_decoded_as_often_as_wanted(name, chunk_size):
    config = CONFIGS[name]
    model, raw = built(config), raw_for(config)
    fast = speed_up(model)
    with torch.no_grad():
        latents = model.encode(raw)
        assert relative_error(fast.encode(raw), latents) < 1e-5
        right = model.decode(latents, raw, chunk_size=chunk_size)
        assert relative_error(fast.decode(latents, raw, chunk_size=chunk_size), right) < 1e-5
        points = torch.tensor([0]) if name == "fourier images" else torch.tensor([7, 0, 3])
        right = model.decode(latents, raw, points=points, chunk_size=chunk_size)
        found = fast.decode(latents, raw, points=points, chunk_size=chunk_size)
        assert relative_error(found, right) < 1e-5


@pytest.mark.parametrize("chunk_size", [None, 5])
@pytest.mark.parametrize(
    "points",
    [
        None,
        {"image": torch.tensor([0, 95, 7]), "audio": torch.tensor([4, 0])},
        {"image": torch.arange(50, 96), "label": torch.tensor([0])},
    ],
    ids=["all", "few", "many"],
)
def test_some_answers_of_several_modalities(points, chunk_size):
    model, raw = built(MULTIMODAL), raw_for(MULTIMODAL)
    options = {"points": points, "chunk_size": chunk_size}
    with torch.no_grad():
        latents = model.encode(raw)
        right = model.decode(latents, raw, **options)
        assert_equal(speed_up(model).decode(latents, raw, **options), right)


@pytest.mark.parametrize("name", ["multimodal", "optical flow"])
def test_many_outputs_are_answered_in_portions(name, monkeypatch):
    monkeypatch.setattr("perceiver_tutorial.speed.perceiver.QUERIES_AT_ONCE", 10)
    model, raw = built(CONFIGS[name]), raw_for(CONFIGS[name])
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


@pytest.mark.parametrize("name", [n for n in CONFIGS if "images" in n or n == "multimodal"])
def test_the_input_array_is_read_in_pieces(name, monkeypatch):
    monkeypatch.setattr("perceiver_tutorial.speed.rows.Rows.pieces.__defaults__", (7,))
    monkeypatch.setattr("perceiver_tutorial.speed.rows.JoinedRows.pieces.__defaults__", (7,))
    model, raw = built(CONFIGS[name]), raw_for(CONFIGS[name])
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


def test_masked_rows_are_drawn_as_in_the_model_itself():
    half = replace(MULTIMODAL, image=replace(MULTIMODAL.image, mask_probability=0.5))
    model, raw = built(half), raw_for(half)
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


def test_features_of_all_stages_are_the_same():
    model, raw = built(HIERA), some_raw(HIERA)
    with torch.no_grad():
        for found, right in zip(
            speed_up(model, products="onednn").feature_maps(raw), model.feature_maps(raw),
            strict=True,
        ):  # fmt: skip
            assert relative_error(found, right) < 1e-5


# --- who listens, who trains --------------------------------------------------------------------


@pytest.mark.parametrize("products", ["default", "onednn"])
@pytest.mark.parametrize("name", ALL)
def test_whoever_listens_hears_what_the_model_would_say(name, products):
    model, raw = built(ALL[name]), some_raw(ALL[name])
    fast = speed_up(model, products=products)
    with listen(fast) as found, listen(model) as right:
        assert_equal(answers(fast, raw), answers(model, raw))
    assert found.keys() == right.keys()
    for tap, values in right.items():
        for ours, theirs in zip(found[tap], values, strict=True):
            assert relative_error(ours, theirs) < SMOKE, tap


@EVERY
def test_the_model_stays_as_it_was(config):
    model = built(config)
    before, kinds = model.state_dict(), [type(module) for module in model.modules()]
    fast = speed_up(model, products="onednn")
    assert [type(module) for module in model.modules()] == kinds
    assert all(p.requires_grad for p in model.parameters())
    assert fast.state_dict().keys() == before.keys()
    assert all(fast.state_dict()[name].data_ptr() == before[name].data_ptr() for name in before)
    assert isinstance(fast, type(model))


@pytest.mark.parametrize("name", ["learned images", "multimodal", "optical flow", "hiera", "deit"])
def test_new_weights_are_noticed(name):
    model, raw = built(ALL[name]), some_raw(ALL[name])
    fast = speed_up(model, products="onednn")
    before = answers(fast, raw)
    other = {k: v * 1.5 if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(other)
    after = answers(fast, raw)
    assert_equal(after, answers(model, raw))
    assert any(relative_error(after[part], before[part]) > 1e-3 for part in before)


def test_a_training_step_is_noticed():
    model, raw = built(DEIT), some_raw(DEIT)
    fast = speed_up(model, products="onednn")
    answers(fast, raw)
    model(raw).logits.square().sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert_equal(answers(fast, raw), answers(model, raw))


def test_it_does_not_learn():
    fast = speed_up(built(DEIT))
    assert fast.eval() is fast
    with pytest.raises(ValueError, match=r"expected no training of a sped-up model, got \.train"):
        fast.train()
    assert not parts(fast(some_raw(DEIT)))[""].requires_grad


@pytest.mark.parametrize("name", ["fourier images", "multimodal", "deit", "hiera"])
def test_an_input_that_needs_a_gradient_is_refused(name):
    fast, raw = speed_up(built(ALL[name])), some_raw(ALL[name])
    (raw["image"] if isinstance(raw, dict) else raw).requires_grad_()
    with pytest.raises(ValueError, match="expected an input that needs no gradient"):
        fast(raw)
    if isinstance(fast, PerceiverIO):
        with pytest.raises(ValueError, match="expected an input that needs no gradient"):
            fast.encode(raw)


def test_doors_say_what_they_expect():
    model = built(DEIT)
    with pytest.raises(ValueError, match="expected a model in evaluation mode, got one that is"):
        speed_up(DEIT.build())
    with pytest.raises(ValueError, match="expected a plain model, got one that is sped up already"):
        speed_up(speed_up(model))
    with pytest.raises(ValueError, match=r"expected dtype torch.float32 or torch.bfloat16, got"):
        speed_up(model, dtype=torch.float16)


@pytest.mark.usefixtures("without_shape_checks")
def test_an_unknown_library_is_refused():
    with pytest.raises(ValueError, match="'measure' or 'default' or 'onednn', got 'fast'"):
        speed_up(built(DEIT), products="fast")


def test_a_processor_without_what_is_asked_for_is_told(monkeypatch):
    where = "perceiver_tutorial.speed.faster"
    monkeypatch.setattr(f"{where}.has_bf16", lambda: False)
    with pytest.raises(ValueError, match="expected a processor with instructions for bfloat16"):
        speed_up(built(DEIT), dtype=torch.bfloat16)
    monkeypatch.setattr(f"{where}.has_onednn", lambda: False)
    with pytest.raises(ValueError, match="expected a torch that carries oneDNN, got one without"):
        speed_up(built(DEIT), products="onednn")
    assert type(speed_up(built(DEIT)).class_head).__name__ == "Head"


@pytest.mark.parametrize("gain", [True, False])
def test_onednn_is_used_where_it_is_faster_and_nowhere_else(gain, monkeypatch):
    monkeypatch.setattr("perceiver_tutorial.speed.faster.onednn_is_faster", lambda: gain)
    kinds = {type(module).__name__ for module in speed_up(built(HIERA)).modules()}
    assert ("PackedLinear" in kinds) == gain
    assert ("Linear" in kinds) != gain


def test_what_runs_here_is_told():
    told = processor.describe()
    assert told.keys() == {"processor", "instructions", "BLAS", "threads", "torch"}
    assert told["threads"] == str(torch.get_num_threads())
    assert all(told.values())


def test_a_torch_without_onednn_never_finds_it_faster(monkeypatch):
    monkeypatch.setattr(processor, "has_onednn", lambda: False)
    assert not processor.onednn_is_faster.__wrapped__()


@pytest.mark.parametrize("name", TINY)
def test_a_sped_up_model_takes_a_single_sample(name):
    model = built(TINY[name])
    raw = raw_for(TINY[name], 1)
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("name", CONFIGS)
def test_a_sped_up_model_preprocesses_as_seldom_as_the_plain_one(name, monkeypatch):
    config, calls = CONFIGS[name], []
    model, raw = speed_up(shake(config.build())), raw_for(config)
    monkeypatch.setattr(
        "perceiver_tutorial.speed.perceiver.rows_of",
        lambda *given: calls.append(1) or rows_of(*given),
    )
    with torch.inference_mode():
        latents = model.encode(raw)
        model.decode(latents, raw)
    assert len(calls) == 1 + (model.queries.needs == "inputs")


def test_inputs_of_four_do_not_ask_the_latents_of_one_faster():
    config = CONFIGS["optical flow"]
    model, raw = speed_up(shake(config.build())), raw_for(config, 4)
    with torch.inference_mode(), pytest.raises(ValueError, match=r"batch of 4, read a batch of 1"):
        model.decode(model.encode(raw[:1]), raw)
