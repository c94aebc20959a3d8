"""Bugs that are planted in the package, one at a time, to see which test or notebook notices."""
