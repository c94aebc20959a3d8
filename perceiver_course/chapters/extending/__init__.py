"""Chapter: a head of your own."""
