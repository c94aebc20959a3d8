"""tutorial.py without a network or a second environment: what it decides, repairs and says."""

import ast
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import types
from importlib import metadata
from pathlib import Path

import psutil
import pytest
from packaging.specifiers import SpecifierSet

import tutorial
from tools import lock, run_tests

SOURCE = Path(tutorial.__file__)
WORKS = tutorial.works


@pytest.fixture(autouse=True)
def every_environment_works(monkeypatch):
    """A tiny environment has no Python that could start."""
    monkeypatch.setattr(tutorial, "works", lambda environment: environment.is_dir())


@pytest.fixture
def environment(tmp_path):
    """A tiny finished environment: one package of one file, and the stamp."""
    folder = tmp_path / ".venv"
    add_package(folder)
    stamp(folder, "notebooks")
    return folder


def stamp(folder: Path, extra: str) -> None:
    (folder / "tutorial.stamp").write_text(f"{tutorial.fingerprint()} {extra}")


def add_package(folder: Path) -> Path:
    """Put a package as pip leaves it: its name, its file, and its list last."""
    information = folder / "lib/python3.11/site-packages/numpy-1.0.dist-info"
    information.mkdir(parents=True)
    (information.parent / "numpy.py").touch()
    (information / "METADATA").touch()
    (information / "RECORD").write_text("numpy.py,sha256=abc,0\n")
    return information


@pytest.fixture
def steps(monkeypatch):
    """The steps that a start takes, recorded, and done in small."""
    taken = []

    def create(folder):
        taken.append("create")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    def install(folder, extra):
        taken.append(extra)
        if not list(folder.rglob("numpy-*")):
            add_package(folder)

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
    python = tutorial.prepare(environment=environment)
    assert python == str(tutorial.interpreter(environment))
    assert steps == []


def test_a_first_start_creates_and_brings_what_notebooks_need(tmp_path, steps):
    environment = tmp_path / ".venv"
    assert tutorial.what_is_missing(environment) == "there is none yet"
    tutorial.prepare(environment=environment)
    assert steps == ["create", "notebooks"]
    assert tutorial.what_is_missing(environment) == ""


def test_what_tests_need_comes_with_the_first_test_and_stays(environment, steps):
    assert tutorial.what_is_missing(environment, "test") == "tests need more packages"
    tutorial.prepare("test", environment)
    tutorial.prepare("notebooks", environment)
    assert steps == ["test"]
    (environment / "tutorial.stamp").write_text("another-fingerprint test")
    tutorial.prepare("notebooks", environment)
    assert steps == ["test", "test"]


def test_tests_that_cannot_be_brought_leave_the_notebooks_usable(environment, steps, monkeypatch):
    with monkeypatch.context() as offline, pytest.raises(tutorial.Trouble):
        offline.setattr(tutorial, "install", without_network)
        tutorial.prepare("test", environment)
    assert tutorial.what_is_missing(environment, "notebooks") == ""
    assert steps == []


def without_network(*_):
    raise tutorial.Trouble(tutorial.NO_NETWORK)


def test_an_interrupted_install_is_finished_by_the_next_start(tmp_path, steps, monkeypatch):
    environment = tmp_path / ".venv"
    with monkeypatch.context() as during, pytest.raises(KeyboardInterrupt):
        during.setattr(tutorial, "install", interrupted)
        tutorial.prepare(environment=environment)
    assert tutorial.what_is_missing(environment) == "the last set-up did not finish"
    tutorial.prepare(environment=environment)
    assert steps == ["create", "notebooks"]
    assert tutorial.what_is_missing(environment) == ""


def interrupted(*_):
    raise KeyboardInterrupt


def test_a_package_that_pip_did_not_finish_is_brought_again(environment, steps):
    (environment / "tutorial.stamp").unlink()
    record = next(environment.rglob("RECORD"))
    record.unlink()
    (environment / "lib64").symlink_to("lib")
    tutorial.prepare(environment=environment)
    assert steps == ["notebooks"]
    assert record.exists()


@pytest.mark.parametrize("text", ["", "junk", "\x00\xff", "one two"])
def test_a_corrupt_stamp_counts_for_nothing(environment, steps, text):
    (environment / "tutorial.stamp").write_text(text, encoding="latin-1")
    assert tutorial.what_is_missing(environment) == "the last set-up did not finish"
    tutorial.prepare(environment=environment)
    assert steps == ["notebooks"]


def test_an_environment_without_a_working_python_is_made_anew(environment, steps, monkeypatch):
    monkeypatch.setattr(tutorial, "works", lambda _: bool(steps))
    assert tutorial.what_is_missing(environment) == "its Python does not work"
    tutorial.prepare(environment=environment)
    assert steps == ["create", "notebooks"]
    assert tutorial.what_is_missing(environment) == ""


def test_an_environment_works_with_a_wanted_python_and_pip(tmp_path, monkeypatch):
    assert WORKS(Path(sys.prefix))
    assert not WORKS(tmp_path)
    monkeypatch.setattr(tutorial, "PYTHONS", ((3, 6),))
    assert not WORKS(Path(sys.prefix))


