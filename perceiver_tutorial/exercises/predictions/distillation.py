"""Guesses about distillation: what each loss needs, and what a second token brings."""

import torch

from ...deit import DeiTConfig, Teacher, TeacherNotes, build
from ...tracing import walk
from .kinds import ComputedPrediction

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
    "distillation.soft-target": ComputedPrediction(
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
    "distillation.hard-target": ComputedPrediction(
        question="and in hard distillation?",
        formula="B",
        symbols={"B": 32, "L": 10},
        slips={
            "B, L": "only the first choice is told: a class number for each image.",
            "B, 1": "cross_entropy takes class numbers without an axis for classes.",
        },
        compute=_hard_targets,
    ),
    "distillation.tokens": ComputedPrediction(
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
    "distillation.finer": ComputedPrediction(
        question="it is made ready for H x W = 12 x 12 pixels with deit.resized. Which shape has "
        "its table of positions now?",
        formula="H*W//P**2 + 2, C",
        symbols={"H": 12, "W": 12, "P": 2, "C": 32},
        slips={
            "H*W//P**2, C": "class and distillation token keep their rows in front.",
            "18, C": "that is the table for 8 x 8; its patches were stretched over 6 x 6.",
        },
        compute=lambda: build(LARGER).encoder.to_tokens.positions,
    ),
    "distillation.notes": ComputedPrediction(
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
    "distillation.answer": ComputedPrediction(
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
