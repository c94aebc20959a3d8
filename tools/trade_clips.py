"""Measure what the label costs the picture: data/clips_tradeoff.json.

The notebook `multimodal` draws it.

python tools/trade_clips.py               all weights and seeds
python tools/trade_clips.py WEIGHT SEED   one of them; the others stay
"""

import sys
from itertools import product
from pathlib import Path

import torch

from perceiver_course.chapters.multimodal.model import FILE, LABEL_WEIGHTS, SEEDS, note, trade


def main(words: list[str], file: Path = FILE) -> int:
    """Train and write down; 0 if that went well."""
    torch.set_num_threads(1)
    wanted = [(float(words[0]), int(words[1]))] if words else product(LABEL_WEIGHTS, SEEDS)
    for label_weight, seed in wanted:
        scores = trade(label_weight, seed)
        note(label_weight, seed, scores, file)
        print(f"{label_weight:<8g} seed {seed}  {scores}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
