"""Chapter: training."""
