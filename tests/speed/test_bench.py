"""The benchmark measures what it says, keeps it by processor, and is told in docs/speed.md."""

import json
import time

import pytest
import torch
from tiny import CONFIGS, IMAGES
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from benchmarks import __main__ as bench
from benchmarks import cases, growth, machine, measuring, report, results
from benchmarks.cases import BF16, FAST, PLAIN, THEIRS, Case, Side
from perceiver_tutorial.zoo import build

SIDES = {
    THEIRS: {"seconds": [3.0, 2.0, 2.0], "times": 1, "bytes": 100},
    PLAIN: {"seconds": [3.0, 1.6, 2.5], "times": 1, "bytes": 50},
    FAST: {"seconds": [1.0, 1.0, 1.6], "times": 1, "bytes": 10},
}
MACHINE = {"processor": "a", "BLAS": "b"}
OTHER = {"processor": "c", "BLAS": "b"}
GROWTH = {"latents read": [{"inputs": 2, "seconds": 0.5}]}


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


def test_runs_take_turns():
    order = []
    runs = {name: lambda name=name: order.append(name) for name in "ab"}
    taken = measuring.in_turns(runs, measuring.Timing(rounds=2))
    assert order == ["a", "b"] * 2
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 2, "b": 2}


def test_what_takes_long_is_run_once():
    taken = measuring.in_turns({"a": lambda: time.sleep(0.02)}, measuring.Timing(5, seconds=0.01))
    assert len(taken["a"]) == 1


def test_on_one_thread_waiting_for_others_does_not_count():
    taken = measuring.in_turns({"a": lambda: time.sleep(0.05)}, measuring.Timing(1))
    assert taken["a"][0] < 0.02


def test_no_rounds_are_refused(capsys):
    with pytest.raises(ValueError, match="expected at least 1 round, got 0"):
        measuring.Timing(0)
    assert bench.main(["--quick", "--rounds", "0"]) == 1
    assert "expected at least 1 round, got 0" in capsys.readouterr().err


# --- what is measured ---------------------------------------------------------------------------


def test_every_published_size_that_transformers_has_is_measured():
    names = [case.name for case in cases.cases()]
    assert len(names) == len(set(names)) == 7 + 6 + 8
    assert {case.name for case in cases.chosen([], quick=True)} == set(cases.QUICK)
    assert [case.model for case in cases.chosen(["chunks"], quick=True)] == [cases.MULTIMODAL] * 2
    assert len(cases.chosen(["e"], quick=False)) == 21


def test_ten_usual_models_are_measured_unless_others_are_named():
    usual = [case.name for case in cases.chosen([], quick=False)]
    assert len(usual) == 10 and set(cases.QUICK) < set(usual)
    assert f"{cases.MULTIMODAL}, one of 128 chunks" in usual


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
    build(config).eval()(raw)
    one = raw if isinstance(raw, torch.Tensor) else raw["image"]
    assert one.float().std() > 0.1


def test_transformers_gets_the_same_sizes():
    with torch.device("meta"):
        for name in ("deepmind/vision-perceiver-conv", *cases.QUICK):
            config = cases.published_config(name)
            ours, theirs = build(config), cases.transformers_model(config)
            count = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
            assert count[0] == count[1], name


def test_errors_are_relative():
    right = torch.tensor([1.0, -4.0])
    wrong = {"a": torch.tensor([1.0]), "b": torch.tensor([-3.0])}
    assert cases.difference(wrong, right) == pytest.approx(0.25)


# --- results ------------------------------------------------------------------------------------


def test_ratios_are_medians_of_rounds_that_were_run_in_turns():
    found = results.ratios(SIDES)
    assert found[PLAIN] == results.Ratio(1.0, 0.5)
    assert found[FAST] == results.Ratio(2.0, 0.1)
    often = SIDES | {THEIRS: SIDES[THEIRS] | {"times": 128}}
    assert results.ratios(often)[FAST].speed == 256


def test_the_table_has_a_row_for_every_model():
    told = results.table({"models": {"x/one": SIDES, "x/two": SIDES | {BF16: SIDES[FAST]}}})
    *_, one, two = told.splitlines()
    assert one == "| one | 1.00 x | 2.00 x | 0.50 | 0.10 | 3 |"
    assert two == "| two | 1.00 x | 2.00 x (bf16 2.00 x) | 0.50 | 0.10 | 3 |"


