"""Chapter: sets of entities."""
