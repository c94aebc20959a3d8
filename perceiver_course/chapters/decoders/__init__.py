"""Chapter: decoders and output queries."""
