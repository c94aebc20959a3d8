"""Every exercise accepts its reference and explains its slips; guesses hear what they believe."""

import re
from collections import namedtuple

import pytest
import torch
from publics import course

from perceiver_course import predict
from perceiver_course.kit.arithmetic import shape_of
from perceiver_course.kit.exercises import BugHunt, Exercise, NotYet, Slip, your_turn
from perceiver_course.kit.predictions import Prediction
from perceiver_course.predictions import PREDICTIONS

ALL = {name: value for name, value in course().items() if isinstance(value, Exercise)}
SLIPS = [(name, number) for name, e in ALL.items() for number in range(len(e.slips))]

DOUBLE = Exercise(
    task="double every number.",
    inputs=lambda _: (torch.tensor([1.0, 2.0]),),
    reference=lambda x: 2 * x,
    slips=(Slip("that squares them.", lambda x: x**2),),
)


def test_a_right_answer_is_right(capsys):
    DOUBLE.check(lambda x: x + x)
    assert capsys.readouterr().out == "right\n"


def _dots(x): ...


def _returns_dots(_):
    return ...


def _adds_up_and_returns_dots(x):
    x = x + x
    return ...


@pytest.mark.parametrize("stub", [_dots, _returns_dots, _adds_up_and_returns_dots, lambda _: ...])
def test_no_answer_yet_is_no_error(stub, capsys):
    DOUBLE.check(stub)
    assert capsys.readouterr().out == "your turn: double every number.\n"


def _forgets_to_return(x):
    x = 2 * x


def _divides(x):
    return x / x.undefined


Named = namedtuple("Named", "doubled")


@pytest.mark.parametrize("answer, told", [
    (_forgets_to_return, "your function returns nothing: is a `return` missing?"),
    (_divides, "your code stops in `return x / x.undefined`: AttributeError: 'Tensor' object has "
               "no attribute 'undefined'"),
    (lambda x, _: x, r"your code stops: TypeError: "),
    (3, "expected your function, without calling it, got 3."),
    (torch.zeros(9, 9), "expected your function, without calling it, got a Tensor."),
    (lambda x: (each / 0 for each in x.tolist()), "your code stops"),
    (lambda x: Named(2 * x), "(tensor([2., 4.]),); a tensor is expected."),
    (lambda x: lambda: 2 * x, "the function <lambda> itself, not what it returns; a tensor is"),
])  # fmt: skip
def test_what_is_no_answer_is_told_in_a_sentence(answer, told):
    with pytest.raises(NotYet, match=re.escape(told)):
        DOUBLE.check(answer)


def test_inputs_that_are_changed_in_place_fool_no_check():
    def doubles_in_place(x):
        x *= 2
        return 0 * x

    with pytest.raises(NotYet):
        DOUBLE.check(doubles_in_place)


@pytest.mark.parametrize("answer, hint", [
    (lambda x: x**2, r"that squares them\."),
    (lambda x: 3 * x, r"right shape; everywhere 1.5 times what it should be"),
    (lambda x: x[:1], r"shape \(1,\), expected \(2,\)"),
    (lambda _: "two", r"'two'; a tensor is expected"),
])  # fmt: skip
def test_a_wrong_answer_gets_its_hint(answer, hint):
    with pytest.raises(NotYet, match=hint):
        DOUBLE.check(answer)


def test_a_notebook_shows_the_hint_without_a_traceback():
    assert NotYet("that squares them.")._render_traceback_() == ["not yet: that squares them."]


@pytest.mark.parametrize("name", ALL)
def test_every_reference_is_right(name, capsys):
    ALL[name].check(ALL[name].reference)
    assert capsys.readouterr().out == "right\n"
    assert len(ALL[name].slips) >= 2


@pytest.mark.parametrize("name, number", SLIPS)
def test_every_slip_is_rejected_and_explained(name, number):
    slip = ALL[name].slips[number]
    with pytest.raises(NotYet) as refusal:
        ALL[name].check(ALL[name].function_of(slip))
    assert str(refusal.value) == slip.hint


PAIRS = [(name, hint) for name, e in ALL.items()
         for hint, _ in [*e.mistakes()][len(e.slips) :]]  # fmt: skip


@pytest.mark.parametrize("name, hint", PAIRS)
def test_two_slips_together_are_rejected_and_explained(name, hint):
    mistakes = dict(ALL[name].mistakes())
    with pytest.raises(NotYet) as refusal:
        ALL[name].check(mistakes[hint])
    assert str(refusal.value) in mistakes  # two may come to the same as another


HUNTS = {name: value for name, value in course().items() if isinstance(value, BugHunt)}


@pytest.mark.parametrize("name", HUNTS)
def test_every_hunt_can_be_won(name, capsys):
    HUNTS[name].check(HUNTS[name].reference)
    assert capsys.readouterr().out == "right\n"


