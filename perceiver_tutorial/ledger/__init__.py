"""Every checkable statement about these models, and whether it is true."""

from .claims import Claim, ClaimError, claim, read_claims
from .coverage import report

__all__ = ["Claim", "ClaimError", "claim", "read_claims", "report"]
