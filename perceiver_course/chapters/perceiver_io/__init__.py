"""Chapter: Perceiver IO."""
