"""Shape walk explorer: every step of a published model, and why its shape is what it is."""
