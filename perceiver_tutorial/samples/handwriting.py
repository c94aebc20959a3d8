"""Handwritten digits."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..doors import checked


class Digits(NamedTuple):
    """Handwritten digits, 8 x 8 pixels from 0 (paper) to 1 (ink), and what they are."""

    train_images: Float[Tensor, "train 1 8 8"]
    train_labels: Int[Tensor, " train"]
    test_images: Float[Tensor, "test 1 8 8"]
    test_labels: Int[Tensor, " test"]


def digits() -> Digits:
    """scikit-learn's 1,797 digits, a quarter of every class held back for testing."""
    return _split(0.75, seed=0)


@checked
def few_digits(num_labels: int = 200, seed: int = 0) -> Digits:
    """The same digits, but only few of them to learn from; all others are held back.

    Args:
        num_labels: digits to learn from, as many of each class as of all.
        seed: which.
    """
    return _split(num_labels, seed)


def _split(train_size: float | int, seed: int) -> Digits:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    parts = train_test_split(
        images, labels, train_size=train_size, stratify=labels, random_state=seed
    )
    train_images, test_images, train_labels, test_labels = map(torch.as_tensor, parts)
    return Digits(train_images, train_labels, test_images, test_labels)