def test_the_fingerprint_follows_all_that_an_install_depends_on(tmp_path):
    root = tmp_path / "course"
    (root / "jupyter").mkdir(parents=True)
    files = [root / name for name in ("pyproject.toml", "requirements.lock", "jupyter/a.json")]
    seen = set()
    for path in files:
        path.touch()
    for path in files:
        seen.add(tutorial.fingerprint(root))
        path.write_text("changed")
    seen.add(tutorial.fingerprint(root))
    root.rename(tmp_path / "moved")
    seen.add(tutorial.fingerprint(tmp_path / "moved"))
    assert len(seen) == 5


@pytest.mark.usefixtures("steps")
def test_what_the_environment_needs_is_said_on_one_line(environment, capsys):
    (environment / "tutorial.stamp").unlink()
    tutorial.prepare(environment=environment)
    first, last = capsys.readouterr().out.splitlines()
    assert first == "Setting up .venv, since the last set-up did not finish."
    assert re.fullmatch(r"Ready after \d+ s\.", last)


def test_pip_gets_the_pins_and_only_what_was_asked_for(environment, monkeypatch):
    seen = []
    monkeypatch.setattr(tutorial, "bring", seen.append)
    tutorial.install(environment, "notebooks")
    [command] = seen
    assert command[:4] == [str(tutorial.interpreter(environment)), "-m", "pip", "install"]
    assert command[-4:] == ["--constraint", "requirements.lock", "--editable", ".[notebooks]"]


def test_every_extra_holds_the_one_before():
    groups = lock.project()["optional-dependencies"]
    assert tuple(groups) == tutorial.EXTRAS
    assert f"{lock.project()['name']}[notebooks]" in groups["test"]


@pytest.mark.pinned
def test_what_is_installed_is_not_larger_than_what_is_asked_for():
    packages = Path(sysconfig.get_path("purelib"))
    files = (path for path in packages.rglob("*") if path.is_file())
    build = "cuda" if "+" not in metadata.version("torch") and sys.platform == "linux" else "cpu"
    gigabytes = sum(path.stat().st_size for path in files) / 1e9
    assert gigabytes < 1.1 * tutorial.INSTALLED[build] < tutorial.FREE[build]


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as POSIX systems know it")
def test_an_interrupted_start_ends_its_pip(tmp_path):
    """Ctrl-C reaches only the start here; a terminal would send it to both."""
    program = tmp_path / "pip.py"
    program.write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    start = f"import tutorial; tutorial.bring([{sys.executable!r}, {str(program)!r}])"
    command = [sys.executable, "-c", start]
    process = subprocess.Popen(
        command,
        cwd=tutorial.ROOT,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background
    )
    child = psutil.Process(int(process.stdout.readline()))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    child.wait(20)
    assert not child.is_running()


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


def test_windows_keeps_its_python_elsewhere(tmp_path):
    assert tutorial.interpreter(tmp_path, "nt") == tmp_path / "Scripts" / "python.exe"
    assert tutorial.interpreter(tmp_path, "posix") == tmp_path / "bin" / "python"


def test_windows_starts_jupyterlab_where_others_become_it(monkeypatch):
    started, replaced = [], []
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial, "call", lambda *words: started.append(words) or 0)
    monkeypatch.setattr(tutorial.os, "execv", lambda *words: replaced.append(words) or 0)
    tutorial.lab(["--no-browser"], "nt")
    tutorial.lab(["--no-browser"], "posix")
    command = [*LAB, "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb", "--no-browser"]
    assert started == [(command, {})]
    assert replaced == [("python", command)]


LAB = ["python", "-m", "jupyterlab"]


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
        ("SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED)", "and PIP_CERT to its"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0"),
    ],
)
def test_a_known_failure_is_one_sentence(output, words):
    said = tutorial.explain(f"WARNING: torch\n{output}\n", "pip")
    assert words in said
    assert "\n" not in said


def test_an_unknown_failure_shows_the_last_lines():
    said = tutorial.explain("first\n" * 30 + "ERROR: strange\n", "-m pip install").splitlines()
    assert said[0] == "-m pip install failed in a way not known here. Its last lines:"
    assert len(said) == 21
    assert said[-1] == "    ERROR: strange"


@pytest.mark.parametrize(
    ("errors", "words"),
    [("ERROR: Network is unreachable", "No network"), ("ERROR: é", "in a way not known here")],
)
def test_a_failed_program_is_explained_by_what_it_said(errors, words):
    program = f"import sys; sys.stderr.buffer.write({errors!r}.encode()); sys.exit(3)"
    said = refused(tutorial.bring, [sys.executable, "-c", program])
    assert words in said
    assert said.startswith("No network") or errors in said


