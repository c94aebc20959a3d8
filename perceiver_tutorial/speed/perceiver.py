"""A sped-up Perceiver IO: no whole input array, and many queries answered in portions."""

from collections.abc import Callable
from typing import Any

from einops import repeat
from jaxtyping import Bool, Float
from torch import Tensor

from ..perceiver.chunks import check_points, join_answers, split_points
from ..perceiver.decoder import PerceiverDecoder
from ..perceiver.doors import check_keep
from ..perceiver.model import PerceiverIO
from ..perceiver.parts import Inputs, Points
from ..perceiver.queries import InputQueries
from ..positions import LearnedPositions
from .fold import FoldedCrossAttend, folds_queries
from .inference import refuse_gradients
from .prepared import Prepared
from .rows import KeptRows, Rows, rows_of
from .shared import SharedAnswers, is_shareable

QUERIES_AT_ONCE = 8192
Ask = Callable[[Points], Any]


class FastPerceiverIO(PerceiverIO):
    """The same parts and weights, put to work in another order.

    The decoder keeps nothing but the latents from the encoder, so they are prepared for
    it once and then asked as often as there are portions of queries.
    """

    def forward(self, raw: Any, keep: Bool[Tensor, "batch inputs"] | None = None) -> Any:
        rows = rows_of(self.preprocessor, raw)
        latents = self._read(rows, keep)
        inputs = self._rows_for_queries(rows)
        del rows  # unless queries need it, its memory is free for them now
        return self.postprocessor.assemble(self._answers(latents, inputs, None, None, keep))

    def encode(
        self, raw: Any, keep: Bool[Tensor, "batch inputs"] | None = None
    ) -> Float[Tensor, "batch latents latent_channels"]:
        refuse_gradients([raw])
        return self._read(rows_of(self.preprocessor, raw), keep)

    def decode(
        self,
        latents: Float[Tensor, "batch latents latent_channels"],
        raw: Any,
        *,
        points: Points | None = None,
        chunk_size: int | None = None,
        keep: Bool[Tensor, "batch inputs"] | None = None,
    ) -> Any:
        refuse_gradients([latents, raw])
        answers = self._answers(
            latents, self._inputs_for_queries(latents, raw), points, chunk_size, keep
        )
        return self.postprocessor.assemble(answers) if points is None else answers

    def _inputs_for_queries(self, latents: Tensor, raw: Any) -> Rows | Inputs:
        if self.queries.needs == "inputs":
            return self._rows_for_queries(rows_of(self.preprocessor, raw))
        return super()._inputs_for_queries(latents, raw)

    def _rows_for_queries(self, rows: Rows) -> Rows | Inputs:
        """Rows that ask themselves are made when they ask; all others are whole, or their sizes."""
        if isinstance(self.queries, InputQueries):
            return rows
        return rows.whole() if self.queries.needs == "inputs" else rows.outline()

    def _read(self, rows: Rows, keep: Tensor | None) -> Tensor:
        check_keep(keep, rows.outline())
        if keep is not None:
            rows, keep = KeptRows(rows, keep), keep[:, None]
        latents = repeat(self.encoder.latents, "n d -> b n d", b=rows.shape[0])
        for read, block in self.encoder.schedule:
            if read is not None:
                attend = self.encoder.reads[read]
                folds = isinstance(attend, FoldedCrossAttend)
                latents = attend(latents, rows if folds else rows.whole(), keep)
            for self_attend in self.encoder.blocks[block]:
                latents = self_attend(latents)
        return latents

    def _answers(
        self,
        latents: Tensor,
        inputs: Rows | Inputs,
        points: Points | None,
        chunk_size: int | None,
        keep: Tensor | None,
    ) -> Any:
        known = self.queries.all_points(inputs.outline() if isinstance(inputs, Rows) else inputs)
        wanted = known if points is None else check_points(points, known)
        ask = self._asking(latents, inputs, _count(wanted), keep)
        if chunk_size is None and _count(wanted) > QUERIES_AT_ONCE:
            chunk_size = QUERIES_AT_ONCE
        return join_answers([ask(piece) for piece in split_points(wanted, chunk_size)])

    def _asking(
        self, latents: Tensor, inputs: Rows | Inputs, count: int, keep: Tensor | None
    ) -> Ask:
        """A function from points to answers; what depends on the latents only is done already."""
        if count > latents.shape[1] and is_shareable(self):
            return SharedAnswers(self, latents)
        decode = self._decoding(latents, count)

        def ask(points: Points) -> Any:
            asks_itself = isinstance(inputs, Rows)
            queries = inputs[points] if asks_itself else self.queries(inputs, points)
            kept = keep[:, points] if self.mask_queries and keep is not None else None
            return self.postprocessor(decode(queries, kept))

        return ask

    def _decoding(self, latents: Tensor, count: int) -> Callable[[Any, Tensor | None], Any]:
        """A function from queries to output rows."""
        decoder = self.decoder
        folds = isinstance(decoder, PerceiverDecoder) and not self.mask_queries
        if not folds or not folds_queries(decoder.read, count, latents.shape[1]):
            return lambda queries, keep: decoder(queries, latents, keep)
        answer = decoder.read.reader(latents)
        return lambda queries, _: decoder.project(answer(queries))


class PositionsMadeOnce(LearnedPositions):
    """Learned positions whose linear map is applied when their weights change, not every time."""

    def forward(self) -> Float[Tensor, "points position_channels"]:
        return self.made()


def take_over_positions(positions: LearnedPositions) -> None:
    """Let learned positions, which stay where they are, be made once."""
    positions.__class__ = PositionsMadeOnce
    plain = super(PositionsMadeOnce, positions).forward
    positions.made = Prepared(plain, list(positions.parameters()))


def _count(points: Points) -> int:
    parts = points.values() if isinstance(points, dict) else [points]
    return sum(len(part) for part in parts)
