"""From pictures to films: start a video model with the weights of an image model."""

from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..doors import checked
from ..made_from import like
from .config import HieraConfig
from .model import Hiera

Inflation = Literal["middle", "mean"]
SHARED = ("embed_channels", "num_heads", "stages", "num_pools", "mask_unit_attention")
IN_SPACE = ("patch_kernel", "patch_stride", "patch_padding", "pool")


@checked
def inflate(model: Hiera, config: HieraConfig, how: Inflation = "middle") -> Hiera:
    """Build a video model that starts with what an image model has learned.

    Only the patches and the positions know of time: the kernel gets frames, and the table
    of places stays while the table of times starts at 0. All else is copied; the
    classifier only if there are as many classes. Type, device, mode and what is frozen stay.

    With "middle" a still film gets the picture's own answer, its feature maps at all
    times are the picture's, up to rounding. With "mean" they are not: the first patches
    see zeros before the film begins, and from the first global attention on all hear of it.

    Args:
        model: for images; not changed.
        config: of the video model, the same in space: see `hiera.video`.
        how: "middle" puts the image's kernel on the middle frame and zeros on the others
            (ViViT, arXiv 2103.15691); "mean" repeats it on all of them, divided by
            their number (I3D, arXiv 1705.07750).

    Raises:
        ValueError: if the models do not go together, or there is no such way.
    """
    _check(model.config, config)
    if config.num_classes == model.config.num_classes and config.class_names is None:
        config = replace(config, class_names=model.config.class_names)
    inflated = like(config.build(), model)
    weights = {k: v for k, v in model.state_dict().items() if "positions" not in k}
    if config.num_classes != model.config.num_classes:
        weights = {k: v for k, v in weights.items() if not k.startswith("to_logits")}
        inflated.to_logits.requires_grad_(True)
    kernel = "encoder.to_patches.convolve.weight"
    weights[kernel] = inflated_kernel(weights[kernel], config.patch_kernel[0], how)
    inflated.load_state_dict({**inflated.state_dict(), **weights})
    with torch.no_grad():
        positions = inflated.encoder.positions
        positions.requires_grad_(all(p.requires_grad for p in model.encoder.positions.parameters()))
        positions.places.table.copy_(model.encoder.positions(config.grid[1:]))
        positions.times.table.zero_()
    return inflated


def inflated_kernel(
    kernel: Float[Tensor, "channels colours height width"],
    frames: int,
    how: Inflation = "middle",
) -> Float[Tensor, "channels colours {frames} height width"]:
    """A kernel over frames whose sum over time is the image's.

    Args:
        kernel: of an image model.
        frames: that the new kernel sees.
        how: see `inflate`.

    Raises:
        ValueError: if there is no such way.
    """
    over_time = torch.zeros(frames, 1, 1).to(kernel)
    match how:
        case "middle":
            over_time[frames // 2] = 1
        case "mean":
            over_time[:] = 1 / frames
        case _:
            raise ValueError(f"expected how='middle' or how='mean', got {how!r}.")
    return kernel[:, :, None] * over_time


def _check(image: HieraConfig, film: HieraConfig) -> None:
    if len(image.input_size) != 2 or len(film.input_size) != 3:
        raise ValueError(
            f"expected a model for images and a configuration for films, got inputs of "
            f"{image.input_size} and {film.input_size}."
        )
    wanted = {name: getattr(image, name) for name in (*SHARED, *IN_SPACE)}
    got = {name: getattr(film, name) for name in SHARED}
    got |= {name: getattr(film, name)[1:] for name in IN_SPACE}
    other = [name for name in wanted if wanted[name] != got[name]]
    if other:
        raise ValueError(
            "expected the same sizes in space, got "
            + "; ".join(f"{name}={got[name]} for {wanted[name]}" for name in other)
            + ". Start from the image model's configuration: hiera.video(model.config)."
        )
