"""The same seeds, threads and offline rule for every test."""

import os

import pytest

from tutorial import REPRODUCIBLE

os.environ.update(REPRODUCIBLE)  # before torch and transformers read it

import torch

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
torch.set_num_threads(max(1, (os.cpu_count() or 1) // WORKERS))


@pytest.fixture(autouse=True)
def seeded():
    """Start every test from the same random numbers."""
    torch.manual_seed(0)
