"""Chapter: images with learned positions."""
