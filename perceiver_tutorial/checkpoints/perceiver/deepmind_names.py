"""What DeepMind's JAX code calls its weights, and what we call them; haiku's order of axes."""

import re

import torch

from ...perceiver import PerceiverIO
from ...perceiver.preprocessors.conv_stem import ConvPoolLayer
from ..layout import Layout
from ..transforms import FOUR_AXES, HEIGHT_WIDTH_IN_OUT, SAME, TRANSPOSED, Transform

NUMBERED = ("linear", "layer_norm", "self_attention", "conv", "batchnorm")


def _unnumbered(name: str) -> str:
    """Haiku leaves the first module of a kind unnumbered: linear, linear_1, linear_2."""
    return re.sub(rf"(?<=/)({'|'.join(NUMBERED)})_0(?=/)", r"\1", name)


def _transform(theirs: str, ours: str) -> Transform:
    if theirs.endswith("//w"):
        return HEIGHT_WIDTH_IN_OUT if ".stem." in ours else TRANSPOSED
    return FOUR_AXES if "batchnorm" in theirs else SAME


# A moving average stands there twice, `hidden` before it was divided by its warm-up. That is
# over after the first thousands of batches; from then on both are the same.
AVERAGE = Transform(
    lambda average, _hidden: FOUR_AXES.to_ours(average),
    lambda average: FOUR_AXES.to_theirs(average) * 2,
)
COUNTERS = Transform(
    lambda mean_counter, _: (mean_counter.to(torch.int64),),
    lambda batches: (batches.to(torch.int32),) * 2,
)


def _linears(*pairs: tuple[str, str]) -> dict[str, str]:
    leaves = (("w", "weight"), ("b", "bias"))
    return {f"{a}//{x}": f"{b}.{y}" for a, b in pairs for x, y in leaves}


def _norms(*pairs: tuple[str, str]) -> dict[str, str]:
    leaves = (("scale", "weight"), ("offset", "bias"))
    return {f"{a}//{x}": f"{b}.{y}" for a, b in pairs for x, y in leaves}


def _tables(*pairs: tuple[str, str]) -> dict[str, str]:
    return {f"{a}//pos_embs": b for a, b in pairs}


def _layer(theirs: str, ours: str, *norms: str) -> dict[str, str]:
    return {
        **_norms(*((f"{theirs}/layer_norm_{i}", f"{ours}.{n}") for i, n in enumerate(norms))),
        **_linears(
            (f"{theirs}/attention/linear_0", f"{ours}.attention.q_proj"),
            (f"{theirs}/attention/linear_1", f"{ours}.attention.k_proj"),
            (f"{theirs}/attention/linear_2", f"{ours}.attention.v_proj"),
            (f"{theirs}/attention/linear_3", f"{ours}.attention.out_proj"),
            (f"{theirs}/mlp/linear_0", f"{ours}.mlp.fc1"),
            (f"{theirs}/mlp/linear_1", f"{ours}.mlp.fc2"),
        ),
    }


CROSS_NORMS = ("norm_q", "norm_kv", "norm_mlp")


def _encoder_names(scope: str = "perceiver_encoder/~") -> dict[str, str]:
    return {
        **_tables((f"{scope}/trainable_position_encoding", "encoder.latents")),
        **_layer(f"{scope}/cross_attention", "encoder.cross.0", *CROSS_NORMS),
        **_layer(f"{scope}/self_attention_{{}}", "encoder.blocks.0.{}", "norm_q", "norm_mlp"),
    }


CLASS_QUERY = "classification_decoder/~/basic_decoder/~/trainable_position_encoding"

CLASSIFIER = {
    **_encoder_names(),
    **_tables((CLASS_QUERY, "queries.table")),
    **_layer(
        "classification_decoder/~/basic_decoder/cross_attention", "decoder.cross", *CROSS_NORMS
    ),
    **_linears(("classification_decoder/~/basic_decoder/output", "postprocessor.linear")),
}

POSITIONS = "image_preprocessor/~_build_network_inputs"
STEM = "image_preprocessor/~/conv2_d_downsample/~"
MODALITIES = ("audio", "image", "label")

