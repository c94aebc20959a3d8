"""Timing takes the median of several runs on one thread; counts beside it are those of `cost`."""

import time

import pytest
import torch
from torch import nn

from perceiver_course.kit.measure import measure, seconds
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.tracing import cost


def test_the_median_forgives_one_slow_run():
    delays = iter([0.0, 0.3, 0.01, 0.01])
    assert 0.01 <= seconds(lambda: time.sleep(next(delays))) < 0.2


def test_the_first_run_warms_up_and_does_not_count():
    delays = iter([0.3, 0.0])
    assert seconds(lambda: time.sleep(next(delays)), repeats=1) < 0.2


def test_one_thread_is_used_and_the_others_are_given_back():
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    seconds(lambda: seen.append(torch.get_num_threads()))
    assert set(seen) == {1} and torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_threads_are_given_back_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError):
        seconds(lambda: 1 / 0)
    assert torch.get_num_threads() == before


def test_no_runs_have_no_median():
    with pytest.raises(ValueError, match=r"repeats of at least 1, got 0"):
        seconds(lambda: None, repeats=0)


def test_counts_are_those_of_cost_and_the_module_stays_where_it_was():
    module = SelfAttentionLayer(12, num_heads=1).eval()
    five, nine = measure(module, 12, (5, 9), repeats=1)
    total = cost(module, torch.zeros(1, 9, 12)).total
    assert (five.inputs, nine.inputs) == (5, 9)
    assert (nine.flops, nine.peak_bytes) == (total.flops, total.peak_bytes)
    assert (five.map_bytes, nine.map_bytes) == (4 * 5**2, 4 * 9**2)
    assert min(five.seconds, nine.seconds) > 0
    assert all(p.device.type == "cpu" and p.requires_grad for p in module.parameters())


def test_a_module_without_attention_has_no_map():
    (found,) = measure(nn.Linear(4, 6), 4, (5,), repeats=1)
    assert found.map_bytes == 0 and found.flops == 2 * 5 * 4 * 6
