"""Chapter: multimodal autoencoding."""
