"""Exercises about masked pre-training: what is kept, what is to be hit, what must not leak."""

from dataclasses import replace
from functools import cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import layer_norm

from perceiver_tutorial.hiera import PUBLISHED, Hiera, HieraConfig, unroll
from perceiver_tutorial.hiera.mask_units import hide_pixels, visible_tokens
from perceiver_tutorial.masks import kept_units, mask_of, random_units, spread
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.zoo import build

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction, walked


def _mask(draw) -> tuple[Tensor]:
    batch, rows, columns = draw.sizes(3, low=3, high=6)
    units = random_units(batch, (rows, columns), 0.6, draw.generator)
    return (mask_of(units, (rows, columns)),)


KEPT_NUMBERS = Exercise(
    task="return the numbers [batch, kept] of the mask units that are visible, in order, from a "
    "mask [batch, units], True where a unit is visible; each sample keeps as many.",
    inputs=_mask,
    reference=lambda mask: mask.nonzero()[:, 1].view(len(mask), -1),
    slips=(
        Slip(
            "those are the hidden ones: True means visible.",
            lambda mask: (~mask).nonzero()[:, 1].view(len(mask), -1),
        ),
        Slip(
            "nonzero gives pairs (sample, unit), one below the other: take the units, and give "
            "every sample its row.",
            lambda mask: mask.nonzero(),
        ),
        Slip(
            "these number the units of all samples through; every sample counts from 0.",
            lambda mask: mask.flatten().nonzero()[:, 0].view(len(mask), -1),
        ),
    ),
)


def _patches(draw) -> tuple[Tensor]:
    batch, patches = draw.sizes(2)
    contrast = 0.01 ** draw.rand(batch, patches, 1)  # some are nearly grey: there 1e-6 counts
    return (draw.randn(batch, patches, 1) + contrast * draw.rand(batch, patches, 48),)


def _standard(patches: Tensor, axes: int | tuple[int, ...]) -> Tensor:
    deviation = (patches.var(axes, keepdim=True) + 1e-6).sqrt()
    return (patches - patches.mean(axes, keepdim=True)) / deviation


PATCH_TARGETS = Exercise(
    task="return what a decoder is to hit, from patches [batch, patches, 48]: every patch minus "
    "its own mean, over the root of its own variance plus 1e-6.",
    inputs=_patches,
    reference=lambda patches: _standard(patches, -1),
    slips=(
        Slip(
            "that is the mean and variance of a whole picture; every patch has its own.",
            lambda patches: _standard(patches, (1, 2)),
        ),
        Slip(
            "that compares the same pixel of different patches: average over the last axis.",
            lambda patches: _standard(patches, 1),
        ),
        Slip(
            "only the mean is gone; without the division, patches with strong edges rule the loss.",
            lambda patches: patches - patches.mean(-1, keepdim=True),
        ),
        Slip(
            "divide by the standard deviation, the root of the variance.",
            lambda patches: (
                (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6)
            ),
        ),
        Slip(
            "that divides by the number of pixels, as layer_norm does; MAE's variance divides by "
            "one less, as `var` does.",
            lambda patches: layer_norm(patches, patches.shape[-1:], eps=1e-6),
        ),
        Slip(
            "the mean has to be taken away first.",
            lambda patches: patches / (patches.var(-1, keepdim=True) + 1e-6).sqrt(),
        ),
        Slip(
            "1e-6 is added to the variance, before the root is taken.",
            lambda patches: (
                (patches - patches.mean(-1, keepdim=True)) / (patches.std(-1, keepdim=True) + 1e-6)
            ),
        ),
    ),
)

SMALL = HieraConfig(embed_channels=6, num_heads=1, stages=(1, 1), input_size=(16, 24), num_pools=0,
                    mask_unit_attention=(True, False), num_classes=None)  # fmt: skip
Images = Float[Tensor, "batch 3 height width"]
Mask = Bool[Tensor, "batch units"]


@cache
def _model() -> Hiera:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(SMALL).eval().requires_grad_(False)
        torch.nn.init.normal_(model.encoder.patches.projection.weight, std=0.3)
    return model


def _images_and_mask() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    mask = mask_of(random_units(2, SMALL.units, 0.5, generator), SMALL.units)
    return torch.randn(2, 3, *SMALL.input_size, generator=generator), mask


def _encode(images: Images, mask: Mask) -> Tensor:
    return _model().encoder(images, kept_units(mask, SMALL.units, len(mask)))[-1]


