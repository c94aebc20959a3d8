"""What notebook 06 says about rivals: the record is whole, and what can be run at once is run."""

import pytest
import torch
from torch import nn

from perceiver_course.chapters.training.exercises import LOOP
from perceiver_course.chapters.training.model import (
    ARMS,
    NEAREST,
    SEEDS,
    chosen_rate,
    linear,
    nearest_neighbour,
    normal_002,
    notes,
    perceiver,
    scores,
    torch_default,
)
from tools import compare_training


def test_the_record_holds_every_way_with_a_rate_of_its_own_and_every_seed():
    found = notes().read()
    assert set(found) == set(ARMS)
    for name, rows in found.items():
        rates = {rate for _, rate in rows}
        assert len(rows) == len(SEEDS) and len(rates) == 1 and rates <= set(ARMS[name].rates)


def test_nearest_neighbour_reaches_what_is_said():
    assert round(nearest_neighbour(), 3) == NEAREST


@pytest.mark.parametrize(
    "start, spread", [(normal_002, 0.02), (torch_default, (1 / 3 / 64) ** 0.5)]
)
def test_a_start_spreads_weights_as_it_says(start, spread):
    torch.manual_seed(0)
    weight = start(perceiver()).encoder.blocks[0][0].mlp.fc1.weight
    assert weight.shape[1] == 64
    torch.testing.assert_close(weight.std().item(), spread, rtol=0.05, atol=0)


def test_a_linear_layer_has_a_weight_for_each_pixel_and_class():
    assert sum(p.numel() for p in linear().parameters()) == 64 * 10 + 10


def test_a_rate_is_chosen_by_training_digits_and_every_seed_is_scored():
    arm = ARMS["linear layer"]
    rate = chosen_rate(arm, steps=20)
    assert rate in arm.rates
    found = dict(scores(arm, rate, steps=20))
    assert set(found) == set(SEEDS) and all(0.3 < score <= 1 for score in found.values())


def test_the_tool_writes_down_what_it_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(compare_training, "chosen_rate", lambda arm: arm.rates[0])
    monkeypatch.setattr(compare_training, "scores", lambda _, __: [(1, 0.5), (2, 0.75)])
    file = tmp_path / "record.json"
    assert compare_training.main(["linear layer"], file) == 0
    assert notes(file).read() == {"linear layer": [[0.5, 0.01], [0.75, 0.01]]}


def test_the_broken_loop_is_refused_until_both_faults_are_gone(capsys):
    def fit(is_softmax, is_cleared):
        def loop(model: nn.Linear, source, steps):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _, (x, y) in zip(range(steps), source, strict=False):
                scores = model(x).softmax(-1) if is_softmax else model(x)
                if is_cleared:
                    optimizer.zero_grad()
                nn.functional.cross_entropy(scores, y).backward()
                optimizer.step()

        return loop

    for faults in ((True, False), (False, False), (False, True)):
        LOOP.check(fit(*faults))
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("not yet: the first step moves the weights by")
    assert second.startswith("not yet: the first step is right; the second moves the weights by")
    assert third.startswith("right: 2 measurements")
