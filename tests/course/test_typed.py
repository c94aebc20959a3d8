"""Cells that readers keep: each has a twin, none is written twice, planted mistakes are seen."""

import ast
import copy
from itertools import islice
from pathlib import Path

import pytest
import torch
import typed_models as typed
from kept_cells import kept_cells
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn
from torch.nn.functional import cross_entropy
from twins import TWINS, TYPED_CLASSES, assert_same_numbers

from perceiver_course.kit import training
from perceiver_tutorial import attention, initialisation, positions
from perceiver_tutorial.perceiver import TINY, build, encode_text

IMAGES = TINY["deepmind/vision-perceiver-fourier"]
TEXT = TINY["deepmind/language-perceiver"]
SUPPORT = Path(typed.__file__)


def line(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return cross_entropy(model(x), y)


def _attends(ours, theirs) -> None:
    q, k, v = torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 6)
    mask = torch.rand(2, 3, 5) < 0.8
    mask[..., 0] = True
    for chosen in (None, mask):
        assert relative_error(ours(q, k, v, chosen)[0], theirs(q, k, v, chosen)) < EXACT


def _starts_alike(ours, theirs) -> None:
    for config in (IMAGES, TEXT):
        models = [shake(build(config)), shake(build(config))]
        for start, model in zip((ours, theirs), models, strict=True):
            torch.manual_seed(3)
            start(model)
        first, second = map(nn.utils.parameters_to_vector, (m.parameters() for m in models))
        assert torch.equal(first, second)


def _steps_alike(ours, theirs) -> None:
    model = build(IMAGES)
    model.preprocessor.requires_grad_(False)
    kept = ({"lr": 0.01, "betas": (0.9, 0.99)}, 0.2)
    one, other = (make(model, kept[0]["lr"], kept[1]) for make in (ours, theirs))
    assert type(one) is type(other) is torch.optim.AdamW
    for mine, their in zip(one.param_groups, other.param_groups, strict=True):
        assert [id(p) for p in mine["params"]] == [id(p) for p in their["params"]]
        assert all(mine[key] == their[key] for key in ("lr", "betas", "weight_decay", "eps"))


def _rates_alike(ours, theirs) -> None:
    for steps in (1, 7, 20, 500):
        for step in range(steps):
            assert ours(step, steps) == pytest.approx(theirs(step, steps), abs=1e-12)


def _batches_alike(ours, theirs) -> None:
    arrays = torch.arange(23), torch.randn(23, 2)
    pairs = zip(*(make(*arrays, batch_size=5, seed=3) for make in (ours, theirs)), strict=True)
    for mine, their in islice(pairs, 20):
        assert all(map(torch.equal, mine, their))


def _fits_alike(ours, theirs) -> None:
    x, y = torch.randn(30, 4), torch.randint(3, (30,))
    models = [nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5), nn.Linear(5, 3)) for _ in range(2)]
    models[1].load_state_dict(copy.deepcopy(models[0].state_dict()))
    losses = []
    for fit, model in zip((ours, theirs), models, strict=True):
        source = training.batches(x, y, batch_size=7)
        torch.manual_seed(0)
        losses.append(fit(model, line, source, steps=45, learning_rate=0.5, weight_decay=0.1))
    torch.testing.assert_close(losses[0], losses[1].losses, rtol=1e-9, atol=0)
    first, second = (nn.utils.parameters_to_vector(m.parameters()) for m in models)
    assert relative_error(first, second) < EXACT
    assert not any(model.training for model in models)


def _encodes_alike(ours, theirs) -> None:
    texts = ["hi", "né 漢😀", ""]
    for length in (None, 20):
        for mine, their in zip(ours(texts, length), theirs(texts, length), strict=True):
            assert torch.equal(mine, their)


def _grids_alike(ours, theirs) -> None:
    assert relative_error(ours((4, 6)), theirs((4, 6))) < EXACT


def _features_alike(ours, theirs) -> None:
    grid = positions.grid_positions((4, 6))
    assert relative_error(ours(grid, 3, (4, 6)), theirs(grid, 3, (4, 6))) < EXACT


FUNCTIONS = {
    "attention": (attention.attention, _attends),
    "grid_positions": (positions.grid_positions, _grids_alike),
    "fourier_features": (positions.fourier_features, _features_alike),
    "encode_text": (encode_text, _encodes_alike),
    "initialise": (initialisation.initialise, _starts_alike),
    "adamw": (training.adamw, _steps_alike),
    "warmup_cosine": (training.warmup_cosine, _rates_alike),
    "batches": (training.batches, _batches_alike),
    "fit": (training.fit, _fits_alike),
}

