"""What the notebooks need and no model does: claims, exercises, pictures, data, explorers."""

from .kit.claims import claim
from .predictions import predict

__all__ = ["claim", "predict"]
