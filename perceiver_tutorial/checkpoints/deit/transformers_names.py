"""What transformers calls the weights of its DeiTs and ViTs, and what we call them.

Layers have two names: those on disk, which transformers still writes, and those of its
classes since version 5, which are in a state_dict that somebody saved with torch.
"""

from ..layout import Layout, modules, rows

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
# A map of the class token in a bare model. No classifier reads it, and it was never published
# trained: whoever reads a classifier as a bare model gets a random one.
POOLER = ("pooler.dense.weight", "pooler.dense.bias")


def _encoder(prefix: str, ours: str = "") -> dict[str, str]:
    embeddings = f"{prefix}embeddings"
    layer = f"{prefix}encoder.layer.{{}}"
    return {
        f"{embeddings}.cls_token": f"{ours}class_token",
        f"{embeddings}.distillation_token": f"{ours}distillation_token",
        f"{embeddings}.position_embeddings": f"{ours}positions",
        **modules(
            (f"{embeddings}.patch_embeddings.projection", f"{ours}patches.projection"),
            (f"{prefix}layernorm", f"{ours}norm"),
            *((f"{layer}.{there}", f"{ours}layers.{{}}.{here}") for there, here in ON_DISK.items()),
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
OURS = {"DeiTForMaskedImageModeling": "encoder."}
LAYOUTS = {
    name: Layout(
        rows({**_encoder(prefix, OURS.get(name, "")), **HEADS.get(name, {})}),
        _aliases(prefix),
        POOLER,
    )
    for name, prefix in PREFIXES.items()
}
