"""Chapter: cost and complexity."""
