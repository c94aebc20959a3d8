"""What transformers, Meta and timm call the weights of a DeiT, and what they are called here."""

from ..layout import Layout, modules
from ..transforms import FUSED

# --- transformers ---------------------------------------------------------------------------------
# Layers have two names: those on disk, which transformers still writes, and those of its
# classes since version 5, which are in a state_dict that somebody saved with torch.

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
PREFIXES = {
    "DeiTModel": "",
    "DeiTForImageClassification": "deit.",
    "DeiTForImageClassificationWithTeacher": "deit.",
    "DeiTForMaskedImageModeling": "deit.",
    "ViTModel": "",
    "ViTForImageClassification": "vit.",
}
OURS = {"DeiTForMaskedImageModeling": "encoder."}
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


def _encoder(prefix: str, ours: str = "") -> dict[str, str]:
    embeddings, layer = f"{prefix}embeddings", f"{prefix}encoder.layer.{{}}"
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


OF_TRANSFORMERS = {
    name: Layout(
        {**_encoder(prefix, OURS.get(name, "")), **HEADS.get(name, {})},
        _aliases(prefix),
        POOLER,
    )
    for name, prefix in PREFIXES.items()
}

# --- Meta, and timm -------------------------------------------------------------------------------

NAMES = {
    "cls_token": "class_token",
    "dist_token": "distillation_token",
    "pos_embed": "positions",
    **modules(
        ("patch_embed.proj", "patches.projection"),
        ("blocks.{}.norm1", "layers.{}.norm_q"),
        ("blocks.{}.attn.proj", "layers.{}.attention.out_proj"),
        ("blocks.{}.norm2", "layers.{}.norm_mlp"),
        ("blocks.{}.mlp.fc1", "layers.{}.mlp.fc1"),
        ("blocks.{}.mlp.fc2", "layers.{}.mlp.fc2"),
        ("norm", "norm"),
        ("head", "class_head"),
        ("head_dist", "distillation_head"),
    ),
}
QUERIES_KEYS_VALUES = {
    f"blocks.{{}}.attn.qkv.{leaf}": (
        tuple(f"layers.{{}}.attention.{part}_proj.{leaf}" for part in "qkv"),
        FUSED,
    )
    for leaf in ("weight", "bias")
}


def _with_scales(attention: str, mlp: str) -> Layout:
    """The scales of DeiT III have another name in each of the two."""
    scales = {
        f"blocks.{{}}.{attention}": "layers.{}.scale_attention.weight",
        f"blocks.{{}}.{mlp}": "layers.{}.scale_mlp.weight",
    }
    return Layout({**NAMES, **scales, **QUERIES_KEYS_VALUES})


META = _with_scales("gamma_1", "gamma_2")
TIMM = _with_scales("ls1.gamma", "ls2.gamma")
