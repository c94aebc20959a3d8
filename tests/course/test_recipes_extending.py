"""What the recipes of sounds and scenes judge with was never learned from."""

from itertools import islice

import torch

from perceiver_course.chapters.extending.model import unheard_sounds, unseen_scenes
from perceiver_course.recipes import RECIPES


def test_sounds_that_judge_are_not_among_those_to_learn_from():
    judges, labels = unheard_sounds()
    assert torch.bincount(labels).tolist() == [60] * 8
    for waves, _ in islice(RECIPES["sounds"].batches(0), 3):
        assert (waves[:, None, :, 0] - judges[None, :, :, 0]).abs().amax(-1).min() > 0.1


def test_scenes_that_judge_are_not_among_those_to_learn_from():
    judges, classes, boxes = unseen_scenes()
    assert (classes >= 0).sum().item() == 600 and boxes.shape == (300, 3, 4)
    images, _, _ = next(RECIPES["scenes"].batches(0))
    assert (images[:, None] - judges[None]).abs().flatten(2).amax(-1).min() > 0.1


def test_seeds_learn_from_other_data_and_a_seed_from_the_same_again():
    for name in ("sounds", "scenes"):
        first, again, other = (next(RECIPES[name].batches(seed))[0] for seed in (1, 1, 2))
        assert torch.equal(first, again) and not torch.equal(first, other)
