#!/usr/bin/env python3
"""The course in one command: `python tutorial.py` sets it up once, then opens JupyterLab.

Standard library only, in syntax that an old Python can read: even Python 3.6 gets as far as the
sentence which says what is needed.
"""

import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
NOTEBOOKS = ROOT / "notebooks"
PYTHONS = ((3, 11), (3, 12), (3, 13))
WANTED = "Python 3.11, 3.12 or 3.13"
EXTRAS = ("notebooks", "test")  # of pyproject.toml; each holds the one before
INSTALLED, FREE = {"cpu": 2.2, "cuda": 6}, {"cpu": 3, "cuda": 9}  # gigabytes, by the build of torch
CPU_PAGE = "https://pytorch.org/get-started/locally"

REPRODUCIBLE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "PYTHONHASHSEED": "0",
    "COLUMNS": "100",
}

FORBIDDEN = (
    "No permission to write {}. Expected a folder of your own, with no JupyterLab still running"
    " from it: end that, or move the course to your home folder, then start again."
)
NO_NETWORK = (
    "No network: expected to reach the package index, once; pip got no answer. Connect (behind a"
    " proxy, set HTTPS_PROXY, and PIP_CERT to its certificate), then start again: what has been"
    " installed is kept."
)
NO_BUILD = (
    "There is no build of {} for this system and Python. Expected a 64-bit " + WANTED + " on"
    " Linux, Windows or a Mac with Apple silicon: start tutorial.py with that."
)
UNREACHED = (
    r"Connection(Error| refused| reset| broken| aborted)|ConnectTimeout|Read timed out|ProxyError"
    r"|name resolution|getaddrinfo|nodename nor servname|Network is unreachable|No route to host"
    r"|SSLError|CERTIFICATE_VERIFY_FAILED"
)
NO_SPACE = r"No space left|Errno 28\b|not enough space on the disk"
NOT_BUILT = r"(?<=No matching distribution found for )\S+"


class Trouble(Exception):
    """Ends the program with one clear sentence instead of a traceback."""


def say(text: str) -> None:
    """Print at once, so that the line stands before what a started program prints."""
    print(text, flush=True)


# --- the environment ----------------------------------------------------------------------------


def check_python(version: tuple = tuple(sys.version_info), os_name: str = os.name) -> None:
    """Refuse a Python that the pinned packages were not made for, and name one that would do."""
    if tuple(version[:2]) in PYTHONS:
        return
    shape = "py -{}.{}" if os_name == "nt" else "python{}.{}"
    near = [command for command in (shape.format(*v) for v in PYTHONS) if starts(command.split())]
    advice = f"Type: {near[0]} tutorial.py" if near else "Get one from python.org, start again."
    raise Trouble(f"Expected {WANTED}, got {'.'.join(map(str, version[:3]))}. {advice}")


def starts(command: "list[str]", code: str = "") -> bool:
    """Whether the command starts a Python that runs the code without an error."""
    try:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call([*command, "-c", code], **silent) == 0
    except OSError:
        return False


def interpreter(environment: Path, os_name: str = os.name) -> Path:
    """Where a virtual environment keeps its Python."""
    return environment / ("Scripts/python.exe" if os_name == "nt" else "bin/python")


def works(environment: Path) -> bool:
    """Whether the environment has a Python that starts, of a wanted version, with pip."""
    code = f"import pip, sys; sys.exit(sys.version_info[:2] not in {PYTHONS})"
    return starts([str(interpreter(environment))], code)


def fingerprint(root: Path = ROOT) -> str:
    """One number for all that an install depends on; the path too, since it is an editable one."""
    digest = hashlib.sha256(os.fsencode(str(root)))
    settings = sorted((root / "jupyter").glob("*.json"))
    for path in [root / "pyproject.toml", root / "requirements.lock", *settings]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamped(environment: Path) -> "tuple[str, str]":
    """The fingerprint and the extra of the last set-up that was finished; ('', '') for none."""
    with contextlib.suppress(OSError, ValueError):
        text = (environment / "tutorial.stamp").read_text(encoding="utf-8", errors="replace")
        number, extra = text.split()
        return (number, extra) if extra in EXTRAS else ("", "")
    return "", ""


def what_is_missing(environment: Path = ENVIRONMENT, extra: str = "notebooks") -> str:
    """Why the environment cannot be used yet, in a few words; '' when it can."""
    number, there = stamped(environment)
    if not environment.is_dir():
        return "there is none yet"
    if not works(environment):
        return "its Python does not work"
    if not number:
        return "the last set-up did not finish"
    if number != fingerprint():
        return "the pinned versions or the folder have changed"
    return "tests need more packages" if EXTRAS.index(extra) > EXTRAS.index(there) else ""


