"""Every kind of model, with raw inputs, masks and points as they should not be."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from calls import POINTS, images, model, raw
from oracle import Noted, Refused, assert_same, finite, is_nan, numbers_in, outcome
from strategies import ALIKE, NOT_NUMBERS, SPOILT, change, tensors_in
from tiny import CONFIGS

OURS = {"deit": (16, 24), "masked deit": (16, 24), "hiera": (32, 64), "mae": (32, 64),
        "segmenter": (32, 64)}  # fmt: skip
MASKED = {"mae": 2, "masked deit": 6}  # mask units, patches
NAMES = [*CONFIGS, *OURS]
WAYS = {**SPOILT, **NOT_NUMBERS}
HIDDEN = {("label",)}  # a model that is to guess the label is never told
pytestmark = pytest.mark.usefixtures("without_shape_checks")


def food(name: str) -> Any:
    return images(*OURS[name]) if name in OURS else raw(name)


def run(name: str, given: Any, **more: Any) -> Any:
    built = model(name)  # the first time it draws weights
    torch.manual_seed(0)
    with torch.no_grad():
        answer = built(given, **more)
    return getattr(answer, "logits", answer)


def judge(call: Callable[[], Any], given: Any) -> None:
    """Fail unless there is a sentence, or an answer that hides no NaN."""
    answer = outcome(call)
    if answer is Refused:
        return
    assert answer is not Noted, "a library refused, and not the entrance"
    clean = not any(x.isnan().any() for x in numbers_in(answer) if not x.is_meta)
    assert clean or not finite({"given": given})


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_raw_input_is_not_as_it_should_be(name, how):
    plain = food(name)
    for path in tensors_in(plain):
        spoilt = change(plain, path, WAYS[how])
        judge(partial(run, name, spoilt), spoilt)


@pytest.mark.parametrize("name", NAMES)
def test_nan_goes_through(name):
    """Never a number out of NaN: it shows, or somebody says so."""
    plain = food(name)
    for path in set(tensors_in(plain)) - HIDDEN:
        spoilt = change(plain, path, NOT_NUMBERS["all NaN"])
        answer = outcome(partial(run, name, spoilt))
        assert answer is Refused or finite({"raw": spoilt}) or is_nan(answer)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ALIKE)
def test_memory_and_gradients_do_not_matter(name, how):
    plain = food(name)
    for path in tensors_in(plain):
        assert_same(run(name, plain), run(name, change(plain, path, ALIKE[how])))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_one_is_answered_like_the_first_of_two(name):
    plain = food(name)
    alone = {k: v[:1] for k, v in plain.items()} if isinstance(plain, dict) else plain[:1]
    if name not in MASKED:
        for one, two in zip(
            numbers_in(run(name, alone)), numbers_in(run(name, plain)), strict=True
        ):
            torch.testing.assert_close(one[0], two[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_is_refused_by_every_family_alike(name):
    plain = food(name)
    nothing = {k: v[:0] for k, v in plain.items()} if isinstance(plain, dict) else plain[:0]
    for call in (model(name), getattr(model(name), "loss", None)):
        if call is not None:
            with pytest.raises(
                ValueError, match=r"got \[0, .*The batch is empty: give at least one"
            ):
                call(nothing)


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:.*nested tensor")
def test_nested_tensors_are_refused_with_what_to_do(name, layout):
    plain = food(name)
    given = {
        key: torch.nested.nested_tensor(list(value), layout=layout)
        for key, value in (plain if isinstance(plain, dict) else {"": plain}).items()
    }
    with pytest.raises(ValueError, match=r"got a nested tensor\. Pad it, x\.to_padded_tensor"):
        run(name, given if isinstance(plain, dict) else given[""])


def test_packed_sequences_are_refused():
    packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([4, 110, 5]), torch.tensor([4, 5])])
    with pytest.raises(TypeError, match=r"expected ids \[batch, bytes\], got PackedSequence\."):
        run("text classes", packed)


MASKS = {"entities": 9, "masked language": 9, "fourier images": 80, **MASKED}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_not_as_it_should_be(name, how):
    mask = torch.ones(2, MASKS[name], dtype=torch.bool)
    mask[:, 0] = False
    judge(lambda: run(name, food(name), mask=WAYS[how](mask)), food(name))


def decode(name: str, points: Any, chunk_size: Any = None) -> Any:
    with torch.no_grad():
        latents = model(name).encode(food(name))
        return model(name).decode(latents, food(name), points=points, chunk_size=chunk_size)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", ["optical flow", "masked language", "multimodal"])
def test_points_are_not_as_they_should_be(name, how):
    points = POINTS if name == "multimodal" else torch.tensor([0, 3, 5])
    for path in tensors_in(points):
        spoilt = change(points, path, WAYS[how])
        judge(partial(decode, name, spoilt), food(name))


@pytest.mark.parametrize("size", [0, -1, 2.5, "two", float("nan"), True])
def test_a_chunk_is_not_as_it_should_be(size):
    assert outcome(lambda: decode("optical flow", None, size)) is Refused


def test_a_chunk_may_be_larger_than_all_outputs():
    assert_same(decode("optical flow", None, 2**62), decode("optical flow", None))


LATENTS = [
    torch.zeros(3, 7, 12), torch.zeros(7, 12), torch.zeros(2, 7, 12).long(),
    torch.zeros(2, 7, 12).double(), torch.zeros(2, 7, 12, device="meta"), "words",
]  # fmt: skip


@pytest.mark.parametrize("latents", [*LATENTS, None])
def test_latents_are_not_as_they_should_be(latents):
    raw = food("fourier images")
    assert outcome(lambda: model("fourier images").decode(latents, raw)) is Refused


@pytest.mark.parametrize("latents", LATENTS)
@pytest.mark.parametrize("name", ["fourier images", "multimodal"])
def test_latents_to_go_on_from_are_not_as_they_should_be(name, latents):
    assert outcome(lambda: model(name).encode(food(name), latents=latents)) is Refused


@pytest.mark.parametrize("raw", [None, {}, "words", torch.tensor(1.0)])
@pytest.mark.parametrize("name", ["masked language", "entities", "multimodal", "optical flow"])
def test_raw_input_of_which_only_the_size_matters_is_not_as_it_should_be(name, raw):
    latents = model(name).encode(food(name))
    assert outcome(lambda: model(name).decode(latents, raw)) is Refused


@pytest.mark.parametrize("mask", ["words", torch.ones(2, 3).bool(), torch.ones(2, 9)])
@pytest.mark.parametrize("name", ["masked language", "fourier images", "multimodal"])
def test_a_mask_to_decode_with_is_not_as_it_should_be(name, mask):
    latents = model(name).encode(food(name))
    assert outcome(lambda: model(name).decode(latents, food(name), mask=mask)) is Refused


@pytest.mark.parametrize("chunk_size", [None, 3])
def test_points_of_no_modality_are_refused(chunk_size):
    assert outcome(lambda: decode("multimodal", {}, chunk_size), "at least one of") is Refused


def test_latents_are_too_wide():
    call = partial(model("fourier images").decode, torch.zeros(2, 7, 13), food("fourier images"))
    assert outcome(call, "x_kv is 13 wide, this layer was built for 12.") is Refused


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("method", ["loss", "reconstruct"])
@pytest.mark.parametrize("name", MASKED)
def test_a_pre_training_is_fed_as_it_should_not_be(name, method, how):
    spoilt = WAYS[how](food(name))
    judge(lambda: getattr(model(name), method)(spoilt), spoilt)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("name", ["hiera", "deit"])
def test_tokens_and_maps_are_asked_for_as_they_should_not_be(name, how):
    spoilt = WAYS[how](food(name))
    ask = model(name).feature_maps if name == "hiera" else model(name).tokens
    judge(lambda: ask(spoilt), spoilt)


@pytest.mark.parametrize("name", NAMES)
def test_raw_input_that_is_elsewhere_is_never_answered(name):
    """Nothing is moved in silence."""
    plain = food(name)
    for path in tensors_in(plain):
        spoilt = change(plain, path, SPOILT["elsewhere"])
        assert outcome(partial(run, name, spoilt)) is Refused, path
