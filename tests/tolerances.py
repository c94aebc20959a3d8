"""How far two results may be apart, relative to the largest value, and why."""

EXACT = 1e-11
"""Two ways to the same numbers in float64: 1e-13 was seen; a wrong eps in a norm is 4e-10."""

SMOKE = 1e-4
"""The same in float32 on any processor: 5e-5 was seen, in sharp attention maps."""
