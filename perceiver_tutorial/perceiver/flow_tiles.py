"""Optical flow of photographs: in pixels, and of any size, tile by tile."""

from itertools import product

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from ..inputs import InputSpec
from .preprocessors import flow_patches

# Published weights answer in units of 20 pixels; released code multiplies once, at the very end.
PIXELS_PER_UNIT = 20.0
OVERLAP = 20
WEAKEST = 0.05
PHOTOGRAPHS = InputSpec(
    "photographs", ("colours", "height", "width"), (3, None, None), "Colours are red, green, blue."
)


def flow_in_pixels(
    model: nn.Module, frames: Float[Tensor, "batch frames=2 colours=3 height width"]
) -> Float[Tensor, "batch height width xy=2"]:
    """How far every pixel of the earlier frame moves, right and down, in pixels.

    Args:
        model: takes neighbourhoods and answers in units of 20 pixels, as
            `OpticalFlowConfig` builds it.
        frames: the earlier one, then the later one, of the model's size; colours from -1 to 1.
    """
    return PIXELS_PER_UNIT * model(flow_patches(frames))


def predict_flow(
    model: nn.Module,
    earlier: Float[Tensor, "*batch 3 height width"],
    later: Float[Tensor, "*batch 3 height width"],
    *,
    overlap: int | None = None,
    tiles_at_once: int = 16,
) -> Float[Tensor, "*batch height width xy=2"]:
    """How far every pixel of a photograph moves until the next: right and down, in pixels.

    The model knows one size. Larger photographs are cut into tiles of that size; where
    tiles overlap, their answers are averaged, and a tile counts the more, the farther
    a pixel lies from its border. So does the released code of Perceiver IO.

    Args:
        model: an optical flow model, built from its configuration.
        earlier: one photograph or a batch of them; colours from -1 to 1.
        later: the same places a moment later.
        overlap: pixels that neighbouring tiles share at least. Default: 20, as
            published, or half a tile where tiles are small.
        tiles_at_once: tiles in one pass; fewer need less memory, and nothing else changes.

    Raises:
        TypeError: if the photographs are no tensors.
        ValueError: if the photographs differ in shape, or are smaller than a tile, or there is no
            whole number of tiles or of pixels that they share.

    >>> from perceiver_tutorial.perceiver import TINY, build
    >>> model = build(TINY["deepmind/optical-flow-perceiver"])
    >>> predict_flow(model, torch.zeros(3, 9, 20), torch.zeros(3, 9, 20)).shape
    torch.Size([9, 20, 2])
    """
    tile = model.config.image_size
    if not isinstance(tiles_at_once, int) or tiles_at_once < 1:
        raise ValueError(
            f"expected tiles_at_once as a whole number of at least 1, got {tiles_at_once!r}."
        )
    frames = _paired(earlier, later)
    if overlap is None:
        overlap = min(OVERLAP, min(tile) // 2)
    corners = tile_corners(frames.shape[-2:], tile, overlap)
    cut = torch.cat([frames[..., y : y + tile[0], x : x + tile[1]] for y, x in corners])
    with torch.no_grad():
        parts = [flow_in_pixels(model, some) for some in cut.split(tiles_at_once)]
    flows = rearrange(torch.cat(parts), "(tiles b) h w xy -> tiles b h w xy", b=frames.shape[0])
    whole = blend(flows, corners, frames.shape[-2:])
    return whole if earlier.ndim == 4 else whole[0]


def tile_corners(
    size: tuple[int, int], tile: tuple[int, int], overlap: int
) -> list[tuple[int, int]]:
    """Upper left corners (y, x) of the tiles that cover a picture, row by row.

    One tile after another, the last moved back to lie flush with the edge.

    Args:
        size: (height, width) of the picture.
        tile: (height, width) of a tile.
        overlap: pixels that neighbours share at least.

    Raises:
        ValueError: if a tile does not fit into the picture, or the overlap not into a tile.

    >>> tile_corners((436, 1024), (368, 496), overlap=20)
    [(0, 0), (0, 476), (0, 528), (68, 0), (68, 476), (68, 528)]
    """
    if not isinstance(overlap, int) or not 0 <= overlap < min(tile):
        raise ValueError(
            f"expected an overlap from 0 to {min(tile) - 1}, less than a tile of "
            f"{tile[0]} x {tile[1]}, got {overlap!r}."
        )
    if size[0] < tile[0] or size[1] < tile[1]:
        raise ValueError(
            f"expected photographs of at least {tile[0]} x {tile[1]} pixels, the size of a tile, "
            f"got {size[0]} x {size[1]}. Enlarge them, or pad them and cut the answer."
        )
    ends = [whole - part for whole, part in zip(size, tile, strict=True)]
    starts = ([*range(0, e, t - overlap), e] for e, t in zip(ends, tile, strict=True))
    return list(product(*starts))


def tile_weights(tile: tuple[int, int]) -> Float[Tensor, "height width"]:
    """How much each pixel of a tile counts: its distance to the border, at least 1.

    >>> tile_weights((3, 4)).int().tolist()
    [[1, 1, 1, 1], [1, 2, 2, 1], [1, 1, 1, 1]]
    """
    down, across = (torch.minimum(torch.arange(n) + 1, n - torch.arange(n)) for n in tile)
    return torch.minimum(down[:, None], across[None, :]).float()


def blend(
    flows: Float[Tensor, "tiles batch _height _width xy=2"],
    corners: list[tuple[int, int]],
    size: tuple[int, int],
) -> Float[Tensor, "batch height width xy=2"]:
    """Average overlapping tiles into one picture; at every pixel the weights sum to 1.

    Args:
        flows: one for each tile.
        corners: (y, x) where each begins.
        size: (height, width) of the picture.
    """
    height, width = flows.shape[2:4]
    weights = tile_weights((height, width)).to(flows)[..., None]
    total = flows.new_zeros(flows.shape[1], *size, flows.shape[-1])
    weight = flows.new_zeros(*size, 1)
    for flow, (y, x) in zip(flows, corners, strict=True):
        total[:, y : y + height, x : x + width] += weights * flow
        weight[y : y + height, x : x + width] += weights
    return total / weight


def _paired(earlier: Tensor, later: Tensor) -> Tensor:
    """Two photographs, or two batches of them, as a batch of pairs."""
    are_tensors = isinstance(earlier, Tensor) and isinstance(later, Tensor)
    if are_tensors and (earlier.shape != later.shape or earlier.ndim not in (3, 4)):
        raise ValueError(
            "expected two photographs [3, height, width], or two batches of them, of one shape, "
            f"got {list(earlier.shape)} and {list(later.shape)}. Crop or resize one of them."
        )
    for photographs in (earlier, later):
        is_one = isinstance(photographs, Tensor) and photographs.ndim == 3
        PHOTOGRAPHS.check(photographs[None] if is_one else photographs)
    frames = torch.stack([earlier, later], dim=-4)
    return frames if earlier.ndim == 4 else frames[None]


def local_contrast_normalisation(
    photographs: Float[Tensor, "*batch 3 height width"], radius: int = 8
) -> Float[Tensor, "*batch 3 height width"]:
    """Make the colours around every pixel 0 on average, and their contrast 1.

    A model that learns for a minute only has no time to find out that bright and dark,
    clear and faint do not matter for motion. Perceiver IO's flow model is not given
    this: it learned from 400,000 pairs, 480 times.

    Args:
        photographs: colours from -1 to 1; larger than `radius` on every side.
        radius: how far around counts, in pixels.

    Returns:
        Unitless, mostly from -2 to 2. Where there is no contrast it stays near 0.

    Raises:
        ValueError: if a photograph is too small for the radius.
    """
    if min(photographs.shape[-2:]) <= radius:
        raise ValueError(
            f"expected photographs of more than {radius} pixels either way, got "
            f"{photographs.shape[-2]} x {photographs.shape[-1]}. Choose a smaller radius."
        )
    rows = photographs.reshape(-1, *photographs.shape[-3:])
    texture = rows - _around(rows, radius)
    contrast = _around(texture.square().mean(1, keepdim=True), radius).sqrt()
    return (texture / (contrast + WEAKEST)).reshape(photographs.shape)


def _around(images: Tensor, radius: int) -> Tensor:
    """The mean over a square around every pixel; beyond the edge the image is mirrored."""
    return avg_pool2d(pad(images, [radius] * 4, mode="reflect"), 2 * radius + 1, stride=1)