def _keeps_tokens_only(images: Images, mask: Mask) -> Tensor:
    """All pixels go through the patches, and only then are tokens left out."""
    encoder, kept = _model().encoder, kept_units(mask, SMALL.units, len(mask))
    tokens = encoder.patches(images) + encoder.positions(SMALL.grid)
    tokens = visible_tokens(unroll(tokens, SMALL.grid, SMALL.pools), kept, mask.shape[1])
    for stage in encoder.stages:
        tokens = stage(tokens)
    return tokens


def _one_mask_for_all(images: Images, mask: Mask) -> Tensor:
    kept = kept_units(mask, SMALL.units, len(mask))
    return _keeps_tokens_only(
        hide_pixels(images, kept[:1].expand_as(kept), SMALL.unit_pixels), mask
    )


def _normalised_first(images: Images, mask: Mask) -> Tensor:
    return _encode(images - images.mean((1, 2, 3), keepdim=True), mask)


def _filled_with_the_mean(images: Images, mask: Mask) -> Tensor:
    hidden = ~spread(mask, SMALL.units, SMALL.unit_pixels)[:, None]
    grey = (images * hidden).sum((2, 3), keepdim=True) / hidden.sum((2, 3), keepdim=True)
    return _keeps_tokens_only(torch.where(hidden, grey, images), mask)


def _pixels_stay_hidden(encode) -> bool:
    images, mask = _images_and_mask()
    seen = spread(mask, SMALL.units, SMALL.unit_pixels)[:, None]
    other = torch.where(seen, images, 5 - images)
    return torch.equal(encode(images, mask), encode(other, mask))


PIXELS_STAY_HIDDEN = BugHunt(
    task="`encode(images, mask)` encodes pictures [2, 3, 16, 24] of which mask [2, 6] says which "
    "mask units, 8 x 8 pixels each, are seen. Return whether hidden pixels change nothing.",
    inputs=_images_and_mask,
    right=_encode,
    bugs=(_keeps_tokens_only, _one_mask_for_all, _normalised_first, _filled_with_the_mean),
    reference=_pixels_stay_hidden,
)


MAE = "facebook/hiera-tiny-224-mae-hf"
SYMBOLS = {"B": 1, "H": 224, "W": 224, "C": 96}


def _pooled_thrice() -> tuple[int, ...]:
    config = PUBLISHED[MAE]
    thrice = replace(config, encoder=replace(config.encoder, num_pools=3))
    return walk(thrice)["answer"].shape


PREDICTIONS = {
    "masked_pretraining.seen": walked(
        question="in pre-training 0.6 of the 49 mask units are hidden, and only whole ones are "
        "kept. How many tokens of 96 channels enter the first stage?",
        step=(MAE, "encoder.stages.0.0"),
        slips={
            "B, 3136, C": "that is all of them: hidden units are left out, not blackened.",
            "B, 20 * 64, C": "49 * 0.4 is 19.6, and it is rounded down.",
            "B, 29 * 64, C": "0.6 is the share that is hidden.",
            "B, 19, C": "a mask unit has 8 x 8 tokens in the first stage.",
        },
    ),
    "masked_pretraining.last": walked(
        question="19 mask units are seen. The encoder pools twice, not three times, and starts "
        "with C = 96 channels. Which shape leaves its last stage?",
        step=(MAE, "encoder.stages.3.1"),
        slips={
            "B, 19, 8*C": "so it is after three pools; after two a unit has 2 x 2 tokens left.",
            "B, 19 * 4, 4*C": "stage 4 is wider than stage 3, whether it pools or not.",
            "B, 19 * 16, 8*C": "64 tokens of a unit become 16 and then 4.",
            "B, 196, 8*C": "the hidden units come back in the decoder only.",
        },
    ),
    "masked_pretraining.answer": walked(
        question="the decoder answers with pixels, one row for each of its tokens, for the whole "
        "picture of H x W = 224 x 224. A token stands 16 pixels from the next. Which shape?",
        step=(MAE, "answer"),
        slips={
            "B, 120, 3 * 16 * 16": "it answers for seen units, too; only the loss leaves them out.",
            "B, (H//16) * (W//16), 16 * 16": "every pixel has three colours.",
            "B, (H//16) * (W//16), 8*C": "768 is right by chance: pixels, not channels.",
            "B, (H//32) * (W//32), 3 * 32 * 32": "so it would be with three pools.",
        },
    ),
    "masked_pretraining.pooled-thrice": Prediction(
        question="and if the encoder pooled three times, as the classifier does?",
        formula="B, (H//32) * (W//32), 3 * 32 * 32",
        symbols=SYMBOLS,
        slips={
            "B, (H//32) * (W//32), 3 * 16 * 16": "the patches would no longer cover the picture.",
            "B, (H//16) * (W//16), 3 * 16 * 16": "another pool makes one token of 2 x 2.",
        },
        compute=_pooled_thrice,
    ),
}
