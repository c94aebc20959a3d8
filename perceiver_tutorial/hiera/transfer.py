"""From a pre-training to a classifier: which weights go along, and which start afresh."""

from dataclasses import replace

from ..doors import checked
from .mae import HieraMAE
from .model import Hiera


@checked
def classifier_from(mae: HieraMAE, num_classes: int | None) -> Hiera:
    """A classifier whose encoder begins with what a pre-training has learned.

    All weights of the encoder go along, exactly. The classifier pools at every stage
    change, the published pre-trainings once less; but pooling has no weights, and both
    widen in the same blocks. Only the last stage reads fewer tokens than it learned
    with. Fusion, its norm and the decoder stay behind; the classifier's norm and its
    scores are new.

    Args:
        mae: a pre-training, which stays as it is.
        num_classes: scores wanted; None: the normalised mean of the tokens itself.
    """
    encoder = mae.config.encoder
    config = replace(
        encoder, num_pools=encoder.last_stage, num_classes=num_classes, class_names=None
    )
    model = Hiera(config)
    model.encoder.load_state_dict(mae.encoder.state_dict())
    return model
