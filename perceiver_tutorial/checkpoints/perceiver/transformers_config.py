"""What a config.json of transformers says, in our words."""

from collections.abc import Mapping
from typing import Any

from ...attention import Activation
from ...perceiver import (
    AudioConfig,
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    LabelConfig,
    LearnedConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PerceiverConfig,
    PixelStem,
    TextClassifierConfig,
    VideoConfig,
)

ACTIVATIONS: dict[str, Activation] = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}


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
    if architecture not in CONFIGS:
        raise ValueError(
            f"expected one of transformers' Perceivers ({', '.join(CONFIGS)}), got {architecture}."
        )
    if (name := published.get("hidden_act", "gelu")) not in ACTIVATIONS:
        raise ValueError(f"expected hidden_act as one of {', '.join(ACTIVATIONS)}, got {name}.")
    if published.get("cross_attention_shape_for_attention", "kv") != "kv":
        raise ValueError("expected cross_attention_shape_for_attention 'kv', as in all published.")
    return CONFIGS[architecture](published)


def _shared(published: Mapping[str, Any]) -> dict[str, Any]:
    encoder = EncoderConfig(
        num_latents=published["num_latents"],
        latent_channels=published["d_latents"],
        num_blocks=published["num_blocks"],
        self_attends_per_block=published["num_self_attends_per_block"],
        self_heads=published["num_self_attention_heads"],
        cross_heads=published["num_cross_attention_heads"],
        qk_channels=published["qk_channels"],
        v_channels=published["v_channels"],
        cross_widening_factor=published["cross_attention_widening_factor"],
        self_widening_factor=published["self_attention_widening_factor"],
        query_residual=published["use_query_residual"],
    )
    return {"encoder": encoder, "activation": ACTIVATIONS[published.get("hidden_act", "gelu")]}


def _num_classes(published: Mapping[str, Any]) -> int:
    return len(published.get("id2label") or (0, 1))


def _text(published: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input_channels": published["d_model"],
        "max_bytes": published["max_position_embeddings"],
        "vocabulary": published["vocab_size"],
        **_shared(published),
    }


def _masked_language(published: Mapping[str, Any]) -> MaskedLanguageConfig:
    decoder = DecoderConfig(
        query_residual=False, num_heads=8, qk_channels=256, v_channels=published["d_model"]
    )
    return MaskedLanguageConfig(decoder=decoder, **_text(published))


def _text_classifier(published: Mapping[str, Any]) -> TextClassifierConfig:
    return TextClassifierConfig(num_classes=_num_classes(published), **_text(published))


def _learned(published: Mapping[str, Any]) -> ImageClassifierConfig:
    return ImageClassifierConfig(
        stem=Conv1x1Stem(channels=256),
        positions=LearnedConfig(channels=256, projected_channels=256),
        image_size=(published["image_size"],) * 2,
        num_classes=_num_classes(published),
        **_shared(published),
    )


def _fourier(published: Mapping[str, Any]) -> ImageClassifierConfig:
    return ImageClassifierConfig(
        stem=PixelStem(),
        positions=FourierConfig(num_bands=64, max_resolution=(224, 224)),
        num_classes=_num_classes(published),
        **_shared(published),
    )


def _conv(published: Mapping[str, Any]) -> ImageClassifierConfig:
    return ImageClassifierConfig(
        stem=ConvPoolStem(channels=64, padding="transformers"),
        positions=FourierConfig(num_bands=64, max_resolution=(56, 56)),
        num_classes=_num_classes(published),
        **_shared(published),
    )


def _flow(published: Mapping[str, Any]) -> OpticalFlowConfig:
    size = tuple(published["train_size"])
    positions = FourierConfig(num_bands=64, max_resolution=size)
    return OpticalFlowConfig(positions=positions, image_size=size, **_shared(published))


def _multimodal(published: Mapping[str, Any]) -> MultimodalConfig:
    _, num_frames, *image_size = published["output_shape"]
    num_samples = published["num_frames"] * published["audio_samples_per_frame"]
    side = published["image_size"]
    return MultimodalConfig(
        image=VideoConfig(
            num_frames=num_frames,
            image_size=tuple(image_size),
            patch_size=4,
            positions=FourierConfig(32, max_resolution=(published["num_frames"], side, side)),
        ),
        audio=AudioConfig(
            num_samples=num_samples,
            samples_per_patch=published["samples_per_patch"],
            positions=FourierConfig(192, max_resolution=(num_samples,)),
        ),
        label=LabelConfig(
            num_classes=_num_classes(published),
            query_channels=published.get("_label_trainable_num_channels", 1024),
        ),
        output_channels=published["output_num_channels"],
        **_shared(published),
    )


CONFIGS = {
    "PerceiverForMaskedLM": _masked_language,
    "PerceiverForSequenceClassification": _text_classifier,
    "PerceiverForImageClassificationLearned": _learned,
    "PerceiverForImageClassificationFourier": _fourier,
    "PerceiverForImageClassificationConvProcessing": _conv,
    "PerceiverForOpticalFlow": _flow,
    "PerceiverForMultimodalAutoencoding": _multimodal,
}
