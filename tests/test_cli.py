"""The command line prints what the package knows, and refuses in one line."""

import importlib.util

import pytest

from perceiver_tutorial.cli import main


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


def test_depth_chooses_how_much_is_shown(capsys):
    main(["walk", "deepmind/vision-perceiver-fourier", "--depth", "1"])
    assert "encoder.reads.0" not in capsys.readouterr().out


def test_an_unknown_model_is_refused_in_one_line(capsys):
    assert main(["walk", "perceiver-fourier"]) == 2
    printed = capsys.readouterr().out
    assert "Did you mean 'deepmind/vision-perceiver-fourier'?" in printed
    assert printed.count("\n") == 1


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
