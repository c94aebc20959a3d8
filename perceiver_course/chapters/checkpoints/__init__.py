"""Chapter: published checkpoints."""