# What a reader may get wrong: name -> a part of the definition, and what stands there instead.
MISTAKES = [
    ("attention", "** 0.5", "** 0.51"),
    ("attention", "dim=-1", "dim=-2"),
    ("attention", "~mask", "mask"),
    (
        "MultiHeadAttention",
        "nn.Linear(v_channels, q_dim)",
        "nn.Linear(v_channels, q_dim, bias=False)",
    ),
    ("MLP", "self.fc2(self.act(", "self.fc2(torch.relu("),
    ("CrossAttentionLayer", "return x + self.mlp", "return self.mlp"),
    ("CrossAttentionLayer", "self.norm_kv(x_kv)", "x_kv"),
    ("SelfAttentionLayer", "self.mlp(self.norm_mlp(x))", "self.mlp(x)"),
    ("grid_positions", "-1, 1, n", "-1, 1 - 1 / n, n"),
    ("fourier_features", "n / 2", "n"),
    ("fourier_features", "torch.pi * ", ""),
    ("initialise", 'nonlinearity="linear"', 'nonlinearity="relu"'),
    ("initialise", "std=0.02", "std=0.2"),
    ("adamw", "p.ndim > 1", "p.ndim > 2"),
    ("adamw", "0.99", "0.999"),
    ("warmup_cosine", "step + 1", "step"),
    ("warmup_cosine", "steps // 20", "steps // 10"),
    ("batches", ".manual_seed(seed)", ".manual_seed(seed + 1)"),
    ("fit", "optimizer.zero_grad()", "pass"),
    ("fit", "max_norm=1.0", "max_norm=2.0"),
    ("fit", "warmup_cosine(step, steps)", "1.0"),
    ("PerceiverEncoder", "self.cross(z, x", "self.cross(z, 2 * x"),
    ("PerceiverDecoder", "self.final(self.cross(queries, z))", "self.final(queries)"),
    ("encode_text", "byte + 6", "byte + 5"),
    ("encode_text", "map(len, rows)", "map(len, texts)"),
    ("encode_text", "ids != 0", "ids > 5"),
    ("TextPreprocessor", "self.embeddings(ids) + where", "self.embeddings(ids)"),
    ("DeiT", "self.class_head(x[:, 0])", "self.class_head(x[:, 1])"),
]


def definition(name: str) -> str:
    """The source of a typed definition: from its cell, or from the support file."""
    cells = [cell.source for cell in kept_cells() if name in cell.names]
    source = (cells or [SUPPORT.read_text(encoding="utf-8")])[-1]
    (node,) = (each for each in ast.parse(source).body if getattr(each, "name", "") == name)
    return ast.get_source_segment(source, node)


def check(name: str) -> None:
    """Compare what is typed under a name with its twin."""
    if name in FUNCTIONS:
        ours, compare = FUNCTIONS[name]
        compare(getattr(typed, name), ours)
    for twin in TWINS:
        if twin.partition(",")[0] == name:
            with torch.no_grad():
                assert_same_numbers(TWINS[twin]())


def test_there_are_cells_to_keep_and_all_have_twins():
    assert typed.KEPT
    assert set(typed.KEPT) <= TYPED_CLASSES.keys() | FUNCTIONS.keys()


def test_what_a_notebook_has_stands_in_no_other_place():
    assert len(typed.KEPT) == len(set(typed.KEPT))
    tree = ast.parse(SUPPORT.read_text(encoding="utf-8"))
    again = {getattr(node, "name", "") for node in tree.body} & set(typed.KEPT)
    assert not again, f"take {again} out of {SUPPORT.name}"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.usefixtures("float64")
def test_a_typed_function_does_what_the_packages_does(name):
    with torch.random.fork_rng():
        check(name)


@pytest.mark.parametrize("name, old, new", MISTAKES)
@pytest.mark.usefixtures("float64")
def test_a_mistake_in_a_typed_cell_is_seen(name, old, new, monkeypatch):
    source = definition(name)
    assert old in source
    space = dict(vars(typed))
    exec(source.replace(old, new), space)
    monkeypatch.setattr(typed, name, space[name])
    with pytest.raises((AssertionError, RuntimeError, ValueError, TypeError)):
        check(name)
