"""From a pre-training to a classifier: which weights go along, and which start afresh."""

from dataclasses import replace

from ..made_from import like
from .mae import HieraMAE
from .model import Hiera


def classifier_from(mae: HieraMAE, num_classes: int | None) -> Hiera:
    """A classifier whose encoder begins with what a pre-training has learned.

    All weights of the encoder go along, exactly. The classifier pools at every stage
    change, the published pre-trainings once less; but pooling has no weights, and both
    widen in the same blocks. Only the last stage reads fewer tokens than it learned
    with. Fusion, its norm and the decoder stay behind; the classifier's norm and its
    scores are new. Type, device, mode and what is frozen of the encoder stay.

    Args:
        mae: a pre-training, which stays as it is.
        num_classes: scores wanted; None: the normalised mean of the tokens itself.
    """
    encoder = mae.config.encoder
    config = replace(
        encoder, num_pools=encoder.last_stage, num_classes=num_classes, class_names=None
    )
    model = like(Hiera(config), mae)
    model.norm.requires_grad_(True)  # called as another norm of the pre-training, and new
    model.encoder.load_state_dict(mae.encoder.state_dict())
    return model