def prepare(extra: str = "notebooks", environment: Path = ENVIRONMENT) -> str:
    """Make the environment ready, doing only what is missing, and return its Python."""
    if what_is_missing(environment, extra):
        with only_one(environment.with_name(".venv.lock")):
            reason = what_is_missing(environment, extra)  # the start waited for may have done it
            if reason:
                is_tested = "test" in (extra, stamped(environment)[1])
                make(environment, "test" if is_tested else extra, reason)
    return str(interpreter(environment))


def make(environment: Path, extra: str, reason: str) -> None:
    """Create or complete the environment; the stamp comes last, so an interruption shows."""
    started = time.time()
    say(f"Setting up .venv, since {reason}.")
    if not works(environment):
        create(environment)
    for package in environment.glob("*/**/site-packages/*.dist-info"):
        if not (package / "RECORD").exists():  # written last: without it pip did not finish
            shutil.rmtree(str(package), ignore_errors=True)  # lib64 may name what lib had
    install(environment, extra)
    draft = environment / "tutorial.stamp.draft"
    draft.write_text(f"{fingerprint()} {extra}", encoding="utf-8")
    os.replace(str(draft), str(environment / "tutorial.stamp"))
    say(f"Ready after {time.time() - started:.0f} s.")


def create(environment: Path) -> None:
    """Make an empty environment in place of whatever is there."""
    if environment.is_dir():
        shutil.rmtree(str(environment))
    free = shutil.disk_usage(str(environment.parent)).free
    if free < FREE[torch_build()] * 1e9:
        raise Trouble(full_disk(f" ({free / 1e9:.1f} GB are free)"))
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        raise Trouble(
            "Python's venv module is missing, as on a bare Debian or Ubuntu. Type: sudo apt install"
            " python{}.{}-venv".format(*sys.version_info)
        )
    say(f"Once, this takes some minutes and about {INSTALLED[torch_build()]} GB.")
    # an activated .venv must not be asked to replace itself
    python = getattr(sys, "_base_executable", "") or sys.executable
    bring([python, "-m", "venv", str(environment)])


def install(environment: Path, extra: str) -> None:
    """Let pip bring every package at its tested version; it skips what is there already."""
    pip = [str(interpreter(environment)), "-m", "pip", "install", "--no-input"]
    pins = ["--constraint", "requirements.lock", "--editable", f".[{extra}]"]
    bring([*pip, "--disable-pip-version-check", *pins])


def bring(command: "list[str]") -> None:
    """Run a command to its end; if it fails, say the known cause or else its last words."""
    settings = dict(os.environ, PYTHONUTF8="1", PIP_USER="0")
    done = subprocess.run(
        command, cwd=str(ROOT), env=settings, stderr=subprocess.PIPE, close_fds=False
    )  # it inherits the lock
    if done.returncode:
        raise Trouble(explain(done.stderr.decode("utf-8", "replace"), " ".join(command[1:4])))


def explain(errors: str, program: str) -> str:
    """The sentence for a failed program."""
    if re.search(NO_SPACE, errors, re.IGNORECASE):
        return full_disk()
    if re.search(UNREACHED, errors, re.IGNORECASE):
        return NO_NETWORK
    unbuilt = re.search(NOT_BUILT, errors)
    if unbuilt:
        return NO_BUILD.format(unbuilt.group())
    last = "\n".join(f"    {line}" for line in errors.strip().splitlines()[-20:])
    return f"{program} failed in a way not known here. Its last lines:\n{last}"


def torch_build() -> str:
    """What pip brings: on Linux torch with CUDA, unless a further index has CPU builds."""
    further = os.environ.get("PIP_EXTRA_INDEX_URL", "")
    return "cuda" if sys.platform.startswith("linux") and "cpu" not in further else "cpu"


def full_disk(free: str = "") -> str:
    """The sentence for a full disk: what is needed, and on Linux how to need less."""
    said = f"The disk is full{free}: expected {FREE[torch_build()]} GB free for .venv. "
    if torch_build() == "cpu":
        return said + "Free some space, then start again."
    return f"{said}Free some, or take the CPU build ({FREE['cpu']} GB): {CPU_PAGE}"


# --- one start at a time ------------------------------------------------------------------------


@contextlib.contextmanager
def only_one(path: Path):
    """Let one start at a time change the environment, while others wait.

    The operating system drops the lock when its holder ends, however it ends, so none is ever
    stale. pip inherits the lock: killing a start does not let the next one in beside its pip.
    """
    with path.open("a") as handle:
        os.set_inheritable(handle.fileno(), True)
        if not take(handle):
            say("Another start is setting up .venv: waiting for it.")
            while not take(handle):
                time.sleep(0.3)
        yield


def take(handle, os_name: str = os.name) -> bool:
    """Take the lock if no other start has it."""
    try:
        if os_name == "nt":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # some network drives have no locks; a single start works without
    return True


# --- the verbs ----------------------------------------------------------------------------------


