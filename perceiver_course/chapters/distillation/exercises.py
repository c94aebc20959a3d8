"""Exercises about learning from a teacher: both losses, the heads, and what must be the same."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div

from perceiver_tutorial.deit import (
    DeiTConfig,
    DeiTOutput,
    Teacher,
    TeacherNotes,
    build,
    hard_distillation,
    soft_divergence,
)
from perceiver_tutorial.tracing import walk

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import Prediction


def _logits(draw) -> tuple[Tensor, Tensor, float]:
    images, classes = draw.sizes(2)
    teacher = 3 * draw.randn(images, classes)
    return draw.randn(images, classes), teacher, draw.choice((2.5, 3.0, 1.5))


def _logs(student: Tensor, teacher: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    return (student / temperature).log_softmax(-1), (teacher / temperature).log_softmax(-1)


def _swapped(student, teacher, temperature):
    return soft_divergence(teacher, student, temperature)


def _without_square(student, teacher, temperature):
    return soft_divergence(student, teacher, temperature) / temperature**2


def _without_logarithm(student, teacher, temperature):
    mine, theirs = _logs(student, teacher, temperature)
    return kl_div(mine.exp(), theirs.exp(), reduction="batchmean") * temperature**2


SOFT_LOSS = Exercise(
    task="return T^2 * KL(teacher || student) of both distributions softened by T, divided by "
    "the images, from logits [images, classes]. torch.nn.functional.kl_div may help.",
    inputs=_logits,
    reference=soft_divergence,
    slips=(
        Slip("the other way round: kl_div takes the student first, the teacher second.", _swapped),
        Slip(
            "T^2 is missing: without it a high temperature turns the teacher off.", _without_square
        ),
        Slip(
            "kl_div wants the student as log-probabilities: log_softmax, not softmax.",
            _without_logarithm,
        ),
        Slip(
            "that divides by images times classes, as Meta's code does; here by the images.",
            lambda student, teacher, t: soft_divergence(student, teacher, t, "numel"),
        ),
        Slip(
            "both have to be softened by the same temperature.",
            lambda student, teacher, t: soft_divergence(student, teacher / t, 1.0) * t**2,
        ),
        Slip(
            "the factor is T^2: gradients shrink by T twice.",
            lambda student, teacher, t: soft_divergence(student, teacher, t) / t,
        ),
        Slip(
            "that is the sum over all images: divide by how many they are.",
            lambda student, teacher, t: soft_divergence(student, teacher, t) * len(student),
        ),
        Slip(
            "the other way round: kl_div takes the student first, the teacher second. And T^2 is "
            "missing.",
            lambda student, teacher, t: _swapped(student, teacher, t) / t**2,
        ),
        Slip(
            "the teacher's own logarithm is missing: KL is sum p (log p - log q).",
            lambda student, teacher, t: (
                t**2 * ((teacher / t).softmax(-1) * (student / t).log_softmax(-1)).sum(-1).mean()
            ),
        ),
    ),
)


def _two_heads(draw) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    images, classes = draw.sizes(2, low=4)
    first, second, teacher = (draw.randn(images, classes) for _ in range(3))
    return first, second, draw.randint(classes, images), 3 * teacher


HARD_LOSS = Exercise(
    task="return DeiT's hard distillation: half the cross-entropy of the class head with the "
    "labels, half that of the distillation head with the teacher's choice.",
    inputs=_two_heads,
    reference=lambda first, second, labels, teacher: hard_distillation(
        DeiTOutput(first, second), labels, teacher
    ),
    slips=(
        Slip(
            "the labels teach both heads here; the second one listens to the teacher.",
            lambda first, second, labels, _: (
                (cross_entropy(first, labels) + cross_entropy(second, labels)) / 2
            ),
        ),
        Slip(
            "the heads are exchanged: the class token answers to the labels.",
            lambda first, second, labels, teacher: hard_distillation(
                DeiTOutput(second, first), labels, teacher
            ),
        ),
        Slip(
            "one half of each: a sum is twice as long a step.",
            lambda first, second, labels, teacher: (
                cross_entropy(first, labels) + cross_entropy(second, teacher.argmax(-1))
            ),
        ),
        Slip(
            "how sure the teacher is does not count here: take its argmax.",
            lambda first, second, labels, teacher: (
                (cross_entropy(first, labels) + cross_entropy(second, teacher.softmax(-1))) / 2
            ),
        ),
        Slip(
            "the teacher's logits are no probabilities; its choice is their argmax.",
            lambda first, second, labels, teacher: (
                (cross_entropy(first, labels) + cross_entropy(second, teacher)) / 2
            ),
        ),
        Slip(
            "the second head listens to the teacher, and each loss counts one half.",
            lambda first, second, labels, _: (
                cross_entropy(first, labels) + cross_entropy(second, labels)
            ),
        ),
    ),
)

CLASSES_APART = Exercise(
    task="Meta's code divides the soft term by images times classes, timm by the images. A "
    "setting has alpha_meta (labels weigh 1 - alpha_meta). Return the alpha with which the "
    "other reduction weighs labels and teacher in the same proportion, given the classes.",
    inputs=lambda draw: (draw.choice((0.5, 0.1, 0.9)), draw.choice((1000, 10, 100))),
    reference=lambda alpha, classes: (alpha / classes) / (alpha / classes + 1 - alpha),
    slips=(
        Slip(
            "the labels' weight changes, too: both weights have to sum to 1 again.",
            lambda alpha, classes: alpha / classes,
        ),
        Slip(
            "the other way: Meta's soft term is the smaller one.",
            lambda alpha, classes: alpha * classes / (alpha * classes + 1 - alpha),
        ),
        Slip(
            "then the teacher would count classes times as much as in Meta's code.",
            lambda alpha, _classes: alpha,
        ),
    ),
)


def _loss_inputs() -> tuple[DeiTOutput, Tensor, Tensor]:
    first, second, labels, teacher = _two_heads(Draw("two heads"))
    return DeiTOutput(first, second), labels, teacher


def _soft(answer: DeiTOutput, labels: Tensor, teacher: Tensor) -> Tensor:
    second = answer.distillation_logits
    return (cross_entropy(answer.class_logits, labels) + soft_divergence(second, teacher, 3.0)) / 2


def _labels_for_both(answer: DeiTOutput, labels: Tensor, teacher: Tensor) -> Tensor:
    recorded = teacher.softmax(-1)[torch.arange(len(labels)), labels].mean()
    second = answer.distillation_logits
    return (
        cross_entropy(answer.class_logits, labels) + recorded * cross_entropy(second, labels)
    ) / 2


def _keeps_its_promise(loss) -> bool:
    answer, labels, teacher = _loss_inputs()
    floor = cross_entropy(answer.class_logits, labels) / 2
    copied = loss(DeiTOutput(answer.class_logits, teacher.clone()), labels, teacher)
    sure, unsure = torch.tensor([[20.0, 0.0]]), torch.zeros(1, 2)
    one, label = DeiTOutput(unsure, unsure), torch.tensor([0])
    want = (cross_entropy(unsure, label) + soft_divergence(unsure, sure, 3.0)) / 2
    return (
        torch.isclose(copied, floor).item() and torch.isclose(loss(one, label, sure), want).item()
    )


SAME_TEACHER = BugHunt(
    task="`loss(answer, labels, teacher_logits)` is half the cross-entropy of the class head, half "
    "T^2 * KL(teacher || distillation head) at T = 3. Return whether a given one keeps that: think "
    "of a student that copies its teacher, and of a sure teacher with an unsure student.",
    inputs=_loss_inputs,
    right=_soft,
    bugs=(
        lambda answer, labels, teacher: _soft(
            DeiTOutput(answer.class_logits, teacher), labels, answer.distillation_logits
        ),
        lambda answer, labels, teacher: (
            (
                cross_entropy(answer.class_logits, labels)
                + soft_divergence(answer.distillation_logits, teacher, 3.0) / 9
            )
            / 2
        ),
        lambda answer, labels, teacher: _soft(answer, labels, teacher.roll(1, 0)),
        _labels_for_both,
    ),
    reference=_keeps_its_promise,
)


SMALL = DeiTConfig(
    channels=32, num_heads=4, depth=3, image_size=(8, 8), patch_size=2, num_classes=10
)
LARGER = DeiTConfig(
    channels=32, num_heads=4, depth=3, image_size=(12, 12), patch_size=2, num_classes=10
)


class _TenScores(torch.nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)[:, :10]


def _notes() -> torch.Tensor:
    views = torch.zeros(6 * 5, 3, 8, 8)
    return TeacherNotes(Teacher(_TenScores()), views).logits


def _hard_targets() -> torch.Tensor:
    return Teacher(_TenScores())(torch.zeros(32, 3, 8, 8)).argmax(-1)


PREDICTIONS = {
    "distillation.soft-target": Prediction(
        question="a batch of B = 32 images, L = 10 classes. Which shape has what a teacher tells "
        "in soft distillation?",
        formula="B, L",
        symbols={"B": 32, "L": 10},
        slips={
            "B": "one number for each image is its choice: that is hard distillation.",
            "B, 1": "a share for every class: that is what is soft about it.",
            "L": "every image gets its own distribution.",
        },
        compute=lambda: Teacher(_TenScores())(torch.zeros(32, 3, 8, 8)).softmax(-1),
    ),
    "distillation.hard-target": Prediction(
        question="and in hard distillation?",
        formula="B",
        symbols={"B": 32, "L": 10},
        slips={
            "B, L": "only the first choice is told: a class number for each image.",
            "B, 1": "cross_entropy takes class numbers without an axis for classes.",
        },
        compute=_hard_targets,
    ),
    "distillation.tokens": Prediction(
        question="a distilled DeiT reads images of H x W = 8 x 8 pixels in patches of P = 2. Which "
        "shape have its tokens of C = 32 channels?",
        formula="B, H*W//P**2 + 2, C",
        symbols={"B": 1, "H": 8, "W": 8, "P": 2, "C": 32},
        slips={
            "B, H*W//P**2, C": "class and distillation token stand in front of the patches.",
            "B, H*W//P**2 + 1, C": "a distilled DeiT has a second token.",
        },
        compute=lambda: build(SMALL).tokens(SMALL.example_input()),
    ),
    "distillation.finer": Prediction(
        question="it is made ready for H x W = 12 x 12 pixels with deit.resized. Which shape has "
        "its table of positions now? Its first axis, of length 1, stands for the batch.",
        formula="1, H*W//P**2 + 2, C",
        symbols={"H": 12, "W": 12, "P": 2, "C": 32},
        slips={
            "1, H*W//P**2, C": "class and distillation token keep their rows in front.",
            "1, 18, C": "that is the table for 8 x 8; its patches were stretched over 6 x 6.",
        },
        compute=lambda: build(LARGER).positions,
    ),
    "distillation.notes": Prediction(
        question="5 views of each of 6 images are kept, and the teacher is asked about them once. "
        "Which shape have its notes, for L = 10?",
        formula="6 * 5, L",
        symbols={"L": 10},
        slips={
            "6, L": "each view looks different, and the teacher says something else about it.",
            "6, 5, L": "views are images like any other: one axis for all of them.",
        },
        compute=_notes,
    ),
    "distillation.answer": Prediction(
        question="L = 10 classes, two heads. Which shape have the final logits of B = 1 image?",
        formula="B, L",
        symbols={"B": 1, "L": 10},
        slips={
            "B, 2*L": "the heads are averaged, not set side by side.",
            "B, 2, L": "the mean of both heads is one row of scores.",
        },
        compute=lambda: walk(SMALL)["answer"].shape,
    ),
}
