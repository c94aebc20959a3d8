"""The benchmark measures what it says, keeps what it measured, and is told in docs/speed.md."""

import json
import time

import pytest
import torch
from tiny import CONFIGS, IMAGES
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from benchmarks import __main__ as bench
from benchmarks import cases, growth, measuring, report, results
from benchmarks.cases import BF16, FAST, PLAIN, THEIRS, Case, Side

SIDES = {
    THEIRS: {"seconds": [3.0, 2.0], "times": 1, "bytes": 100},
    PLAIN: {"seconds": [2.0, 1.9], "times": 1, "bytes": 50},
    FAST: {"seconds": [1.0], "times": 1, "bytes": 10},
}
MACHINE = {"processor": "a", "BLAS": "b"}


# --- measuring ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (lambda: torch.zeros(1000), 4000),
        (lambda: torch.zeros(1000) + 1, 8000),
        (lambda: torch.zeros(1000).add_(1), 4000),
        (lambda: (torch.zeros(1000) + 1).sum(), 8000),
        (lambda: torch.zeros(1000, dtype=torch.bfloat16), 2000),
        (lambda: [torch.zeros(1000).sum() for _ in range(9)], 4000),
    ],
    ids=["one", "two", "in place", "freed", "half", "one after another"],
)
def test_the_peak_is_what_tensors_hold_at_once(run, expected):
    assert expected <= measuring.watch(run).peak_bytes < expected + 200


def test_what_was_there_before_is_not_counted():
    layer, x = nn.Linear(100, 50), torch.zeros(20, 100)
    assert measuring.watch(lambda: layer(x)).peak_bytes == 20 * 50 * 4


def test_memory_inside_an_operation_is_counted():
    keys = torch.randn(1, 1, 512, 8)
    with_map = measuring.watch(lambda: (keys @ keys.mT).softmax(-1) @ keys).peak_bytes
    assert with_map >= 2 * 512 * 512 * 4
    fused = measuring.watch(lambda: scaled_dot_product_attention(keys, keys, keys))
    assert fused.peak_bytes < with_map / 2


def test_runs_take_turns_and_the_first_round_does_not_count():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    taken = measuring.in_turns(runs, measuring.Timing(rounds=2))
    assert order == ["a", "b"] * 3
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 2, "b": 2}


def test_what_takes_long_is_run_once():
    taken = measuring.in_turns({"a": lambda: time.sleep(0.02)}, measuring.Timing(5, seconds=0.01))
    assert len(taken["a"]) == 1


def test_on_one_thread_waiting_for_others_does_not_count():
    taken = measuring.in_turns({"a": lambda: time.sleep(0.05)}, measuring.Timing(1))
    assert taken["a"][0] < 0.02


def test_no_rounds_are_refused():
    with pytest.raises(ValueError, match="expected at least 1 round, got 0"):
        measuring.in_turns({}, measuring.Timing(0))


# --- what is measured ---------------------------------------------------------------------------


def test_every_published_size_that_transformers_has_is_measured():
    names = [case.name for case in cases.cases()]
    assert len(names) == len(set(names)) == 7 + 6 + 8
    assert {case.name for case in cases.chosen([], quick=True)} == set(cases.QUICK)
    assert [case.model for case in cases.chosen(["chunks"], quick=True)] == [cases.MULTIMODAL] * 2
    assert len(cases.chosen([], quick=False)) == 21


def test_an_unknown_name_is_one_sentence(capsys):
    assert bench.main(["nothing"]) == 1
    assert "expected a part of a name, got 'nothing'. There are:" in capsys.readouterr().err


def test_chunks_are_the_first_of_those_that_make_up_all_outputs():
    points = cases.chunk(cases.published_config(cases.MULTIMODAL))
    assert {name: len(some) for name, some in points.items()} == {
        "audio": 15, "image": 6272, "label": 1,
    }  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_random_input_is_random_and_fits(config):
    raw = cases.random_input(config)
    config.build().eval()(raw)
    one = raw if isinstance(raw, torch.Tensor) else raw["image"]
    assert one.float().std() > 0.1


def test_transformers_gets_the_same_sizes():
    with torch.device("meta"):
        for name in ("deepmind/vision-perceiver-conv", *cases.QUICK):
            config = cases.published_config(name)
            ours, theirs = config.build(), cases.transformers_model(config)
            count = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
            assert count[0] == count[1], name


