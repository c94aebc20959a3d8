"""The parts of a Perceiver IO: what fits where, said once as types."""

from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..attention import Activation

Points = Int[Tensor, "_"] | dict[str, Int[Tensor, "_"]]
Need = Literal["batch", "count", "inputs"]


class ArraySpec(NamedTuple):
    """An input array without its numbers: what most queries want to know of it.

    Attributes:
        shape: (batch, inputs); inputs is None where nobody needs their number.
        dtype: kind of its numbers.
        device: where they are.
    """

    shape: tuple[int, int | None]
    dtype: torch.dtype
    device: torch.device


Inputs = Float[Tensor, "batch inputs channels"] | ArraySpec


@runtime_checkable
class What(Protocol):
    """Raw data in, what is there out: one row for each input, no positions yet."""

    num_channels: int

    def __call__(self, raw: Tensor) -> Float[Tensor, "batch inputs channels"]: ...


@runtime_checkable
class Where(Protocol):
    """One row for each place, the same for every sample."""

    num_channels: int

    def __call__(self) -> Float[Tensor, "points position_channels"]: ...


@runtime_checkable
class Preprocessor(Protocol):
    """Raw data in, one flat input array out."""

    num_channels: int

    def __call__(self, raw: Any) -> Float[Tensor, "batch inputs channels"]: ...


@runtime_checkable
class CountsInputs(Protocol):
    """A preprocessor that knows how many rows it will make of each sample."""

    def num_inputs(self, raw: Any) -> int: ...


@runtime_checkable
class Queries(Protocol):
    """Decides what the decoder asks: one row for each output wanted.

    Attributes:
        num_channels: width of a row.
        needs: what the rows are made from. "batch": nothing but the number of samples;
            "count": that, and how many inputs there are; "inputs": the inputs themselves.
            Only those who need the inputs can rely on getting them, others may get an
            `ArraySpec`: `decode` makes no input array that nobody looks at.
    """

    num_channels: int
    needs: Need

    def all_points(self, inputs: Inputs) -> Points:
        """Flat indices of every output there is to ask for."""
        ...

    def __call__(
        self, inputs: Inputs, points: Points | None = None
    ) -> Float[Tensor, "batch outputs query_channels"]:
        """Rows for some points, in their order. Default: for all points."""
        ...


@runtime_checkable
class Decoder(Protocol):
    """Queries read their answers off the latents."""

    def __call__(
        self,
        queries: Float[Tensor, "batch outputs query_channels"],
        latents: Float[Tensor, "batch latents latent_channels"],
        mask: Bool[Tensor, "batch outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs output_channels"]: ...


@runtime_checkable
class Postprocessor(Protocol):
    """Output rows in, the task's own answer out."""

    def __call__(self, output_array: Float[Tensor, "batch outputs output_channels"]) -> Any: ...

    def assemble(self, answers: Any) -> Any:
        """Give the answers to all queries, in order, the task's own shape."""
        ...


@runtime_checkable
class PerceiverConfig(Protocol):
    """What can be chosen about a task, and what follows from it; best a frozen dataclass.

    Attributes:
        activation: the bend in every MLP.
    """

    activation: Activation

    def example_input(self, batch_size: int = 1) -> Any:
        """Zeros in the shape of the raw input."""
        ...
