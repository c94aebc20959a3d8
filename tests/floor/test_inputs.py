"""What may enter: names, fields of configurations, raw data, numbers; each with its sentence."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
import torch

from perceiver_tutorial.inputs import (
    InputSpec,
    check_classes,
    check_fields,
    check_filled,
    check_numbers,
    look_up,
)

pytestmark = pytest.mark.usefixtures("without_shape_checks")
IMAGES = InputSpec("images", ("colours", "height", "width"), (3, None, 8), "Resize them.")
IDS = InputSpec("ids", ("bytes",), (None,), "")


@pytest.mark.parametrize("raw, kind, message", [
    ([1.0], TypeError, r"expected images \[batch, 3, height, 8\], got list\. Make it a tensor"),
    (np.zeros((2, 3, 4, 8)), TypeError, r"got ndarray\. Make it a tensor: torch\.as_tensor\("),
    (torch.tensor(1.0), ValueError, r"got \[\]\. Expected 4 axes: batch, colours, height, width"),
    (torch.zeros(3, 4, 8), ValueError, r"got \[3, 4, 8\]\. .*batch of one: add an axis with x\["),
    (torch.zeros(2, 4, 8, 3), ValueError, r"Colours come before.*'b h w c -> b c h w'"),
    (torch.zeros(2, 3, 4, 9), ValueError, r"got \[2, 3, 4, 9\]\. Resize them\."),
    (torch.zeros(0, 3, 4, 8), ValueError, r"The batch is empty: give at least one"),
    (torch.zeros(2, 3, 4, 8).byte(), ValueError, r"got uint8 numbers\. Measured values are floats"),
    (torch.zeros(2, 3, 4, 8).cfloat(), ValueError, r"got complex64 numbers\. Measured values"),
])  # fmt: skip
def test_raw_data_is_told_what_was_expected_what_came_and_what_to_do(raw, kind, message):
    with pytest.raises(kind, match=message):
        IMAGES.check(raw)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.uint8, torch.complex64])
def test_ids_are_what_can_be_looked_up(dtype):
    with pytest.raises(ValueError, match=r"numbers\. Ids are whole numbers: x\.long\(\)"):
        IDS.check(torch.zeros(2, 5, dtype=dtype), integers=True)


def test_what_fits_passes():
    IMAGES.check(torch.zeros(2, 3, 5, 8, dtype=torch.bfloat16))
    IMAGES.check(torch.zeros(2, 3, 5, 8, device="meta"))
    IDS.check(torch.zeros(2, 5, dtype=torch.int32), integers=True)


def test_a_name_that_nobody_published_hears_the_nearest():
    with pytest.raises(ValueError, match=r"expected a published Hiera, got 'tine'\. Did you mean"):
        look_up("tine", {"tiny": 1, "base": 2}, "Hiera")
    with pytest.raises(ValueError, match=r"Some of those there are: 'tiny', 'base'"):
        look_up("x", {"tiny": 1, "base": 2}, "Hiera")


@pytest.mark.parametrize("names, number, message", [
    (("a",), 2, r"one name for each of 2 classes, got 1"),
    (("a",), None, r"one name for each of 0 classes, got 1"),
])  # fmt: skip
def test_classes_and_their_names_are_as_many(names, number, message):
    with pytest.raises(ValueError, match=message):
        check_classes(names, number)


@dataclass(frozen=True)
class Part:
    """A part of a configuration."""

    size: int = 3

    __post_init__ = check_fields


@dataclass(frozen=True)
class Whole:
    """A configuration with a field of every type that ours have."""

    part: Part = Part()
    width: int | None = None
    share: float = 0.5
    shares: tuple[float, ...] = ()
    sizes: tuple[int, ...] = (1, 2)
    pair: tuple[int, int] = (1, 2)
    flag: bool = True
    flags: tuple[bool, ...] = (True,)
    word: Literal["a", "b"] = "a"
    names: tuple[str, ...] | None = None
    first: int = 0

    def __post_init__(self):
        check_fields(self, may_be_0=("first",))


@pytest.mark.parametrize("fields, kind, message", [
    ({"part": 3}, TypeError, r"Whole expected part as Part, got 3\. help\(Whole\) says what"),
    ({"width": "3"}, TypeError, r"Whole expected width as int \| None, got '3'"),
    ({"width": 2.5}, TypeError, r"width as int \| None, got 2\.5"),
    ({"width": True}, TypeError, r"width as int \| None, got True"),
    ({"share": None}, TypeError, r"share as float, got None"),
    ({"pair": (True, False)}, TypeError, r"pair as tuple\[int, int\], got \(True, False\)"),
    ({"sizes": (2, True)}, TypeError, r"sizes as tuple\[int, \.\.\.\], got \(2, True\)"),
    ({"shares": (0.5, True)}, TypeError, r"shares as tuple\[float, \.\.\.\], got \(0\.5, True\)"),
    ({"width": np.int64(0)}, ValueError, r"width of at least 1, got 0"),
    ({"width": np.float32(2)}, TypeError, r"width as int \| None, got 2\.0"),
    ({"share": True}, TypeError, r"share as float, got True"),
    ({"sizes": 3}, TypeError, r"sizes as tuple\[int, \.\.\.\], got 3"),
    ({"sizes": (1, 2, 3, "x")}, TypeError, r"sizes as tuple\[int, \.\.\.\], got \(1, 2, 3, 'x'\)"),
    ({"sizes": ("x", 1, 2, 3)}, TypeError, r"sizes as tuple\[int, \.\.\.\], got"),
    ({"pair": (1, 2, 3)}, TypeError, r"pair as tuple\[int, int\], got \(1, 2, 3\)"),
    ({"flag": 1}, TypeError, r"flag as bool, got 1"),
    ({"flags": (True, 0)}, TypeError, r"flags as tuple\[bool, \.\.\.\], got \(True, 0\)"),
    ({"word": "c"}, ValueError, r"word as Literal\['a', 'b'\], got 'c'"),
    ({"word": 3}, TypeError, r"word as Literal\['a', 'b'\], got 3"),
    ({"names": ("a", 1)}, TypeError, r"names as tuple\[str, \.\.\.\] \| None, got \('a', 1\)"),
    ({"width": 0}, ValueError, r"Whole expected width of at least 1, got 0"),
    ({"sizes": (1, -1)}, ValueError, r"Whole expected sizes of at least 1, got \(1, -1\)"),
    ({"first": -1}, ValueError, r"Whole expected first of at least 0, got -1"),
])  # fmt: skip
def test_a_field_is_of_its_type_and_not_too_small(fields, kind, message):
    with pytest.raises(kind, match=message):
        Whole(**fields)


def test_fields_that_fit_pass():
    Whole(width=3, share=1, shares=(1, 0.5), first=0, names=("a",), word="b", part=Part(1))
    Whole(flags=(True, False), flag=False)


def test_whole_numbers_for_floats_have_no_least():
    assert Whole(share=0, shares=(0, -1, 0.5)).share == 0


def test_numbers_of_numpy_become_pythons():
    whole = Whole(width=np.int64(3), share=np.float32(0.5), sizes=np.array([3, 4]).tolist())
    assert whole == Whole(width=3, share=0.5, sizes=(3, 4))
    whole = Whole(sizes=(np.int32(3), np.uint8(4)), pair=[np.int64(5), 6], flag=np.True_)
    assert whole == Whole(sizes=(3, 4), pair=(5, 6), flag=True)
    assert {type(number) for number in (*whole.sizes, *whole.pair)} == {int}


def test_lists_become_tuples_as_json_has_none():
    whole = Whole(sizes=[3, 4], pair=[5, 6], names=["x"])
    assert whole == Whole(sizes=(3, 4), pair=(5, 6), names=("x",))
    assert hash(whole)
    with pytest.raises(TypeError, match=r"sizes as tuple\[int, \.\.\.\], got \(1, None\)"):
        Whole(sizes=[1, None])


def test_what_is_chosen_by_is_a_number():
    with pytest.raises(ValueError, match=r"expected numbers in scores, got NaN in 1 of 2"):
        check_numbers(scores=torch.tensor([0.5, torch.nan]))
    check_numbers(scores=torch.tensor([0.5, torch.inf]), ids=torch.tensor([1, 2]))
    check_numbers(scores=torch.full((2,), torch.nan, device="meta"))


def test_a_mean_is_taken_over_something():
    with pytest.raises(ValueError, match=r"expected at least one sample in ids, got \[0, 4\]"):
        check_filled(scores=torch.zeros(2), ids=torch.zeros(0, 4))
