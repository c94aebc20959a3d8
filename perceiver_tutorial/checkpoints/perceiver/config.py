"""A Perceiver's configuration: what config.json of transformers says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...attention import Activation
from ...perceiver import PUBLISHED, PerceiverConfig
from ...perceiver.published import TEXT_CLASSIFIER
from ..fields import Fields, check_kept
from ..layout import KEEP, Table
from ..transforms import CLASSES, Transform, each

ACTIVATIONS: dict[str, Activation] = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}
THEIR_ACTIVATION = {ours: theirs for theirs, ours in ACTIVATIONS.items()}


def _to_resolutions(frames: int, side: int, samples: int) -> tuple[Any, ...]:
    return (frames, side, side), frames * samples, (frames * samples,)


def _from_resolutions(video: tuple[int, ...], samples: int, _: tuple[int]) -> tuple[int, ...]:
    frames, side, _ = video
    return frames, side, samples // frames


TWICE = Transform(lambda theirs: (theirs, theirs), lambda ours, _: (ours,))
SQUARE = each(lambda side: (side, side), lambda size: size[0])
SIZE_TWICE = Transform(lambda size: (tuple(size),) * 2, lambda size, _: (list(size),))
FRAMES = Transform(
    lambda shape: (shape[1], tuple(shape[2:])), lambda frames, size: ([1, frames, *size],)
)
RESOLUTIONS = Transform(_to_resolutions, _from_resolutions)

ENCODER = {
    "num_latents": "encoder.num_latents",
    "d_latents": "encoder.latent_channels",
    "num_blocks": "encoder.num_blocks",
    "num_self_attends_per_block": "encoder.layers_per_block",
    "num_self_attention_heads": "encoder.self_heads",
    "num_cross_attention_heads": "encoder.cross_heads",
    "qk_channels": "encoder.qk_channels",
    "v_channels": "encoder.v_channels",
    "cross_attention_widening_factor": "encoder.cross_widening_factor",
    "self_attention_widening_factor": "encoder.self_widening_factor",
    "use_query_residual": "encoder.query_residual",
    "hidden_act": ("activation", each(ACTIVATIONS.get, THEIR_ACTIVATION.get)),
}
CLASSIFIER = {**ENCODER, "id2label": (("num_classes", "class_names"), CLASSES)}
BYTES = {"max_position_embeddings": "max_bytes", "vocab_size": "vocabulary"}
VIDEO = {
    **ENCODER,
    "samples_per_patch": "audio.samples_per_patch",
    "output_num_channels": "output_channels",
    "_label_trainable_num_channels": "label.query_channels",
    "id2label": (("label.num_classes", "label.class_names"), CLASSES),
    "output_shape": (("image.num_frames", "image.image_size"), FRAMES),
    ("num_frames", "image_size", "audio_samples_per_frame"): (
        ("image.positions.max_resolution", "audio.num_samples", "audio.positions.max_resolution"),
        RESOLUTIONS,
    ),
}
# Each class: a model of ours for all that config.json does not say, and what it does say.
CLASSES_OF_TRANSFORMERS: dict[str, tuple[PerceiverConfig, Table]] = {
    "PerceiverForMaskedLM": (
        PUBLISHED["deepmind/language-perceiver"],
        {**ENCODER, **BYTES, "d_model": (("input_channels", "decoder.v_channels"), TWICE)},
    ),
    "PerceiverForSequenceClassification": (
        TEXT_CLASSIFIER,
        {**CLASSIFIER, **BYTES, "d_model": "input_channels"},
    ),
    "PerceiverForImageClassificationLearned": (
        PUBLISHED["deepmind/vision-perceiver-learned"],
        {**CLASSIFIER, "image_size": ("image_size", SQUARE)},
    ),
    "PerceiverForImageClassificationFourier": (
        PUBLISHED["deepmind/vision-perceiver-fourier"],
        CLASSIFIER,
    ),
    "PerceiverForImageClassificationConvProcessing": (
        PUBLISHED["deepmind/vision-perceiver-conv"],
        CLASSIFIER,
    ),
    "PerceiverForOpticalFlow": (
        PUBLISHED["deepmind/optical-flow-perceiver"],
        {**ENCODER, "train_size": (("image_size", "positions.max_resolution"), SIZE_TWICE)},
    ),
    "PerceiverForMultimodalAutoencoding": (PUBLISHED["deepmind/multimodal-perceiver"], VIDEO),
}
OF_TRANSFORMERS = {
    architecture: Fields(
        template,
        table,
        f"config.json of a {architecture}",
        # What came later than the checkpoints, and transformers' values for it.
        later={
            "hidden_act": "gelu",
            "id2label": {0: "LABEL_0", 1: "LABEL_1"},
            "output_num_channels": 512,
            "_label_trainable_num_channels": 1024,
        },
        fixed={"cross_attention_shape_for_attention": "kv"},
        elsewhere="Run a Perceiver with another in transformers.",
        nullable=("qk_channels", "v_channels"),
    )
    for architecture, (template, table) in CLASSES_OF_TRANSFORMERS.items()
}
ANY_SIZE = (
    "PerceiverForImageClassificationFourier",
    "PerceiverForImageClassificationConvProcessing",
)


def config_from_transformers(published: Mapping[str, Any]) -> PerceiverConfig:
    """Our configuration of a model that transformers saved.

    Its `image_size` counts for learned positions only: the two other image models
    take any size there, and 224 x 224 here, as they were trained.

    Args:
        published: the contents of its config.json.

    Raises:
        ValueError: if the class or an option is not one that we have.
    """
    architecture = (published.get("architectures") or ["none"])[0]
    if architecture not in OF_TRANSFORMERS:
        raise ValueError(
            f"expected one of transformers' Perceivers ({', '.join(OF_TRANSFORMERS)}), got "
            f"{architecture}."
        )
    if (name := published.get("hidden_act", "gelu")) not in ACTIVATIONS:
        raise ValueError(f"expected hidden_act as one of {', '.join(ACTIVATIONS)}, got {name}.")
    return OF_TRANSFORMERS[architecture].read(published)


def config_to_transformers(config: PerceiverConfig) -> dict[str, Any]:
    """What transformers' config.json says of our model.

    Args:
        config: of one of the seven that transformers has.

    Raises:
        ValueError: naming what transformers cannot have.
    """
    architecture = architecture_of(config)
    published = {
        "architectures": [architecture],
        "model_type": "perceiver",
        **OF_TRANSFORMERS[architecture].write(config),
    }
    again = config_from_transformers(published)
    if architecture in ANY_SIZE:
        again = replace(again, image_size=config.image_size)
    check_kept(
        config, again, f"transformers' {architecture}",
        "Use save(layout='deepmind'), or load it with fidelity='transformers' first.",
    )  # fmt: skip
    return published


def architecture_of(config: PerceiverConfig) -> str:
    """Which of transformers' classes it is."""
    return built_like(config, OF_TRANSFORMERS, "transformers has")


def built_like(config: PerceiverConfig, models: Mapping[str, Fields], which: str) -> str:
    """The name of the model, of several that others have, that is built of the same parts.

    Args:
        config: its kind counts, and the kinds of its stem and of its positions.
        models: name -> how it is written down.
        which: "transformers has", for the message.

    Raises:
        ValueError: if there is none.
    """
    for name, fields in models.items():
        if _kinds(config) == _kinds(fields.template):
            return name
    raise ValueError(
        f"expected a model that {which}, got {type(config).__name__} that none of "
        f"{', '.join(models)} is built like. {KEEP}"
    )


def _kinds(config: PerceiverConfig) -> tuple[type, ...]:
    return type(config), *(type(getattr(config, part, None)) for part in ("stem", "positions"))
