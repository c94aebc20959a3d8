"""Chapter: images with Fourier positions."""
