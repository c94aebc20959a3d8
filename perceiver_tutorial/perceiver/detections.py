"""Things seen in pictures: what a detector answers, which of it counts, and how much is right."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..doors import checked
from .boxes import intersection_over_union

Answer = dict[str, Tensor]
ABSENT = -1


class ClassesAndBoxes(nn.Module):
    """Every output row becomes the scores of one thing's class, and its box.

    After DETR (Carion et al., arXiv 2005.12872): the last class is "nothing here", and boxes
    come from an MLP of two hidden layers.

    Args:
        channels: width of a row.
        num_classes: classes of things, without "nothing".
    """

    def __init__(self, channels: int, num_classes: int):
        super().__init__()
        self.to_logits = nn.Linear(channels, num_classes + 1)
        self.to_box = nn.Sequential(
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Linear(channels, 4),
        )

    def forward(self, output_array: Float[Tensor, "batch outputs output_channels"]) -> Answer:
        """Scores (before softmax) [batch, outputs, classes + 1] and boxes [batch, outputs, 4]."""
        boxes = self.to_box(output_array).sigmoid()
        return {"classes": self.to_logits(output_array), "boxes": boxes}

    def assemble(self, answers: Answer) -> Answer:
        return answers


class Things(NamedTuple):
    """What is in one picture.

    Attributes:
        classes: one for each thing.
        boxes: (centre x, centre y, width, height) from 0 to 1.
        scores: how likely each is, from 0 to 1.
        queries: which query found each; None where no query did.
    """

    classes: Int[Tensor, " things"]
    boxes: Float[Tensor, "things xywh=4"]
    scores: Float[Tensor, " things"]
    queries: Int[Tensor, " things"] | None = None


@checked
def things_found(answer: Answer) -> list[Things]:
    """What a detector says is in each picture: queries that rather see a thing than nothing.

    Args:
        answer: class scores and boxes, from a detector.
    """
    nothing = answer["classes"].shape[-1] - 1
    scores, classes = answer["classes"].softmax(-1).max(-1)
    found = []
    for number, seen in enumerate(classes != nothing):
        queries = seen.nonzero().squeeze(1)
        boxes = answer["boxes"][number, queries]
        found.append(Things(classes[number, queries], boxes, scores[number, queries], queries))
    return found


@dataclass(frozen=True)
class Detected:
    """How much of what was found is right, and how much of what is there was found.

    Attributes:
        hits: found things that are a thing of their class, each paired with one of its own.
        found: all that were found.
        things: all that are there.
        overlap: mean intersection over union of the hits with their things.
    """

    hits: int
    found: int
    things: int
    overlap: float

    @property
    def precision(self) -> float:
        """The share of the found that is right; 0 where nothing is found."""
        return self.hits / max(1, self.found)

    @property
    def recall(self) -> float:
        """The share of the things that was found; 0 where there are none."""
        return self.hits / max(1, self.things)

    @property
    def f1(self) -> float:
        """Both in one number, their harmonic mean."""
        return 2 * self.hits / max(1, self.found + self.things)


@checked
def judge_detections(
    found: list[Things],
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
    at_least: float = 0.5,
) -> Detected:
    """Count hits: the right class, and a box that has enough in common with the thing's.

    A thing can be hit once: who is found twice is wrong once.

    Args:
        found: for each picture what was found.
        classes: what is there, `ABSENT` where there is no further thing.
        boxes: of what is there.
        at_least: intersection over union from which a box counts.

    Raises:
        ValueError: if there is not one truth for each picture.
    """
    if len(found) != len(classes):
        raise ValueError(f"expected truth for {len(found)} pictures, got it for {len(classes)}.")
    overlaps = [_hits(*truth, at_least) for truth in zip(found, classes, boxes, strict=True)]
    hits = torch.cat(overlaps) if overlaps else torch.zeros(0)
    return Detected(
        hits=len(hits),
        found=sum(len(things.classes) for things in found),
        things=int((classes != ABSENT).sum()),
        overlap=hits.mean().item() if len(hits) else 0.0,
    )


def _hits(found: Things, classes: Tensor, boxes: Tensor, at_least: float) -> Tensor:
    """Overlaps of the hits in one picture, paired so that they are as many as possible."""
    from scipy.optimize import linear_sum_assignment

    there = classes != ABSENT
    overlaps = intersection_over_union(found.boxes[:, None], boxes[there][None])
    counts = (found.classes[:, None] == classes[there]) & (overlaps >= at_least)
    rows, columns = linear_sum_assignment(-(counts * (1 + overlaps)).detach().numpy())
    return overlaps[rows, columns][counts[rows, columns]]
