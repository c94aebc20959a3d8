"""Three ways to spend tokens: Perceiver IO, Hiera and DeiT."""

__version__ = "0.1.0"
