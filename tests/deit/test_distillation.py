"""Both losses equal their formulas, number by number; the teacher sees what the student sees."""

import math

import pytest
import torch
from shaken import relative_error
from tolerances import EXACT
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, kl_div

from perceiver_course.kit.augment import jitter, soft_labels
from perceiver_course.kit.rivals import ConvNetConfig
from perceiver_tutorial.deit import (
    DeiTOutput,
    Normalisation,
    Teacher,
    TeacherNotes,
    hard_distillation,
    soft_distillation,
    soft_divergence,
)
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("float64")

BATCH, CLASSES = 5, 7


@pytest.fixture
def answer():
    return DeiTOutput(torch.randn(BATCH, CLASSES), torch.randn(BATCH, CLASSES))


@pytest.fixture
def labels():
    return torch.tensor([3, 0, 6, 6, 1])


@pytest.fixture
def taught():
    return 3 * torch.randn(BATCH, CLASSES)


def shares(row, temperature=1.0):
    """Softmax of one row, in plain Python."""
    powers = [math.exp(float(x) / temperature) for x in row]
    return [power / sum(powers) for power in powers]


def loop_cross_entropy(logits, wanted):
    return sum(-math.log(shares(row)[w]) for row, w in zip(logits, wanted, strict=True)) / len(
        logits
    )


def loop_divergence(student, teacher, temperature):
    """The sum over images and classes of p log(p / q), p the teacher's, q the student's."""
    total = 0.0
    for s, t in zip(student, teacher, strict=True):
        for q, p in zip(shares(s, temperature), shares(t, temperature), strict=True):
            total += p * math.log(p / q)
    return temperature**2 * total


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
def test_hard_distillation_is_the_formula_written_out(answer, labels, taught, alpha):
    choices = [max(range(CLASSES), key=lambda c, row=row: row[c]) for row in taught.tolist()]
    want = (1 - alpha) * loop_cross_entropy(answer.class_logits, labels)
    want += alpha * loop_cross_entropy(answer.distillation_logits, choices)
    assert hard_distillation(answer, labels, taught, alpha).item() == pytest.approx(want, rel=EXACT)


@pytest.mark.parametrize("reduction, parts", [("batchmean", BATCH), ("numel", BATCH * CLASSES)])
@pytest.mark.parametrize("temperature, alpha", [(1.0, 0.5), (3.0, 0.1), (0.5, 1.0)])
def test_soft_distillation_is_the_formula_written_out(
    answer, labels, taught, temperature, alpha, reduction, parts
):
    want = (1 - alpha) * loop_cross_entropy(answer.class_logits, labels)
    want += alpha * loop_divergence(answer.distillation_logits, taught, temperature) / parts
    got = soft_distillation(answer, labels, taught, temperature, alpha, reduction)
    assert got.item() == pytest.approx(want, rel=EXACT)


def test_the_defaults_are_the_papers_numbers(answer, labels, taught):
    assert torch.equal(
        hard_distillation(answer, labels, taught), hard_distillation(answer, labels, taught, 0.5)
    )
    papers = soft_distillation(answer, labels, taught, 3.0, 0.1, "batchmean")
    assert torch.equal(soft_distillation(answer, labels, taught), papers)


def test_batchmean_is_torchs_own_and_numel_is_metas(taught):
    logits, T = torch.randn(BATCH, CLASSES), 2.5
    log_student, log_teacher = (logits / T).log_softmax(-1), (taught / T).log_softmax(-1)
    torchs = kl_div(log_student, log_teacher, reduction="batchmean", log_target=True) * T * T
    assert torch.isclose(soft_divergence(logits, taught, T), torchs)
    same = kl_div(log_student, log_teacher.exp(), reduction="batchmean") * T * T
    assert torch.isclose(soft_divergence(logits, taught, T), same)
    summed = kl_div(log_student, log_teacher, reduction="sum", log_target=True)
    assert torch.isclose(
        soft_divergence(logits, taught, T, "numel"), summed * (T * T) / logits.numel()
    )


def test_numel_is_batchmean_divided_by_the_number_of_classes(taught):
    logits = torch.randn(BATCH, CLASSES)
    whole, small = (soft_divergence(logits, taught, 3.0, r) for r in ("batchmean", "numel"))
    assert torch.isclose(whole, small * CLASSES)


def test_the_divergence_goes_from_the_teacher_to_the_student():
    """Swap the arguments of kl_div, and an unsure student of a sure teacher costs not ln 2."""
    teacher, student = torch.tensor([[40.0, 0.0]]), torch.zeros(1, 2)
    assert torch.isclose(soft_divergence(student, teacher, 1.0), torch.tensor(math.log(2.0)))
    assert soft_divergence(teacher, student, 1.0) > 10


