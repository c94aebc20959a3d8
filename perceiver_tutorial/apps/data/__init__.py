"""Data through `datasets`: published benchmarks from the Hub, and what readers have themselves."""

from ..cache import cache_folder, cache_size
from .hub import BENCHMARKS, benchmark_card, hub
from .own import own

__all__ = ["BENCHMARKS", "benchmark_card", "cache_folder", "cache_size", "hub", "own"]