@pytest.mark.parametrize("name", HUNTS)
def test_shapes_alone_win_no_hunt(name):
    right, arguments = HUNTS[name].right, HUNTS[name].inputs()
    bugs = HUNTS[name].functions()
    assert all(bug(*arguments).shape == right(*arguments).shape for bug in bugs)
    count = len(bugs)
    with pytest.raises(NotYet, match=rf"lets {count} of {count} wrong functions pass"):
        HUNTS[name].check(lambda function: function(*arguments).shape == right(*arguments).shape)


@pytest.mark.parametrize("name", HUNTS)
def test_refusing_everything_wins_no_hunt(name):
    with pytest.raises(NotYet, match=r"your check refuses the right function, too"):
        HUNTS[name].check(lambda _: False)


@pytest.mark.parametrize("name", HUNTS)
def test_a_hunt_that_is_not_begun_is_no_error(name, capsys):
    HUNTS[name].check(lambda _: ...)
    assert capsys.readouterr().out == f"{your_turn(HUNTS[name].task)}\n"


def test_a_long_task_is_told_in_lines_that_fit():
    lines = your_turn("one word after another, " * 10).splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 88


PATCHES = Prediction(
    question="patches?",
    formula="B, (H//P)*(W//P), 3*P*P",
    symbols={"B": 1, "H": 8, "W": 12, "P": 4},
    slips={"B, (H//P)*(W//P), P*P": "the colours are folded in too."},
)


@pytest.mark.parametrize("guess", [(1, 6, 48), "B, H*W//P**2, 3*P**2", "B, 6, 48"])
def test_numbers_and_formulas_are_both_answers(guess):
    assert PATCHES.judge(guess) == "right: (1, 6, 48)"


@pytest.mark.parametrize("guess, reply", [
    ((1, 6, 16), "not yet: the colours are folded in too."),
    ("B, H*W//P**2, P**2", "not yet: the colours are folded in too."),
    ((1, 5, 48), "not yet: look again at axis 1 (the first is axis 0)."),
    ((2, 5, 48), "not yet: look again at axis 0 and 1 (the first is axis 0)."),
    ((6, 48), "not yet: (6, 48) has 2 axes, expected 3."),
    ("B, H - 2, 48", "not yet: the numbers are right here, but would not be for another size."),
])  # fmt: skip
def test_a_wrong_guess_hears_what_it_believes(guess, reply):
    assert PATCHES.judge(guess) == reply


@pytest.mark.parametrize("guess, words", [
    ("B, open('x'), 3", r"and the letters B, H, W, P, got \"open\('x'\)\""),
    ("B, Q, 3", r"Q is no letter of this question: .* and the letters B, H, W, P\."),
    ("B, H.real, 3", r"expected numbers, \+ - \* / and the letters B, H, W, P, got 'H.real'"),
    ("B, (H", r"expected sizes with commas between them, got 'B, \(H'"),
    (None, r"expected numbers such as \(1, 224, 3\), .* got None"),
])  # fmt: skip
def test_a_guess_is_arithmetic_and_nothing_else(guess, words):
    assert re.match(f"not yet: .*{words}", PATCHES.judge(guess))


@pytest.mark.parametrize("guess", [
    "(B, H/P*W/P, 3*P^2)", "[B, 6, 48]", [1, 6, 48], torch.Size([1, 6, 48]), "B, 6, 48,",
])  # fmt: skip
def test_a_right_guess_may_be_written_in_many_ways(guess):
    assert PATCHES.judge(guess) == "right: (1, 6, 48)"


def test_a_formula_that_holds_for_these_sizes_only_is_no_answer():
    assert "for another size" in PATCHES.judge("B, H*W//16, 3*P*P")


def test_predictions_are_asked_by_name(capsys):
    name = "start.input-array"
    predict(name, ...)
    predict(name, (1, 50176, 258))
    predict(name, "B, H*W, 3 + 258")
    asked = your_turn(PREDICTIONS[name].question)
    printed = capsys.readouterr().out
    assert printed.startswith(asked)
    wrong, right, *because = printed.removeprefix(asked).strip().splitlines()
    assert wrong.startswith("not yet: 258 is the position code; the 3 colours")
    assert right == "right: (1, 50176, 261)"
    assert [line.strip() for line in because] == [
        "50,176 = H*W: one for each pixel",
        "261 = 3 + 2*(2*K + 1): what is there, then where it is",
    ]


def test_a_misspelt_prediction_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match=r"Did you mean 'start.input-array'"):
        predict("start.input-aray", ...)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_every_prediction_is_true_of_the_model_it_is_about(name):
    prediction = PREDICTIONS[name]
    assert prediction.true_shape() == shape_of(prediction.formula, prediction.symbols)


@pytest.mark.parametrize("name", PREDICTIONS)
def test_every_belief_is_wrong_and_told(name):
    prediction = PREDICTIONS[name]
    assert prediction.slips
    for slip, belief in prediction.slips.items():
        assert prediction.judge(slip) == f"not yet: {belief}"
