"""Chapter: optical flow."""
