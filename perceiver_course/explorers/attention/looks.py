"""Every look that a model takes at an input: who asks, what is read, and where that lies on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from perceiver_tutorial.deit import DeiT
from perceiver_tutorial.hiera import Hiera
from perceiver_tutorial.hiera.mask_units import unroll
from perceiver_tutorial.hooks import record
from perceiver_tutorial.perceiver import PerceiverIO

Weights = Float[Tensor, "batch heads rows keys"]
Places = Float[Tensor, "batch keys places"]


@dataclass(frozen=True, eq=False)
class Look:
    """One attention of a model.

    Attributes:
        name: where in the model.
        asks: what a row is: "latent", "query", "token".
        reads: what a key is, in the plural.
        weights: as the softmax gave them.
        back: what each key had read of the input by then, if keys are no places of it.
    """

    name: str
    asks: str
    reads: str
    weights: Weights
    back: Places | None = None

    def on_input(self, head: int, row: int) -> Float[Tensor, "batch places"]:
        """What one row reads, told as places of the input; sums to 1."""
        read = self.weights[:, head, row]
        return read if self.back is None else (read[:, None] @ self.back)[:, 0]


def passed_on(back: Places, weights: Weights) -> Places:
    """Attention rollout: what latents hold after a self-attention layer.

    Paper: Quantifying Attention Flow in Transformers, arXiv 2005.00928, section 3: half of
    each latent stays (the residual), half is what it reads, by the mean of the heads.

    Args:
        back: what each latent held of the input before.
        weights: of the self-attention layer.
    """
    return (back + weights.mean(1) @ back) / 2


def perceiver_looks(
    model: PerceiverIO, raw: Tensor, inputs: str, mask: Bool[Tensor, "batch inputs"] | None = None
) -> tuple[list[Look], Tensor]:
    """Read, every self-attention layer in the order of time, decode; and the answer.

    Args:
        model: one that reads its input once.
        raw: see the model.
        inputs: what a row of the input array is, in the plural.
        mask: see the model.
    """
    with record(model, "*.attention.weights") as recorded, torch.no_grad():
        answer = model(raw, mask=mask)
    (read,) = recorded["encoder.cross.0.attention.weights"]
    looks, back = [Look("read", "latent", inputs, read)], read.mean(1)
    thoughts = list(_in_order(model, recorded))
    for number, weights in enumerate(thoughts, 1):
        name = f"self-attention {number} of {len(thoughts)}"
        looks.append(Look(name, "latent", "latents", weights, back))
        back = passed_on(back, weights)
    (decode,) = recorded["decoder.cross.attention.weights"]
    return [*looks, Look("decode", "query", "latents", decode, back)], answer


def _in_order(model: PerceiverIO, recorded: dict[str, list[Tensor]]) -> Iterator[Weights]:
    """A block that is run again is recorded again, under the same names."""
    turns = {name: iter(maps) for name, maps in recorded.items()}
    for _, block in model.encoder.schedule:
        for number in range(len(model.encoder.blocks[block])):
            yield next(turns[f"encoder.blocks.{block}.{number}.attention.weights"])


def deit_looks(
    model: DeiT, images: Float[Tensor, "batch 3 height width"]
) -> tuple[list[Look], Tensor]:
    """Every block, in which all tokens read all tokens; and the mean of both heads."""
    with record(model, "*.attention.weights") as recorded, torch.no_grad():
        answer = model(images).logits
    maps = [one for (one,) in recorded.values()]
    names = (f"block {number} of {len(maps)}" for number in range(1, len(maps) + 1))
    return [Look(n, "token", "tokens", w) for n, w in zip(names, maps, strict=True)], answer


def hiera_looks(
    model: Hiera, images: Float[Tensor, "batch 3 height width"]
) -> tuple[list[Look], Any]:
    """Every block, from token to token on their grids, row by row; there is no answer."""
    with record(model, "*.attention.weights") as recorded, torch.no_grad():
        model(images)
    looks, config = [], model.config
    for number, (name, (weights,)) in enumerate(recorded.items(), 1):
        stage, in_stage = map(int, name.split(".")[2:4])
        before = stage - 1 if stage and not in_stage else stage
        inside = len(weights) > len(images)
        maps = _everywhere(weights.unflatten(0, (len(images), -1)))
        maps = _row_by_row(_row_by_row(maps, config, stage).mT, config, before).mT
        where = "inside mask units" if inside else "global"
        looks.append(Look(f"block {number} of {len(recorded)}, {where}", "token", "tokens", maps))
    return looks, None


def _everywhere(
    weights: Float[Tensor, "batch windows heads queries keys"],
) -> Float[Tensor, "batch heads windows*queries windows*keys"]:
    """From maps inside windows to maps over all tokens in pooling order: zeros elsewhere."""
    apart = torch.diag_embed(rearrange(weights, "b w h q k -> b h q k w"))
    return rearrange(apart, "b h q k asking read -> b h (q asking) (k read)")


def _row_by_row(maps: Weights, config, stage: int) -> Weights:
    """Sort rows that come in pooling order as they lie on the grid after a stage."""
    grid, pools = config.grid_after(stage, config.grid), config.pools_after(stage)
    lies_at = unroll(torch.arange(float(maps.shape[-2])).view(1, -1, 1), grid, pools).flatten()
    return maps[:, :, lies_at.argsort()]
