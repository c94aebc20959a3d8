"""What bad input once came to, kept by name: each of these gave a wrong answer, hung or crashed."""

import pytest
import torch
from calls import Scores, images, model, raw
from tiny import CONFIGS
from torch import nn

from perceiver_course.chapters.entities.model import pointer_loss
from perceiver_course.chapters.extending.model import bright_things, match
from perceiver_course.chapters.feature_maps.model import mean_overlap, overlaps
from perceiver_course.chapters.flow.model import tv_l1
from perceiver_course.kit.augment import binary_loss
from perceiver_course.kit.motion import warp
from perceiver_course.kit.recipes.clips import psnr
from perceiver_course.kit.rivals import linear_probe
from perceiver_course.kit.training import accuracy, batches
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.attention import attention
from perceiver_tutorial.checkpoints.pictures import Preparation
from perceiver_tutorial.masks import random_units
from perceiver_tutorial.perceiver import characters, decode_text, losses
from perceiver_tutorial.zoo import build

NAN = torch.full((2, 4), torch.nan)
pytestmark = pytest.mark.usefixtures("without_shape_checks")

# --- wrong answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [5, 7])
def test_more_or_fewer_values_than_keys_are_not_read_from_other_memory(values):
    queries, keys = torch.rand(2, 1, 3, 4), torch.rand(2, 1, 6, 4)
    with pytest.raises(ValueError, match=rf"expected a value for each of 6 keys, got {values}"):
        attention(queries, keys, torch.rand(2, 1, values, 4))


def test_ids_of_the_meta_device_are_not_looked_up_in_whatever_memory_holds():
    ids = raw("text classes").to("meta")
    with pytest.raises(ValueError, match="expected ids on cpu, where the weights are, got"):
        model("text classes")(ids)


def test_an_id_below_zero_is_no_special_one():
    for read in (characters, decode_text):
        with pytest.raises(ValueError, match=r"expected ids from 0 to 261, got -1"):
            read([4, -1])


def test_a_class_too_many_does_not_count_for_another():
    with pytest.raises(ValueError, match=r"expected classes from 0 to 2 in guess, got 0 to 3"):
        overlaps(torch.tensor([0, 3]), torch.tensor([0, 1]), 3)


def test_scores_that_are_nan_are_not_right_by_chance():
    with pytest.raises(ValueError, match=r"expected numbers in scores, got NaN in 8 of 8"):
        accuracy(Scores(), NAN, torch.tensor([0, 0]))


def test_pixels_whose_scores_are_nan_have_no_class():
    with pytest.raises(ValueError, match="expected numbers in scores, got NaN"):
        mean_overlap(
            nn.Conv2d(3, 2, 1), torch.full((1, 3, 2, 2), torch.nan), torch.zeros(1, 2, 2).long()
        )


def test_a_teacher_who_says_nan_has_no_first_choice():
    answer = deit.DeiTOutput(torch.rand(2, 4), torch.rand(2, 4))
    with pytest.raises(ValueError, match="expected numbers in teacher_logits, got NaN in 8 of 8"):
        deit.hard_distillation(answer, torch.tensor([0, 1]), NAN)


def test_a_flow_that_is_nan_leads_nowhere():
    with pytest.raises(ValueError, match="expected numbers in places, got NaN"):
        warp(torch.rand(1, 3, 4, 5), torch.full((1, 4, 5, 2), torch.nan))


def test_labels_that_are_nan_are_no_no():
    with pytest.raises(ValueError, match="expected numbers in labels, got NaN"):
        binary_loss(torch.rand(2, 4), NAN)


def test_a_zero_is_a_float_where_floats_are_wanted():
    config = hiera.HieraConfig(
        8, 1, (1, 1), drop_path=0, num_pools=1, mask_unit_attention=(True, False)
    )
    assert config.drop_path == hiera.HieraMAEConfig(config, mask_ratio=0).mask_ratio == 0
    assert deit.DeiTConfig(12, 3, drop_path=0, norm_eps=0).norm_eps == 0
    assert perceiver.LabelConfig(3, 4, mask_probability=0).mask_probability == 0
    with pytest.raises(ValueError, match=r"drop_path from 0 to below 1, got -1"):
        deit.DeiTConfig(12, 3, drop_path=-1)
    with pytest.raises(ValueError, match=r"mask_ratio from 0 to below 1, got -1"):
        hiera.HieraMAEConfig(config, mask_ratio=-1)


