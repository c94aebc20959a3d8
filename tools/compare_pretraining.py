"""Measure what pre-training is worth where labels are few: data/few_labels.json.

The notebook `masked_pretraining` draws it.

python tools/compare_pretraining.py            all seeds
python tools/compare_pretraining.py SEED ...   these; the others stay
"""

import sys
from pathlib import Path

import torch

from perceiver_course.chapters.masked_pretraining.model import FILE, SEEDS, compare, notes
from perceiver_course.recipes import RECIPES


def main(words: list[str], file: Path = FILE) -> int:
    """Pre-train, compare and write down; 0 if that went well."""
    torch.set_num_threads(1)
    for seed in map(int, words or SEEDS):
        mae, _ = RECIPES["digits-mae"].train(seed)
        for choice, score in compare(mae, seed):
            notes(file).write(choice, seed, [score])
            print(f"seed {seed}  {choice:50} {score:.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
