"""The unplugged machine has no interface but loopback and nothing in its caches."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tutorial
from tools import unplugged

TOOL = [sys.executable, str(tutorial.ROOT / "tools/unplugged.py")]
LOOK = """
import os, socket, sys
print([name for _, name in socket.if_nameindex()])
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
try:
    socket.create_connection(("192.0.2.1", 80), 5)
except OSError as error:
    print(type(error).__name__, error.errno)
print(any(os.path.exists(os.environ[name]) for name in sys.argv[1:]))
"""
ENETUNREACH = 101


def unplugged_python(code: str, *words: str) -> subprocess.CompletedProcess:
    done = subprocess.run([*TOOL, sys.executable, "-c", code, *words], capture_output=True)
    if done.returncode == 3 and b"No namespace of its own" in done.stderr:
        pytest.skip(done.stderr.decode().strip())
    return done


def test_only_the_machine_itself_can_be_reached():
    done = unplugged_python(LOOK, *unplugged.CACHES)
    lines = done.stdout.decode().splitlines()
    assert lines == ["['lo']", f"OSError {ENETUNREACH}", "False"], done.stderr.decode()


def test_the_status_of_the_command_is_passed_on():
    assert unplugged_python("raise SystemExit(7)").returncode == 7


def test_a_model_that_is_not_in_the_cache_is_refused_in_one_sentence():
    load = "checkpoints.load('facebook/deit-tiny-patch16-224')"
    done = unplugged_python(f"from perceiver_tutorial import checkpoints; {load}")
    assert done.returncode == 1
    last = done.stderr.decode().strip().splitlines()[-1]
    assert last.startswith("FileNotFoundError:")
    assert "facebook/deit-tiny-patch16-224" in last


def test_a_system_that_forbids_it_is_told(monkeypatch, capsys):
    monkeypatch.setattr(unplugged.sys, "platform", "darwin")
    assert unplugged.main(["true"]) == 3
    told = capsys.readouterr().err
    assert told.startswith(
        "No namespace of its own: expected a Linux that allows them, got a system"
    )


def test_no_command_is_answered_with_how_to_use_it(capsys):
    assert unplugged.main([]) == 2
    assert "python tools/unplugged.py python tutorial.py test" in capsys.readouterr().out


@pytest.mark.skipif("UNPLUGGED" not in os.environ, reason="these tests run with a network")
def test_these_tests_run_unplugged():
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    assert all(Path(os.environ[name]).parent.exists() for name in unplugged.CACHES)
