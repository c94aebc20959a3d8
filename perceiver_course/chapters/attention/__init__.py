"""Chapter: attention from numbers to heads."""
