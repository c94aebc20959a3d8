"""What is done to all together and what to each alone: channels, samples, points, patches."""

import pytest
import torch

from perceiver_course.chapters.extending.model import LogSpectrum
from perceiver_course.chapters.feature_maps.pictures import strongest
from perceiver_course.chapters.point_clouds.model import DistanceHistogram
from perceiver_course.kit.images import as_shown
from perceiver_course.kit.recipes.clips import psnr
from perceiver_tutorial.drop_path import DropPath
from perceiver_tutorial.hiera import max_pool
from perceiver_tutorial.hiera.targets import statistics
from perceiver_tutorial.perceiver import local_contrast_normalisation
from perceiver_tutorial.positions import to_unit_ball

TRUTH = torch.rand(4, 3, 6, generator=torch.Generator().manual_seed(9)).double()


def stretched(image):
    return torch.from_numpy(as_shown(image)).movedim(-1, 0)


# name: what is done, the size of what goes in, an axis of what goes in and of what comes out
ALONE = {
    "samples get a noise ratio each": (lambda x: psnr(x, TRUTH, 2.0), (4, 3, 6), 0, 0),
    "clouds have a middle and a radius each": (to_unit_ball, (3, 9, 3), 0, 0),
    "photographs have a contrast each": (
        lambda x: local_contrast_normalisation(x, 2), (3, 3, 8, 9), 0, 0
    ),
    "patches have a mean each": (lambda x: statistics(x)[0], (2, 5, 12), 1, 1),
    "patches have a deviation each": (lambda x: statistics(x)[1], (2, 5, 12), 1, 1),
    "clouds are counted one by one": (DistanceHistogram(), (3, 9, 3), 0, 0),
    "sounds have a spectrum each": (LogSpectrum(), (3, 64, 1), 0, 0),
    "channels are pooled one by one": (lambda x: max_pool(x, 4), (2, 8, 5), 2, 2),
    "samples are pooled one by one": (lambda x: max_pool(x, 4), (2, 8, 5), 0, 0),
}  # fmt: skip
TOGETHER = {
    "x, y and z of a cloud have one radius": (to_unit_ball, (3, 9, 3), 2, 2),
    "colours of a photograph have one contrast": (
        lambda x: local_contrast_normalisation(x, 2), (3, 3, 8, 9), 1, 1
    ),
    "colours of a patch have one mean": (
        lambda x: (x - statistics(x)[0]).unflatten(-1, (3, 4)), (2, 5, 12), 2, 2
    ),
    "colours of a patch have one deviation": (
        lambda x: (x / statistics(x)[1]).unflatten(-1, (3, 4)), (2, 5, 12), 2, 2
    ),
    "colours of a picture have one scale": (stretched, (3, 6, 8), 0, 0),
    "rows of a picture have one scale": (stretched, (3, 6, 8), 1, 1),
    "maps have one strongest direction": (strongest, (2, 5, 4, 3), 0, 0),
}  # fmt: skip


def elsewhere(what, size, axis, out):
    """What comes of all but the first along an axis, before and after the first is changed."""
    numbers = torch.rand(size, generator=torch.Generator().manual_seed(0)).double()
    others = numbers.clone()
    first = others.select(axis, 0)
    first += torch.linspace(0.0, 3.0, first.numel()).view(first.shape)
    answers = (what(numbers), what(others))
    return tuple(answer.narrow(out, 1, answer.shape[out] - 1) for answer in answers)


@pytest.mark.parametrize("case", ALONE.values(), ids=ALONE)
def test_what_is_done_to_each_alone_does_not_know_the_others(case):
    before, after = elsewhere(*case)
    torch.testing.assert_close(after, before, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("case", TOGETHER.values(), ids=TOGETHER)
def test_what_is_done_to_all_together_is_felt_by_the_others(case):
    before, after = elsewhere(*case)
    assert (after - before).abs().max() > 1e-3


def test_all_tokens_of_a_sample_skip_together_and_samples_one_by_one():
    left = DropPath(0.5).train()(torch.ones(64, 5, 3))
    assert {tuple(sample.flatten().unique().tolist()) for sample in left} == {(0.0,), (2.0,)}
