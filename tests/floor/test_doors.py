"""The guard at the doors: it sees what jaxtyping sees, says what to do, and costs little."""

import inspect

import jaxtyping
import pytest
import torch
from calls import model, raw
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Bool, Float, Int, Shaped, jaxtyped
from perceiver_tutorial.inputs.axes import Seen
from publics import publics
from strategies import FEW
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from yardstick import seconds

from perceiver_tutorial import deit, perceiver
from perceiver_tutorial.attention import attention
from perceiver_tutorial.inputs import checked, explained, rules

SHAPES = (
    "batch channels",
    "*batch n",
    "*#batch #n",
    "#n channels=3",
    "_ n",
    "... 3",
    "3 n",
    "",
    "*_ n",
)
KINDS = (Float, Int, Bool, Shaped)
HINTS = st.tuples(st.sampled_from(KINDS), st.sampled_from(SHAPES))
DTYPES = (torch.float32, torch.bfloat16, torch.int64, torch.uint8, torch.bool)


@FEW
@given(
    hints=st.lists(HINTS, min_size=2, max_size=3),
    shapes=st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=3), min_size=3, max_size=3),
    dtypes=st.lists(st.sampled_from(DTYPES), min_size=3, max_size=3),
)  # fmt: skip
def test_a_rule_is_kept_whenever_jaxtyping_says_so(hints, shapes, dtypes):
    hints = [kind[Tensor, shape] for kind, shape in hints]
    values = [torch.zeros(s, dtype=d) for s, d in zip(shapes, dtypes, strict=True)]
    with jaxtyped("context"):
        theirs = all(isinstance(v, h) for h, v in zip(hints, values, strict=False))
    seen = Seen()
    assert (
        all(rules.rule_of(h).fits(v, seen) for h, v in zip(hints, values, strict=False)) == theirs
    )


@checked
def weigh(rows: Float[Tensor, "batch rows"], mask: Bool[Tensor, "batch rows"] | None = None):
    """Weigh rows."""
    return rows if mask is None else rows * mask


ROWS = torch.rand(2, 3)


@pytest.mark.parametrize("arguments, kind, message", [
    (([1.0],), TypeError, r"weigh expected rows as floats \[batch, rows\], got \[1.0\]\. Make"),
    ((ROWS[0],), ValueError, r"got float32 \[3\]\. It has one axis too few: rows\[None\] is one"),
    ((ROWS[None],), ValueError, r"got float32 \[1, 2, 3\]\. It has 3 axes instead of 2\."),
    ((ROWS.long(),), ValueError, r"got int64 \[2, 3\]\. Measured values are floats: rows\.float\("),
    ((ROWS, ROWS), ValueError, r"True and False are wanted, e\.g\. mask != 0, or mask\.bool\(\)"),
    ((ROWS, ROWS[:1] > 0), ValueError, r"same size: batch is 2 in what came before, rows is 3 in"),
    ((ROWS, (ROWS > 0).to("meta")), ValueError, r"on meta\. All must be on one device, cpu:"),
])  # fmt: skip
@pytest.mark.usefixtures("without_shape_checks")
def test_it_says_what_was_expected_what_came_and_what_to_do(arguments, kind, message):
    with pytest.raises(kind, match=message):
        weigh(*arguments)


@pytest.mark.parametrize("given, message", [
    (lambda x: x.double(), r"forward expected raw like the model's weights, float32 on cpu, "),
    (lambda x: x.double(), r"got float64 on cpu\. Bring them together: raw\.to\(next\(model\."),
    (lambda x: x.to("meta"), r"weights, float32 on cpu, got float32 on meta\. Bring them together"),
])  # fmt: skip
@pytest.mark.usefixtures("without_shape_checks")
def test_a_model_names_its_own_weights(given, message):
    with pytest.raises(ValueError, match=message):
        model("fourier images")(given(raw("fourier images")))


def test_what_is_missing_is_said_by_python_itself():
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'rows'"):
        weigh()


def test_errors_of_readers_are_their_own():
    @checked
    def ask(_: int):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        ask(1)


def test_who_has_a_door_speaks_first_and_is_looked_at_afterwards():
    @explained
    def halve(number: int):
        if number == 7:
            raise ValueError("seven is odd")
        return number / 2

    with pytest.raises(ValueError, match="seven is odd"):
        halve(7)
    with pytest.raises(TypeError, match=r"halve expected number as a whole number, got 2\.5"):
        halve(2.5)


@checked
def loudest(
    level: Float[Tensor, " levels"], sounds: dict[str, Float[Tensor, " samples"]]
) -> list[str]:
    return [name for name, sound in sounds.items() if sound.abs().max() >= level.max()]


@pytest.mark.usefixtures("without_shape_checks")
def test_several_of_one_kind_need_not_be_equally_large():
    sounds = {"hum": torch.ones(5), "click": torch.zeros(2)}
    assert loudest(torch.ones(1), sounds) == ["hum"]
    with pytest.raises(ValueError, match=r"sounds as names: floats \[samples\]"):
        loudest(torch.ones(1), {**sounds, "two at once": torch.ones(2, 5)})


def test_names_words_and_signatures_stay():
    assert (weigh.__name__, weigh.__doc__) == ("weigh", "Weigh rows.")
    assert list(inspect.signature(weigh).parameters) == ["rows", "keep"]
    assert "@" not in inspect.getsource(perceiver.PerceiverIO.forward)


def test_compiling_meets_no_guard():
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        compiled = torch.compile(attention, backend="eager", fullgraph=True)
        x = torch.rand(2, 5, 4)
        torch.testing.assert_close(compiled(x, x, x), attention(x, x, x))
        torch._dynamo.explain(model("deit"))(torch.rand(1, 3, 16, 24))
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.usefixtures("without_shape_checks")
def test_fake_and_meta_tensors_pass():
    with FakeTensorMode():
        x = torch.rand(2, 5, 4)
        assert attention(x, x, x).shape == (2, 5, 4)
    with torch.device("meta"):
        assert deit.build("facebook/deit-tiny-patch16-224")(
            torch.zeros(1, 3, 224, 224)
        ).logits.is_meta


@pytest.mark.usefixtures("without_shape_checks")
def test_huge_sizes_are_looked_at_without_being_made():
    huge = torch.empty(1, 1, 2**40, 64, device="meta")
    assert attention(huge[:, :, :1], huge, huge).shape == (1, 1, 1, 64)
    with pytest.raises(ValueError, match="keys is 1099511627776 in what came before"):
        attention(huge[:, :, :1], huge, huge[:, :, :5])


@pytest.mark.usefixtures("without_shape_checks")
def test_a_look_costs_little():
    """Measured alone: 7 of 13 microseconds, eight times in a forward of 8,000."""
    x = torch.rand(2, 2, 5, 4)
    plain = inspect.unwrap(attention)
    with torch.inference_mode():
        looked = seconds(lambda: repeat(lambda: attention(x, x, x)), times=3)
        assert looked < 20 * seconds(lambda: repeat(lambda: plain(x, x, x)), times=3)


def repeat(call) -> None:
    """Often enough for a clock of processor time that ticks 64 times a second."""
    for _ in range(5_000):
        call()


def test_there_is_something_public():
    assert len(publics()) > 400
