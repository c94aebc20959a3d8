"""One table serves both directions; what it has no row for is named."""

import pytest
import torch

from perceiver_tutorial.checkpoints.fields import (
    Fields,
    changed,
    check_kept,
    flat,
)
from perceiver_tutorial.checkpoints.layout import Layout, modules
from perceiver_tutorial.checkpoints.transforms import (
    CLASSES,
    FOUR_AXES,
    FUSED,
    HEIGHT_WIDTH_IN_OUT,
    TRANSPOSED,
)
from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig


def test_a_pattern_stands_for_any_number_of_layers():
    layout = Layout(modules(("a.{}.x", "b.{}.y"), leaves=("weight",)))
    theirs = {f"a.{n}.x.weight": n for n in (0, 12)}
    ours = layout.read(theirs, ["b.0.y.weight", "b.12.y.weight"])
    assert ours == {"b.0.y.weight": 0, "b.12.y.weight": 12}
    assert layout.write(ours) == theirs


def test_a_pattern_must_match_the_whole_name():
    layout = Layout({"a.{}.w": "b.{}.weight"})
    with pytest.raises(ValueError, match=r"no place for xb.1.weight, b.1.weight.y. Choose another"):
        layout.write({"xb.1.weight": 1, "b.2.weight": 2, "b.1.weight.y": 3})


def test_rows_for_what_a_model_does_not_have_are_not_used():
    layout = Layout({"head": "linear", "norm": "norm"})
    assert layout.write({"norm": 1}) == {"norm": 1}


def test_fused_weights_are_split_in_the_order_queries_keys_values():
    layout = Layout({"{}.qkv": (("{}.q", "{}.k", "{}.v"), FUSED)})
    fused = torch.arange(12.0).reshape(6, 2)
    for order in (("0.q", "0.k", "0.v"), ("0.v", "0.q", "0.k")):
        ours = layout.read({"0.qkv": fused}, order)
        assert torch.equal(ours["0.k"], fused[2:4])
        assert torch.equal(layout.write(ours)["0.qkv"], fused)


TRANSFORMS = {
    "a linear map": (TRANSPOSED, (5, 3), (3, 5)),
    "a convolution": (HEIGHT_WIDTH_IN_OUT, (7, 6, 3, 4), (4, 3, 7, 6)),
    "one number for each channel": (FOUR_AXES, (1, 1, 1, 5), (5,)),
}


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("transform, theirs, ours", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_transform_is_undone(transform, theirs, ours, device):
    given = torch.randn(theirs).to(device)
    (changed_once,) = transform.to_ours(given)
    (again,) = transform.to_theirs(changed_once)
    assert tuple(changed_once.shape) == ours and again.shape == given.shape
    assert device == "meta" or torch.equal(again, given)


def test_other_names_are_read_unless_the_table_s_own_is_there():
    layout = Layout({"new.{}": "ours.{}"}, aliases={"old.{}": "new.{}"}, ignored=("junk",))
    assert layout.in_table({"old.3": 3, "new.4": 4, "junk": 0, "x": 1}) == {
        "new.3": 3, "new.4": 4, "x": 1,
    }  # fmt: skip
    assert layout.in_table({"old.3": 3, "new.3": 4}) == {"old.3": 3, "new.3": 4}


# --- fields of a configuration --------------------------------------------------------------------

HIERA = HieraConfig(8, num_heads=1, stages=(1, 1, 1, 1))
TABLE = {"width": "embed_channels", "labels": (("num_classes", "class_names"), CLASSES)}
FIELDS = Fields(HIERA, TABLE, "x.json")


def test_a_configuration_goes_into_a_flat_table_and_back():
    config = HieraMAEConfig(HIERA, decoder_depth=3)
    other = changed(
        config, {"encoder.embed_channels": 9, "encoder.num_heads": 3, "mask_ratio": 0.5}
    )
    assert flat(other)["encoder.embed_channels"] == 9 and other.encoder.num_heads == 3
    assert other.mask_ratio == 0.5 and other.decoder_depth == 3
    assert changed(config, flat(other)) == other


def test_fields_are_read_and_written_by_one_table():
    config = FIELDS.read({"width": 4, "labels": {0: "cat", 1: "dog"}})
    assert (config.embed_channels, config.num_classes, config.stages) == (4, 2, HIERA.stages)
    assert config.class_names == ("cat", "dog")
    assert FIELDS.write(config) == {"width": 4, "labels": {0: "cat", 1: "dog"}}


@pytest.mark.parametrize("labels, names", [
    ({"0": "a", "1": "b", "10": "k", **{str(n): "cdefghij"[n - 2] for n in range(2, 10)}},
     tuple("abcdefghijk")),
    ({0: "LABEL_0", 1: "LABEL_1"}, None),
    ({"0": "a", "2": "b"}, None),
])  # fmt: skip
def test_names_of_classes_are_read_in_the_order_of_their_numbers(labels, names):
    config = FIELDS.read({"width": 4, "labels": labels})
    assert (config.num_classes, config.class_names) == (len(labels), names)


@pytest.mark.parametrize("published, message", [
    ({"width": 4}, r"expected labels in x\.json, got nothing\. Take the file as it was published"),
    ({"width": 4, "labels": 5}, r"expected x\.json as it was published, got a field of another ki"),
])  # fmt: skip
def test_fields_that_are_missing_or_strange_are_refused(published, message):
    with pytest.raises(ValueError, match=message):
        FIELDS.read(published)


def test_a_choice_that_would_be_lost_is_named():
    other = changed(HIERA, {"num_classes": 3, "drop_path": 0.1})
    lost = r"that X has, got one with num_classes=3, drop_path=0\.1\. Use Y\."
    with pytest.raises(ValueError, match=lost):
        check_kept(other, HIERA, "X", "Use Y.")
    check_kept(HIERA, changed(HIERA, {}), "X", "Use Y.")
