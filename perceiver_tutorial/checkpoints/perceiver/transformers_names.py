"""What transformers calls the weights of its Perceivers, and what we call them."""

from ..layout import Layout, modules


def _attend(theirs: str, ours: str, first_norm: str) -> dict[str, str]:
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
    return _attend(f"{theirs}.decoding_cross_attention", f"{ours}.cross", "norm_q")


ENCODER = {
    "perceiver.embeddings.latents": "encoder.latents",
    **_attend("perceiver.encoder.cross_attention", "encoder.cross.0", "norm_q"),
    **_attend("perceiver.encoder.self_attends.{}", "encoder.blocks.0.{}", "norm_q"),
}

BYTES = {
    "perceiver.input_preprocessor.embeddings.weight": "preprocessor.what.table.weight",
    "perceiver.input_preprocessor.position_embeddings.weight": "preprocessor.where.table",
}

CLASS_DECODER = {
    "perceiver.decoder.decoder.output_position_encodings.position_embeddings": "queries.rows",
    **_decoder("perceiver.decoder.decoder", "decoder"),
    **modules(("perceiver.decoder.decoder.final_layer", "postprocessor.to_logits")),
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
        "perceiver.decoder.output_position_encodings.position_embeddings": "queries.ask.rows",
        **_decoder("perceiver.decoder", "decoder"),
        "embedding_decoder.bias": "postprocessor.bias",
    },
    "PerceiverForSequenceClassification": {**ENCODER, **BYTES, **CLASS_DECODER},
    "PerceiverForImageClassificationLearned": {
        **ENCODER,
        **CLASS_DECODER,
        "perceiver.input_preprocessor.position_embeddings.position_embeddings": (
            "preprocessor.where.table"
        ),
        **modules(
            ("perceiver.input_preprocessor.convnet_1x1", "preprocessor.what.convolve"),
            ("perceiver.input_preprocessor.positions_projection", "preprocessor.where.project"),
        ),
    },
    "PerceiverForImageClassificationFourier": {**ENCODER, **CLASS_DECODER},
    "PerceiverForImageClassificationConvProcessing": {
        **ENCODER,
        **CLASS_DECODER,
        f"{CONV_STEM}.conv.weight": "preprocessor.what.layers.0.convolve.weight",
        **modules(
            (f"{CONV_STEM}.batchnorm", "preprocessor.what.layers.0.norm"), leaves=BATCH_NORM
        ),
    },
    "PerceiverForOpticalFlow": {
        **ENCODER,
        **_decoder("perceiver.decoder.decoder", "decoder"),
        **modules(
            ("perceiver.input_preprocessor.conv_after_patches", "preprocessor.what.project"),
            ("perceiver.decoder.decoder.final_layer", "postprocessor.to_flow"),
        ),
    },
    "PerceiverForMultimodalAutoencoding": {
        **ENCODER,
        **{f"perceiver.input_preprocessor.padding.{m}": f"preprocessor.pad.padding.{m}"
           for m in MODALITIES},
        **{f"perceiver.input_preprocessor.mask.{m}": f"preprocessor.mask_tokens.{m}"
           for m in MODALITIES},
        **{f"perceiver.decoder.padding.{m}": f"queries.pad.padding.{m}" for m in MODALITIES},
        LABEL_QUERY: "queries.modalities.label.rows",
        **_decoder("perceiver.decoder.decoder", "decoder.decoder"),
        **modules(
            ("perceiver.decoder.decoder.final_layer", "decoder.decoder.project"),
            *(
                (
                    f"perceiver.output_postprocessor.modalities.{name}.classifier",
                    f"postprocessor.modalities.{name}.{ours}",
                )
                for name, ours in zip(
                    MODALITIES, ("to_samples", "to_colours", "to_logits"), strict=True
                )
            ),
        ),
    },
}  # fmt: skip

ALIASES = {"perceiver.output_postprocessor.bias": "embedding_decoder.bias"}  # older files
OF_TRANSFORMERS = {name: Layout(names, ALIASES) for name, names in NAMES.items()}
