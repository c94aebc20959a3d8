"""What transformers calls the weights of its Perceivers, and what we call them."""

from ..layout import Layout, modules


def _layer(theirs: str, ours: str, first_norm: str) -> dict[str, str]:
    return modules(
        (f"{theirs}.attention.self.layernorm1", f"{ours}.{first_norm}"),
        (f"{theirs}.attention.self.layernorm2", f"{ours}.norm_kv"),
        (f"{theirs}.attention.self.query", f"{ours}.attention.q_proj"),
        (f"{theirs}.attention.self.key", f"{ours}.attention.k_proj"),
        (f"{theirs}.attention.self.value", f"{ours}.attention.v_proj"),
        (f"{theirs}.attention.output.dense", f"{ours}.attention.out_proj"),
        (f"{theirs}.layernorm", f"{ours}.norm_mlp"),
        (f"{theirs}.mlp.dense1", f"{ours}.mlp.fc1"),
        (f"{theirs}.mlp.dense2", f"{ours}.mlp.fc2"),
    )


def _decoder(theirs: str, ours: str) -> dict[str, str]:
    return _layer(f"{theirs}.decoding_cross_attention", f"{ours}.cross", "norm_q")


ENCODER = {
    "perceiver.embeddings.latents": "encoder.latents",
    **_layer("perceiver.encoder.cross_attention", "encoder.cross.0", "norm_q"),
    **_layer("perceiver.encoder.self_attends.{}", "encoder.blocks.0.{}", "norm_q"),
}

BYTES = {
    "perceiver.input_preprocessor.embeddings.weight": "preprocessor.embeddings.weight",
    "perceiver.input_preprocessor.position_embeddings.weight": (
        "preprocessor.position_embeddings.weight"
    ),
}

CLASS_DECODER = {
    "perceiver.decoder.decoder.output_position_encodings.position_embeddings": "queries.table",
    **_decoder("perceiver.decoder.decoder", "decoder"),
    **modules(("perceiver.decoder.decoder.final_layer", "postprocessor.linear")),
}

LABEL_QUERY = (
    "perceiver.decoder.modalities.label.decoder.output_position_encodings.position_embeddings"
)
MODALITIES = ("audio", "image", "label")
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
CONV_STEM = "perceiver.input_preprocessor.convnet"

NAMES: dict[str, dict[str, str]] = {
    "PerceiverForMaskedLM": {
        **ENCODER,
        **BYTES,
        "perceiver.decoder.output_position_encodings.position_embeddings": "queries.table",
        **_decoder("perceiver.decoder", "decoder"),
        "embedding_decoder.bias": "postprocessor.bias",
    },
    "PerceiverForSequenceClassification": {**ENCODER, **BYTES, **CLASS_DECODER},
    "PerceiverForImageClassificationLearned": {
        **ENCODER,
        **CLASS_DECODER,
        "perceiver.input_preprocessor.position_embeddings.position_embeddings": (
            "preprocessor.positions.table"
        ),
        **modules(
            ("perceiver.input_preprocessor.convnet_1x1", "preprocessor.stem"),
            ("perceiver.input_preprocessor.positions_projection", "preprocessor.positions.project"),
        ),
    },
    "PerceiverForImageClassificationFourier": {**ENCODER, **CLASS_DECODER},
    "PerceiverForImageClassificationConvProcessing": {
        **ENCODER,
        **CLASS_DECODER,
        f"{CONV_STEM}.conv.weight": "preprocessor.stem.0.conv.weight",
        **modules(
            (f"{CONV_STEM}.batchnorm", "preprocessor.stem.0.norm"), leaves=BATCH_NORM
        ),
    },
    "PerceiverForOpticalFlow": {
        **ENCODER,
        **_decoder("perceiver.decoder.decoder", "decoder"),
        **modules(
            ("perceiver.input_preprocessor.conv_after_patches", "preprocessor.linear"),
            ("perceiver.decoder.decoder.final_layer", "postprocessor.linear"),
        ),
    },
    "PerceiverForMultimodalAutoencoding": {
        **ENCODER,
        **{f"perceiver.input_preprocessor.padding.{m}": f"preprocessor.padding.{m}"
           for m in MODALITIES},
        **{f"perceiver.input_preprocessor.mask.{m}": f"preprocessor.mask_tokens.{m}"
           for m in MODALITIES},
        **{f"perceiver.decoder.padding.{m}": f"queries.padding.{m}" for m in MODALITIES},
        LABEL_QUERY: "queries.parts.label.table",
        **_decoder("perceiver.decoder.decoder", "decoder"),
        **modules(
            ("perceiver.decoder.decoder.final_layer", "decoder.final"),
            *(
                (
                    f"perceiver.output_postprocessor.modalities.{name}.classifier",
                    f"postprocessor.parts.{name}.linear",
                )
                for name in MODALITIES
            ),
        ),
    },
}  # fmt: skip

ALIASES = {"perceiver.output_postprocessor.bias": "embedding_decoder.bias"}  # older files
OF_TRANSFORMERS = {name: Layout(names, ALIASES) for name, names in NAMES.items()}
