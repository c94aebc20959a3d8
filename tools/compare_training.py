"""Train the digits in every way that the notebook `training` compares: data/digits_training.json.

python tools/compare_training.py            all ways
python tools/compare_training.py WAY ...    these; the others stay
"""

import sys
from pathlib import Path

import torch

from perceiver_course.chapters.training.model import ARMS, FILE, chosen_rate, notes, scores


def main(words: list[str], file: Path = FILE) -> int:
    """Choose a rate for every way, train five seeds and write down; 0 if that went well."""
    torch.set_num_threads(1)
    for name in words or ARMS:
        rate = chosen_rate(ARMS[name])
        for seed, score in scores(ARMS[name], rate):
            notes(file).write(name, seed, [score, rate])
            print(f"{name:36} rate {rate:g}  seed {seed}  {score:.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
