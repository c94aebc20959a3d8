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
PUBLISHED: dict[str, DeiTConfig] = {
    f"facebook/deit-{name}": config for name, config in {**PLAIN, **DISTILLED}.items()
}
