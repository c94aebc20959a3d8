"""Chapter: images with convolution and max-pooling."""
