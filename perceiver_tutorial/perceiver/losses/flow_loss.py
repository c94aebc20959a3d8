"""How far predicted motion is from true motion."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..flow_tiles import flow_in_pixels


def end_point_error(
    flow: Float[Tensor, "*places xy=2"],
    truth: Float[Tensor, "*places xy=2"],
    mask: Bool[Tensor, "*places"] | None = None,
) -> Float[Tensor, ""]:
    """The mean distance between where pixels are said to go and where they go.

    Args:
        flow: predicted, right and down, in pixels.
        truth: the same, measured.
        mask: True where the truth is known; at least one. Default: everywhere.

    Returns:
        In pixels.
    """
    return (_kept(flow, mask) - _kept(truth, mask)).norm(dim=-1).mean()


def flow_loss(
    model: nn.Module,
    frames: Float[Tensor, "batch frames=2 colours=3 height width"],
    truth: Float[Tensor, "batch height width xy=2"],
    mask: Bool[Tensor, "batch height width"] | None = None,
) -> Float[Tensor, ""]:
    """The end-point error of a model's answer, in pixels.

    Args:
        model: answers in units of 20 pixels, see `flow_in_pixels`.
        frames: the earlier one, then the later one; colours from -1 to 1.
        truth: how far every pixel of the earlier frame moves, in pixels.
        mask: True where that is known. Default: everywhere.
    """
    return end_point_error(flow_in_pixels(model, frames), truth, mask)


def robust_flow_loss(
    model: nn.Module,
    frames: Float[Tensor, "batch frames=2 colours=3 height width"],
    truth: Float[Tensor, "batch height width xy=2"],
    mask: Bool[Tensor, "batch height width"] | None = None,
    *,
    q: float = 0.4,
    epsilon: float = 0.01,
) -> Float[Tensor, ""]:
    """The mean of (error^2 + epsilon^2)^q: a generalised Charbonnier penalty.

    With q = 0.5 nearly the end-point error, but smooth at 0. The smaller q, the less
    the few very wrong pixels count, e.g. those that are covered in the later frame.

    Args:
        model: answers in units of 20 pixels, see `flow_in_pixels`.
        frames: see `flow_loss`.
        truth: see `flow_loss`.
        mask: see `flow_loss`.
        q: how errors count, from 0 to 1; 1 is the squared error.
        epsilon: errors below it count as none, in pixels.
    """
    errors = _kept(flow_in_pixels(model, frames), mask) - _kept(truth, mask)
    return ((errors.square().sum(-1) + epsilon**2) ** q).mean()


def _kept(
    flow: Float[Tensor, "*places xy=2"], mask: Bool[Tensor, "*places"] | None
) -> Float[Tensor, "... xy=2"]:
    """Taken out before anything is computed: an unknown truth may be infinite or NaN."""
    kept = flow if mask is None else flow[mask]
    if not kept.numel():
        raise ValueError(
            f"expected at least one place to judge, got none of {flow.numel() // 2}. Leave out "
            "pairs of frames of which no truth is known."
        )
    return kept
