"""Exercises about places: coordinates, pitches, and how wide a place is written."""

import torch

from perceiver_tutorial.positions import fourier_features, grid_positions

from ...kit.exercises import BugHunt, Exercise, Slip


def _pitches(num_bands: int, cells: int) -> torch.Tensor:
    return torch.linspace(1, cells / 2, num_bands)


def _waves(x: torch.Tensor, phases: torch.Tensor) -> torch.Tensor:
    return torch.cat([x[:, None], phases.sin(), phases.cos()], dim=-1)


FOURIER_WIDTH = Exercise(
    task="return how many channels a place has, from its number of axes and of bands.",
    inputs=lambda: (3, 32),
    reference=lambda dims, bands: dims * (2 * bands + 1),
    slips=(
        Slip("each band has a sine and a cosine.", lambda dims, bands: dims * (bands + 1)),
        Slip("the raw coordinate is a channel, too.", lambda dims, bands: dims * 2 * bands),
        Slip(
            "there is one raw coordinate for each axis.", lambda dims, bands: dims * 2 * bands + 1
        ),
    ),
)

FOURIER_1D = Exercise(
    task="return [x, sin(pi f x) for each f, cos(pi f x) for each f] for a tensor x of places; "
    "4 pitches f, evenly spaced from 1 to half of 10 cells.",
    inputs=lambda: (torch.tensor([-1.0, -0.3, 0.5, 1.0]),),
    reference=lambda x: fourier_features(x[:, None], 4, (10,)),
    slips=(
        Slip(
            "the pitches go up to half the number of cells, not to the number of cells.",
            lambda x: fourier_features(x[:, None], 4, (20,)),
        ),
        Slip(
            "all sines come first, then all cosines; these take turns.",
            lambda x: fourier_features(x[:, None], 4, (10,))[:, [0, 1, 5, 2, 6, 3, 7, 4, 8]],
        ),
        Slip(
            "pi is missing inside the sines and cosines.",
            lambda x: _waves(x, x[:, None] * _pitches(4, 10)),
        ),
    ),
)

CELL_POSITION = Exercise(
    task="return the coordinates (y, x) of the cell in row 1, column 5 of a grid of rows x columns "
    "cells, from -1 at the first cell to 1 at the last.",
    inputs=lambda: (5, 7),
    reference=lambda rows, columns: grid_positions((rows, columns))[columns + 5],
    slips=(
        Slip(
            "the last cell is number rows - 1, and stands at +1.",
            lambda rows, columns: torch.tensor([-1 + 2 / rows, -1 + 10 / columns]),
        ),
        Slip(
            "rows come first: y, then x.",
            lambda rows, columns: grid_positions((rows, columns))[columns + 5].flip(0),
        ),
    ),
)


def _features(positions: torch.Tensor) -> torch.Tensor:
    return fourier_features(positions, 4, (8, 12))


def _waves_of_the_first_sample(positions: torch.Tensor) -> torch.Tensor:
    """What transformers does: raw places are each sample's own, sines are sample 0's."""
    waves = _features(positions[:1])[..., 2:].expand(len(positions), -1, -1)
    return torch.cat([positions, waves], dim=-1)


def _has_places_of_its_own(features) -> bool:
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(2, 5, 2, generator=generator) * 2 - 1
    together = features(places)
    return torch.allclose(together[1], features(places[1:])[0])


PLACES_OF_ITS_OWN = BugHunt(
    task="`features` takes places [batch, points, 2]. Return whether every sample is written by "
    "its own places: compare a batch of two with its second sample alone.",
    inputs=lambda: (torch.rand(2, 5, 2),),
    right=_features,
    bugs=(
        _waves_of_the_first_sample,
        lambda places: _features(places.mean(0, keepdim=True).expand_as(places)),
    ),
    reference=_has_places_of_its_own,
)