def test_results_are_kept_by_processor(tmp_path):
    path = tmp_path / "results.json"
    first = results.begin(MACHINE, path)
    assert first == {"machine": MACHINE, "models": {}}
    first["models"]["x/one"] = SIDES
    results.write(first, path)
    other = results.begin(OTHER, path)
    assert other == {"machine": OTHER, "models": {}}
    results.write(other, path)
    assert results.read(path) == {"processor a, BLAS b": first, "processor c, BLAS b": other}
    results.write(results.begin(MACHINE, path), path)
    assert list(results.read(path)) == ["processor c, BLAS b", "processor a, BLAS b"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_runs_here_is_told():
    told = machine.describe()
    assert told.keys() == {"processor", "instructions", "BLAS", "threads", "torch"}
    assert told["threads"] == str(torch.get_num_threads())
    assert all(told.values())


def test_a_processor_is_told_with_its_family_where_the_system_knows_it(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": "AMD EPYC"})
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert machine.processor() == "AMD EPYC"
    machine.CPUINFO.write_text("processor\t: 0\ncpu family\t: 25\nmodel\t\t: 17\n\nflags\t: fpu\n")
    assert machine.processor() == "AMD EPYC (family 25, model 17)"


class Tiny(Case):
    """A case that takes no time."""

    def sides(self, _bf16=False):
        model = build(IMAGES).eval()
        raw = cases.random_input(IMAGES)
        runs = {THEIRS: model, PLAIN: model, FAST: cases.speed_up(model)}
        return {name: Side(lambda m=m: m(raw)) for name, m in runs.items()}


class Broken(Case):
    """A case during which somebody stops the program."""

    def sides(self, _bf16=False):
        raise KeyboardInterrupt


def test_what_was_measured_before_an_interruption_is_kept(tmp_path, monkeypatch, capsys):
    path = tmp_path / "results.json"
    for function in (results.begin, results.read, results.write):
        monkeypatch.setattr(function, "__defaults__", (path,))
    monkeypatch.setattr(bench, "chosen", lambda *_: [Tiny("x/one", "x"), Broken("x/two", "x")])
    assert bench.main(["--rounds", "1"]) == 130
    said = capsys.readouterr()
    assert "BLAS" in said.out and "| one |" in said.out
    assert "Stopped. What was measured is kept." in said.err
    (kept,) = json.loads(path.read_text()).values()
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
    picture, text = report.figure(list(found.values())[-1]), report.PAGE.read_text(encoding="utf-8")
    assert report.with_tables(text, found) == text
    assert report.FIGURE.read_bytes() == picture.png


@pytest.mark.parametrize("processor", results.read())
def test_no_sped_up_model_was_slower_than_transformers(processor):
    models = results.read()[processor]["models"]
    slower = {
        name: round(ratio.speed, 3)
        for name, sides in models.items()
        if (ratio := results.ratios(sides)[FAST]).speed < 0.97
    }
    assert models and not slower


def test_the_report_puts_tables_and_figure_in_their_places(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "PAGE", tmp_path / "speed.md")
    monkeypatch.setattr(report, "FIGURE", tmp_path / "pictures" / "speed.png")
    report.PAGE.write_text(f"Before.\n{report.BEGIN}old\n{report.END}After.\n")
    one = {"machine": MACHINE, "models": {"deepmind/one": SIDES}, "growth": GROWTH}
    report.write({"a": one, "c": {"machine": OTHER, "models": {"deepmind/two": SIDES}}})
    text = report.PAGE.read_text()
    assert text.startswith(f"Before.\n{report.BEGIN}### a\n\n| Model |")
    assert "| one | 1.00 x | 2.00 x |" in text and "Measured on: processor a, BLAS b." in text
    assert "| latents read | 0.5 s |" in text
    assert "### c\n" in text and "| two | 1.00 x | 2.00 x |" in text
    assert f"![{report.ALT}](../pictures/speed.png)\n{report.END}After.\n" in text
    assert "old" not in text
    assert report.FIGURE.read_bytes().startswith(b"\x89PNG")
