"""Chapter: the whole machine."""
