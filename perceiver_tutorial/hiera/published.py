"""The published sizes, under their published names."""

from dataclasses import replace

from .config import HieraConfig, HieraMAEConfig

SIZES = {
    "tiny": HieraConfig(embed_channels=96, num_heads=1, stages=(1, 2, 7, 2)),
    "small": HieraConfig(embed_channels=96, num_heads=1, stages=(1, 2, 11, 2)),
    "base": HieraConfig(embed_channels=96, num_heads=1, stages=(2, 3, 16, 3)),
    "base-plus": HieraConfig(embed_channels=112, num_heads=2, stages=(2, 3, 16, 3)),
    "large": HieraConfig(embed_channels=144, num_heads=2, stages=(2, 6, 36, 4)),
    "huge": HieraConfig(embed_channels=256, num_heads=4, stages=(2, 6, 36, 4)),
}


def pretraining(config: HieraConfig) -> HieraMAEConfig:
    """The published pre-training of a size: it pools once less than the classifier."""
    return HieraMAEConfig(replace(config, num_pools=2, num_classes=None, class_names=None))


def video(config: HieraConfig) -> HieraConfig:
    """The published video model of a size: 16 frames, Kinetics' 400 classes."""
    return replace(
        config,
        input_size=(16, 224, 224),
        patch_kernel=(3, 7, 7),
        patch_stride=(2, 4, 4),
        patch_padding=(1, 3, 3),
        pool=(1, 2, 2),
        positions="separate",
        num_classes=400,
        class_names=None,
    )


PUBLISHED: dict[str, HieraConfig | HieraMAEConfig] = {
    **{f"facebook/hiera-{n}-224-hf": replace(c, num_classes=None) for n, c in SIZES.items()},
    **{f"facebook/hiera-{name}-224-in1k-hf": config for name, config in SIZES.items()},
    **{f"facebook/hiera-{name}-224-mae-hf": pretraining(c) for name, c in SIZES.items()},
    **{
        f"facebook/hiera_{name.replace('-', '_')}_16x224": video(SIZES[name])
        for name in ("base", "base-plus", "large", "huge")
    },
}
