"""tutorial.py without a network or a second environment: what it decides, repairs and says."""

import ast
import errno
import re
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import tutorial
from tools import lock

SOURCE = Path(tutorial.__file__)


@pytest.fixture(autouse=True)
def every_python_starts(monkeypatch):
    """A tiny environment has no Python that could."""
    monkeypatch.setattr(tutorial, "starts", lambda _: True)


@pytest.fixture
def environment(tmp_path):
    """A tiny finished environment: pip and one package of one file."""
    folder = tmp_path / ".venv"
    make_environment(folder)
    tutorial.write_stamp(folder)
    return folder


def make_environment(folder: Path) -> None:
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    add_package(folder, "pip")
    add_package(folder, "numpy")


def add_package(folder: Path, name: str) -> Path:
    """Put a package as pip leaves it: the files, and their list last."""
    packages = tutorial.site_packages(folder)
    information = packages / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (packages / f"{name}.py").touch()
    names = (f"{name}.py", f"__pycache__/{name}.cpython-311.pyc", f"{name}-1.0.dist-info/RECORD")
    (information / "RECORD").write_text("".join(f"{each},sha256=abc,0\n" for each in names))
    return information


@pytest.fixture
def steps(monkeypatch):
    """The steps that a start takes, recorded, and done in small."""
    taken = []

    def create(folder):
        taken.append("create")
        shutil.rmtree(folder, ignore_errors=True)
        make_environment(folder)

    def install(folder):
        taken.append("install")
        if not list(tutorial.site_packages(folder).glob("numpy-*")):
            add_package(folder, "numpy")

    monkeypatch.setattr(tutorial, "create", create)
    monkeypatch.setattr(tutorial, "install", install)
    return taken


def refused(function, *words) -> str:
    """The sentence with which a call ends."""
    with pytest.raises(tutorial.Trouble) as trouble:
        function(*words)
    return str(trouble.value)


# --- the environment ----------------------------------------------------------------------------


def test_a_finished_environment_is_used_at_once(environment, steps):
    started = time.monotonic()
    assert tutorial.prepare(environment) == str(tutorial.interpreter(environment))
    assert time.monotonic() - started < 1
    assert steps == []


def test_the_real_environment_is_recognised_within_a_second():
    started = time.monotonic()
    tutorial.what_is_missing(tutorial.ENVIRONMENT)
    assert time.monotonic() - started < 1


def test_an_interrupted_install_is_finished_by_the_next_start(environment, steps, monkeypatch):
    tutorial.stamp(environment).unlink()
    with monkeypatch.context() as during, pytest.raises(KeyboardInterrupt):
        during.setattr(tutorial, "install", interrupted)
        tutorial.prepare(environment)
    assert tutorial.what_is_missing(environment) == "the last set-up did not finish"
    tutorial.prepare(environment)
    assert steps == ["install"]
    assert tutorial.what_is_missing(environment) == ""


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("text", ["", "junk", "\x00\xff"])
def test_a_corrupt_stamp_counts_for_nothing(environment, steps, text):
    tutorial.stamp(environment).write_text(text, encoding="latin-1")
    assert tutorial.what_is_missing(environment)
    tutorial.prepare(environment)
    assert steps == ["install"]


def test_a_package_that_lost_a_file_is_installed_again(environment, steps):
    (tutorial.site_packages(environment) / "numpy.py").unlink()
    assert tutorial.what_is_missing(environment) == "files are missing from numpy"
    tutorial.prepare(environment)
    assert steps == ["install"]
    assert tutorial.what_is_missing(environment) == ""


def test_a_package_without_its_list_was_never_finished(environment):
    (tutorial.site_packages(environment) / "numpy-1.0.dist-info" / "RECORD").unlink()
    assert [path.name for path in tutorial.damaged(environment)] == ["numpy-1.0.dist-info"]


def test_compiled_files_may_be_missing(environment):
    assert not list(environment.rglob("*.pyc"))
    assert tutorial.damaged(environment) == []


@pytest.mark.parametrize("lost", ["interpreter", "pip", "pyvenv.cfg", "version"])
def test_an_environment_without_a_working_python_is_made_anew(
    environment, steps, monkeypatch, lost
):
    if lost == "interpreter":
        monkeypatch.setattr(tutorial, "starts", lambda _: bool(steps))
    elif lost == "pip":
        (tutorial.site_packages(environment) / "pip.py").unlink()
    elif lost == "pyvenv.cfg":
        (environment / "pyvenv.cfg").unlink()
    else:
        (environment / "pyvenv.cfg").write_text("version = 3.10.2\n")
    assert tutorial.what_is_missing(environment) == "its Python does not work"
    tutorial.prepare(environment)
    assert steps == ["create", "install"]
    assert tutorial.what_is_missing(environment) == ""