def call(command: "list[str]", settings: "dict[str, str]" = REPRODUCIBLE) -> int:
    """Run a command from the root folder to its end and return its exit status."""
    process = subprocess.Popen(command, cwd=str(ROOT), env=dict(os.environ, **settings))
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # it got the Ctrl-C too, and knows what to do
            return process.wait()


def find_notebooks(words: "list[str]", folder: Path = NOTEBOOKS) -> "list[Path]":
    """The notebooks that the words name by number, path or part of the name; all for no words."""
    notebooks, named = sorted(folder.glob("*.ipynb")), []
    for word in words:
        part = word.zfill(2) + "_" if word.isdigit() else Path(word).stem
        found = [path for path in notebooks if path.stem.startswith(part) or part in path.stem]
        if not found:
            names = ", ".join(path.stem for path in notebooks) or "none yet"
            raise Trouble(f"No notebook is called {word!r}. There are: {names}.")
        named += found
    return named if words else notebooks


def lab(words: "list[str]", os_name: str = os.name) -> int:
    """Open JupyterLab on the first notebook, or on another: lab 10."""
    named = words[:1] if words and not words[0].startswith("-") else []
    notebook = find_notebooks(named or ["00"])[0]
    page = f"--LabApp.default_url=/lab/tree/{notebook.parent.name}/{notebook.name}"
    command = [prepare(), "-m", "jupyterlab", page, *words[len(named) :]]
    say(f"JupyterLab opens {notebook.name} in your browser. Ctrl-C here, twice, ends it.")
    if os_name == "nt":
        return call(command, {})
    os.chdir(str(ROOT))
    return os.execv(command[0], command)  # signals and the process id become its own


def explore(words: "list[str]") -> int:
    """Open JupyterLab on the page of all explorers."""
    return lab(["explore", *words])


def test(words: "list[str]") -> int:
    """Run the unit tests and every notebook, or what you name: test -k attention."""
    return call([prepare("test"), "-m", "tools.run_tests", *words])


def test_browser(words: "list[str]") -> int:
    """Open notebooks in JupyterLab in a real Chromium: do cells run, and knobs turn?"""
    return call([prepare("test"), "-m", "tools.run_tests", "--browser", *words])


def test_numbers(words: "list[str]") -> int:
    """Run the numeric tests, here or as on a lesser processor: test-numbers sse4 (or avx2)."""
    return call([prepare("test"), "-m", "tools.run_tests", "--numbers", *words])


def run(words: "list[str]") -> int:
    """Execute all notebooks and store their outputs, or those you name: run 05 10."""
    notebooks = find_notebooks(words)
    return call([prepare(), "tools/notebooks.py", "run", *map(str, notebooks)])


def bench(words: "list[str]") -> int:
    """Measure models against transformers, all or those you name: bench --quick."""
    return call([prepare(), "-m", "benchmarks", *words])


def mutants(words: "list[str]") -> int:
    """Plant bugs in a copy, one at a time, and show which tests notice: mutants hiera."""
    return call([prepare("test"), "-m", "mutants", *words])


def setup(words: "list[str]") -> int:
    """Set up .venv, and do nothing else; with what tests need: setup test."""
    if words not in ([], ["test"]):
        raise Trouble(f"Expected setup, or setup test, got {' '.join(['setup', *words])!r}.")
    say(f"Ready: {prepare(*words)}")
    return 0


VERBS = {
    verb.__name__.replace("_", "-"): verb
    for verb in (lab, explore, test, test_browser, test_numbers, run, bench, mutants, setup)
}


def choose(words: "list[str]") -> tuple:
    """The verb that the words begin with, or lab, and the words that are left for it."""
    if not words or words[0].startswith("-"):
        return lab, words
    if words[0] in VERBS:
        return VERBS[words[0]], words[1:]
    raise Trouble(f"There is no verb {words[0]!r}. Expected one of: {', '.join(VERBS)}.")


def sentence(error: OSError) -> str:
    """What the operating system refused, in words."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FORBIDDEN.format(error.filename)
    if error.errno == errno.ENOSPC:
        return full_disk()
    if error.errno == errno.ENOENT:
        return f"{error.filename} is missing. Expected a complete copy of the course: get it again."
    return f"The system said: {error}"


def main(words: "list[str]") -> int:
    """Do what the words say; every way to fail is a sentence and a status."""
    if words[:1] in (["-h"], ["--help"], ["help"]):
        lines = [f"    {name:14}{verb.__doc__.splitlines()[0]}" for name, verb in VERBS.items()]
        say("python tutorial.py [VERB] [MORE]    (no verb means lab)\n\n" + "\n".join(lines))
        return 0
    try:
        check_python()
        verb, rest = choose(words)
        return verb(rest)
    except KeyboardInterrupt:
        print("\nStopped. The next start finishes what is missing.", file=sys.stderr)
        return 130
    except OSError as error:
        print(sentence(error), file=sys.stderr)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
