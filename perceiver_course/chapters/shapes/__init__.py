"""Chapter: shapes, strides, einops."""