@pytest.mark.parametrize(
    ("system", "index", "gigabytes", "less"),
    [
        ("linux", "", 9, ", or take the CPU build (3 GB): https://pytorch.org/get-started/locally"),
        ("linux", "https://somewhere/cpu", 3, ", then start again."),
        ("darwin", "", 3, ", then start again."),
        ("win32", "", 3, ", then start again."),
    ],
)
def test_the_space_that_is_asked_for_is_the_space_that_is_checked(
    tmp_path, monkeypatch, system, index, gigabytes, less
):
    monkeypatch.setattr(tutorial.sys, "platform", system)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    monkeypatch.setattr(tutorial, "bring", lambda _: None)
    free = types.SimpleNamespace(free=gigabytes * 1e9)
    monkeypatch.setattr(tutorial.shutil, "disk_usage", lambda _: free)
    tutorial.create(tmp_path / ".venv")
    free.free -= 1e8
    said = refused(tutorial.create, tmp_path / ".venv")
    have = f"The disk is full ({gigabytes - 0.1:.1f} GB are free): "
    assert said.startswith(f"{have}expected {gigabytes} GB free for .venv. Free some")
    assert said.endswith(less)


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
        (errno.ENOSPC, "The disk is full: expected "),
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
        (["xyz"], f"There is no verb 'xyz'. Expected one of: {', '.join(tutorial.VERBS)}."),
        (["lab", "99"], "No notebook is called '99'. There are: "),
        (["run", "nowhere.ipynb"], "No notebook is called 'nowhere.ipynb'. There are: "),
        (["setup", "now"], "Expected setup, or setup test, got 'setup now'."),
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
    assert list(run_tests.parts([])) == ["unit tests", "notebooks"]
    assert "not browser" in run_tests.parts([])["unit tests"]
    assert run_tests.parts(["-k", "attention"]) == {
        "unit tests": [*run_tests.PYTEST, "-k", "attention"]
    }
    for words in (["notebooks"], ["notebooks/10_images.ipynb"], ["notebooks/", "-x"]):
        assert run_tests.parts(words) == {"notebooks": [*run_tests.NOTEBOOKS, *words]}
    assert run_tests.parts(["--browser", "-x"]) == {"browser": [*run_tests.BROWSER, "-x"]}


def test_explore_opens_the_page_of_explorers(monkeypatch):
    called = []
    monkeypatch.setattr(tutorial, "prepare", lambda: "python")
    monkeypatch.setattr(tutorial.os, "execv", lambda _, command: called.append(command) or 0)
    monkeypatch.setattr(tutorial, "call", lambda command, _: called.append(command) or 0)
    assert tutorial.main(["explore", "--no-browser"]) == 0
    page = "--LabApp.default_url=/lab/tree/notebooks/explore.ipynb"
    assert called == [[*LAB, page, "--no-browser"]]


@pytest.mark.parametrize(
    ("verb", "extra", "program"),
    [
        ("test", "test", ["-m", "tools.run_tests"]),
        ("test-browser", "test", ["-m", "tools.run_tests", "--browser"]),
        ("test-numbers", "test", ["-m", "tools.run_tests", "--numbers"]),
        ("bench", "notebooks", ["-m", "benchmarks"]),
        ("mutants", "test", ["-m", "mutants"]),
    ],
)
def test_a_verb_brings_what_it_needs_and_hands_all_words_on(monkeypatch, verb, extra, program):
    called = []
    monkeypatch.setattr(tutorial, "prepare", lambda extra="notebooks": extra)
    monkeypatch.setattr(tutorial, "call", lambda command: called.append(command) or 0)
    assert tutorial.main([verb, "--quick", "hiera"]) == 0
    assert called == [[extra, *program, "--quick", "hiera"]]


@pytest.mark.parametrize("name", run_tests.PROCESSORS)
def test_numeric_tests_run_as_on_a_lesser_processor(monkeypatch, name):
    for variable in run_tests.PROCESSORS[name]:
        monkeypatch.setenv(variable, "")
    called = []
    monkeypatch.setattr(run_tests, "call", lambda command: called.append(command) or 0)
    assert run_tests.main(["--numbers", name, "-k", "attention"]) == 0
    set_now = {variable: os.environ[variable] for variable in run_tests.PROCESSORS[name]}
    assert set_now == run_tests.PROCESSORS[name]
    assert called == [[sys.executable, *run_tests.NUMBERS, "-k", "attention"]]


@pytest.mark.parametrize(("name", "instructions"), [("sse4", "DEFAULT"), ("avx2", "AVX2")])
def test_torch_computes_as_on_the_lesser_processor(name, instructions):
    code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    environment = {**os.environ, **run_tests.PROCESSORS[name]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.stdout.decode().strip() in (instructions, "DEFAULT")


def test_one_failed_part_fails_the_whole_and_both_are_summed_up(monkeypatch, capsys):
    monkeypatch.setattr(run_tests, "call", lambda command: int("--nbval-lax" in command))
    assert run_tests.main([]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "unit tests: passed in 0 s",
        "notebooks: FAILED, status 1, in 0 s",
    ]


def test_a_called_program_gets_the_reproducible_settings():
    code = "import os; raise SystemExit(os.environ['HF_HUB_OFFLINE'] == '1' and 7)"
    assert tutorial.call([sys.executable, "-c", code]) == 7
