"""Chapter: start here."""
