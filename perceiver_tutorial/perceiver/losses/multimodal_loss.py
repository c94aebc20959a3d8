"""Multimodal autoencoding: give back the video, the sound and the label, a few points at a time."""

from collections.abc import Mapping

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import mse_loss

from ...divergences import cross_entropy
from ...inputs import check_filled
from ..model import PerceiverIO


def random_points(
    num_outputs: Mapping[str, int],
    counts: Mapping[str, int],
    generator: torch.Generator | None = None,
) -> dict[str, Int[Tensor, "_"]]:
    """Choose which outputs are decoded in this step; none of them twice.

    Args:
        num_outputs: modality -> outputs there are, see `MultimodalConfig.num_outputs`.
        counts: modality -> how many to choose; what is left out is not decoded.
        generator: where the choice comes from. Default: torch's own.

    Raises:
        ValueError: if there are not so many.

    >>> points = random_points({"image": 9, "audio": 4, "label": 1}, {"image": 2, "label": 1})
    >>> {name: len(some) for name, some in points.items()}
    {'image': 2, 'label': 1}
    """
    for name, count in counts.items():
        if not 0 < count <= num_outputs.get(name, 0):
            raise ValueError(
                f"expected 1 to {num_outputs.get(name, 0)} points of {name}, got {count}. "
                f"There are {', '.join(f'{n} of {m}' for m, n in num_outputs.items())}."
            )
    return {
        name: torch.randperm(num_outputs[name], generator=generator)[:count]
        for name, count in counts.items()
    }


def targets_at(
    raw: Mapping[str, Tensor], points: Mapping[str, Int[Tensor, "_"]], samples_per_patch: int
) -> dict[str, Tensor]:
    """What `decode(..., points=points)` should say: the raw input at these points.

    Args:
        raw: video, sound and label.
        points: modality -> flat indices of pixels, of patches of sound, of the label.
        samples_per_patch: samples that one point of the sound stands for.

    Returns:
        image [batch, points, 3], audio [batch, points * samples_per_patch], label
        [batch, classes]; only those that are in `points`.
    """
    pixels = rearrange(raw["image"], "b t c h w -> b (t h w) c")
    patches = rearrange(raw["audio"], "b (n patch) 1 -> b n patch", patch=samples_per_patch)
    targets = {}
    if "image" in points:
        targets["image"] = pixels[:, points["image"]]
    if "audio" in points:
        targets["audio"] = patches[:, points["audio"]].flatten(1)
    if "label" in points:
        targets["label"] = raw["label"]
    return targets


def multimodal_errors(
    model: PerceiverIO,
    raw: Mapping[str, Tensor],
    points: Mapping[str, Int[Tensor, "_"]],
    mask: Bool[Tensor, "batch inputs"] | None = None,
) -> dict[str, Float[Tensor, ""]]:
    """How far each modality is off, at some points, when only what is kept was read.

    Args:
        model: built from a `MultimodalConfig`.
        raw: video, sound and one-hot label; read, and wanted back.
        points: modality -> what to decode.
        mask: True for inputs that are read, see `MultimodalConfig.mask`. Default: all.

    Returns:
        For image and audio the mean of the squared differences, for the label the
        cross-entropy in nats.
    """
    answers = model.decode(model.encode(raw, mask), raw, points=dict(points))
    targets = targets_at(raw, points, model.config.audio.samples_per_patch)
    check_filled(**targets)
    measures = {"audio": mse_loss, "image": mse_loss, "label": cross_entropy}
    return {name: measures[name](answers[name], targets[name]) for name in targets}


def multimodal_loss(
    model: PerceiverIO,
    raw: Mapping[str, Tensor],
    points: Mapping[str, Int[Tensor, "_"]],
    weights: Mapping[str, float],
    mask: Bool[Tensor, "batch inputs"] | None = None,
) -> Float[Tensor, ""]:
    """The weighted sum of `multimodal_errors`.

    Paper: Perceiver IO 4.4: latents are shared, so the weights decide what they keep.

    Args:
        model: built from a `MultimodalConfig`.
        raw: video, sound and one-hot label.
        points: modality -> what to decode; a random few will do, see `random_points`.
        weights: modality -> what its error counts.
        mask: True for inputs that are read. Default: all.
    """
    errors = multimodal_errors(model, raw, points, mask)
    return sum(weights[name] * error for name, error in errors.items())