# --- NaN out of numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [
    lambda: deit.soft_divergence(torch.rand(0, 4), torch.rand(0, 4)),
    lambda: losses.end_point_error(torch.rand(0, 2), torch.rand(0, 2)),
    lambda: losses.end_point_error(torch.rand(3, 2), torch.rand(3, 2), torch.zeros(3).bool()),
    lambda: pointer_loss(torch.rand(0, 4), torch.zeros(0).long(), torch.ones(0, 4).bool()),
    lambda: losses.span_loss(torch.rand(0, 5, 2), torch.ones(0, 2).long(), torch.ones(0, 5).bool()),
    lambda: binary_loss(torch.rand(0, 4), torch.rand(0, 4)),
    lambda: psnr(torch.rand(2, 0), torch.rand(2, 0), peak=1.0),
])  # fmt: skip
def test_the_mean_of_nothing_is_refused(loss):
    with pytest.raises(ValueError, match=r"expected at least one (sample|place).*, got .*\. Leave"):
        loss()


def test_colours_are_not_divided_by_nothing():
    with pytest.raises(ValueError, match="above 0, for std, got"):
        Preparation(std=(0.0, 0.0, 0.0))


# --- it did not come back -------------------------------------------------------------------------


def test_classes_in_the_billions_are_not_counted_one_by_one():
    huge = torch.tensor([10**9])
    with pytest.raises(ValueError, match="expected classes from 0 to 2 in guess"):
        overlaps(huge, torch.zeros(1).long(), 3)


@pytest.mark.parametrize("build", [
    lambda: deit.DeiTConfig(6, 2, depth=2**62, image_size=(16, 24), patch_size=8),
    lambda: perceiver.EncoderConfig(7, 12, 1, 2**62, self_heads=2, cross_heads=1),
    lambda: build(perceiver.ImageClassifierConfig(
        perceiver.EncoderConfig(7, 12, 1, 1, self_heads=2, cross_heads=1),
        perceiver.ConvPoolStem(4, num_layers=2**62), perceiver.FourierConfig(2, (2, 2)),
    )),
])  # fmt: skip
def test_layers_without_end_are_not_begun(build):
    with pytest.raises(ValueError, match=r"expected .*, got .*4611686018427387904"):
        build()


# --- words of a library ---------------------------------------------------------------------------


def test_costs_that_are_nan_or_halves_are_no_matter_for_scipy():
    with pytest.raises(ValueError, match="expected numbers in costs, got NaN in 8 of 8"):
        match(NAN)
    rows, columns = match(torch.tensor([[1.0, 0.0]], dtype=torch.bfloat16))
    assert (rows.tolist(), columns.tolist()) == ([0], [1])


@pytest.mark.parametrize("way", [lambda x: x.requires_grad_(), lambda x: x.bfloat16()])
def test_a_picture_may_have_gradients_or_halves(way):
    assert len(bright_things(way(torch.rand(1, 9, 9))).classes) >= 0


def test_features_and_frames_may_have_gradients():
    features = torch.rand(6, 3, requires_grad=True)
    assert linear_probe(features, torch.arange(6) % 2, 2).weight.isfinite().all()
    frame = torch.rand(3, 20, 20, requires_grad=True)
    assert tv_l1(frame, frame).abs().max() < 1e-3


@pytest.mark.parametrize("arrays", [
    (), (torch.zeros(0),), (torch.zeros(2), torch.zeros(3)), (torch.tensor(1.0),), (None,), ("ab",),
    ([1, 2],),
])  # fmt: skip
def test_batches_are_made_of_tensors_with_as_many_samples(arrays):
    with pytest.raises((ValueError, TypeError), match="expected arrays with equally many samples"):
        batches(*arrays, batch_size=2)


@pytest.mark.parametrize("ratio", ["a", None, 1, -0.5, float("nan")])
def test_a_share_is_a_number(ratio):
    with pytest.raises(ValueError, match="expected mask_ratio from 0 to below 1, got"):
        random_units(2, (2, 2), ratio)


@pytest.mark.parametrize("bad, error", [("x", TypeError), (torch.zeros(3, 4, 4), ValueError)])
def test_a_teacher_is_given_images(bad, error):
    teacher = deit.Teacher(Scores())
    for call in (teacher, lambda images: deit.TeacherNotes(teacher, images)):
        with pytest.raises(error, match=r"expected images \[batch, colours, height, width\], got"):
            call(bad)


@pytest.mark.parametrize("mask", ["a", None, torch.ones(2, 5).bool(), torch.ones(2, 6)])
def test_what_is_drawn_has_a_mask(mask):
    with pytest.raises(ValueError, match=r"expected mask as \[2, 6\] of True and False, one for"):
        model("masked deit").draw(images(16, 24), mask)


@pytest.mark.parametrize("family, names", [
    (hiera, "HieraConfig or HieraMAEConfig"), (deit, "DeiTConfig or DeiTMaskedImageConfig"),
])  # fmt: skip
def test_a_family_builds_its_own(family, names):
    for other in (CONFIGS["masked language"], 5):
        with pytest.raises(TypeError, match=rf"expected a {names}, got {type(other).__name__}\."):
            family.build(other)