def test_errors_are_relative():
    right = torch.tensor([1.0, -4.0])
    wrong = {"a": torch.tensor([1.0]), "b": torch.tensor([-3.0])}
    assert cases.difference(wrong, right) == pytest.approx(0.25)


# --- results ------------------------------------------------------------------------------------


def test_ratios_are_of_the_best_rounds():
    found = results.ratios(SIDES)
    assert found[PLAIN] == results.Ratio(2.0 / 1.9, 0.5)
    assert found[FAST] == results.Ratio(2.0, 0.1)
    often = SIDES | {THEIRS: SIDES[THEIRS] | {"times": 128}}
    assert results.ratios(often)[FAST].speed == 256


def test_the_table_has_a_row_for_every_model():
    told = results.table({"models": {"x/one": SIDES, "x/two": SIDES | {BF16: SIDES[FAST]}}})
    *_, one, two = told.splitlines()
    assert one == "| one | 1.05 x | 2.00 x | 0.50 | 0.10 | 2 |"
    assert two == "| two | 1.05 x | 2.00 x (bf16 2.00 x) | 0.50 | 0.10 | 2 |"


def test_results_are_kept_for_the_same_machine_only(tmp_path):
    path = tmp_path / "results.json"
    found = results.begin(MACHINE, path)
    assert found == {"machine": MACHINE, "models": {}}
    found["models"]["x/one"] = SIDES
    results.write(found, path)
    assert results.begin(MACHINE, path) == found
    assert results.begin({"processor": "c"}, path)["models"] == {}
    assert list(tmp_path.iterdir()) == [path]


class Tiny(Case):
    """A case that takes no time."""

    def sides(self):
        model = IMAGES.build().eval()
        raw = cases.random_input(IMAGES)
        runs = {THEIRS: model, PLAIN: model, FAST: cases.speed_up(model)}
        return {name: Side(lambda m=m: m(raw)) for name, m in runs.items()}


class Broken(Case):
    """A case during which somebody stops the program."""

    def sides(self):
        raise KeyboardInterrupt


def test_what_was_measured_before_an_interruption_is_kept(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results.json"
    monkeypatch.setattr(results.begin, "__defaults__", (path,))
    monkeypatch.setattr(results.write, "__defaults__", (path,))
    monkeypatch.setattr(bench, "chosen", lambda *_: [Tiny("x/one", "x"), Broken("x/two", "x")])
    assert bench.main(["--rounds", "1"]) == 130
    said = capsys.readouterr()
    assert "BLAS" in said.out and "| one |" in said.out
    assert "Stopped. What was measured is kept." in said.err
    kept = json.loads(path.read_text())
    assert list(kept["models"]) == ["x/one"]
    assert kept["models"]["x/one"][FAST]["error"] < 1e-5


def test_growth_is_measured_for_every_size(monkeypatch):
    monkeypatch.setattr(growth, "readers", lambda: {"a": (nn.Linear(64, 64), [2, 4])})
    found = growth.growth(repeats=1)
    assert [one["inputs"] for one in found["a"]] == [2, 4]
    assert "| inputs | 2 | 4 |" in growth.told(found)


def test_readers_read_every_size():
    for module, sizes in growth.readers().values():
        assert module(torch.zeros(1, sizes[0], growth.CHANNELS)).shape[0] == 1


# --- the page -----------------------------------------------------------------------------------


@pytest.mark.pinned
def test_the_page_tells_what_was_measured():
    found = results.read()
    picture, text = report.figure(found), report.PAGE.read_text(encoding="utf-8")
    assert report.with_table(text, found) == text
    assert report.FIGURE.read_bytes() == picture.png


def test_the_report_puts_table_and_figure_in_their_places(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "PAGE", tmp_path / "speed.md")
    monkeypatch.setattr(report, "FIGURE", tmp_path / "pictures" / "speed.png")
    report.PAGE.write_text(f"Before.\n{report.BEGIN}old\n{report.END}After.\n")
    report.write({"machine": MACHINE, "models": {"deepmind/one": SIDES}})
    text = report.PAGE.read_text()
    assert text.startswith(f"Before.\n{report.BEGIN}![Speed and memory as ratios")
    assert "| one | 1.05 x | 2.00 x |" in text and "Measured on: processor a, BLAS b." in text
    assert text.endswith(f"{report.END}After.\n") and "old" not in text
    assert report.FIGURE.read_bytes().startswith(b"\x89PNG")
