"""Finding things: answers and things are paired so that all in all they fit best, then compared.

After DETR (Carion et al., arXiv 2005.12872, section 3.1): a set has no order, so it is the
loss that finds out which query answers for which thing.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...doors import check_numbers, checked
from ..boxes import generalised_iou
from ..detections import ABSENT, Answer

BOX, OVERLAP = 5.0, 2.0  # weights of distance and of overlap, as published
NOTHING = 0.1  # weight of "nothing" beside a thing, as published for a hundred queries


class Pairs(NamedTuple):
    """Which query answers for which thing.

    Attributes:
        samples: number of the picture, for each pair.
        queries: number of the query in it.
        things: number of the thing in it.
    """

    samples: Int[Tensor, " pairs"]
    queries: Int[Tensor, " pairs"]
    things: Int[Tensor, " pairs"]


@checked
def match(
    costs: Float[Tensor, "queries things"],
) -> tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]]:
    """Pair rows with columns, each at most once, so that the costs of all pairs sum to the least.

    The Hungarian method. There are as many pairs as rows or columns, whichever are fewer.

    Returns:
        The rows and the columns of the pairs.

    >>> match(torch.tensor([[1.0, 2.0], [0.0, 9.0]]))
    (tensor([0, 1]), tensor([1, 0]))
    """
    from scipy.optimize import linear_sum_assignment

    check_numbers(costs=costs)
    rows, columns = linear_sum_assignment(costs.detach().double().cpu().numpy())
    return torch.as_tensor(rows), torch.as_tensor(columns)


@checked
def matching_costs(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
) -> Float[Tensor, "batch queries things"]:
    """How badly each query would do for each thing; low is good.

    Less the probability of the thing's class, plus the distance of the boxes, less their
    generalised intersection over union. What stands for an `ABSENT` thing means nothing.
    """
    wanted = classes.clamp(min=0)[:, None].expand(-1, answer["boxes"].shape[1], -1)
    likely = answer["classes"].softmax(-1).gather(-1, wanted)
    some, others = answer["boxes"][:, :, None], boxes[:, None]
    distance = (some - others).abs().sum(-1)
    return -likely + BOX * distance - OVERLAP * generalised_iou(some, others)


@checked
def pair_up(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
) -> Pairs:
    """Find for every thing a query of its own, in every picture.

    Args:
        answer: class scores and boxes, from a detector.
        classes: of the things, `ABSENT` where there is no further one.
        boxes: of the things.

    Raises:
        ValueError: if a picture has more things than queries.
    """
    there, queries = classes != ABSENT, answer["boxes"].shape[1]
    if there.sum(1).max() > queries:
        raise ValueError(
            f"expected at most {queries} things in a picture, one for each query, got "
            f"{int(there.sum(1).max())}: build the detector with more queries."
        )
    with torch.no_grad():
        costs = matching_costs(answer, classes, boxes).cpu()
    rows = []
    for sample, (cost, here) in enumerate(zip(costs, there.cpu(), strict=True)):
        queries, things = match(cost[:, here])
        rows.append((torch.full_like(queries, sample), queries, here.nonzero()[things, 0]))
    return Pairs(*(torch.cat(column).to(boxes.device) for column in zip(*rows, strict=True)))


@checked
def detection_loss(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
    nothing: float = NOTHING,
) -> Float[Tensor, ""]:
    """How badly a set of answers fits a set of things, whatever their order.

    Queries with a thing learn its class and its box; all others learn to say "nothing",
    with a lower weight, since there are many of them.

    Args:
        answer: class scores and boxes, from a detector.
        classes: of the things, `ABSENT` where there is no further one.
        boxes: of the things.
        nothing: weight of a query that shall see nothing, beside 1 for one with a thing.

    Returns:
        Cross-entropy, plus 5 times the distance of the boxes (the sum over its four numbers),
        plus 2 times what their generalised overlap lacks of 1; a mean over queries and things.
    """
    logits = answer["classes"]
    samples, queries, things = pairs = pair_up(answer, classes, boxes)
    wanted = logits.new_full(logits.shape[:2], logits.shape[-1] - 1, dtype=torch.long)
    wanted[samples, queries] = classes[samples, things]
    weight = torch.ones_like(logits[0, 0])
    weight[-1] = nothing
    some, others = answer["boxes"][samples, queries], boxes[samples, things]
    far = BOX * (some - others).abs().sum() + OVERLAP * (1 - generalised_iou(some, others)).sum()
    return cross_entropy(logits.mT, wanted, weight) + far / max(1, len(pairs.things))
