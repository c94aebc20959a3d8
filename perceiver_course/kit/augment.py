"""Images changed on the way to a model: moved, mixed, cut and pasted."""

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, logsigmoid, one_hot

from perceiver_tutorial.inputs import check_filled, check_numbers


def jitter(
    images: Float[Tensor, "batch colours height width"],
    generator: torch.Generator,
    *,
    turn: float = 15.0,
    zoom: float = 0.15,
    shift: float = 0.2,
) -> Float[Tensor, "batch colours height width"]:
    """Turn, scale and shift every image by its own random amount; outside is 0.

    The digits of the course bear the amounts given here: a 6 stays a 6. Mirror images
    are left out, since they do not stay what they were.

    Args:
        images: of any size.
        generator: decides how much.
        turn: the largest turn to either side, in degrees.
        zoom: the largest change of size, as a share.
        shift: the largest shift along either axis, as a share of half the image.
    """
    amounts = torch.rand(4, len(images), generator=generator) * 2 - 1
    angle, scale = torch.deg2rad(amounts[0] * turn), 1 + amounts[1] * zoom
    across, up = scale * angle.cos(), scale * angle.sin()
    right, down = amounts[2:] * shift
    rows = (torch.stack([across, -up, right], -1), torch.stack([up, across, down], -1))
    maps = torch.stack(rows, dim=1).to(images)
    places = affine_grid(maps, list(images.shape), align_corners=False)
    return grid_sample(images, places, align_corners=False)


Mixed = tuple[Float[Tensor, "batch colours height width"], Float[Tensor, "batch classes"]]


def soft_labels(
    labels: Int[Tensor, " batch"], num_classes: int, smoothing: float = 0.0
) -> Float[Tensor, "batch {num_classes}"]:
    """Labels as probabilities, which can be mixed.

    Args:
        labels: the right classes.
        num_classes: how many there are.
        smoothing: the share that is spread evenly over all classes.

    >>> soft_labels(torch.tensor([1]), 4, smoothing=0.2)
    tensor([[0.0500, 0.8500, 0.0500, 0.0500]])
    """
    return (1 - smoothing) * one_hot(labels, num_classes).float() + smoothing / num_classes


def mixup(
    images: Float[Tensor, "batch colours height width"],
    labels: Float[Tensor, "batch classes"],
    share: float,
) -> Mixed:
    """Lay over each picture the one that stands in its place from the end of the batch.

    MixUp (arXiv 1710.09412), with the reversed batch for partners, as in timm.

    Args:
        images: in random order.
        labels: as probabilities, see `soft_labels`.
        share: of the picture that was there, from 0 to 1.

    Returns:
        Images and labels, mixed alike.
    """
    first, second = ((images, labels), (images.flip(0), labels.flip(0)))
    mixed = (share * a + (1 - share) * b for a, b in zip(first, second, strict=True))
    return tuple(mixed)


def cutmix(
    images: Float[Tensor, "batch colours height width"],
    labels: Float[Tensor, "batch classes"],
    share: float,
    generator: torch.Generator,
) -> Mixed:
    """Paste into each picture a rectangle of the one in its place from the end of the batch.

    CutMix (arXiv 1905.04899). The rectangle lies inside the picture and is as near as
    whole pixels allow to what was asked for; labels follow what was really pasted.

    Args:
        images: in random order.
        labels: as probabilities, see `soft_labels`.
        share: of the picture that stays, from 0 to 1.
        generator: decides where.

    Returns:
        Images with their patches, and labels mixed by area.
    """
    height, width = images.shape[-2:]
    tall, wide = (round(side * math.sqrt(1 - share)) for side in (height, width))
    top, left = (
        torch.randint(room + 1, (), generator=generator).item()
        for room in (height - tall, width - wide)
    )
    rows, columns = slice(top, top + tall), slice(left, left + wide)
    pasted = images.clone()
    pasted[..., rows, columns] = images.flip(0)[..., rows, columns]
    stays = 1 - tall * wide / (height * width)
    return pasted, stays * labels + (1 - stays) * labels.flip(0)


def mixed(
    images: Float[Tensor, "batch colours height width"],
    labels: Float[Tensor, "batch classes"],
    generator: torch.Generator,
    mixup_alpha: float = 0.8,
    cutmix_alpha: float = 1.0,
) -> Mixed:
    """One of the two by the toss of a coin, with DeiT's numbers (table 9).

    Args:
        images: in random order.
        labels: as probabilities, see `soft_labels`.
        generator: decides which, how much and where.
        mixup_alpha: the share is drawn from Beta(alpha, alpha): 1 is evenly, less is
            more often near 0 and 1.
        cutmix_alpha: the same for CutMix.
    """
    if torch.rand((), generator=generator) < 0.5:
        return mixup(images, labels, beta(mixup_alpha, generator))
    return cutmix(images, labels, beta(cutmix_alpha, generator), generator)


def beta(alpha: float, generator: torch.Generator) -> float:
    """A number from 0 to 1, drawn from Beta(alpha, alpha); 1 / 2 on average.

    Raises:
        ValueError: if alpha is not above 0.
    """
    if alpha <= 0:
        raise ValueError(f"expected alpha above 0, got {alpha}. At 1 all shares are as likely.")
    seed = torch.randint(2**31, (), generator=generator).item()
    return float(np.random.default_rng(seed).beta(alpha, alpha))


def binary_loss(
    logits: Float[Tensor, "batch classes"], labels: Float[Tensor, "batch classes"]
) -> Float[Tensor, ""]:
    """Ask for every class on its own: is it in the picture at all? DeiT III's loss.

    A class with any share of a mixed picture is a full yes, so that both pictures have to
    be seen. Needs labels that were not smoothed: there every class has a share.
    Paper: DeiT III (arXiv 2204.07118) 3.2; its code turns shares to yes and no.

    Args:
        logits: one score for each class.
        labels: as probabilities, mixed or not.

    Returns:
        Mean over images and classes, in nats.

    Raises:
        ValueError: if some image has a share of every class.
    """
    check_filled(labels=labels)
    check_numbers(labels=labels)
    present = labels > 0
    if present.all(-1).any():
        raise ValueError(
            "expected labels that leave some class out, got an image with a share of every one. "
            "Do not smooth them: soft_labels(..., smoothing=0)."
        )
    # torch's binary_cross_entropy_with_logits is NaN where a score is infinite, and right.
    return -logsigmoid(torch.where(present, logits, -logits)).mean()
