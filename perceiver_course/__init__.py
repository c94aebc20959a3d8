"""What the notebooks need and no model does: claims, exercises, pictures, data, explorers."""

from .kit.claims import claim
from .kit.keep import keep
from .kit.proofs import equal, randomise, rename, shapes
from .kit.shape_comments import check_comments
from .predictions import predict

__all__ = [
    "check_comments",
    "claim",
    "equal",
    "keep",
    "predict",
    "randomise",
    "rename",
    "shapes",
]
