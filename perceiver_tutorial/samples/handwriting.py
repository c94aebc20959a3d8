"""Handwritten digits."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


class Digits(NamedTuple):
    """Handwritten digits, 8 x 8 pixels from 0 (paper) to 1 (ink), and what they are."""

    train_images: Float[Tensor, "train 1 8 8"]
    train_labels: Int[Tensor, " train"]
    test_images: Float[Tensor, "test 1 8 8"]
    test_labels: Int[Tensor, " test"]


def digits() -> Digits:
    """scikit-learn's 1,797 digits, a quarter of every class held back for testing."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = load_digits(return_X_y=True)
    images = (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32)
    parts = train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=0)
    train_images, test_images, train_labels, test_labels = map(torch.as_tensor, parts)
    return Digits(train_images, train_labels, test_images, test_labels)