def test_a_perfect_copy_costs_nothing_whatever_it_adds_to_all_scores(taught):
    assert soft_divergence(taught + 5, taught).abs() < 1e-6
    assert soft_divergence(taught.roll(1, 0), taught) > 0.1


def test_the_gradient_hardly_depends_on_a_high_temperature(taught):
    def gradient(temperature):
        logits = torch.zeros(BATCH, CLASSES, requires_grad=True)
        soft_divergence(logits, taught, temperature).backward()
        return logits.grad.norm().item()

    assert gradient(100.0) == pytest.approx(gradient(1000.0), rel=0.02)
    # As if logits were compared directly (Hinton et al., equation 4).
    centred = taught - taught.mean(-1, keepdim=True)
    assert gradient(1000.0) == pytest.approx((centred / CLASSES / BATCH).norm().item(), rel=0.01)


@pytest.mark.parametrize("loss", [hard_distillation, soft_distillation])
def test_labels_teach_one_head_and_the_teacher_the_other(labels, taught, loss):
    for alpha, silent in ((0.0, "distillation_logits"), (1.0, "class_logits")):
        heads = {
            name: torch.randn(BATCH, CLASSES, requires_grad=True)
            for name in ("class_logits", "distillation_logits")
        }
        loss(DeiTOutput(**heads), labels, taught, alpha=alpha).backward()
        recorded = {name: head.grad.abs().sum() > 0 for name, head in heads.items()}
        assert not recorded.pop(silent) and all(recorded.values())


def test_one_head_hears_both_where_there_is_no_other(labels, taught):
    one = torch.randn(BATCH, CLASSES)
    both = 0.5 * (cross_entropy(one, labels) + cross_entropy(one, taught.argmax(-1)))
    assert torch.isclose(hard_distillation(DeiTOutput(one), labels, taught), both)
    assert torch.isclose(
        soft_distillation(DeiTOutput(one), labels, taught, alpha=1.0), soft_divergence(one, taught)
    )


def test_labels_may_be_probabilities(answer, labels, taught):
    spread = soft_labels(labels, CLASSES, smoothing=0.1)
    want = cross_entropy(answer.class_logits, labels, label_smoothing=0.1)
    assert torch.isclose(hard_distillation(answer, spread, taught, alpha=0.0), want)


@pytest.mark.parametrize("changes, message", [
    ({"alpha": 1.5}, r"expected alpha from 0, labels only, to 1, teacher only, got 1.5"),
    ({"alpha": -0.1}, r"expected alpha from 0"),
    ({"temperature": 0.0}, r"expected a temperature above 0, got 0.0. At 1 nothing is softened"),
])  # fmt: skip
def test_a_wrong_knob_is_refused(answer, labels, taught, changes, message):
    with pytest.raises(ValueError, match=message):
        soft_distillation(answer, labels, taught, **changes)


@pytest.mark.usefixtures("without_shape_checks")
def test_what_does_not_go_together_is_refused(answer, labels, taught):
    with pytest.raises(ValueError, match=r"teacher_logits \[images, classes\] of \[5, 7\] as the"):
        hard_distillation(answer, labels, taught[:, :6])
    with pytest.raises(ValueError, match=r"of \[5, 7\] as the student's, got \[4, 7\]\. Ask the"):
        soft_distillation(answer, labels, taught[:4])
    with pytest.raises(ValueError, match=r"'batchmean' or 'numel', got 'mean'\."):
        soft_distillation(answer, labels, taught, reduction="mean")


# -- the teacher -----------------------------------------------------------------------------


class Spy(nn.Module):
    """Scores a picture by its pixels, and keeps what it was shown."""

    def forward(self, images):
        self.seen = images
        return images.flatten(1)[:, :4]


