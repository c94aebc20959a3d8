"""Attention explorer: who reads what, in a text or an image."""
