"""What readers type is what the package is: the same names, weights and numbers."""

import pytest
from twins import ROOT, TWINS, TYPED_CLASSES, assert_same_numbers, page, tensors

pytestmark = pytest.mark.usefixtures("float64", "no_gradients")
each = pytest.mark.parametrize("name", TWINS)


def test_every_typed_class_has_a_twin():
    assert {name.partition(",")[0] for name in TWINS} == set(TYPED_CLASSES)


@each
def test_twins_have_the_same_name(name):
    twin = TWINS[name]()
    typed = next(one for one in type(twin.typed).__mro__ if one.__name__ in TYPED_CLASSES)
    assert type(twin.ours).__name__ == typed.__name__ == name.partition(",")[0]
    assert type(twin.ours).__module__.startswith("perceiver_tutorial.")


@each
def test_a_typed_module_takes_its_twins_weights_and_gives_the_same_numbers(name):
    assert_same_numbers(TWINS[name]())


@each
def test_no_two_axes_of_an_input_are_equally_long(name):
    for tensor in tensors([one for one in TWINS[name]().inputs if not isinstance(one, tuple)]):
        assert len(set(tensor.shape)) == tensor.ndim, tensor.shape


@each
def test_every_renaming_is_needed(name):
    twin = TWINS[name]()
    assert all(any(k.startswith(old) for k in twin.ours.state_dict()) for old in twin.names)


def test_the_page_shows_the_table():
    assert (ROOT / "docs/twins.md").read_text(encoding="utf-8") == page()