def test_a_teacher_sees_its_own_normalisation():
    pictures = torch.rand(2, 3, 4, 4)
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.4])
    normed = (pictures - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    teacher = Teacher(
        Spy(),
        theirs=Normalisation((0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
        own=Normalisation(0.5, 0.25),
    )
    teacher(normed)
    assert relative_error(teacher.model.seen, (pictures - 0.5) / 0.25) < EXACT


def test_a_teacher_sees_its_own_size_and_otherwise_the_very_same_image():
    images = torch.rand(2, 3, 12, 12)
    teacher, plain = Teacher(Spy(), image_size=(8, 8)), Teacher(Spy())
    teacher(images), plain(images)
    smaller = interpolate(images, (8, 8), mode="bilinear", antialias=True)
    assert relative_error(teacher.model.seen, smaller) < EXACT
    assert torch.equal(plain.model.seen, images)


def test_a_teacher_is_frozen_and_counts_nothing_while_its_student_trains():
    net = build(ConvNetConfig(width=4)).train()
    teacher = Teacher(net)
    student = nn.ModuleDict({"teacher": teacher}).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    logits = student["teacher"](torch.rand(3, 3, 8, 8))
    assert not net.training and not logits.requires_grad
    assert not any(p.requires_grad for p in teacher.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_notes_are_what_the_teacher_says_and_it_is_asked_once():
    teacher, images = Teacher(build(ConvNetConfig(width=4))), torch.rand(9, 3, 8, 8)
    notes = TeacherNotes(teacher, images, batch_size=4)
    teacher.model = None
    numbers = torch.tensor([8, 0, 3])
    said = notes(numbers, images[numbers])
    assert said.shape == (3, 10) and torch.equal(said, notes.logits[numbers])


def test_notes_equal_asking():
    teacher, images = Teacher(build(ConvNetConfig(width=4))), torch.rand(9, 3, 8, 8)
    notes = TeacherNotes(teacher, images, batch_size=4)
    assert relative_error(notes(torch.arange(9), images), teacher(images)) < EXACT


@pytest.mark.parametrize("change", [
    lambda images: images.flip(-1),
    lambda images: images + 1e-3,
    lambda images: images[[1, 0, 2]],
    lambda images: jitter(images, torch.Generator().manual_seed(0)),
])  # fmt: skip
def test_notes_about_other_pixels_are_refused(change):
    images = torch.rand(3, 3, 8, 8)
    notes = TeacherNotes(Teacher(build(ConvNetConfig(width=4))), images)
    with pytest.raises(ValueError, match=r"the very images .* other pixels for \d of 3"):
        notes(torch.arange(3), change(images))


def test_the_refusal_names_the_image():
    images = torch.rand(6, 3, 8, 8)
    notes = TeacherNotes(Teacher(build(ConvNetConfig(width=4))), images)
    shown = images[[2, 5]].clone()
    shown[1] *= 0.9
    with pytest.raises(ValueError, match=r"for 1 of 2, the first of them number 5. If"):
        notes(torch.tensor([2, 5]), shown)


# --- scores of -inf: classes that are ruled out ---------------------------------------------------

OUT = -math.inf


@pytest.mark.parametrize("student, teacher, divergence", [
    ([0.0, 0.0, OUT], [0.0, 0.0, OUT], 0.0),
    ([0.0, 0.0, 0.0], [0.0, 0.0, OUT], math.log(3 / 2)),
    ([0.0, OUT, OUT], [0.0, OUT, OUT], 0.0),
    ([0.0, 0.0, OUT], [0.0, 0.0, 0.0], math.inf),
])  # fmt: skip
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_a_class_that_the_teacher_rules_out_adds_nothing(student, teacher, divergence, temperature):
    logits = torch.tensor([student], dtype=torch.float64, requires_grad=True)
    taught = torch.tensor([teacher], dtype=torch.float64, requires_grad=True)
    value = soft_divergence(logits, taught, temperature)
    assert value.item() == pytest.approx(temperature**2 * divergence, abs=1e-12)
    if math.isfinite(divergence):
        value.backward()
        assert logits.grad.isfinite().all() and taught.grad.isfinite().all()


def test_labels_as_probabilities_may_be_0_where_a_score_rules_a_class_out():
    logits = torch.tensor([[0.0, 0.0, OUT]], dtype=torch.float64, requires_grad=True)
    sure, torn = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.5, 0.0, 0.5]])
    teacher = torch.zeros(1, 3, dtype=torch.float64)
    told = hard_distillation(DeiTOutput(logits), sure.double(), teacher, alpha=0.5)
    told.backward()
    assert told.item() == pytest.approx(math.log(2)) and logits.grad.isfinite().all()
    assert hard_distillation(DeiTOutput(logits), torn.double(), teacher).isinf()


@pytest.mark.parametrize("loss", [hard_distillation, soft_distillation])
def test_who_counts_nothing_may_be_infinitely_wrong(loss):
    impossible, even = torch.tensor([[OUT, 0.0]]), torch.zeros(1, 2)
    labels, teacher = torch.tensor([0]), torch.tensor([[9.0, 0.0]])
    to_teacher = loss(DeiTOutput(impossible, even), labels, teacher, alpha=1.0)
    to_labels = loss(DeiTOutput(even, impossible), labels, teacher, alpha=0.0)
    assert to_teacher.isfinite() and to_labels.item() == pytest.approx(math.log(2))


def test_soft_labels_are_torchs_cross_entropy_elsewhere(answer, taught):
    soft = taught.softmax(-1)
    got = hard_distillation(answer, soft, taught, alpha=0.0)
    torch.testing.assert_close(got, cross_entropy(answer.class_logits, soft))
