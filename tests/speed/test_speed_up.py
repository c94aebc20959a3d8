"""A sped-up model gives the same answers, of every family; and says no where it cannot."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import EXACT, SMOKE
from torch import Tensor, nn

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.hooks import record
from perceiver_tutorial.perceiver import (
    TINY,
    EncoderConfig,
    FourierConfig,
    PointCloudConfig,
)
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.speed import faster, fastest, fold, portions, speed_up
from perceiver_tutorial.speed import products as linear
from perceiver_tutorial.speed.products import PackedLinear, has_onednn
from perceiver_tutorial.zoo import build

HIERA = hiera.HieraConfig(8, 1, (1, 2, 1, 1), input_size=(64, 96), num_classes=5)
DEIT = deit.DeiTConfig(
    channels=24, num_heads=3, depth=3, image_size=(24, 40), patch_size=8, num_classes=5
)
ALL = {
    **CONFIGS,
    "point clouds": PointCloudConfig(
        EncoderConfig(**{**vars(ENCODER), "cross_schedule": (0, 1)}), FourierConfig(3, (8, 8, 8))
    ),
    "hiera": HIERA,
    "deit": DEIT,
    "plain deit": replace(DEIT, distilled=False),
    "scaled deit": replace(DEIT, layer_scale=0.1),
}
MULTIMODAL = CONFIGS["multimodal"]
EVERY = pytest.mark.parametrize("config", ALL.values(), ids=ALL)


LIBRARIES = pytest.mark.parametrize(
    "products",
    [
        "default",
        pytest.param(
            "onednn", marks=pytest.mark.skipif(not has_onednn(), reason="a torch without oneDNN")
        ),
    ],
)
HALF = pytest.mark.skipif(
    not has_onednn(torch.bfloat16), reason="a processor without instructions for bfloat16"
)


@pytest.fixture(autouse=True)
def measured_anew(monkeypatch):
    """What was measured in one test is not known in the next; small models are measured, too."""
    monkeypatch.setattr(fastest, "_CHOSEN", {})
    monkeypatch.setattr(fold, "LEAST", 0)
    monkeypatch.setattr(linear, "LEAST", 0)
    monkeypatch.setattr(faster, "LEAST_WEIGHTS", 0)


@pytest.fixture
def no_stopwatch(monkeypatch):
    """Whoever wants to measure fails."""

    def measured(_ways):
        raise AssertionError("something was measured")

    monkeypatch.setattr(fastest, "_measured", measured)


def built(config):
    return shake(build(config), 1.0 if isinstance(config, hiera.HieraConfig) else 0.3)


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


def assert_equal(found, right, tolerance=SMOKE):
    assert found.keys() == right.keys()
    for name, value in right.items():
        assert relative_error(found[name], value) < tolerance, name


# --- the same answers ---------------------------------------------------------------------------


@EVERY
@LIBRARIES
@pytest.mark.usefixtures("no_stopwatch")
def test_a_sped_up_model_gives_the_same_answers(config, products):
    model, raw = built(config), some_raw(config)
    assert_equal(answers(speed_up(model, products=products), raw), answers(model, raw))


@EVERY
def test_whatever_turns_out_to_be_faster_gives_the_same_answers(config):
    model, raw = built(config), some_raw(config)
    fast, right = speed_up(model), answers(model, raw)
    assert_equal(answers(fast, raw), right)
    assert_equal(answers(fast, raw), right)  # now that all is measured


@EVERY
@LIBRARIES
def test_in_float64_the_answers_are_the_same_to_eleven_places(config, products):
    model, raw = built(config).double(), in_double(some_raw(config))
    found = answers(speed_up(model, products=products), raw)
    assert_equal(found, answers(model, raw), tolerance=EXACT)
    assert all(value.dtype == torch.float64 for value in found.values())


def in_double(raw):
    if isinstance(raw, dict):
        return {name: in_double(value) for name, value in raw.items()}
    return raw.double() if raw.is_floating_point() else raw


@EVERY
@HALF
@LIBRARIES
def test_under_autocast_answers_differ_a_little(config, products):
    model, raw = build(config).eval(), some_raw(config)
    with torch.autocast("cpu", torch.bfloat16):
        found = answers(speed_up(model, products=products), raw)
    right = answers(model, raw)
    assert_equal({name: value.float() for name, value in found.items()}, right, 5e-2)
    assert any(not torch.equal(found[name], right[name]) for name in right)


@EVERY
@LIBRARIES
def test_a_model_of_float16_goes_the_plain_way(config, products):
    model, raw = built(config).half(), some_raw(config)
    raw = {name: part.half() for name, part in raw.items()} if isinstance(raw, dict) else raw
    raw = raw.half() if isinstance(raw, Tensor) and raw.is_floating_point() else raw
    found, right = answers(speed_up(model, products=products), raw), answers(model, raw)
    assert all(torch.equal(found[name], right[name]) for name in right)


def test_small_products_are_not_measured(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(fastest, "_CHOSEN", {})
    model, raw = built(CONFIGS["optical flow"]), raw_for(CONFIGS["optical flow"])
    fast = speed_up(model)
    assert_equal(answers(fast, raw), answers(model, raw))
    assert not fastest._CHOSEN
    assert not any(isinstance(module, PackedLinear) for module in fast.modules())


@HALF
@LIBRARIES
def test_a_model_of_bfloat16_stays_one(products):
    model, raw = build(DEIT).eval().bfloat16(), some_raw(DEIT).bfloat16()
    found, right = answers(speed_up(model, products=products), raw), answers(model, raw)
    assert found[""].dtype == torch.bfloat16
    assert relative_error(found[""].float(), right[""].float()) < 5e-2


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("kept", [1, 4])
def test_what_is_not_kept_is_not_read(config, kept):
    model, raw = built(config), raw_for(config)
    rows = model.preprocessor(raw).shape[1]
    mask = torch.zeros(2, rows, dtype=torch.bool)
    mask[0, :kept], mask[1, -kept:] = True, True
    assert_equal(answers(speed_up(model), raw, mask=mask), answers(model, raw, mask=mask))


@pytest.mark.parametrize("name", ["fourier images", "masked language", "multimodal"])
def test_a_sample_that_keeps_nothing_reads_zeros(name):
    model, raw = built(CONFIGS[name]), raw_for(CONFIGS[name])
    mask = torch.zeros(2, model.preprocessor(raw).shape[1], dtype=torch.bool)
    mask[0] = True
    assert_equal(answers(speed_up(model), raw, mask=mask), answers(model, raw, mask=mask))


def test_queries_that_are_masked_read_zeros():
    config = replace(CONFIGS["masked language"], mask_queries=True)
    model, raw = built(config), raw_for(config)
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[0, 5:] = False
    assert_equal(answers(speed_up(model), raw, mask=mask), answers(model, raw, mask=mask))


def test_nothing_is_read_of_what_is_not_kept_even_if_it_is_no_number():
    model, raw = built(CONFIGS["fourier images"]), raw_for(CONFIGS["fourier images"])
    raw[:, :, 0, 0] = torch.nan
    mask = torch.ones(2, 80, dtype=torch.bool)
    mask[:, 0] = False
    found = answers(speed_up(model), raw, mask=mask)
    assert_equal(found, answers(model, raw, mask=mask))
    assert not found[""].isnan().any()


@pytest.mark.parametrize("name", ["optical flow", "masked language", "fourier images"])
@pytest.mark.parametrize("chunk_size", [None, 3])
def test_latents_are_encoded_once_and_decoded_as_often_as_wanted(name, chunk_size):
    config = CONFIGS[name]
    model, raw = built(config), raw_for(config)
    fast = speed_up(model)
    with torch.no_grad():
        latents = model.encode(raw)
        assert relative_error(fast.encode(raw), latents) < SMOKE
        right = model.decode(latents, raw, chunk_size=chunk_size)
        assert relative_error(fast.decode(latents, raw, chunk_size=chunk_size), right) < SMOKE
        points = torch.tensor([0]) if name == "fourier images" else torch.tensor([7, 0, 3])
        right = model.decode(latents, raw, points=points, chunk_size=chunk_size)
        found = fast.decode(latents, raw, points=points, chunk_size=chunk_size)
        assert relative_error(found, right) < SMOKE


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
    model, raw = built(CONFIGS[name]), raw_for(CONFIGS[name])
    fast, right = speed_up(model, products="default"), answers(model, raw)
    monkeypatch.setattr(portions, "QUERIES_AT_ONCE", 10)
    asked = []
    (read,) = [m for m in fast.decoder.modules() if isinstance(m, fold.FoldedAttention)]
    read.register_forward_pre_hook(lambda _, inputs: asked.append(inputs[0].shape[1]))
    assert_equal(answers(fast, raw), right)
    assert len(asked) > 1 and max(asked) == 10
    assert_equal(parts(fast(raw if isinstance(raw, dict) else raw.requires_grad_())), right)


def test_masked_rows_are_drawn_as_in_the_model_itself():
    half = replace(MULTIMODAL, image=replace(MULTIMODAL.image, mask_probability=0.5))
    model, raw = built(half), raw_for(half)
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


def test_features_of_all_stages_are_the_same():
    model, raw = built(HIERA), some_raw(HIERA)
    with torch.no_grad():
        for found, right in zip(
            speed_up(model).feature_maps(raw), model.feature_maps(raw),
            strict=True,
        ):  # fmt: skip
            assert relative_error(found, right) < SMOKE


# --- what is recorded, what trains ----------------------------------------------------------------


@EVERY
@LIBRARIES
def test_whoever_listens_hears_what_the_model_would_say(config, products):
    model, raw = built(config), some_raw(config)
    fast = speed_up(model, products=products)
    with record(fast) as found, record(model) as right:
        assert_equal(answers(fast, raw), answers(model, raw))
    assert found.keys() == right.keys()
    for hook, values in right.items():
        for ours, theirs in zip(found[hook], values, strict=True):
            assert relative_error(ours, theirs) < SMOKE, hook


@EVERY
def test_the_model_stays_as_it_was(config):
    model = built(config)
    before, kinds = model.state_dict(), [type(module) for module in model.modules()]
    fast = speed_up(model)
    assert [type(module) for module in model.modules()] == kinds
    assert all(p.requires_grad for p in model.parameters())
    assert fast.state_dict().keys() == before.keys()
    assert all(fast.state_dict()[name].data_ptr() == before[name].data_ptr() for name in before)


@EVERY
def test_a_twin_keeps_class_type_mode_and_whatever_was_noted(config):
    model = built(config).double()
    model.note = "prepared so"
    fast = speed_up(model)
    assert type(fast) is type(model) and fast.note == "prepared so"
    assert not any(module.training for module in fast.modules())
    assert {p.dtype for p in fast.parameters()} == {torch.float64}
    assert [name for name, _ in fast.named_modules()] == [name for name, _ in model.named_modules()]


def test_a_twin_stays_on_the_device():
    with torch.device("meta"):
        model = build(DEIT).eval()
        raw = some_raw(DEIT)
    fast = speed_up(model)
    assert {p.device.type for p in fast.parameters()} == {"meta"}
    assert fast(raw).logits.shape == (2, 5)


@EVERY
def test_nothing_is_drawn_from_the_global_generator(config):
    model, raw = built(config), some_raw(config)
    torch.manual_seed(3)
    model(raw)
    after = torch.get_rng_state()
    torch.manual_seed(3)
    fast = speed_up(model)
    with torch.no_grad():
        fast(raw)
    assert torch.equal(torch.get_rng_state(), after)


@pytest.mark.parametrize("name", ["learned images", "multimodal", "optical flow", "hiera", "deit"])
@LIBRARIES
def test_new_weights_are_noticed(name, products):
    model, raw = built(ALL[name]), some_raw(ALL[name])
    fast = speed_up(model, products=products)
    before = answers(fast, raw)
    other = {k: v * 1.5 if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(other)
    after = answers(fast, raw)
    assert_equal(after, answers(model, raw))
    assert any(relative_error(after[part], before[part]) > 1e-3 for part in before)


@LIBRARIES
def test_a_training_step_is_noticed(products):
    model, raw = built(DEIT), some_raw(DEIT)
    fast = speed_up(model, products=products)
    answers(fast, raw)
    model(raw).logits.square().sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert_equal(answers(fast, raw), answers(model, raw))


@LIBRARIES
def test_a_twin_that_has_answered_can_be_copied_and_moved(products):
    model, raw = built(CONFIGS["fourier images"]), raw_for(CONFIGS["fourier images"])
    fast, right = speed_up(model, products=products), answers(model, raw)
    assert_equal(answers(fast, raw), right)
    other = deepcopy(fast)
    assert_equal(answers(other, raw), right)
    assert_equal(answers(other.double(), raw.double()), right)
    assert_equal(answers(fast, raw), right)


def test_it_does_not_learn():
    fast = speed_up(built(DEIT))
    assert not fast(some_raw(DEIT)).logits.requires_grad
    fast.train()
    with pytest.raises(ValueError, match="expected no training of a sped-up model, got one after"):
        fast(some_raw(DEIT))
    assert fast.eval()(some_raw(DEIT)).logits.shape == (2, 5)


@pytest.mark.parametrize("name", ["fourier images", "multimodal", "optical flow", "deit", "hiera"])
@LIBRARIES
def test_an_input_gets_the_gradient_that_the_model_would_give(name, products):
    model = built(ALL[name]).double()
    gradients = []
    for one in (model, speed_up(model, products=products)):
        torch.manual_seed(2)
        raw = in_double(some_raw(ALL[name]))
        watched = raw["image"] if isinstance(raw, dict) else raw
        sum(
            part.square().sum() for part in parts(one(watched_raw(raw, watched))).values()
        ).backward()
        gradients.append(watched.grad)
    assert relative_error(gradients[1], gradients[0]) < EXACT


def watched_raw(raw, watched):
    watched.requires_grad_()
    return raw


def test_a_model_that_cannot_be_sped_up_is_refused():
    model = built(DEIT)
    with pytest.raises(ValueError, match="expected a model in evaluation mode, got one that is"):
        speed_up(build(DEIT))
    with pytest.raises(ValueError, match="expected a plain model, got one that is sped up already"):
        speed_up(speed_up(model))


@pytest.mark.usefixtures("without_shape_checks")
def test_an_unknown_library_is_refused():
    with pytest.raises(ValueError, match="'measure' or 'default' or 'onednn', got 'fast'"):
        speed_up(built(DEIT), products="fast")


def test_a_torch_without_onednn_says_so_and_does_without():
    model, raw = built(DEIT), some_raw(DEIT)
    with torch.backends.mkldnn.flags(enabled=False):
        with pytest.raises(ValueError, match="expected a torch that carries oneDNN, got one with"):
            speed_up(model, products="onednn")
        assert_equal(answers(speed_up(model), raw), answers(model, raw))
    assert not fastest._CHOSEN


@pytest.mark.parametrize("winner", ["plain", "packed"])
def test_weights_are_packed_where_that_is_faster(winner, monkeypatch):
    monkeypatch.setattr(fastest, "_measured", lambda _ways: winner)
    model, raw = built(HIERA), some_raw(HIERA)
    fast = speed_up(model)
    assert_equal(answers(fast, raw), answers(model, raw))
    packed = {m.packed is not None for m in fast.modules() if isinstance(m, PackedLinear)}
    assert packed == {winner == "packed" and has_onednn()}


@pytest.mark.parametrize("name", TINY)
def test_a_sped_up_model_takes_a_single_sample(name):
    model = built(TINY[name])
    raw = raw_for(TINY[name], 1)
    assert_equal(answers(speed_up(model), raw), answers(model, raw))


def test_a_layer_in_two_places_stays_one():
    layer = nn.Linear(3, 3)
    fast = speed_up(nn.Sequential(layer, nn.GELU(), layer).eval())
    assert fast[0] is fast[2] and isinstance(fast[0], PackedLinear)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_sped_up_model_preprocesses_as_seldom_as_the_plain_one(name):
    model, raw, calls = speed_up(built(CONFIGS[name])), raw_for(CONFIGS[name]), []
    model.preprocessor.register_forward_hook(lambda *_: calls.append(1))
    with torch.inference_mode():
        model.decode(model.encode(raw), raw)
    assert len(calls) == 1 + model.queries.are_inputs


@pytest.mark.usefixtures("without_shape_checks")
def test_inputs_of_four_do_not_ask_the_latents_of_one_faster():
    config = CONFIGS["optical flow"]
    model, raw = speed_up(built(config)), raw_for(config, 4)
    with torch.inference_mode(), pytest.raises(ValueError, match=r"latents of 4 samples, .* got 1"):
        model.decode(model.encode(raw[:1]), raw)
