"""An error from deep inside a model says in which module it happened, and what had come to it."""

import re
import traceback
from copy import deepcopy

import pytest
import torch
from calls import images, model, raw
from torch import nn

from perceiver_tutorial.errors import Model

pytestmark = pytest.mark.usefixtures("without_shape_checks")
GIVEN = {
    "fourier images": raw("fourier images"),
    "hiera": images(32, 64),
    "mae": images(32, 64),
    "deit": images(16, 24),
    "masked deit": images(16, 24),
}


def place_in(whole: nn.Module) -> str:
    """The last MLP of a model."""
    return [name for name, _ in whole.named_modules() if name.endswith("mlp.fc1")][-1]


class Broken(nn.Linear):
    """Built for one channel more than ever comes."""

    def __init__(self, layer: nn.Linear):
        super().__init__(layer.in_features + 1, layer.out_features)


@pytest.fixture
def broken():
    """Put a layer of a wrong width into a model, and take it out again."""
    places = []

    def put(whole: nn.Module, name: str) -> nn.Module:
        layer = whole.get_submodule(name)
        places.append((whole, name, layer))
        whole.set_submodule(name, Broken(layer))
        return whole

    yield put
    for whole, name, layer in places:
        whole.set_submodule(name, layer)


@pytest.mark.parametrize("name", GIVEN)
def test_a_wrong_width_deep_inside_is_torchs_error_with_the_name_and_the_shape(name, broken):
    place = place_in(model(name))
    whole = broken(model(name), place)
    with pytest.raises(RuntimeError, match="cannot be multiplied") as error:
        whole(GIVEN[name])
    (note,) = error.value.__notes__
    width = whole.get_submodule(place).in_features - 1
    assert note.startswith(f"In {place} (Broken), given input float32 [")
    assert note.endswith(f", {width}].")


@pytest.mark.parametrize("name, method", [("fourier images", "encode"), ("hiera", "feature_maps")])
def test_methods_besides_the_forward_pass_name_it_too(name, method, broken):
    whole = model(name)
    place = next(n for n, _ in whole.encoder.named_modules(prefix="encoder") if n.endswith("fc1"))
    with pytest.raises(RuntimeError) as error:
        getattr(broken(whole, place), method)(GIVEN[name])
    assert error.value.__notes__[0].startswith(f"In {place} (Broken)")


@pytest.mark.parametrize("change, message", [
    (lambda x: x.double(), r"expected images like the model's weights, float32 on cpu, got float64 "
     r"on cpu\. Bring them together: images\.to\(next\(model\.parameters\(\)\)\)\."),
    (lambda x: x.to("meta"), r"float32 on cpu, got float32 on meta\. Bring them together"),
])  # fmt: skip
def test_numbers_unlike_the_weights_are_told_so(change, message):
    with pytest.raises(ValueError, match=message) as error:
        model("deit")(change(images(16, 24)))
    assert isinstance(error.value.__context__, RuntimeError)


def test_weights_without_numbers_are_named_too():
    empty = deepcopy(model("deit")).to("meta")
    with pytest.raises(ValueError, match="weights, float32 on meta, got float32 on cpu"):
        empty(images(16, 24))


def test_one_of_several_tensors_is_named():
    whole, given = model("multimodal"), raw("multimodal")
    with pytest.raises(ValueError, match=r"expected raw\['image'\] like .*raw\['image'\]\.to\("):
        whole({**given, "image": given["image"].double()})
    elsewhere = torch.ones(2, 80, dtype=torch.bool, device="meta")
    with pytest.raises(
        ValueError, match=r"mask like .*, bool on cpu, got bool on meta\..*\.device"
    ):
        model("fourier images")(GIVEN["fourier images"], elsewhere)


def test_where_types_are_mixed_on_purpose_nothing_is_refused(broken):
    whole, given = model("deit"), GIVEN["deit"].bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert whole(given).logits.isfinite().all()
        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            broken(whole, place_in(whole))(given)


def test_what_went_wrong_for_another_reason_stays_torchs_error():
    class Full(Model):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(2, 2)

        def forward(self, _):
            raise torch.OutOfMemoryError("no memory left")

    with pytest.raises(torch.OutOfMemoryError):
        Full()(torch.zeros(2, 2).double())


@pytest.mark.parametrize("call, note", [
    (lambda: model("deit")(images(16, 23)), r"In patches \(PatchEmbedding\), given images float32"),
    (lambda: model("fourier images")(None), r"In preprocessor \(PixelPreprocessor\)\.$"),
    (lambda: model("fourier images").decode(torch.zeros(2, 7, 13), raw("fourier images")),
     r"In decoder\.cross \(CrossAttentionLayer\), given x_q float32 \[2, 1, 12\], x_kv"),
])  # fmt: skip
def test_a_sentence_of_our_own_gets_the_same_note(call, note):
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    (said,) = error.value.__notes__
    assert re.match(note, said)


def test_notes_of_others_stay():
    def raise_noted(*_):
        error = KeyError("words")
        error.add_note("In the evening.")
        raise error

    with pytest.raises(KeyError) as error:
        Toy(Toy(raise_noted))(torch.zeros(2))
    theirs, ours = error.value.__notes__
    assert theirs == "In the evening." and ours.startswith("In inner (Toy)")


class Toy(Model):
    """Divides by a length, inside a layer that has no module of its own."""

    def __init__(self, inner: nn.Module | None = None):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) if self.inner else x / len(x[0, 0]) / 0

    def _private(self): ...


def test_a_model_in_a_model_is_named_once():
    with pytest.raises(IndexError) as error:
        Toy(Toy())(torch.zeros(2, 0))
    assert error.value.__notes__ == ["In inner (Toy), given x float32 [2, 0]."]


def test_without_a_tensor_only_the_module_is_named():
    with pytest.raises(TypeError) as error:
        Toy()(None)
    assert error.value.__notes__ == ["In the model itself (Toy)."]


def test_the_trace_has_one_frame_more_and_the_error_is_the_same():
    class Mine(Exception): ...

    mine = Mine("mine")

    def raise_mine(*_):
        raise mine

    with pytest.raises(Mine) as error:
        Toy(raise_mine)(torch.zeros(2))
    assert error.value is mine and error.value.__cause__ is None
    names = [frame.name for frame in traceback.extract_tb(mine.__traceback__)]
    assert names.count("call") == 1 and names[-1] == "raise_mine"


def test_names_words_and_signatures_stay():
    assert Toy.forward.__name__ == "forward" and Toy._private.__qualname__ == "Toy._private"
    assert not hasattr(Toy._private, "__wrapped__")
