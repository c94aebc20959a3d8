"""Chapter: class token, distillation token."""
