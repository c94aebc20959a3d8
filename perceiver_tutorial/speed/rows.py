"""An input array that is never whole: its rows are made when they are read, some at a time.

The input array of the optical flow model has 182,528 x 322 numbers, 224 MiB, of which 258
of every 322 say where an input is: the same for every image. Only what differs is kept, and
the two are put side by side for as many rows as are just being read.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..perceiver.multimodal import MultimodalPreprocessor, check_samples
from ..perceiver.parts import Preprocessor
from ..perceiver.preprocessors import AppendedPositions

ROWS_AT_ONCE = 1024


class Rows:
    """An input array that is there as a whole after all: where nothing better is known.

    Args:
        array: the input array.
    """

    def __init__(self, array: Float[Tensor, "batch inputs channels"]):
        self.array = array
        self.shape = array.shape

    def __getitem__(
        self, index: slice | Int[Tensor, " some"]
    ) -> Float[Tensor, "batch some channels"]:
        """Some rows of every sample."""
        return self.array[:, index]

    def pieces(self, size: int = ROWS_AT_ONCE) -> Iterator[Float[Tensor, "batch some channels"]]:
        """All rows in order, at most `size` at a time."""
        for start in range(0, self.shape[1], size):
            yield self[start : start + size]

    def whole(self) -> Float[Tensor, "batch inputs channels"]:
        """All rows at once."""
        return self.array

    def outline(self) -> Float[Tensor, "batch inputs channels"]:
        """A stand-in with the array's shape and no numbers of its own, as queries want it."""
        return self.array.new_zeros(()).expand(self.shape)


class AppendedRows(Rows):
    """What is there and where it is, side by side.

    Args:
        what: differs from sample to sample.
        where: the same for all.
    """

    def __init__(
        self,
        what: Float[Tensor, "batch inputs what_channels"],
        where: Float[Tensor, "inputs position_channels"],
    ):
        self.array, self.where = what, where
        self.shape = torch.Size((*what.shape[:2], what.shape[2] + where.shape[1]))

    def __getitem__(
        self, index: slice | Int[Tensor, " some"]
    ) -> Float[Tensor, "batch some channels"]:
        where = self.where[index].expand(len(self.array), -1, -1)
        return torch.cat([self.array[:, index], where], dim=-1)

    def whole(self) -> Float[Tensor, "batch inputs channels"]:
        return self[:]


class PaddedRows(Rows):
    """Rows widened by learned channels, some replaced by a mask token.

    Args:
        rows: before.
        padding: the learned channels.
        token: what stands in place of a masked row.
        masked: which rows are.
    """

    def __init__(
        self,
        rows: Rows,
        padding: Float[Tensor, "1 padding"],
        token: Float[Tensor, "1 channels"],
        masked: Bool[Tensor, "batch inputs 1"],
    ):
        self.rows, self.padding, self.token, self.masked = rows, padding, token, masked
        self.array = rows.array
        self.shape = torch.Size((*rows.shape[:2], token.shape[1]))

    def __getitem__(
        self, index: slice | Int[Tensor, " some"]
    ) -> Float[Tensor, "batch some channels"]:
        rows = self.rows[index]
        wide = torch.cat([rows, self.padding.expand(*rows.shape[:2], -1)], dim=-1)
        return torch.where(self.masked[:, index], self.token, wide)

    def whole(self) -> Float[Tensor, "batch inputs channels"]:
        return self[:]


class JoinedRows(Rows):
    """The rows of several modalities, end to end.

    Args:
        parts: in order, all of one width.
    """

    def __init__(self, parts: list[Rows]):
        self.parts = parts
        self.array = parts[0].array
        batch, _, channels = parts[0].shape
        self.shape = torch.Size((batch, sum(part.shape[1] for part in parts), channels))

    def __getitem__(
        self, index: slice | Int[Tensor, " some"]
    ) -> Float[Tensor, "batch some channels"]:
        return self.whole()[:, index]

    def pieces(self, size: int = ROWS_AT_ONCE) -> Iterator[Float[Tensor, "batch some channels"]]:
        for part in self.parts:
            yield from part.pieces(size)

    def whole(self) -> Float[Tensor, "batch inputs channels"]:
        return torch.cat([part.whole() for part in self.parts], dim=1)


class KeptRows(Rows):
    """Rows of which some are not kept: these are 0, whatever they were.

    Args:
        rows: before.
        keep: True for rows that may be read.
    """

    def __init__(self, rows: Rows, keep: Bool[Tensor, "batch inputs"]):
        self.rows, self.keep = rows, keep
        self.array, self.shape = rows.array, rows.shape

    def __getitem__(
        self, index: slice | Int[Tensor, " some"]
    ) -> Float[Tensor, "batch some channels"]:
        # Nothing is read of them; but 0 times NaN would be NaN.
        return self.rows[index].masked_fill(~self.keep[:, index, None], 0.0)

    def pieces(self, size: int = ROWS_AT_ONCE) -> Iterator[Float[Tensor, "batch some channels"]]:
        start = 0
        for piece in self.rows.pieces(size):
            stop = start + piece.shape[1]
            yield piece.masked_fill(~self.keep[:, start:stop, None], 0.0)
            start = stop

    def whole(self) -> Float[Tensor, "batch inputs channels"]:
        return self[:]


def rows_of(preprocessor: Preprocessor, raw: object) -> Rows:
    """The input array that a preprocessor makes, whole only where it has to be."""
    if isinstance(preprocessor, AppendedPositions):
        return AppendedRows(preprocessor.what(raw), preprocessor.where())
    if isinstance(preprocessor, MultimodalPreprocessor):
        preprocessor.check_names(raw)
        names = sorted(preprocessor.modalities)
        parts = {name: rows_of(preprocessor.modalities[name], raw[name]) for name in names}
        check_samples({name: part.shape[0] for name, part in parts.items()})
        return JoinedRows([_padded(preprocessor, name, part) for name, part in parts.items()])
    return Rows(preprocessor(raw))


def _padded(preprocessor: MultimodalPreprocessor, name: str, rows: Rows) -> PaddedRows:
    return PaddedRows(
        rows,
        preprocessor.pad.padding[name],
        preprocessor.mask_tokens[name],
        preprocessor.draw_mask(name, rows.outline()),
    )
