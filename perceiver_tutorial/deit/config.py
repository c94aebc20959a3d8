"""What can be chosen about a DeiT, and what was chosen for the published ones."""

import math
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..inputs import check_classes, check_fields
from ..masks import check_mask_ratio

Size = tuple[int, int]
MOST_LAYERS = 10_000  # more would be built for hours


@dataclass(frozen=True)
class DeiTConfig:
    """Sizes of a DeiT.

    Attributes:
        channels: width of every token.
        num_heads: heads of the attention; must divide `channels`.
        depth: layers.
        image_size: (height, width) in pixels.
        patch_size: height and width of a patch in pixels.
        num_classes: scores wanted; None: the normalised tokens themselves.
        distilled: a distillation token stands beside the class token.
        distillation_head: the distillation token has a head of its own. Without one it
            takes part all the same, but gives no scores.
        widening_factor: hidden width of the MLP over `channels`.
        drop_path: how often a sample skips a branch of the last layer while training.
        drop_path_grows: earlier layers are skipped less, down to never; False: all of
            them alike, as in DeiT III.
        layer_scale: what every channel of a branch is multiplied with at the start, and
            learned from there, as in DeiT III; None: branches come as they are.
        patch_positions_only: positions are added to patches, and the prefix tokens get none,
            as in DeiT III.
        norm_eps: what the layer norms add to the variance: 1e-12 in the published
            configurations, 1e-6 in the code that trained them.
        class_names: what each class is called, where that is known. Says nothing of what is
            computed: two configurations that differ in it are equal.

    Raises:
        ValueError: if the sizes do not go together.
    """

    channels: int
    num_heads: int
    depth: int = 12
    image_size: Size = (224, 224)
    patch_size: int = 16
    num_classes: int | None = 1000
    distilled: bool = True
    distillation_head: bool = True
    widening_factor: int = 4
    drop_path: float = 0.0
    drop_path_grows: bool = True
    layer_scale: float | None = None
    patch_positions_only: bool = False
    norm_eps: float = 1e-12
    class_names: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        check_fields(self)
        if self.depth > MOST_LAYERS:
            raise ValueError(
                f"expected depth of at most {MOST_LAYERS:,}, got {self.depth}. Published models "
                "have 12."
            )
        if self.channels % self.num_heads:
            raise ValueError(
                f"expected channels that split over num_heads={self.num_heads}, got "
                f"{self.channels}. Choose a multiple of {self.num_heads}."
            )
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"expected drop_path from 0 to below 1, got {self.drop_path}.")
        check_classes(self.class_names, self.num_classes)
        self.grid_of(self.image_size)

    @property
    def grid(self) -> Size:
        """Patches along each axis."""
        return self.grid_of(self.image_size)

    @property
    def num_patches(self) -> int:
        """Patches of an image."""
        return math.prod(self.grid)

    @property
    def num_prefix_tokens(self) -> int:
        """Tokens before the patches: the class token, and the distillation token."""
        return 2 if self.distilled else 1

    @property
    def num_tokens(self) -> int:
        """Tokens that attend to each other."""
        return self.num_prefix_tokens + self.num_patches

    @property
    def has_two_heads(self) -> bool:
        """Whether class and distillation token both give scores."""
        return self.distilled and self.distillation_head

    def grid_of(self, image_size: Size) -> Size:
        """Patches along each axis for images of any size.

        Raises:
            ValueError: if it is no (height, width), or no whole number of patches.
        """
        patch = self.patch_size
        if isinstance(image_size, int) or len(image_size) != 2:
            raise ValueError(
                f"expected image_size as (height, width) in pixels, got {image_size}. "
                "For a square give the side twice."
            )
        if any(side < patch or side % patch for side in image_size):
            nearest = tuple(max(1, round(side / patch)) * patch for side in image_size)
            raise ValueError(
                f"expected image_size in whole numbers of {patch}-pixel patches, got "
                f"{image_size}. Resize or crop, e.g. to {nearest}."
            )
        height, width = image_size
        return height // patch, width // patch

    def drop_path_of(self, layer: int) -> float:
        """How often a sample skips a branch of a layer, counted from 0."""
        if not self.drop_path_grows:
            return self.drop_path
        return self.drop_path * layer / max(1, self.depth - 1)

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, 3, *self.image_size)


@dataclass(frozen=True)
class DeiTMaskedImageConfig:
    """A DeiT that is pre-trained by drawing the patches that it did not see.

    Attributes:
        encoder: its `num_classes` and its heads are not used.
        mask_ratio: share of the patches that is hidden, unless a call says otherwise.

    Raises:
        ValueError: if `mask_ratio` is not from 0 to below 1.
    """

    encoder: DeiTConfig
    mask_ratio: float = 0.6

    def __post_init__(self):
        check_fields(self)
        check_mask_ratio(self.mask_ratio)

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return self.encoder.example_input(batch_size)


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
