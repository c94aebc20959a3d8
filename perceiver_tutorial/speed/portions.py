"""Queries answered in portions, so that the work for all of them need not be in memory at once."""

from jaxtyping import Bool, Float
from torch import Tensor

from ..hooks import HookPoint
from ..perceiver.decoder import PerceiverDecoder
from ..perceiver.multimodal import MultimodalDecoder

QUERIES_AT_ONCE = 32_768


class PortionedDecoder(PerceiverDecoder):
    """A decoder that answers many queries in portions: no query sees another.

    While one of its hook points records, all queries are answered at once.
    """

    def forward(
        self,
        queries: Float[Tensor, "batch outputs query_channels"],
        latents: Float[Tensor, "batch latents latent_channels"],
        mask: Bool[Tensor, "batch outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs output_channels"]:
        answer = super().forward
        if mask is not None or queries.shape[1] <= QUERIES_AT_ONCE or self._is_recorded():
            return answer(queries, latents, mask)
        answers = None
        for first in range(0, queries.shape[1], QUERIES_AT_ONCE):
            some = slice(first, first + QUERIES_AT_ONCE)
            part = answer(queries[:, some], latents)
            if answers is None:
                answers = part.new_empty(*queries.shape[:2], part.shape[-1])
            answers[:, some] = part
        return answers

    def _is_recorded(self) -> bool:
        return any(isinstance(part, HookPoint) and part.is_recorded for part in self.modules())


class PortionedMultimodalDecoder(MultimodalDecoder, PortionedDecoder):
    """The same for several modalities, whose queries stand end to end."""
