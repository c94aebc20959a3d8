"""Masked pre-training: see some mask units, rebuild the others."""

import math
from dataclasses import replace

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ..errors import Model
from ..made_from import like
from ..masks import kept_units, mask_of, random_units, spread
from ..positions import learned_table
from ..zoo import build
from .config import HieraConfig, HieraMAEConfig
from .layers import HieraLayer
from .mask_units import Grid, input_size, join_units, reroll_units, unit_grid
from .model import CONVOLUTIONS, Hiera, HieraEncoder, initialise
from .targets import Reconstruction, from_patches, patches, predicted_side, statistics


class MultiScaleFusion(nn.Module):
    """Bring all pooled stages of each mask unit to one size and one width, and add them up.

    Paper: Hiera 3.3, "multi-scale decoder".

    Args:
        config: of the encoder.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.pools = [config.pools_after(stage) for stage in range(len(config.stages))]
        axes, last = len(config.input_size), config.last_stage
        self.heads = nn.ModuleList()
        for stage in range(config.num_pools):
            kernel = unit_grid(config.pools[stage : config.num_pools], axes)
            self.heads.append(
                CONVOLUTIONS[axes](config.channels(stage), config.channels(last), kernel, kernel)
            )

    def forward(
        self, stages: list[Float[Tensor, "batch _tokens _channels"]]
    ) -> Float[Tensor, "batch kept *unit_grid channels"]:
        fused = reroll_units(stages[-1], self.pools[-1])
        for head, tokens, pools in zip(self.heads, stages, self.pools, strict=False):
            units = rearrange(reroll_units(tokens, pools), "b kept ... c -> (b kept) c ...")
            fused = fused + rearrange(
                head(units), "(b kept) c ... -> b kept ... c", b=tokens.shape[0]
            )
        return fused


class HieraDecoder(nn.Module):
    """Hidden places get a mask token, positions are added, and all tokens attend to all.

    Args:
        config: of the pre-training.
    """

    def __init__(self, config: HieraMAEConfig):
        super().__init__()
        encoder, channels = config.encoder, config.decoder_channels
        self.units = encoder.units
        last = encoder.last_stage
        grid = encoder.grid_after(last, encoder.grid)
        self.to_decoder = nn.Linear(encoder.channels(last), channels)
        self.mask_token = learned_table(1, 1, channels)
        self.positions = learned_table(1, math.prod(grid), channels)
        self.layers = nn.ModuleList(
            HieraLayer(channels, channels, config.decoder_heads)
            for _ in range(config.decoder_depth)
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.to_pixels = nn.Linear(channels, 3 * math.prod(predicted_side(encoder)))

    def forward(
        self,
        seen: Float[Tensor, "batch kept *unit_grid channels"],
        kept: Int[Tensor, "batch kept"],
    ) -> Float[Tensor, "batch tokens pixels"]:
        x = self.positions + put_back(self.to_decoder(seen), kept, self.mask_token, self.units)
        for layer in self.layers:
            x = layer(x)
        return self.to_pixels(self.norm(x))


def put_back(
    seen: Float[Tensor, "batch kept *unit_grid channels"],
    kept: Int[Tensor, "batch kept"],
    filling: Float[Tensor, "1 1 channels"],
    units: Grid,
) -> Float[Tensor, "batch tokens channels"]:
    """All tokens, row by row: those of kept mask units where they belong, a filling elsewhere.

    Args:
        seen: tokens of the kept units.
        kept: their numbers.
        filling: stands for every token that was hidden.
        units: mask units along each axis.
    """
    shape = (seen.shape[0], math.prod(units), *seen.shape[2:])
    every = filling.to(seen.dtype).flatten().expand(shape)
    index = kept.view(*kept.shape, *(1,) * (seen.ndim - 2)).expand_as(seen)
    return join_units(every.scatter(1, index, seen), units).flatten(1, -2)


class HieraMAE(Model):
    """A Hiera that rebuilds the pixels of mask units that it did not see.

    Paper: Hiera 3.3; transformers' HieraForPreTraining, which takes no mask.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraMAEConfig):
        super().__init__()
        self.config = config
        self.encoder = HieraEncoder(config.encoder)
        self.fuse = MultiScaleFusion(config.encoder)
        self.norm = nn.LayerNorm(config.encoder.channels(config.encoder.last_stage), eps=1e-6)
        self.decoder = HieraDecoder(config)
        initialise(self)

    def forward(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        mask: Bool[Tensor, "batch units"] | None = None,
        mask_ratio: float | None = None,
    ) -> Float[Tensor, "batch tokens pixels"]:
        return self.predict(images, self.choose_units(images, mask, mask_ratio))

    def predict(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        kept: Int[Tensor, "batch kept"],
    ) -> Float[Tensor, "batch tokens pixels"]:
        """Pixels of every patch, seen or not; normalised if the targets are.

        Args:
            images: of the size that the decoder was made for.
            kept: numbers of the mask units that may be seen.
        """
        return self.decoder(self.norm(self.fuse(self.encoder(images, kept))), kept)

    def choose_units(
        self,
        images: Tensor,
        mask: Bool[Tensor, "batch units"] | None = None,
        mask_ratio: float | None = None,
    ) -> Int[Tensor, "batch kept"]:
        """The numbers of the mask units to see: those kept by hand, or random ones.

        Args:
            images: of the size that the decoder was made for.
            mask: True for mask units that are seen. Default: random ones.
            mask_ratio: share of the random ones that is hidden. Default: the configuration's.

        Raises:
            ValueError: if images have another size, `mask` is no such mask, or both `mask`
                and `mask_ratio` are given.
        """
        self.encoder.input_spec.check(images)
        if input_size(images) != (wanted := tuple(self.config.encoder.input_size)):
            raise ValueError(
                f"expected images of {wanted} pixels, for which the decoder was made, got "
                f"{input_size(images)}. Resize or crop them."
            )
        units = self.config.encoder.units
        if mask is not None and mask_ratio is not None:
            raise ValueError(
                f"expected mask or mask_ratio, got both (mask_ratio={mask_ratio}). A mask that is "
                "made by hand has its ratio already: leave mask_ratio out."
            )
        if mask is not None:
            return kept_units(mask, units, images.shape[0])
        ratio = self.config.mask_ratio if mask_ratio is None else mask_ratio
        return random_units(images.shape[0], units, ratio).to(images.device)

    def loss(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        mask: Bool[Tensor, "batch units"] | None = None,
        mask_ratio: float | None = None,
    ) -> Float[Tensor, ""]:
        """Mean squared error of the hidden patches; seen ones are not judged.

        Args:
            images: to learn from.
            mask: True for mask units that are seen. Default: random ones.
            mask_ratio: share of the random ones that is hidden, see `choose_units`.

        Raises:
            ValueError: if nothing is hidden.
        """
        kept = self.choose_units(images, mask, mask_ratio)
        if kept.shape[1] == math.prod(self.config.encoder.units):
            raise ValueError(
                f"expected at least one hidden mask unit, got {kept.shape[1]} kept of as many. "
                "Choose a larger mask_ratio."
            )
        predicted, wanted = self.predict(images, kept), patches(images, self.config.encoder)
        if self.config.normalise_targets:
            mean, deviation = statistics(wanted)
            wanted = (wanted - mean) / deviation
        hidden = self._hidden(kept)[..., None].expand(-1, -1, wanted.shape[2])
        return mse_loss(predicted.gather(1, hidden), wanted.gather(1, hidden))

    def _hidden(self, kept: Int[Tensor, "batch kept"]) -> Int[Tensor, "batch hidden"]:
        """Numbers of the patches to judge: as many in every sample, so that it compiles."""
        seen, num_units = self.seen_tokens(kept), math.prod(self.config.encoder.units)
        num_hidden = seen.shape[1] * (num_units - kept.shape[1]) // num_units
        return seen.int().argsort(dim=1, stable=True)[:, :num_hidden]

    def seen_tokens(self, kept: Int[Tensor, "batch kept"]) -> Bool[Tensor, "batch tokens"]:
        """True for predicted patches that lie in a kept mask unit."""
        encoder = self.config.encoder
        final = unit_grid(encoder.pools_after(encoder.last_stage), len(encoder.units))
        return spread(mask_of(kept, encoder.units), encoder.units, final).flatten(1)

    @torch.no_grad()
    def reconstruct(
        self,
        images: Float[Tensor, "batch *frames 3 height width"],
        mask: Bool[Tensor, "batch units"] | None = None,
        mask_ratio: float | None = None,
    ) -> Reconstruction:
        """Rebuild pictures, as pictures.

        Args:
            images: to rebuild.
            mask: True for mask units that are seen. Default: random ones.
            mask_ratio: share of the random ones that is hidden, see `choose_units`.
        """
        kept = self.choose_units(images, mask, mask_ratio)
        predicted, truth = self.predict(images, kept), patches(images, self.config.encoder)
        borrowed = "nothing"
        if self.config.normalise_targets:
            mean, deviation = statistics(truth)
            predicted = predicted * deviation + mean
            borrowed = "mean and standard deviation of every patch, hidden ones too"
        seen = self.seen_tokens(kept)[..., None]
        return Reconstruction(
            pictures=from_patches(torch.where(seen, truth, predicted), self.config.encoder),
            predicted=from_patches(predicted, self.config.encoder),
            seen=from_patches(seen.expand_as(truth).to(truth), self.config.encoder) > 0,
            borrowed=borrowed,
        )


build.register(HieraMAEConfig, HieraMAE)


def classifier_from(mae: HieraMAE, num_classes: int | None) -> Hiera:
    """A classifier whose encoder begins with what a pre-training has learned.

    All weights of the encoder go along, exactly. The classifier pools at every stage
    change, the published pre-trainings once less; but pooling has no weights, and both
    widen in the same layers. Only the last stage reads fewer tokens than it learned
    with. Fusion, its norm and the decoder stay behind; the classifier's norm and its
    scores are new. Type, device, mode and what is frozen of the encoder stay.

    Args:
        mae: a pre-training, which stays as it is.
        num_classes: scores wanted; None: the normalised mean of the tokens itself.
    """
    encoder = mae.config.encoder
    config = replace(
        encoder, num_pools=encoder.last_stage, num_classes=num_classes, class_names=None
    )
    model = like(Hiera(config), mae)
    model.norm.requires_grad_(True)  # called as another norm of the pre-training, and new
    model.encoder.load_state_dict(mae.encoder.state_dict())
    return model
