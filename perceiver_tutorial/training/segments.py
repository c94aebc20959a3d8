"""How well pixels are named, and a classifier that sees one pixel at a time."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..doors import check_filled, check_numbers, checked


@checked
def overlaps(
    guess: Int[Tensor, "*pixels"], truth: Int[Tensor, "*pixels"], num_classes: int
) -> Float[Tensor, " {num_classes}"]:
    """Intersection over union of every class, over all pixels of all images together.

    Args:
        guess: the class that each pixel is given.
        truth: the class that it has.
        num_classes: classes, counted from 0.

    Returns:
        From 0, nothing in common, to 1, the same pixels; NaN for a class that nobody
        gave and nobody has.

    Raises:
        ValueError: if there are other classes than those.

    >>> overlaps(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 1]), 3)
    tensor([0.5000, 0.6667,    nan])
    """
    for name, classes in {"guess": guess, "truth": truth}.items():
        if classes.numel() and not 0 <= classes.min() <= classes.max() < num_classes:
            raise ValueError(
                f"expected classes from 0 to {num_classes - 1} in {name}, got "
                f"{int(classes.min())} to {int(classes.max())}. Leave out what has no class."
            )
    pairs = torch.bincount((truth * num_classes + guess).flatten(), minlength=num_classes**2)
    counts = pairs.view(num_classes, num_classes)
    both = counts.diagonal()
    return both / (counts.sum(0) + counts.sum(1) - both)


@checked
def mean_overlap(
    model: nn.Module,
    images: Float[Tensor, "images 3 height width"],
    labels: Int[Tensor, "images height width"],
    batch_size: int = 50,
) -> float:
    """The mean of `overlaps` over the classes that there are: 1 if every pixel is right.

    Args:
        model: gives scores [batch, classes, height, width].
        images: what the model takes.
        labels: the right class of every pixel.
        batch_size: images at a time; the answer does not depend on it.
    """
    check_filled(images=images)
    with torch.inference_mode():
        scores = [model(some) for some in images.split(batch_size)]
    check_numbers(scores=torch.cat(scores))
    guess = torch.cat([score.argmax(1) for score in scores])
    return overlaps(guess, labels, scores[0].shape[1]).nanmean().item()


@checked
def pixel_classifier(num_classes: int, width: int = 32) -> nn.Sequential:
    """A small network for every pixel on its own: it sees a colour, and no neighbour.

    Args:
        num_classes: scores wanted for each pixel.
        width: hidden channels.
    """
    return nn.Sequential(
        nn.Conv2d(3, width, 1), nn.GELU(), nn.Conv2d(width, width, 1), nn.GELU(),
        nn.Conv2d(width, num_classes, 1),
    )  # fmt: skip
