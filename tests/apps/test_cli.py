"""The command line prints what the package knows, and refuses in one line."""

import importlib.util
import io
import os
import subprocess
import sys

import pytest
from PIL import Image
from shaken import shake
from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

from perceiver_tutorial.apps.cli import main


@pytest.mark.parametrize("words, line", [
    (["walk", "deepmind/vision-perceiver-fourier"], "deepmind/vision-perceiver-fourier: 48,"),
    (["walk", "deepmind/optical-flow-perceiver", "--depth", "1"], "raw"),
    (["cost", "deepmind/language-perceiver"], "total"),
    (["claims"], "perceiver-core"),
    (["doctor"], "torch 2."),
])  # fmt: skip
def test_commands_print_their_answer(words, line, capsys):
    assert main(words) == 0
    assert any(each.startswith(line) for each in capsys.readouterr().out.splitlines())


@pytest.fixture
def classifier(tmp_path):
    """A tiny checkpoint, and a folder of five pictures to try it on."""
    config = DeiTConfig(
        hidden_size=8, num_attention_heads=2, num_hidden_layers=1, intermediate_size=16,
        image_size=32, num_labels=6,
    )  # fmt: skip
    shake(DeiTForImageClassificationWithTeacher(config)).save_pretrained(tmp_path / "tiny")
    for label in range(5):
        (tmp_path / "mine" / str(label)).mkdir(parents=True)
        Image.new("RGB", (40, 30), (50 * label, 9, 9)).save(tmp_path / f"mine/{label}/a.png")
    return tmp_path


def test_evaluate_prints_both_shares_and_keeps_its_results(classifier, capsys):
    words = ["evaluate", str(classifier / "tiny"), str(classifier / "mine"), "--batch-size", "2"]
    for _ in range(2):
        assert main([*words, "--results", str(classifier / "r.jsonl")]) == 0
    out = capsys.readouterr().out.split(f"{classifier / 'tiny'}, 5 pictures of 5 classes")
    assert len(out) == 3 and out[1] == out[2]
    assert out[1].splitlines()[3].split() == ["here", "published"]
    assert (classifier / "r.jsonl").read_text().count("\n") == 6


def test_evaluate_that_was_stopped_says_how_to_go_on(classifier, capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("perceiver_tutorial.apps.evaluation.loop.class_logits", stopped)
    assert main(["evaluate", str(classifier / "tiny"), str(classifier / "mine")]) == 130
    printed = capsys.readouterr().out
    assert "stopped with 5 pictures left: the same command goes on from here" in printed


def test_evaluate_refuses_in_one_line(classifier, capsys):
    assert main(["evaluate", str(classifier / "tiny"), str(classifier / "nowhere")]) == 2
    assert capsys.readouterr().out.startswith("expected a folder of pictures, but there is no")


def test_depth_chooses_how_much_is_shown(capsys):
    main(["walk", "deepmind/vision-perceiver-fourier", "--depth", "1"])
    assert "encoder.cross.0" not in capsys.readouterr().out


def test_an_unknown_model_is_refused_in_one_line(capsys):
    assert main(["walk", "perceiver-fourier"]) == 2
    printed = capsys.readouterr().out
    assert "Did you mean 'deepmind/vision-perceiver-fourier'?" in printed
    assert printed.count("\n") == 1


def test_a_name_like_none_there_is_gets_no_suggestion(capsys):
    assert main(["walk", "猫"]) == 2
    printed = capsys.readouterr().out
    assert "got '猫'. Some of those there are: 'deepmind/" in printed
    assert "Did you mean" not in printed and "'facebook/deit" in printed


def test_no_command_is_answered_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "COMMAND" in capsys.readouterr().err


def test_the_doctor_names_what_gets_in_the_way(capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    main(["doctor"])
    assert "pip uninstall torchvision" in capsys.readouterr().out


def test_the_doctor_names_what_is_missing(capsys, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    main(["doctor"])
    assert "torch is missing: run python tutorial.py setup" in capsys.readouterr().out


@pytest.mark.parametrize("encoding, cat", [
    ("utf-8", "猫.png"), ("cp1252", "\\u732b.png"), ("ascii", "\\u732b.png"),
])  # fmt: skip
def test_a_console_without_the_characters_of_a_name_gets_their_numbers(
    classifier, monkeypatch, encoding, cat
):
    (classifier / "mine/0/猫.png").write_text("no picture")
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    assert main(["evaluate", str(classifier / "tiny"), str(classifier / "mine")]) == 0
    console.flush()
    said = console.buffer.getvalue().decode(encoding)
    assert "1 could not be read and are not counted:" in said and f"  0/{cat}: Unid" in said


def test_the_command_line_can_be_started_as_a_module():
    words = [sys.executable, "-m", main.__module__, "doctor"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("Python 3.")


def test_the_package_can_be_started_as_a_module():
    words = [sys.executable, "-m", "perceiver_tutorial", "doctor"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("Python 3.")


def test_a_reader_who_has_seen_enough_gets_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "perceiver_tutorial", "doctor"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, timeout=120)
    os.close(writer)
    assert done.returncode == 0 and done.stderr == b""
