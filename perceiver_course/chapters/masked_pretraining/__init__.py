"""Chapter: masked pre-training."""
