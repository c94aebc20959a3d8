"""Families explorer: one photograph, three ways to spend tokens."""
