"""Chapter: cross-attention and latents."""
