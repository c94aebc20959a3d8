"""Chapter: feature maps and video."""
