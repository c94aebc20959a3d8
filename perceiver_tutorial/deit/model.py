"""DeiT: a plain vision transformer with a second token that learns from a teacher."""

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ..attention import SelfAttentionLayer
from ..drop_path import DropPath
from ..errors import Model
from ..inputs import InputSpec, check_filled, check_numbers
from ..made_from import like
from ..positions import learned_table, resize_positions
from ..zoo import build
from .config import DeiTConfig, DeiTMaskedImageConfig, Size

Ensemble = Literal["mean_logits", "mean_probabilities", "class", "distillation"]


@dataclass(frozen=True)
class DeiTOutput:
    """Scores of the class head, and of the distillation head where there is one.

    Attributes:
        class_logits: scores from the class token.
        distillation_logits: scores from the distillation token; None without a head for it.
    """

    class_logits: Float[Tensor, "batch classes"]
    distillation_logits: Float[Tensor, "batch classes"] | None = None

    @property
    def logits(self) -> Float[Tensor, "batch classes"]:
        """The mean of both; of a plain model, the class logits."""
        if self.distillation_logits is None:
            return self.class_logits
        return (self.class_logits + self.distillation_logits) / 2

    def ensemble(self, how: Ensemble = "mean_logits") -> Float[Tensor, "batch classes"]:
        """One set of scores from two heads.

        Args:
            how: "mean_logits" is what `logits` is; "mean_probabilities" takes the softmax of
                each head first; "class" and "distillation" use one head only.

        Returns:
            Logits in every case: their softmax is the probabilities.

        Raises:
            ValueError: if `how` is none of these, or needs a head that is not there.
        """
        if how not in get_args(Ensemble):
            raise ValueError(f"expected how as one of {get_args(Ensemble)}, got {how!r}.")
        if how == "class":
            return self.class_logits
        second = self._second_head(f"how={how!r}")
        if how == "distillation":
            return second
        if how == "mean_logits":
            return self.logits
        both = (self.class_logits.log_softmax(-1), second.log_softmax(-1))
        return torch.logaddexp(*both) - math.log(2)

    def agreement(self) -> float:
        """Share of the images for which both heads choose the same class, from 0 to 1.

        Raises:
            ValueError: if there is no distillation head, the batch is empty, or a score is NaN.
        """
        second = self._second_head("an agreement")
        check_filled(distillation_logits=second)
        check_numbers(class_logits=self.class_logits, distillation_logits=second)
        return (self.class_logits.argmax(-1) == second.argmax(-1)).float().mean().item()

    def _second_head(self, wanted: str) -> Float[Tensor, "batch classes"]:
        if self.distillation_logits is None:
            raise ValueError(
                f"expected distillation logits for {wanted}, got the answer of a model without a "
                "distillation head. Use .class_logits, or build a DeiTConfig with distilled=True."
            )
        return self.distillation_logits


# Compiled and exported models, vmap and others know then where the tensors in it are.
torch.export.register_dataclass(DeiTOutput, serialized_type_name="perceiver_tutorial.DeiTOutput")