def test_a_first_start_creates_and_installs(tmp_path, steps):
    environment = tmp_path / ".venv"
    assert tutorial.what_is_missing(environment) == "there is none yet"
    tutorial.prepare(environment)
    assert steps == ["create", "install"]
    assert tutorial.what_is_missing(environment) == ""


def test_the_fingerprint_follows_all_that_an_install_depends_on(environment, tmp_path):
    root = tmp_path / "course"
    (root / "jupyter").mkdir(parents=True)
    files = [root / name for name in ("pyproject.toml", "requirements.lock", "jupyter/a.json")]
    seen = set()
    for path in files:
        path.touch()
    for path in files:
        seen.add(tutorial.fingerprint(environment, root))
        path.write_text("changed")
    seen.add(tutorial.fingerprint(environment, root))
    (environment / "pyvenv.cfg").write_text("version = 3.12.1\n")
    seen.add(tutorial.fingerprint(environment, root))
    root.rename(tmp_path / "moved")
    seen.add(tutorial.fingerprint(environment, tmp_path / "moved"))
    assert len(seen) == 6


@pytest.mark.usefixtures("steps")
def test_what_the_environment_needs_is_said_on_one_line(environment, capsys):
    tutorial.stamp(environment).unlink()
    tutorial.prepare(environment)
    first, last = capsys.readouterr().out.splitlines()
    assert first == "Setting up .venv, since the last set-up did not finish."
    assert re.fullmatch(r"Ready after \d+ s\.", last)


def test_pip_gets_the_pins_and_its_output_goes_to_the_log(environment, monkeypatch):
    seen = []
    monkeypatch.setattr(tutorial, "follow", lambda command, log: seen.append((command, log)))
    tutorial.install(environment)
    [(command, log)] = seen
    assert command[1:4] == ["-m", "pip", "install"]
    assert command[-4:] == ["--constraint", "requirements.lock", "--editable", ".[test]"]
    assert log == environment / "setup.log"


def test_following_a_program_keeps_its_words_and_its_status(tmp_path):
    log = tmp_path / "log"
    assert tutorial.follow([sys.executable, "-c", "print('é'); raise SystemExit(3)"], log) == 3
    assert log.read_text(encoding="utf-8") == "é\n"


def test_an_interrupted_start_ends_its_pip(tmp_path, monkeypatch):
    monkeypatch.setattr(tutorial, "show", lambda line: line and interrupted())
    monkeypatch.setattr(tutorial.stop, "__defaults__", (0.1,))
    endless = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        tutorial.follow([sys.executable, "-c", endless], tmp_path / "log")
    assert time.monotonic() - started < 5


# --- one start at a time ------------------------------------------------------------------------

HOLD = """
import sys, time, pathlib, tutorial
with tutorial.only_one(pathlib.Path(sys.argv[1])):
    print("in", flush=True)
    time.sleep(60)
"""


