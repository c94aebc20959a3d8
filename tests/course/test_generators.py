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

from perceiver_course.chapters.entities import data as skirmish
from perceiver_course.chapters.extending import data as extending
from perceiver_course.chapters.feature_maps.data import segments
from perceiver_course.chapters.point_clouds import data as bodies
from perceiver_course.kit import augment, proofs, samples, training
from perceiver_course.kit.clips import clips, shapes
from perceiver_course.kit.motion import moving_pairs
from perceiver_course.kit.recipes import cat_face, facts, text_masked
from perceiver_course.kit.scramble import pixel_order
from perceiver_tutorial import masks
from perceiver_tutorial.perceiver import losses

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
    "entities.data.deploy": lambda g: skirmish.deploy(UNITS, UNITS, g),
    "augment.cutmix": lambda g: augment.cutmix(IMAGES, LABELS, 0.7, g),
    "augment.jitter": lambda g: augment.jitter(IMAGES, g),
    "augment.mixed": lambda g: augment.mixed(IMAGES, LABELS, g),
}
SEEDS = {
    "proofs.randomise": lambda seed: [
        parameter.detach()
        for parameter in proofs.randomise(nn.utils.skip_init(nn.Linear, 3, 4), seed).parameters()
    ],
    "samples.few_digits": lambda seed: samples.few_digits(50, seed),
    "clips.clips": lambda seed: clips(3, seed),
    "point_clouds.data.clouds": lambda seed: bodies.clouds(3, seed=seed),
    "point_clouds.data.clouds_of_many_sizes": lambda seed: bodies.clouds_of_many_sizes(
        3, seed=seed
    ),
    "extending.data.gappy_series": lambda seed: extending.gappy_series(3, seed=seed),
    "motion.moving_pairs": lambda seed: moving_pairs(PHOTOGRAPHS, 3, seed=seed),
    "scramble.pixel_order": lambda seed: pixel_order(60, seed),
    "recipes.facts.questions": lambda seed: facts.questions(9, seed),
    "extending.data.scenes": lambda seed: extending.scenes(3, seed=seed),
    "feature_maps.data.segments": lambda seed: segments(3, (16, 16), seed),
    "recipes.text_masked.sentences": lambda seed: text_masked.sentences(9, seed),
    "clips.shapes": lambda seed: shapes(3, seed=seed),
    "extending.data.sounds": lambda seed: extending.sounds(3, seed=seed),
    "extending.data.tagged_texts": lambda seed: extending.tagged_texts(9, seed),
    "point_clouds.data.turned": lambda seed: bodies.turned(CLOUDS, "any", seed),
    "recipes.cat_face.views": lambda seed: cat_face.views(
        PHOTOGRAPHS[0], torch.full((2, 2), 30.0), 3, seed=seed
    ),
    "entities.data.at_random": lambda seed: skirmish.at_random(seed)(skirmish.situations(30)),
    "entities.data.situations": lambda seed: skirmish.situations(6, seed),
    "entities.data.win_rate": lambda seed: skirmish.win_rate(
        skirmish.at_random(7), skirmish.at_random(8), num_fields=20, seed=seed
    ),
    "training.batches": lambda seed: [
        *islice(training.batches(CLOUDS[0], batch_size=50, seed=seed), 3)
    ],
    "training.fit": trained,
}


NOT_ASKED = {  # what draws by the functions above, or by a training's one seed
    "trainings and their notes": """
        distillation.model.note distillation.model.fine_tune entities.model.lessons
        masked_pretraining.model.compare masked_pretraining.model.new_classifier
        masked_pretraining.model.probes masked_pretraining.model.taught_classifier
        masked_pretraining.model.trainings masked_pretraining.model.tuned multimodal.model.note
        cross_attention.model.through_depth positions.model.recovered training.model.trained
        multimodal.model.trade recipes.digits_hiera.few recipes.digits_hiera.probe
        recipes.digits_hiera.probed""",
    "a step of a recipe": """
        augment.beta motion.random_motion recipes.cat_face.cat_faces recipes.clips.clip_batches
        recipes.clips.half_hidden recipes.digits_deit.views recipes.digits_hiera.views
        recipes.flow.small_motions recipes.text_masked.hidden_batches""",
    "the picture of an explorer": "explorers.masked.draw explorers.masked.kept",
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
    others = {name for names in NOT_ASKED.values() for name in names.split()}
    asked = {id(publics()[name]) for name in {*DRAWS, *others}}
    assert [name for key, name in takes.items() if key not in asked] == []
