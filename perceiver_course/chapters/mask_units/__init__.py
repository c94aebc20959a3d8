"""Chapter: mask units, unroll and reroll."""
