"""Chapter: position encodings."""
