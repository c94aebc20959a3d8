"""The published sizes, under their published names."""

from dataclasses import replace

from .config import DeiTConfig

SIZES = {
    "tiny": DeiTConfig(channels=192, num_heads=3),
    "small": DeiTConfig(channels=384, num_heads=6),
    "base": DeiTConfig(channels=768, num_heads=12),
}
DISTILLED = {
    **{f"{size}-distilled-patch16-224": config for size, config in SIZES.items()},
    "base-distilled-patch16-384": replace(SIZES["base"], image_size=(384, 384)),
}
PLAIN = {
    name.replace("-distilled", ""): replace(config, distilled=False)
    for name, config in DISTILLED.items()
}
# DeiT III (arXiv 2204.07118), under timm's names: no distillation, scaled branches.
SIZES_III = {
    "small": DeiTConfig(channels=384, num_heads=6),
    "medium": DeiTConfig(channels=512, num_heads=8),
    "base": DeiTConfig(channels=768, num_heads=12),
    "large": DeiTConfig(channels=1024, num_heads=16, depth=24),
    "huge": DeiTConfig(channels=1280, num_heads=16, depth=32, patch_size=14),
}
DEIT_III: dict[str, DeiTConfig] = {
    f"deit3_{size}_patch{config.patch_size}_{side}": replace(
        config, image_size=(side, side), distilled=False, layer_scale=1e-6,
        patch_positions_only=True, norm_eps=1e-6,
    )
    for size, config in SIZES_III.items()
    for side in ((224,) if size in ("medium", "huge") else (224, 384))
}  # fmt: skip
PUBLISHED: dict[str, DeiTConfig] = {
    f"facebook/deit-{name}": config for name, config in {**PLAIN, **DISTILLED}.items()
}
