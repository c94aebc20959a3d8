"""The parts of a Perceiver IO: what fits where, said once as types."""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Bool, Float, Int
from torch import Tensor

OutputIndices = Int[Tensor, "_"] | dict[str, Int[Tensor, "_"]]


@runtime_checkable
class Preprocessor(Protocol):
    """Raw data in, one flat input array out.

    One that also says how many inputs it will make of each sample, in a method
    `num_inputs(raw)`, is not run again when latents are decoded.

    Attributes:
        num_channels: width of the input array.
    """

    num_channels: int

    def __call__(self, raw: Any) -> Float[Tensor, "batch inputs channels"]: ...


@runtime_checkable
class Queries(Protocol):
    """One row for each output wanted.

    Attributes:
        num_channels: width of a row.
        are_inputs: whether rows are made from the numbers in the input array. Where they are
            not, the array may come without channels, [batch, inputs, 0]: `decode` makes no
            input array that nobody looks at.
    """

    num_channels: int
    are_inputs: bool

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> OutputIndices:
        """Flat indices of every output there is."""
        ...

    def __call__(
        self, x: Float[Tensor, "batch inputs _"], points: OutputIndices | None = None
    ) -> Float[Tensor, "batch outputs query_channels"]:
        """Rows for some points, in their order. Default: for all points."""
        ...


@runtime_checkable
class Decoder(Protocol):
    """Queries attend to the latents."""

    def __call__(
        self,
        queries: Float[Tensor, "batch outputs query_channels"],
        latents: Float[Tensor, "batch latents latent_channels"],
        mask: Bool[Tensor, "batch outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs output_channels"]: ...


@runtime_checkable
class Postprocessor(Protocol):
    """Output rows in, the task's own answer out."""

    def __call__(self, y: Float[Tensor, "batch outputs output_channels"]) -> Any: ...

    def assemble(self, answers: Any) -> Any:
        """Give the answers to all queries, in order, the task's own shape."""
        ...
