"""Chapter: masked language modelling."""
