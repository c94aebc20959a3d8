"""What the explorer of distillation draws is what teacher, student and losses say."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from perceiver_course.explorers.distillation import (
    DISPUTED,
    GROUPS,
    KNOBS,
    TEMPERATURES,
    Lesson,
    distillation,
    draw,
    lanes,
    numbers_in,
    parts,
)
from perceiver_course.explorers.explorer import corners
from perceiver_course.kit.recipes.digits_deit import digits_teacher, few_labels
from perceiver_course.recipes import trained
from perceiver_tutorial.deit import DeiTOutput, hard_distillation, soft_distillation

OTHERS = (DISPUTED, 0, 1572)


def asked(number):
    """Teacher and student about one digit, without the explorer."""
    image = few_labels().test_images[number][None]
    with torch.inference_mode():
        answer = trained("digits-deit-token")(image)
    return digits_teacher()(image), answer, few_labels().test_labels[number][None]


def rows(number, temperature=3.0, alpha=0.5):
    lesson = Lesson(torch.zeros(1, 8, 8), "", label=4, choice=6)
    return lanes(lesson, number, temperature, alpha)


def softened(logits, temperature):
    """Softmax of logits over T, written out."""
    powers = torch.exp(logits[0].double() / temperature)
    return powers / powers.sum()


def loss_of(some):
    return sum(weight * value for weight, value in some)


@pytest.mark.parametrize("number", OTHERS)
@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_bars_are_the_softmax_of_logits_over_the_temperature(number, temperature):
    teacher, answer, _ = asked(number)
    first, soft, one, other, both = rows(number, temperature)
    heads = answer.class_logits, answer.distillation_logits
    found = [first.shares, soft.shares, soft.compared, one.shares, other.shares, both.shares]
    wanted = [
        softened(teacher, 1), softened(teacher, temperature), softened(heads[1], temperature),
        softened(heads[0], 1), softened(heads[1], 1), softened((heads[0] + heads[1]) / 2, 1),
    ]  # fmt: skip
    for shares, expected in zip(found, wanted, strict=True):
        torch.testing.assert_close(shares.double(), expected, atol=1e-5, rtol=1e-4)
    if temperature != 1:
        assert not torch.allclose(first.shares, soft.shares, atol=1e-3)


def test_frames_stand_where_label_and_teacher_want_everything():
    assert [lane.target for lane in rows(DISPUTED)] == [None, None, 4, 6, None]


@pytest.mark.parametrize("number", OTHERS)
@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_soft_loss_is_cross_entropy_and_divergence(number, temperature):
    teacher, answer, label = asked(number)
    p, q = (softened(x, temperature) for x in (teacher, answer.distillation_logits))
    apart = temperature**2 * (p * (p.log() - q.log())).sum().item()
    told = -softened(answer.class_logits, 1)[label].log().item()
    (zero, first), (one, second) = parts(number, temperature, alpha=0.3)[
        f"soft, T = {temperature:g}"
    ]
    assert (zero, one) == pytest.approx((0.7, 0.3))
    assert (first, second) == pytest.approx((told, apart), abs=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("number", OTHERS)
def test_sums_are_deits_own_losses(number, alpha):
    teacher, answer, label = asked(number)
    soft, hard = parts(number, 5.0, alpha).values()
    given = (answer, label, teacher)
    wanted = soft_distillation(*given, 5.0, alpha), hard_distillation(*given, alpha)
    assert (loss_of(soft), loss_of(hard)) == pytest.approx([x.item() for x in wanted], abs=1e-4)


def test_at_alpha_0_labels_are_left_and_at_1_the_teacher():
    teacher, answer, label = asked(DISPUTED)
    told = cross_entropy(answer.class_logits, label).item()
    taught = cross_entropy(answer.distillation_logits, teacher.argmax(-1)).item()
    for temperature in TEMPERATURES:
        assert [loss_of(some) for some in parts(DISPUTED, temperature, 0.0).values()] == (
            pytest.approx([told, told], abs=1e-4)
        )
        soft, hard = parts(DISPUTED, temperature, 1.0).values()
        assert loss_of(hard) == pytest.approx(taught, abs=1e-4)
        assert loss_of(soft) != pytest.approx(taught, abs=1e-3)


def test_the_hard_loss_does_not_feel_the_temperature_and_the_soft_one_does():
    losses = [parts(DISPUTED, temperature, 0.5) for temperature in TEMPERATURES]
    soft, hard = zip(*(some.values() for some in losses), strict=True)
    assert len({str(some) for some in hard}) == 1
    assert len({str(some) for some in soft}) == len(TEMPERATURES)


def test_a_higher_temperature_is_flatter():
    highest = [rows(DISPUTED, temperature)[1].shares.max() for temperature in TEMPERATURES]
    assert sorted(highest, reverse=True) == highest


def test_groups_hold_what_they_are_called_for():
    images, labels = few_labels().test_images, few_labels().test_labels
    with torch.inference_mode():
        answer: DeiTOutput = trained("digits-deit-token")(images)
    choices = digits_teacher()(images).argmax(-1)
    differ = answer.class_logits.argmax(-1) != answer.distillation_logits.argmax(-1)
    assert differ[list(numbers_in(GROUPS[0]))].all() and len(numbers_in(GROUPS[0])) == differ.sum()
    assert len(numbers_in(GROUPS[1])) == (choices != labels).sum()
    assert not set(numbers_in(GROUPS[2])) & set(numbers_in(GROUPS[0]) + numbers_in(GROUPS[1]))


def test_the_picture_tells_how_often_the_heads_agree():
    with torch.inference_mode():
        answer = trained("digits-deit-token")(few_labels().test_images)
    same = answer.class_logits.argmax(-1) == answer.distillation_logits.argmax(-1)
    assert (
        f"agree on {100 * same.float().mean():.1f} % of {len(same):,}" in distillation().picture.alt
    )


def test_the_start_is_a_9_on_which_the_heads_follow_label_and_teacher():
    explorer = distillation()
    assert numbers_in(explorer.settings["group"])[explorer.settings["digit"]] == DISPUTED
    assert "The class head says 9, the distillation head 7." in explorer.picture.alt
    assert few_labels().test_labels[DISPUTED] == 9


def test_no_bar_of_the_losses_leaves_the_paper():
    for setting in corners(KNOBS):
        figure = draw(**setting).figure
        right = max(box.get_x() + box.get_width() for box in figure.axes[0].patches)
        assert right <= 8.0