class PatchEmbedding(nn.Module):
    """Every patch through one and the same linear map; patches do not overlap.

    Written as a convolution whose stride is its kernel, as the published weights are.
    Paper: DeiT 3 (the patches of ViT, arXiv 2010.11929).

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.input_spec = InputSpec(
            "images",
            ("colours", "height", "width"),
            (3, *config.image_size),
            f"Resize or crop them to {config.image_size}, or let deit.resized make a model for "
            "their size.",
        )
        self.projection = nn.Conv2d(3, config.channels, config.patch_size, config.patch_size)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch patches channels"]:
        self.input_spec.check(images)
        return rearrange(self.projection(images), "b c h w -> b (h w) c")


class LayerScale(nn.Module):
    """Every channel of a branch has a weight; small ones at first keep a deep model stable.

    Paper: Going deeper with Image Transformers, arXiv 2103.17239.

    Args:
        channels: width of the branch.
        initial: every weight at the start.
    """

    def __init__(self, channels: int, initial: float):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(initial)))

    def forward(
        self, branch: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        return branch * self.weight


class ScaledSelfAttentionLayer(SelfAttentionLayer):
    """DeiT III's layer: both branches are scaled and, while training, skipped by some samples.

    Paper: DeiT III, arXiv 2204.07118, section 3.

    Args:
        config: sizes.
        drop_path: see `DropPath`.
    """

    def __init__(self, config: DeiTConfig, drop_path: float):
        super().__init__(
            config.channels,
            config.num_heads,
            widening_factor=config.widening_factor,
            eps=config.norm_eps,
        )
        self.scale_attention, self.scale_mlp = (
            nn.Identity()
            if config.layer_scale is None
            else LayerScale(config.channels, config.layer_scale)
            for _ in range(2)
        )
        self.drop_path = DropPath(drop_path)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        y = self.norm_q(x)
        x = x + self.drop_path(self.scale_attention(self.attention(y, y)))
        return x + self.drop_path(self.scale_mlp(self.mlp(self.norm_mlp(x))))


class Head(nn.Linear):
    """Scores of all classes, from one token."""

    def forward(self, token: Float[Tensor, "batch channels"]) -> Float[Tensor, "batch classes"]:
        return super().forward(token)


class DeiT(Model):
    """A vision transformer with a class token and, if distilled, a distillation token.

    The table of positions has a row for every token, the learned ones included, in the
    order of the sequence. The paper's figure draws the distillation token last; in the
    published weights it is the second. Nothing else depends on the order.
    Paper: DeiT, arXiv 2012.12877, figure 2. transformers'
    DeiTForImageClassificationWithTeacher; without a distillation token its
    ViTForImageClassification.

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.config = config
        self.patches = PatchEmbedding(config)
        self.class_token = learned_table(1, 1, config.channels)
        self.distillation_token = learned_table(1, 1, config.channels) if config.distilled else None
        rows = config.num_patches if config.patch_positions_only else config.num_tokens
        self.positions = learned_table(1, rows, config.channels)
        self.layers = nn.ModuleList(_layer(config, number) for number in range(config.depth))
        self.norm = nn.LayerNorm(config.channels, eps=config.norm_eps)
        self.class_head = _head(config)
        self.distillation_head = _head(config) if config.has_two_heads else None
        initialise(self)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> DeiTOutput:
        x = self.tokens(images)
        class_logits = self.class_head(x[:, 0])
        if self.distillation_head is None:
            return DeiTOutput(class_logits)
        return DeiTOutput(class_logits, self.distillation_head(x[:, 1]))

    def tokens(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """Every token at the end, normalised: what the heads take.

        Args:
            images: of the size in the configuration.

        Returns:
            The class token, the distillation token if there is one, then the patches,
            row by row.
        """
        return self.encode(self.patches(images))

    def encode(
        self, x: Float[Tensor, "batch patches channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """All tokens after the last layer, normalised, from embedded patches.

        Args:
            x: patches, row by row.
        """
        x = self.prepend(x)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def prepend(
        self, patches: Float[Tensor, "batch patches channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """The learned tokens, then the patches, with their positions: what the layers start from.

        Args:
            patches: embedded, row by row.
        """
        learned = [t for t in (self.class_token, self.distillation_token) if t is not None]
        prefix_tokens = torch.cat(learned, dim=1).expand(patches.shape[0], -1, -1)
        if self.config.patch_positions_only:
            return torch.cat([prefix_tokens, patches + self.positions], dim=1)
        return torch.cat([prefix_tokens, patches], dim=1) + self.positions


build.register(DeiTConfig, DeiT)


def _layer(config: DeiTConfig, number: int) -> SelfAttentionLayer:
    """Where nothing is scaled or skipped, a plain layer."""
    if config.layer_scale is not None or config.drop_path:
        return ScaledSelfAttentionLayer(config, config.drop_path_of(number))
    return SelfAttentionLayer(
        config.channels,
        config.num_heads,
        widening_factor=config.widening_factor,
        eps=config.norm_eps,
    )


def _head(config: DeiTConfig) -> nn.Module:
    return Head(config.channels, config.num_classes) if config.num_classes else nn.Identity()


def initialise(model: nn.Module) -> None:
    """Start every linear map of a DeiT afresh, as in the code that trained the published models.

    Weights are drawn from a normal distribution with a standard deviation of 0.02, biases are
    0, norms and the patches' convolution start as torch starts them. The learned tokens and
    the positions have drawn 0.02 already. In transformers these start at 0, all of them: then a
    fresh model has no idea where a patch is, and its two tokens stay twins that only their
    heads tell apart.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)


def resized(model: nn.Module, image_size: Size) -> nn.Module:
    """Copy a model's weights into one that takes images of another size.

    The number of patches changes, and nothing that is learned depends on it but the table
    of positions. Its rows for patches are stretched over the new grid; those of the class
    and distillation tokens, which are nowhere in the image, stay as they are. Equal to
    transformers' interpolate_pos_encoding=True, which needs a model made for square
    images; ours need not be. Type, device, mode and what is frozen stay.

    Args:
        model: a DeiT or a DeiTMaskedImage, made for any size.
        image_size: (height, width) in pixels.

    Raises:
        ValueError: if the size is no whole number of patches.
    """
    is_masked = isinstance(model.config, DeiTMaskedImageConfig)
    old = model.config.encoder if is_masked else model.config
    new = replace(old, image_size=image_size)
    other = like(build(replace(model.config, encoder=new) if is_masked else new), model)
    state, name = model.state_dict(), "encoder.positions" if is_masked else "positions"
    num_prefix = state[name].shape[1] - old.num_patches
    prefix, patches = state[name][0].split([num_prefix, old.num_patches])
    stretched = torch.cat([prefix, resize_positions(patches, old.grid, new.grid)])
    other.load_state_dict({**state, name: stretched[None]})
    return other
