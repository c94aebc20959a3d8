"""One folder a notebook: its exercises, pictures, data and models."""
