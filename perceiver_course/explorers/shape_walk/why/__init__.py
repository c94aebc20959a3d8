"""Why every stage of a walk has the sizes it has, worked out from the configuration."""

from collections.abc import Callable
from typing import Any

from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig
from perceiver_tutorial.perceiver.tasks import (
    ImageClassifierConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
)
from perceiver_tutorial.tracing.models import Config
from perceiver_tutorial.tracing.walk import Step

from .deit import deit_reasons
from .flow import flow_reasons
from .hiera import hiera_reasons, mae_reasons
from .images import image_reasons
from .language import language_reasons
from .multimodal import multimodal_reasons
from .reason import Reason

__all__ = ["Reason", "reasons"]


REASONS: dict[type, Callable[[Any, Step], list[Reason]]] = {
    ImageClassifierConfig: image_reasons,
    MaskedLanguageConfig: language_reasons,
    OpticalFlowConfig: flow_reasons,
    MultimodalConfig: multimodal_reasons,
    HieraConfig: hiera_reasons,
    HieraMAEConfig: mae_reasons,
    DeiTConfig: deit_reasons,
}


def reasons(config: Config, stage: Step) -> list[Reason]:
    """Where the numbers of a stage of a published model come from.

    Args:
        config: of the model that was walked.
        stage: of its walk, two levels deep.

    >>> from perceiver_tutorial.tracing.models import published_config
    >>> from perceiver_tutorial.tracing import walk
    >>> name = "deepmind/vision-perceiver-fourier"
    >>> for reason in reasons(published_config(name), walk(name)["preprocessor"]):
    ...     print(reason.what, reason.made)
    inputs 50,176 = 224 x 224: one for each pixel
    channels 261 = 3 + 258: what is there, then where it is
    """
    return REASONS[type(config)](config, stage)