def test_a_second_start_waits_until_the_first_ends_however_it_ends(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    holder = subprocess.Popen(command, cwd=tutorial.ROOT, stdout=subprocess.PIPE)
    assert holder.stdout.readline().strip() == b"in"
    with path.open("a") as handle:
        assert not tutorial.take(handle)
        holder.kill()
        holder.wait()
        assert tutorial.take(handle)


def test_waiting_for_another_start_is_said(tmp_path, monkeypatch, capsys):
    answers = iter([False, False, True])
    monkeypatch.setattr(tutorial, "take", lambda _: next(answers))
    with tutorial.only_one(tmp_path / "lock"):
        assert "Another start is setting up .venv" in capsys.readouterr().out


@pytest.mark.parametrize(("held", "taken"), [(True, False), (False, True)])
def test_windows_locks_one_byte(tmp_path, monkeypatch, held, taken):
    def locking(_handle, mode, length):
        assert (mode, length) == ("now", 1)
        if held:
            raise PermissionError(errno.EACCES, "Permission denied")

    module = types.SimpleNamespace(locking=locking, LK_NBLCK="now")
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    with (tmp_path / "lock").open("a") as handle:
        assert tutorial.take(handle, os_name="nt") is taken


# --- other systems, other Pythons ---------------------------------------------------------------


def test_windows_keeps_things_elsewhere(environment):
    assert tutorial.interpreter(environment, "nt") == environment / "Scripts" / "python.exe"
    assert tutorial.interpreter(environment, "posix") == environment / "bin" / "python"
    assert tutorial.site_packages(environment, "nt") == environment / "Lib" / "site-packages"
    expected = environment / "lib" / "python3.11" / "site-packages"
    assert tutorial.site_packages(environment, "posix") == expected


def test_windows_starts_a_program_where_others_become_it(monkeypatch):
    replaced = []
    monkeypatch.setattr(tutorial.os, "execv", lambda *words: replaced.append(words))
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    assert tutorial.become(command, "nt") == 3
    assert replaced == []
    tutorial.become(command, "posix")
    assert replaced == [(sys.executable, command)]


@pytest.mark.parametrize(
    ("os_name", "better"), [("posix", "python3.12"), ("nt", "py -3.12"), ("posix", "")]
)
def test_a_wrong_python_is_told_what_to_type(monkeypatch, os_name, better):
    monkeypatch.setattr(tutorial, "starts", lambda command: command == better.split())
    words = refused(tutorial.check_python, (3, 9, 18, "final", 0), os_name)
    assert words.startswith("Expected Python 3.11, 3.12 or 3.13, got 3.9.18. ")
    advice = f"Type: {better} tutorial.py" if better else "Get one from python.org, start again."
    assert words.endswith(advice)


def test_the_accepted_pythons_are_those_of_pyproject():
    accepted = SpecifierSet(lock.project()["requires-python"])
    minors = [minor for minor in range(6, 20) if accepted.contains(f"3.{minor}.0")]
    assert [minor for _, minor in tutorial.PYTHONS] == minors
    assert re.findall(r"3\.(\d+)", tutorial.WANTED) == list(map(str, minors))


def test_an_old_python_can_read_the_file():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert names <= {*sys.stdlib_module_names, "importlib.util"}
    assert "dataclasses" not in names  # came with 3.7
    hints = [node.returns for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert all(isinstance(hint, ast.Name | ast.Constant | None) for hint in hints)


# --- sentences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: [Errno 101] Network is unreachable", "No network: expected to reach"),
        ("Failed to resolve: [Errno -3] Temporary failure in name resolution", "No network"),
        ("ProxyError('Cannot connect to proxy.')\nERROR: No matching distribution", "No network"),
        ("SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED)", "set PIP_CERT"),
        ("ERROR: [Errno 13] Permission denied: '/x/.venv'", "No permission to write .venv"),
        ("ERROR: [WinError 5] Access is denied: 'torch.dll'", "JupyterLab still running"),
        ("HINT: no Windows Long Path support enabled", r"a short one, such as C:\perceiver"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0"),
    ],
)
def test_a_known_failure_is_one_sentence(output, words):
    said = tutorial.explain(f"Collecting torch\n{output}\n", "pip", "log")
    assert words in said
    assert "\n" not in said


def test_an_unknown_failure_shows_the_last_lines_and_the_log():
    said = tutorial.explain("first\n" * 9 + "ERROR: strange\n", "pip", "the whole log is L")
    assert said.splitlines()[0] == "pip failed in a way not known here. Its last lines:"
    assert said.splitlines()[-2:] == ["    ERROR: strange", "To read on: the whole log is L"]


def test_a_failed_pip_is_explained_from_its_log(environment, monkeypatch):
    def follow(_command, log):
        log.write_text("Network is unreachable")
        return 1

    monkeypatch.setattr(tutorial, "follow", follow)
    assert refused(tutorial.install, environment).startswith("No network")


def test_a_full_disk_is_noticed_before_anything_is_written():
    said = refused(tutorial.check_space, 0.4e9)
    assert said.startswith("The disk is full (0.4 GB are free): expected 3 GB free for .venv")
    assert tutorial.check_space(4e9) is None


def test_a_missing_venv_module_is_told_its_package(tmp_path, monkeypatch):
    monkeypatch.setattr(tutorial.importlib.util, "find_spec", lambda name: name != "ensurepip")
    said = refused(tutorial.create, tmp_path / ".venv")
    package = f"python3.{sys.version_info.minor}-venv"
    assert said.endswith(f"Type: sudo apt install {package}")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "No permission to write F. Expected a folder of your own"),
        (errno.EROFS, "No permission to write F. "),
        (errno.ENOSPC, "The disk is full: expected 3 GB free"),
        (errno.ENOENT, "F is missing. Expected a complete copy of the course: get it again."),
        (errno.EIO, "The system said: [Errno 5] no F: 'F'"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(number, words):
    assert tutorial.sentence(OSError(number, "no F", "F")).startswith(words)


# --- words --------------------------------------------------------------------------------------


def test_every_verb_is_explained_on_one_line_of_help(capsys):
    assert tutorial.main(["--help"]) == 0
    told = capsys.readouterr().out
    for name, verb in tutorial.VERBS.items():
        assert re.search(rf"^    {name} +{re.escape(verb.__doc__.splitlines()[0])}$", told, re.M)


def test_no_verb_means_lab():
    assert tutorial.choose([]) == (tutorial.lab, [])
    assert tutorial.choose(["--no-browser"]) == (tutorial.lab, ["--no-browser"])
    assert tutorial.choose(["test", "-k", "a"]) == (tutorial.test, ["-k", "a"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tset"], "There is no verb 'tset'. Did you mean test?"),
        (["xyz"], f"There is no verb 'xyz'. Expected one of: {', '.join(tutorial.VERBS)}."),
        (["lab", "99"], "No notebook is called '99'. There are: "),
        (["run", "nowhere.ipynb"], "No notebook is called 'nowhere.ipynb'. There are: "),
        (["setup", "now"], "setup takes no more words, got 'now'."),
    ],
)
def test_an_unknown_word_is_one_sentence_and_status_1(words, said, capsys):
    assert tutorial.main(words) == 1
    assert capsys.readouterr().err.startswith(said)


def test_ctrl_c_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(tutorial.VERBS, "setup", interrupted)
    assert tutorial.main(["setup"]) == 130
    assert capsys.readouterr().err == "\nStopped. The next start finishes what is missing.\n"


@pytest.mark.parametrize(
    ("words", "stems"),
    [
        ([], ["00_start_here", "05_machine", "10_images"]),
        (["5"], ["05_machine"]),
        (["0"], ["00_start_here"]),
        (["10", "00"], ["10_images", "00_start_here"]),
        (["machine"], ["05_machine"]),
        (["05_machine.ipynb"], ["05_machine"]),
    ],
)
def test_notebooks_are_found_by_number_or_name(tmp_path, words, stems):
    for stem in ("00_start_here", "05_machine", "10_images"):
        (tmp_path / f"{stem}.ipynb").touch()
    assert [path.stem for path in tutorial.find_notebooks(words, tmp_path)] == stems


def test_test_runs_both_parts_or_what_is_named():
    assert list(tutorial.parts([])) == ["unit tests", "notebooks"]
    assert "not browser" in tutorial.parts([])["unit tests"]
    assert tutorial.parts(["-k", "attention"]) == {
        "unit tests": [*tutorial.PYTEST, "-k", "attention"]
    }
    for words in (["notebooks"], ["notebooks/10_images.ipynb"], ["notebooks/", "-x"]):
        assert tutorial.parts(words) == {"notebooks": [*tutorial.NOTEBOOK_TESTS, *words]}


def test_explore_opens_the_page_of_explorers(monkeypatch):
    called = []
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial, "become", lambda command: called.append(command) or 0)
    assert tutorial.main(["explore", "--no-browser"]) == 0
    page = "--LabApp.default_url=/lab/tree/notebooks/explore.ipynb"
    assert called == [["python", "-m", "jupyterlab", page, "--no-browser"]]


def test_test_browser_runs_the_browser_alone(monkeypatch):
    called = []
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial, "call", lambda command: called.append(command) or 0)
    assert tutorial.main(["test-browser", "-x"]) == 0
    assert called == [["python", *tutorial.BROWSER_TESTS, "-x"]]


@pytest.mark.parametrize(("verb", "module"), [("bench", "benchmarks"), ("mutants", "mutants")])
def test_bench_and_mutants_hand_all_words_on(monkeypatch, verb, module):
    called = []
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial, "call", lambda command: called.append(command) or 0)
    assert tutorial.main([verb, "--quick", "hiera"]) == 0
    assert called == [["python", "-m", module, "--quick", "hiera"]]


def test_one_failed_part_fails_the_whole_and_both_are_summed_up(monkeypatch, capsys):
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial, "call", lambda command: int("--nbval-lax" in command))
    assert tutorial.test([]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "unit tests: passed in 0 s",
        "notebooks: FAILED, status 1, in 0 s",
    ]


def test_a_called_program_gets_the_reproducible_settings():
    code = "import os; raise SystemExit(os.environ['HF_HUB_OFFLINE'] == '1' and 7)"
    assert tutorial.call([sys.executable, "-c", code]) == 7
