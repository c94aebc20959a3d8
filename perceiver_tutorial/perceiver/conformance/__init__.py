"""Does a new part fit? What every preprocessor, query provider and postprocessor must keep to.

>>> import torch
>>> from perceiver_tutorial.perceiver.preprocessors import Pixels
>>> check_preprocessor(Pixels((4, 5)), torch.randn(2, 3, 4, 5))
Pixels as a preprocessor: 7 of 7 properties hold
<BLANKLINE>
right  shape     (2, 20, 3)
right  numbers   bfloat16, float32, float64: what goes in comes out
right  device    the answer stays where the input is (tried: meta)
right  samples   2 samples, each answered as if alone
right  repeats   twice the same, and nothing in the part has changed
right  gradient  there is nothing to learn
right  refusals  5 bad inputs, each refused in words
"""

from .checks import check_postprocessor, check_preprocessor, check_queries
from .report import Finding, Report

__all__ = ["Finding", "Report", "check_postprocessor", "check_preprocessor", "check_queries"]
