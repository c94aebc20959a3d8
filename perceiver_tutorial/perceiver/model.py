"""Perceiver IO: preprocess, encode, decode with queries, postprocess."""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..errors import Model
from .config import PerceiverConfig
from .entrances import check_latents, check_mask, check_points, join_answers, split_points
from .parts import Decoder, OutputIndices, Postprocessor, Preprocessor, Queries


class PerceiverIO(Model):
    """Any preprocessor, any queries, any postprocessor around one encoder and decoder.

    Paper: Perceiver IO, arXiv 2107.14795, figure 2. Parts keep the weights that they come
    with, so that trained ones may be put together anew; `initialise` starts new ones.

    Args:
        preprocessor: raw data to the input array.
        encoder: input array to latents.
        queries: one row for each output wanted.
        decoder: queries and latents to the output array.
        postprocessor: output array to the task's answer.
        mask_queries: outputs are places of the input, and those that are masked attend to
            nothing.
        config: what the parts were built from, if from a configuration.
    """

    def __init__(
        self,
        preprocessor: Preprocessor,
        encoder: nn.Module,
        queries: Queries,
        decoder: Decoder,
        postprocessor: Postprocessor,
        *,
        mask_queries: bool = False,
        config: PerceiverConfig | None = None,
    ):
        super().__init__()
        self.preprocessor = preprocessor
        self.encoder = encoder
        self.queries = queries
        self.decoder = decoder
        self.postprocessor = postprocessor
        self.mask_queries = mask_queries
        self.config = config

    def forward(self, raw: Any, mask: Bool[Tensor, "batch inputs"] | None = None) -> Any:
        x = self.preprocessor(raw)
        z = self.encoder(x, mask)
        y = self.decoder(self.queries(x), z, mask if self.mask_queries else None)
        return self.postprocessor.assemble(self.postprocessor(y))

    def encode(
        self,
        raw: Any,
        mask: Bool[Tensor, "batch inputs"] | None = None,
        latents: Float[Tensor, "batch latents latent_channels"] | None = None,
    ) -> Float[Tensor, "batch latents latent_channels"]:
        """Read the input once. Decode the latents as often as wanted.

        Args:
            raw: what the preprocessor takes.
            mask: True for inputs that may be attended to. Default: all.
            latents: from which to go on, e.g. those of an earlier input. Default: the
                learned ones.

        Raises:
            ValueError: if the mask or the latents do not fit the raw input.
        """
        x = self.preprocessor(raw)
        if latents is not None:
            check_latents(latents, x)
        return self.encoder(x, mask, latents)

    def decode(
        self,
        latents: Float[Tensor, "batch latents latent_channels"],
        raw: Any,
        *,
        points: OutputIndices | None = None,
        chunk_size: int | None = None,
        mask: Bool[Tensor, "batch inputs"] | None = None,
    ) -> Any:
        """Answer some or all queries from latents that were encoded before.

        Args:
            latents: from `encode`.
            raw: the same raw input; queries may be made from it. It is preprocessed again
                only for queries that need the inputs themselves.
            points: flat indices of the outputs wanted; for several modalities, a
                dictionary of them, and a modality left out is not decoded.
                Default: all, in the task's own shape. With points, one answer
                follows another: [batch, points, ...].
            chunk_size: queries answered at a time, to save memory. Default: all.
            mask: as given to `encode`; matters with `mask_queries` only.

        Raises:
            ValueError: if there are no such outputs, the mask does not fit, or the latents are
                of another batch.
        """
        check_latents(latents, raw)
        x = self._inputs_for_queries(latents, raw)
        if mask is not None:
            check_mask(mask, x)
        known = self.queries.all_points(x)
        wanted = known if points is None else check_points(points, known)
        answers = join_answers(
            [self._answer(latents, x, some, mask) for some in split_points(wanted, chunk_size)]
        )
        return self.postprocessor.assemble(answers) if points is None else answers

    def _inputs_for_queries(self, latents: Tensor, raw: Any) -> Tensor:
        """The input array, or one without channels for queries that look at its size only."""
        if self.queries.are_inputs or not hasattr(self.preprocessor, "num_inputs"):
            return self.preprocessor(raw)
        return latents.new_empty(latents.shape[0], self.preprocessor.num_inputs(raw), 0)

    def _answer(self, latents: Tensor, x: Tensor, points: OutputIndices, mask: Tensor | None):
        mask = mask[:, points] if self.mask_queries and mask is not None else None
        return self.postprocessor(self.decoder(self.queries(x, points), latents, mask))
