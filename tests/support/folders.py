"""Checkpoints that were tampered with: folders as transformers saves them, changed by hand."""

import json

from safetensors.torch import load_file, save_file


def change_config(folder, **changes):
    """Say something else in config.json."""
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def change_weights(folder, change):
    """Store other weights: change(weights) gives those that are stored instead."""
    file = folder / "model.safetensors"
    save_file(change(load_file(file)), file)
