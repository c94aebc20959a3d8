"""Chapter: the hierarchy."""
