"""Chapter: text classification."""