NAMES: dict[str, dict[str, str]] = {
    "vision-perceiver-fourier": CLASSIFIER,
    "vision-perceiver-learned": {
        **CLASSIFIER,
        **_tables((f"{POSITIONS}/trainable_position_encoding", "preprocessor.positions.table")),
        **_linears(
            ("image_preprocessor/~/conv2_d", "preprocessor.stem"),
            (f"{POSITIONS}/position_encoding_projector/linear_0", "preprocessor.positions.project"),
        ),
    },
    "vision-perceiver-conv": {
        **CLASSIFIER,
        f"{STEM}/conv_{{}}//w": "preprocessor.stem.{}.conv.weight",
        **_norms((f"{STEM}/batchnorm_{{}}", "preprocessor.stem.{}.norm")),
    },
    "language-perceiver": {
        **_encoder_names(),
        "embed//embeddings": "preprocessor.embeddings.weight",
        "embedding_decoder//bias": "postprocessor.bias",
        **_tables(
            ("trainable_position_encoding", "preprocessor.position_embeddings.weight"),
            ("basic_decoder/~/trainable_position_encoding", "queries.table"),
        ),
        **_layer("basic_decoder/cross_attention", "decoder.cross", *CROSS_NORMS),
    },
    "optical-flow-perceiver": {
        **_encoder_names(),
        **_layer("flow_decoder/~/basic_decoder/cross_attention", "decoder.cross", *CROSS_NORMS),
        **_linears(
            ("image_preprocessor/patches_linear", "preprocessor.linear"),
            ("flow_decoder/~/basic_decoder/output", "postprocessor.linear"),
        ),
    },
    "multimodal-perceiver": {
        **_encoder_names("encoder/~"),
        **_layer(
            "multimodal_decoder/~/basic_decoder/cross_attention",
            "decoder.cross",
            *CROSS_NORMS,
        ),
        **_tables(
            (CLASS_QUERY, "queries.parts.label.table"),
            *((f"multimodal_preprocessor/{m}_padding", f"preprocessor.padding.{m}")
              for m in MODALITIES),
            *((f"multimodal_preprocessor/{m}_mask_token", f"preprocessor.mask_tokens.{m}")
              for m in MODALITIES),
            *((f"multimodal_decoder/~decoder_query/{m}_padding", f"queries.padding.{m}")
              for m in MODALITIES),
        ),
        **_linears(
            ("multimodal_decoder/~/basic_decoder/output", "decoder.final"),
            ("audio_postprocessor/linear_0", "postprocessor.parts.audio.linear"),
            ("projection_postprocessor/linear_0", "postprocessor.parts.image.linear"),
            ("classification_postprocessor/linear_0", "postprocessor.parts.label.linear"),
        ),
    },
}  # fmt: skip

OUR_NORM = "preprocessor.stem.{}.norm"
STATISTICS = {
    **{
        tuple(f"{STEM}/batchnorm_{{}}/~/{n}_ema//{leaf}" for leaf in ("average", "hidden")): (
            f"{OUR_NORM}.running_{n}",
            AVERAGE,
        )
        for n in ("mean", "var")
    },
    tuple(f"{STEM}/batchnorm_{{}}/~/{n}_ema//counter" for n in ("mean", "var")): (
        f"{OUR_NORM}.num_batches_tracked",
        COUNTERS,
    ),
}

OF_DEEPMIND = {
    family: Layout(
        {theirs: (ours, _transform(theirs, ours)) for theirs, ours in names.items()} | STATISTICS,
        spell=_unnumbered,
    )
    for family, names in NAMES.items()
}


def transpose_stem_kernel(model: PerceiverIO) -> PerceiverIO:
    """Swap height and width in the kernels of a convolutional stem, in place.

    The script that took DeepMind's weights over to transformers turns the axes of every
    weight round. That is right for a linear map, and swaps height and width of a kernel:
    what was converted so equals DeepMind's model only after this. Whether the published
    vision-perceiver-conv was, its file can tell: compare what both ways say of a picture.

    Args:
        model: an image classifier with a convolutional stem.

    Returns:
        The same model.

    Raises:
        ValueError: if its stem does not convolve patches.
    """
    layers = [m for m in model.preprocessor.modules() if isinstance(m, ConvPoolLayer)]
    if not layers:
        raise ValueError(
            f"expected a model with a convolutional stem, got {type(model.preprocessor).__name__}. "
            "Only vision-perceiver-conv has a kernel to transpose."
        )
    with torch.no_grad():
        for layer in layers:
            layer.conv.weight.copy_(layer.conv.weight.mT.clone())
    return model
