"""Chapter: hard and soft distillation."""
