"""Shape walk explorer: every stage of a published model, and why its shape is what it is."""
