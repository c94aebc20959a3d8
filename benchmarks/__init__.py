"""This project against transformers, in turns on one machine: time, memory, and what grows."""
