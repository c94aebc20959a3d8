"""Measure students with and without a teacher: data/digits_distilled.json.

The notebook `distillation` draws it.

python tools/distil_digits.py              all students, all seeds
python tools/distil_digits.py NAME SEED    one of them; the others stay

What the mean of the heads scores is written into data/seeds.json, too, once all seeds are there.
"""

import sys
from itertools import product
from pathlib import Path

import torch

from perceiver_course.chapters.distillation.model import (
    FILE,
    MEASURED,
    NARROW,
    STUDENTS,
    note,
    score_student,
    students,
)
from perceiver_course.kit.recipes.digits_deit import RECIPES
from perceiver_course.kit.recipes.scores import FILE as SEEDS_FILE
from perceiver_course.kit.recipes.scores import SEEDS, Measured, write_down


def keep_seeds(file: Path, seeds_file: Path) -> None:
    """Write into data/seeds.json what every seed of every student scored."""
    for way, found in students(file).items():
        name = STUDENTS[way]
        scores = tuple(scores.both for scores in found)
        write_down(name, Measured(RECIPES[name].fingerprint, scores), seeds_file)


def main(words: list[str], file: Path = FILE, seeds_file: Path = SEEDS_FILE) -> int:
    """Train and write down; 0 if that went well."""
    torch.set_num_threads(1)
    everything = product((*STUDENTS.values(), *NARROW.values()), SEEDS)
    wanted = [(words[0], int(words[1]))] if words else everything
    for name, seed in wanted:
        scores = score_student(MEASURED[name].train(seed)[0])
        note(name, seed, scores, file)
        print(f"{name:24} seed {seed}  {scores}", flush=True)
    if not words:
        keep_seeds(file, seeds_file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
