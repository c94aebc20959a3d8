"""What the model cards say: accuracy on ImageNet's 50,000 validation pictures, in per cent."""

from typing import NamedTuple


class Accuracy(NamedTuple):
    """Two shares in per cent.

    Attributes:
        top1: of pictures whose class has the highest score.
        top5: of pictures whose class is among the highest five; None: nobody published it.
    """

    top1: float
    top5: float | None = None


# Perceiver IO, table 7, and the model cards; Hiera's README; DeiT's README and model cards.
PUBLISHED_ACCURACY = {
    "deepmind/vision-perceiver-learned": Accuracy(72.7),
    "deepmind/vision-perceiver-fourier": Accuracy(79.0),
    "deepmind/vision-perceiver-conv": Accuracy(82.1),
    "facebook/hiera-tiny-224-in1k-hf": Accuracy(82.8),
    "facebook/hiera-small-224-in1k-hf": Accuracy(83.8),
    "facebook/hiera-base-224-in1k-hf": Accuracy(84.5),
    "facebook/hiera-base-plus-224-in1k-hf": Accuracy(85.2),
    "facebook/hiera-large-224-in1k-hf": Accuracy(86.1),
    "facebook/hiera-huge-224-in1k-hf": Accuracy(86.9),
    "facebook/deit-tiny-patch16-224": Accuracy(72.2, 91.1),
    "facebook/deit-small-patch16-224": Accuracy(79.9, 95.0),
    "facebook/deit-base-patch16-224": Accuracy(81.8, 95.6),
    "facebook/deit-base-patch16-384": Accuracy(82.9, 96.2),
    "facebook/deit-tiny-distilled-patch16-224": Accuracy(74.5, 91.9),
    "facebook/deit-small-distilled-patch16-224": Accuracy(81.2, 95.4),
    "facebook/deit-base-distilled-patch16-224": Accuracy(83.4, 96.5),
    "facebook/deit-base-distilled-patch16-384": Accuracy(85.2, 97.2),
}
