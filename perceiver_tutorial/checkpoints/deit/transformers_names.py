"""What transformers calls the weights of its DeiTs and ViTs, and what we call them.

Blocks have two names: those on disk, which transformers still writes, and those of its
classes since version 5, which are in a state_dict that somebody saved with torch.
"""

from ..layout import Layout, modules, transformed
from ..transforms import without_front

ON_DISK = {
    "attention.attention.query": "attention.q_proj",
    "attention.attention.key": "attention.k_proj",
    "attention.attention.value": "attention.v_proj",
    "attention.output.dense": "attention.out_proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "layernorm_before": "norm_q",
    "layernorm_after": "norm_mlp",
}
IN_MEMORY = {
    "attention.q_proj": "attention.attention.query",
    "attention.k_proj": "attention.attention.key",
    "attention.v_proj": "attention.attention.value",
    "attention.o_proj": "attention.output.dense",
    "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense",
    "layernorm_before": "layernorm_before",
    "layernorm_after": "layernorm_after",
}
# Stored with axes of length 1 in front, where a batch would be.
BATCH_AXES = {
    "encoder.to_tokens.class_token": without_front(2),
    "encoder.to_tokens.distillation_token": without_front(2),
    "encoder.to_tokens.positions": without_front(1),
    "mask_token": without_front(2),
}
# A map of the class token in a bare model. No classifier reads it, and it was never published
# trained: whoever reads a classifier as a bare model gets a random one.
POOLER = ("pooler.dense.weight", "pooler.dense.bias")


def _encoder(prefix: str) -> dict[str, str]:
    embeddings = f"{prefix}embeddings"
    block = f"{prefix}encoder.layer.{{}}"
    return {
        f"{embeddings}.cls_token": "encoder.to_tokens.class_token",
        f"{embeddings}.distillation_token": "encoder.to_tokens.distillation_token",
        f"{embeddings}.position_embeddings": "encoder.to_tokens.positions",
        **modules(
            (f"{embeddings}.patch_embeddings.projection", "encoder.to_patches.convolve"),
            (f"{prefix}layernorm", "encoder.norm"),
            *(
                (f"{block}.{there}", f"encoder.blocks.{{}}.{here}")
                for there, here in ON_DISK.items()
            ),
        ),
    }


def _in_memory(theirs: str, prefix: str) -> dict[str, str]:
    return modules(
        *(
            (f"{theirs}layers.{{}}.{memory}", f"{prefix}encoder.layer.{{}}.{disk}")
            for memory, disk in IN_MEMORY.items()
        )
    )


def _aliases(prefix: str) -> dict[str, str]:
    """Names in memory; and a classifier without classes is a bare model with a prefix."""
    if prefix:
        return _in_memory(prefix, prefix)
    prefixed = {f"{p}{name}": name for p in ("deit.", "vit.") for name in _encoder("")}
    memory = (_in_memory(p, "") for p in ("", "deit.", "vit."))
    return prefixed | {alias: name for names in memory for alias, name in names.items()}


PREFIXES = {
    "DeiTModel": "",
    "DeiTForImageClassification": "deit.",
    "DeiTForImageClassificationWithTeacher": "deit.",
    "DeiTForMaskedImageModeling": "deit.",
    "ViTModel": "",
    "ViTForImageClassification": "vit.",
}
HEADS = {
    "DeiTForImageClassification": modules(("classifier", "class_head")),
    "DeiTForImageClassificationWithTeacher": modules(
        ("cls_classifier", "class_head"), ("distillation_classifier", "distillation_head")
    ),
    "DeiTForMaskedImageModeling": {
        "deit.embeddings.mask_token": "mask_token",
        **modules(("decoder.0", "to_pixels")),
    },
    "ViTForImageClassification": modules(("classifier", "class_head")),
}
LAYOUTS = {
    name: Layout(
        transformed({**_encoder(prefix), **HEADS.get(name, {})}, BATCH_AXES),
        _aliases(prefix),
        POOLER,
    )
    for name, prefix in PREFIXES.items()
}
