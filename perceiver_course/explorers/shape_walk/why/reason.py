"""One number and how it comes about."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One number of a stage.

    Attributes:
        value: the number.
        what: which it is: an axis of the stage, or one of its counts.
        terms: what it is made of; empty where it was simply chosen.
        because: the thought behind it.
    """

    value: int
    what: str
    terms: str
    because: str

    @property
    def made(self) -> str:
        """The number, what it is made of, and why."""
        terms = f" = {self.terms}" if self.terms else ""
        return f"{self.value:,}{terms}: {self.because}"


def times(*numbers: int) -> str:
    """A product, written out.

    >>> times(50176, 261)
    '50,176 x 261'
    """
    return " x ".join(map("{:,}".format, numbers))


def plus(numbers: Iterable[int]) -> str:
    """A sum, written out."""
    return " + ".join(map("{:,}".format, numbers))


def chosen(value: int, what: str, because: str = "chosen") -> Reason:
    """A number that the configuration says."""
    return Reason(value, what, "", because)


def linear(inputs: int, outputs: int, because: str = "weights and biases") -> Reason:
    """The parameters of a linear map."""
    terms = f"{times(inputs, outputs)} + {outputs:,}"
    return Reason(inputs * outputs + outputs, "parameters", terms, because)


def fourier(axes: int, num_bands: int) -> str:
    """How many channels Fourier features have, written out."""
    return f"{axes} x (2 x {num_bands} + 1)"
