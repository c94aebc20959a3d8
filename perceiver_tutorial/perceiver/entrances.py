"""What may come into a Perceiver beside raw data: masks, latents, and which outputs are wanted."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from ..inputs import has_values
from .parts import OutputIndices


def check_mask(mask: Tensor, x: Tensor) -> None:
    """Let a mask over the inputs pass, or say what is wrong with it.

    Raises:
        ValueError: if it is not True and False, one for each input of each sample.
    """
    expected = f"expected mask as True and False of shape {list(x.shape[:2])}"
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = getattr(mask, "dtype", type(mask).__name__)
        raise ValueError(f"{expected}, got {got}. True stays: attention_mask.bool().")
    if mask.shape != x.shape[:2]:
        raise ValueError(
            f"{expected} (batch, inputs), got {list(mask.shape)}. Make one for each input."
        )


def check_latents(latents: Tensor, raw: Any) -> None:
    """Let latents pass that are of as many samples as the input they go with.

    Raises:
        ValueError: if they are no latents, or of another batch.
    """
    if not isinstance(latents, Tensor) or latents.ndim != 3 or not latents.is_floating_point():
        got = (
            f"{latents.dtype} {list(latents.shape)}"
            if isinstance(latents, Tensor)
            else repr(latents)
        )
        raise ValueError(
            f"expected latents as floats [batch, latents, channels], got {got}. Give what encode "
            "made."
        )
    samples = {value.shape[0] for value in tree_leaves(raw) if _is_batch(value)}
    if samples and latents.shape[0] not in samples:
        raise ValueError(
            f"expected latents of {max(samples)} samples, as many as the input has, got "
            f"{latents.shape[0]}. Give what encode made of a batch of this size."
        )


def _is_batch(value: Any) -> bool:
    return isinstance(value, Tensor) and not value.is_nested and value.ndim > 0


def check_points(points: OutputIndices, known: OutputIndices) -> OutputIndices:
    """Let flat output indices pass, or say what is wrong with them.

    Args:
        points: indices wanted; for several modalities, a dictionary of them.
        known: indices that exist, in the same form.

    Raises:
        ValueError: if the form, a modality's name, the type or the range is wrong.
    """
    if isinstance(points, dict) != isinstance(known, dict):
        wanted = f"a dictionary of {', '.join(known)}" if isinstance(known, dict) else "one tensor"
        raise ValueError(f"expected points as {wanted}, got {type(points).__name__}.")
    if isinstance(points, dict):
        if unknown := set(points) - set(known):
            raise ValueError(
                f"no outputs are called {', '.join(sorted(unknown))}; there are {', '.join(known)}."
            )
        if not points:
            raise ValueError(
                f"expected points of at least one of {', '.join(known)}, got none. For all outputs "
                "leave points out."
            )
        return {name: check_points(some, known[name]) for name, some in points.items()}
    if not isinstance(points, Tensor) or points.dtype != torch.long or points.ndim != 1:
        got = f"{points.dtype} {list(points.shape)}" if isinstance(points, Tensor) else repr(points)
        raise ValueError(
            f"expected points as a row of whole numbers, got {got}. Write torch.tensor([0, 5, 7])."
        )
    if len(points) and not len(known):
        raise ValueError(
            "expected no points, got some. This model is asked nothing: leave points out."
        )
    if not len(points) or not has_values(points):
        return points.to(known.device)
    if points.min() < 0 or points.max() >= len(known):
        raise ValueError(
            f"expected points from 0 to {len(known) - 1}, "
            f"got {int(points.min())} to {int(points.max())}. They count outputs, row by row."
        )
    return points.to(known.device)


def split_points(points: OutputIndices, chunk_size: int | None) -> Iterator[OutputIndices]:
    """Cut the indices into pieces of at most `chunk_size`, one modality in each piece.

    Without a size there is one piece, with all modalities.

    >>> [piece.tolist() for piece in split_points(torch.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    if chunk_size is None:
        yield points
    elif type(chunk_size) is not int or chunk_size < 1:
        raise ValueError(
            f"expected chunk_size of at least 1, got {chunk_size!r}. It counts queries."
        )
    elif isinstance(points, dict):
        for name in sorted(points):
            yield from ({name: piece} for piece in points[name].split(chunk_size))
    else:
        yield from points.split(chunk_size)


def join_answers(pieces: Sequence[Tensor | dict[str, Tensor]]) -> Tensor | dict[str, Tensor]:
    """Put the answers to all pieces end to end again.

    >>> join_answers([torch.zeros(1, 2, 3), torch.zeros(1, 1, 3)]).shape
    torch.Size([1, 3, 3])
    """
    if not isinstance(pieces[0], dict):
        return torch.cat(pieces, dim=1)
    names = dict.fromkeys(name for piece in pieces for name in piece)
    return {
        name: torch.cat([piece[name] for piece in pieces if name in piece], dim=1) for name in names
    }
