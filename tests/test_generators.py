"""Whoever is given a generator or a seed draws from nothing else, and leaves all others alone."""

import random
from inspect import isroutine, signature, unwrap
from itertools import islice

import numpy as np
import pytest
import torch
from publics import publics
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from perceiver_tutorial import masks, samples, synthetic, training
from perceiver_tutorial.perceiver import losses
from perceiver_tutorial.synthetic import skirmish

BYTES = torch.tensor([110, 111, 38]).repeat(2, 20)
IMAGES = torch.rand(6, 3, 12, 10, generator=torch.Generator().manual_seed(0))
LABELS = torch.eye(6)
PHOTOGRAPHS = torch.rand(2, 3, 60, 60, generator=torch.Generator().manual_seed(1))
UNITS = torch.full((4,), 3)
CLOUDS = IMAGES.reshape(2, -1, 3)


def trained(seed):
    """Dropout decides what a model learns."""
    model = nn.Sequential(nn.Dropout(0.5), nn.utils.skip_init(nn.Linear, 3, 1))
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    source = training.batches(CLOUDS[0], batch_size=8)
    training.fit(model, lambda model, x: model(x).square().mean(), source, steps=3, seed=seed)
    return [parameter.detach() for parameter in model.parameters()]


GENERATORS = {
    "masks.random_units": lambda g: masks.random_units(3, (5, 6), 0.5, g),
    "masks.block_units": lambda g: masks.block_units(3, (5, 6), 0.5, g),
    "masks.tube_units": lambda g: masks.tube_units(3, (2, 5, 6), 0.5, g),
    "perceiver.losses.hide_bytes": lambda g: losses.hide_bytes(BYTES, 0.3, g),
    "perceiver.losses.hide_words": lambda g: losses.hide_words(BYTES, 0.3, g),
    "perceiver.losses.random_points": lambda g: losses.random_points(
        {"image": 90, "audio": 20}, {"image": 9, "audio": 2}, g
    ),
    "synthetic.skirmish.deploy": lambda g: skirmish.deploy(UNITS, UNITS, g),
    "training.cutmix": lambda g: training.cutmix(IMAGES, LABELS, 0.7, g),
    "training.jitter": lambda g: training.jitter(IMAGES, g),
    "training.mixed": lambda g: training.mixed(IMAGES, LABELS, g),
}
SEEDS = {
    "samples.few_digits": lambda seed: samples.few_digits(50, seed),
    "synthetic.clips": lambda seed: synthetic.clips(3, seed),
    "synthetic.clouds": lambda seed: synthetic.clouds(3, seed=seed),
    "synthetic.clouds_of_many_sizes": lambda seed: synthetic.clouds_of_many_sizes(3, seed=seed),
    "synthetic.gappy_series": lambda seed: synthetic.gappy_series(3, seed=seed),
    "synthetic.moving_pairs": lambda seed: synthetic.moving_pairs(PHOTOGRAPHS, 3, seed=seed),
    "synthetic.pixel_order": lambda seed: synthetic.pixel_order(60, seed),
    "synthetic.questions": lambda seed: synthetic.questions(9, seed),
    "synthetic.scenes": lambda seed: synthetic.scenes(3, seed=seed),
    "synthetic.segments": lambda seed: synthetic.segments(3, (16, 16), seed),
    "synthetic.sentences": lambda seed: synthetic.sentences(9, seed),
    "synthetic.shapes": lambda seed: synthetic.shapes(3, seed=seed),
    "synthetic.sounds": lambda seed: synthetic.sounds(3, seed=seed),
    "synthetic.tagged_texts": lambda seed: synthetic.tagged_texts(9, seed),
    "synthetic.turned": lambda seed: synthetic.turned(CLOUDS, "any", seed),
    "synthetic.views": lambda seed: synthetic.views(
        PHOTOGRAPHS[0], torch.full((2, 2), 30.0), 3, seed=seed
    ),
    "synthetic.skirmish.at_random": lambda seed: skirmish.at_random(seed)(skirmish.situations(30)),
    "synthetic.skirmish.situations": lambda seed: skirmish.situations(6, seed),
    "synthetic.skirmish.win_rate": lambda seed: skirmish.win_rate(
        skirmish.at_random(7), skirmish.at_random(8), num_fields=20, seed=seed
    ),
    "training.batches": lambda seed: [
        *islice(training.batches(CLOUDS[0], batch_size=50, seed=seed), 3)
    ],
    "training.fit": trained,
}


def from_generator(draw):
    """Draw with a generator of its own for each seed."""
    return lambda seed: draw(torch.Generator().manual_seed(seed))


DRAWS = {**{name: from_generator(draw) for name, draw in GENERATORS.items()}, **SEEDS}
each = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)


def same(one, other):
    """Whether two answers agree in everything."""
    pairs = list(zip(tree_leaves(one), tree_leaves(other), strict=False))
    return all(
        torch.equal(a.nan_to_num(), b.nan_to_num()) if isinstance(a, Tensor) else a == b
        for a, b in pairs
    )


def elsewhere(seed):
    """Set all that is common to everybody."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@each
def test_the_same_seed_draws_the_same_whatever_others_have_drawn(draw):
    answers = []
    for other in (1, 2):
        elsewhere(other)
        answers.append(draw(5))
    assert same(*answers)


@each
def test_another_seed_draws_something_else(draw):
    first, *others = (draw(seed) for seed in range(4))
    assert not all(same(first, other) for other in others)


@each
def test_nothing_is_drawn_from_what_is_common_to_all(draw):
    elsewhere(3)
    before = repr(np.random.get_state()), torch.get_rng_state()  # beartype draws from `random`
    draw(5)
    assert same(before, (repr(np.random.get_state()), torch.get_rng_state()))


def test_every_public_name_that_takes_a_generator_or_a_seed_is_asked():
    takes = {
        id(value): name
        for name, value in publics().items()
        if isroutine(unwrap(value)) and {"generator", "seed"} & {*signature(value).parameters}
    }
    asked = {id(publics()[name]) for name in DRAWS}
    assert [name for key, name in takes.items() if key not in asked] == []
