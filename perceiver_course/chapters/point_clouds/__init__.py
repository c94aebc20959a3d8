"""Chapter: point clouds."""
