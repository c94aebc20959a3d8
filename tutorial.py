#!/usr/bin/env python3
"""The course in one command: `python tutorial.py` sets it up once, then opens JupyterLab.

Standard library only, in syntax that an old Python can read: even Python 3.6 gets as far as the
sentence which says what is needed.
"""

import contextlib
import difflib
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
PRICE = "One time: about 2 GB (6 GB where torch brings CUDA), a minute or two on a fast line."
NEEDED_GIGABYTES = 3
WORKERS = "2"

REPRODUCIBLE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",
    "PYTHONHASHSEED": "0",
    "COLUMNS": "100",
}

PYTEST = ["-m", "pytest", "-q", "--color=" + ("auto" if sys.stdout.isatty() else "no")]
NOTEBOOK_TESTS = [
    *(*PYTEST, "--nbval-lax", "--nbval-current-env"),
    *("--nbval-cell-timeout=120", "--nbval-kernel-startup-timeout=120"),
    "--nbval-sanitize-with=tests/nbval_sanitize.cfg",
    *("-n", WORKERS, "--dist", "loadscope"),  # one kernel per notebook: cells must not scatter
]

BROWSER_TESTS = [*PYTEST, "-m", "browser", "tests/gates/test_browser.py"]

FULL_DISK = (
    "The disk is full{}: expected 3 GB free for .venv, or 9 GB where torch brings CUDA."
    " Free some space, then start again."
)
FORBIDDEN = (
    "No permission to write {0}. Expected a folder of your own, with no JupyterLab still running"
    " from it: end that, or move the course to your home folder, then start again."
)
CAUSES = (
    (
        r"No space left|Errno 28\b|not enough space on the disk",
        FULL_DISK.format(""),
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The package index was reached, but its certificate is not trusted here, as behind a"
        " company's proxy. Ask for the proxy's certificate, set PIP_CERT to its file, start again.",
    ),
    (
        r"Connection(Error| refused| reset| broken| aborted)|ConnectTimeout|Read timed out"
        r"|ProxyError|name resolution|getaddrinfo|nodename nor servname|Network is unreachable"
        r"|No route to host",
        "No network: expected to reach the package index, once; pip got no answer. Connect (or set"
        " HTTPS_PROXY), then start again: what has been installed is kept.",
    ),
    (r"Permission denied|Access is denied|Errno 13\b|Read-only file", FORBIDDEN.format(".venv")),
    (
        r"Long Path",
        "The folder's path is too long for Windows. Move the course to a short one, such as"
        r" C:\perceiver, then start again.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "There is no build of {1} for this system and Python. Expected a 64-bit Python 3.11, 3.12"
        " or 3.13 on Linux, Windows or a Mac with Apple silicon: start tutorial.py with that.",
    ),
)


class Trouble(Exception):
    """Ends the program with one clear sentence instead of a traceback."""


def say(text: str) -> None:
    """Print at once, so that the line stands before what a started program prints."""
    print(text, flush=True)


# --- the Python that was asked to start ---------------------------------------------------------


def check_python(version: tuple = tuple(sys.version_info), os_name: str = os.name) -> None:
    """Refuse a Python that the pinned packages were not made for, and name one that would do."""
    if tuple(version[:2]) in PYTHONS:
        return
    better = other_python(os_name)
    advice = f"Type: {better} tutorial.py" if better else "Get one from python.org, start again."
    raise Trouble(f"Expected {WANTED}, got {'.'.join(map(str, version[:3]))}. {advice}")


def other_python(os_name: str) -> str:
    """The command of a Python on this machine that would do, or ''."""
    shape = "py -{}.{}" if os_name == "nt" else "python{}.{}"
    commands = [shape.format(*version) for version in PYTHONS]
    return next((command for command in commands if starts(command.split())), "")


def starts(command: "list[str]") -> bool:
    """Whether the command starts a working Python."""
    try:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call([*command, "-c", ""], **silent) == 0
    except OSError:
        return False


# --- the environment: where it is, and what it lacks --------------------------------------------


def interpreter(environment: Path, os_name: str = os.name) -> Path:
    """Where a virtual environment keeps its Python."""
    return environment / ("Scripts/python.exe" if os_name == "nt" else "bin/python")


def made_with(environment: Path) -> tuple:
    """The (major, minor) version that the environment was made with; () when that is unknown."""
    try:
        text = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return ()
    found = re.search(r"^version\w* *= *(\d+)\.(\d+)", text, re.MULTILINE)
    return tuple(map(int, found.groups())) if found else ()


def site_packages(environment: Path, os_name: str = os.name) -> Path:
    """Where a virtual environment keeps its packages."""
    if os_name == "nt":
        return environment / "Lib" / "site-packages"
    version = ".".join(map(str, made_with(environment)))
    return environment / "lib" / f"python{version}" / "site-packages"


def is_whole(package: Path) -> bool:
    """Whether every file that a package's `.dist-info` lists is there; pip writes the list last."""
    try:
        lines = (package / "RECORD").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    names = (line.rsplit(",", 2)[0].strip('"') for line in lines)
    folder = str(package.parent)
    return all(map(os.path.exists, [os.path.join(folder, n) for n in names if n[-4:] != ".pyc"]))


def damaged(environment: Path) -> "list[Path]":
    """The `.dist-info` folders of packages that lost files or never got all of them."""
    packages = sorted(site_packages(environment).glob("*.dist-info"))
    return [package for package in packages if not is_whole(package)]


def has_pip(environment: Path) -> bool:
    """Whether the environment has a Python that starts, of a wanted version, and a whole pip."""
    if made_with(environment) not in PYTHONS or not starts([str(interpreter(environment))]):
        return False
    return any(map(is_whole, site_packages(environment).glob("pip-*.dist-info")))


def fingerprint(environment: Path, root: Path = ROOT) -> str:
    """One number for all that an install depends on; the path too, since it is an editable one."""
    digest = hashlib.sha256(os.fsencode(f"{root} {made_with(environment)}"))
    settings = sorted((root / "jupyter").glob("*.json"))
    for path in [root / "pyproject.toml", root / "requirements.lock", *settings]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamp(environment: Path) -> Path:
    """The file that is written when everything else is done."""
    return environment / "tutorial.stamp"


def stamped(environment: Path) -> str:
    """What the stamp says, or '' when there is none."""
    with contextlib.suppress(OSError):
        return stamp(environment).read_text(encoding="utf-8", errors="replace")
    return ""


def what_is_missing(environment: Path, root: Path = ROOT) -> str:
    """Why the environment cannot be used yet, in a few words; '' when it can."""
    wanted = fingerprint(environment, root)
    if not environment.is_dir():
        return "there is none yet"
    if not has_pip(environment):
        return "its Python does not work"
    if not stamped(environment):
        return "the last set-up did not finish"
    if stamped(environment) != wanted:
        return "the pinned versions or the folder have changed"
    lost = [package.name.split("-")[0] for package in damaged(environment)]
    return f"files are missing from {', '.join(lost)}" if lost else ""


# --- the environment: making it -----------------------------------------------------------------


def prepare(environment: Path = ENVIRONMENT) -> str:
    """Make the environment ready, doing only what is missing, and return its Python."""
    if what_is_missing(environment):
        with only_one(environment.with_name(".venv.lock")):
            reason = what_is_missing(environment)  # again: the start we waited for may have done it
            if reason:
                make(environment, reason)
    return str(interpreter(environment))


def make(environment: Path, reason: str) -> None:
    """Create or repair the environment; the stamp comes last, so an interruption shows."""
    started = time.time()
    say(f"Setting up .venv, since {reason}.")
    with contextlib.suppress(FileNotFoundError):
        stamp(environment).unlink()
    if not has_pip(environment):
        create(environment)
    for package in damaged(environment):
        shutil.rmtree(str(package))  # pip would believe it and skip the package
    install(environment)
    write_stamp(environment)
    say(f"Ready after {time.time() - started:.0f} s.")


def create(environment: Path) -> None:
    """Make an empty environment in place of whatever is there."""
    check_space(shutil.disk_usage(str(environment.parent)).free)
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        package = "python{}.{}-venv".format(*sys.version_info)
        raise Trouble(
            f"Python's venv module is missing, as on a bare Debian or Ubuntu."
            f" Type: sudo apt install {package}"
        )
    say(PRICE)
    # an activated .venv must not be asked to replace itself
    python = getattr(sys, "_base_executable", "") or sys.executable
    command = [python, "-m", "venv", "--clear", str(environment)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Trouble(explain(done.stdout.decode(errors="replace"), "venv", " ".join(command)))


def check_space(free: int) -> None:
    """Refuse to begin what cannot end."""
    if free < NEEDED_GIGABYTES * 1e9:
        raise Trouble(FULL_DISK.format(f" ({free / 1e9:.1f} GB are free)"))


def install(environment: Path) -> None:
    """Let pip bring every package at its tested version; it skips what is there already."""
    log = environment / "setup.log"
    options = ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    pins = ["--constraint", "requirements.lock", "--editable", ".[test]"]
    if follow([str(interpreter(environment)), "-m", "pip", "install", *options, *pins], log):
        output = log.read_text(encoding="utf-8", errors="replace")
        raise Trouble(explain(output, "pip", f"the whole log is {log}"))


def follow(command: "list[str]", log: Path) -> int:
    """Run a command with its output in the log and, on a terminal, its latest line on screen."""
    environment = dict(os.environ, PYTHONUTF8="1", PIP_USER="0")
    with log.open("w", encoding="utf-8") as copy:
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            close_fds=False,  # it inherits the lock
        )
        try:
            for line in process.stdout:
                copy.write(line)
                show(line)
            return process.wait()
        finally:
            show("")
            stop(process)


def show(line: str) -> None:
    """Overwrite the terminal's last line; where there is no terminal, stay silent."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + line.strip()[:width].ljust(width), end="" if line else "\r", flush=True)


def explain(output: str, program: str, rest: str) -> str:
    """The sentence for a failed program: its known cause, or else its last words."""
    lines = output.strip().splitlines()
    for pattern, sentence in CAUSES:
        found = re.search(pattern, "\n".join(lines[-30:]), re.IGNORECASE)
        if found:
            return sentence.format(*[found.group(), *found.groups()])
    last = "\n".join(f"    {line}" for line in lines[-5:])
    return f"{program} failed in a way not known here. Its last lines:\n{last}\nTo read on: {rest}"


def write_stamp(environment: Path) -> None:
    """Say, in one step that cannot be seen half done, that the install is complete."""
    draft = environment / "tutorial.stamp.draft"
    draft.write_text(fingerprint(environment), encoding="utf-8")
    os.replace(str(draft), str(stamp(environment)))


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


# --- running things in the environment ----------------------------------------------------------


def call(command: "list[str]") -> int:
    """Run a command from the root folder to its end and return its exit status."""
    process = subprocess.Popen(command, cwd=str(ROOT), env=dict(os.environ, **REPRODUCIBLE))
    try:
        return process.wait()
    finally:
        stop(process)


def stop(process: subprocess.Popen, patience: float = 5) -> None:
    """Wait for a program to end by itself, as after Ctrl-C, and end it when it does not."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def become(command: "list[str]", os_name: str = os.name) -> int:
    """Turn into the command, so that signals and the process id are its own, or else run it."""
    if os_name != "nt":
        os.chdir(str(ROOT))
        return os.execv(command[0], command)
    process = subprocess.Popen(command, cwd=str(ROOT))
    while True:
        with contextlib.suppress(
            KeyboardInterrupt
        ):  # it got the Ctrl-C too, and asks what it means
            return process.wait()


def timed(name: str, command: "list[str]") -> "tuple[str, int, float]":
    """Run one part of the tests; its name, exit status and seconds."""
    started = time.time()
    return name, call(command), time.time() - started


def find_notebooks(words: "list[str]", folder: Path = NOTEBOOKS) -> "list[Path]":
    """The notebooks that the words name by number, path or part of the name; all for no words."""
    notebooks = sorted(folder.glob("*.ipynb"))
    return [path for word in words for path in matching(word, notebooks)] if words else notebooks


def matching(word: str, notebooks: "list[Path]") -> "list[Path]":
    """The notebooks that one word names."""
    if word.endswith(".ipynb") and Path(word).is_file():
        return [Path(word).resolve()]
    if word.isdigit():
        found = [path for path in notebooks if path.stem.startswith(word.zfill(2) + "_")]
    else:
        found = [path for path in notebooks if Path(word).stem in path.stem]
    if not found:
        names = ", ".join(path.stem for path in notebooks) or "none yet"
        raise Trouble(f"No notebook is called {word!r}. There are: {names}.")
    return found


# --- the verbs ----------------------------------------------------------------------------------


def lab(words: "list[str]") -> int:
    """Open JupyterLab on the first notebook, or on another: lab 10."""
    named = words[:1] if words and not words[0].startswith("-") else []
    notebook = find_notebooks(named or ["00"])[0]
    python = prepare()
    say(f"JupyterLab opens {notebook.name} in your browser. Ctrl-C here, twice, ends it.")
    page = f"--LabApp.default_url=/lab/tree/{notebook.parent.name}/{notebook.name}"
    return become([python, "-m", "jupyterlab", page, *words[len(named) :]])


def explore(words: "list[str]") -> int:
    """Open JupyterLab on the page of all explorers."""
    return lab(["explore", *words])


def test(words: "list[str]") -> int:
    """Run the unit tests and every notebook, or what you name: test -k attention."""
    return report(parts(words))


def test_browser(words: "list[str]") -> int:
    """Open notebooks in JupyterLab in a real Chromium: do cells run, and knobs turn?"""
    return report({"browser": [*BROWSER_TESTS, *words]})


def report(runs: "dict[str, list[str]]") -> int:
    """Run parts of the tests one after the other, say how each ended; the worst exit status."""
    python = prepare()
    results = [timed(name, [python, *part]) for name, part in runs.items()]
    for name, status, seconds in results:
        say(f"{name}: {f'FAILED, status {status},' if status else 'passed'} in {seconds:.0f} s")
    return max(status for _, status, _ in results)


def parts(words: "list[str]") -> "dict[str, list[str]]":
    """The test runs that the words ask for: notebooks go to nbval, all else to pytest."""
    if not words:
        notebooks = [*NOTEBOOK_TESTS, "notebooks"]
        parallel = ["-n", WORKERS, "--dist", "loadgroup"]
        units = [*PYTEST, "-m", "not browser", *parallel]
        return {"unit tests": units, "notebooks": notebooks}
    if any(word.endswith(".ipynb") or Path(word).name == "notebooks" for word in words):
        return {"notebooks": [*NOTEBOOK_TESTS, *words]}
    return {"unit tests": [*PYTEST, *words]}


def run(words: "list[str]") -> int:
    """Execute all notebooks and store their outputs, or those you name: run 05 10."""
    notebooks = find_notebooks(words)
    return call([prepare(), "tools/notebooks.py", "run", *map(str, notebooks)])


def bench(words: "list[str]") -> int:
    """Measure models against transformers, all or those you name: bench --quick."""
    return call([prepare(), "-m", "benchmarks", *words])


def mutants(words: "list[str]") -> int:
    """Plant bugs in a copy, one at a time, and show which tests notice: mutants hiera."""
    return call([prepare(), "-m", "mutants", *words])


def setup(words: "list[str]") -> int:
    """Set up or repair .venv, and do nothing else."""
    if words:
        raise Trouble(f"setup takes no more words, got {' '.join(words)!r}.")
    say(f"Ready: {prepare()}")
    return 0


VERBS = {
    verb.__name__.replace("_", "-"): verb
    for verb in (lab, explore, test, test_browser, run, bench, mutants, setup)
}


def usage() -> str:
    """The help text, made from the first line of every verb."""
    lines = [f"    {name:14}{(verb.__doc__ or '').splitlines()[0]}" for name, verb in VERBS.items()]
    return "python tutorial.py [VERB] [MORE]    (no verb means lab)\n\n" + "\n".join(lines)


def choose(words: "list[str]") -> tuple:
    """The verb that the words begin with, or lab, and the words that are left for it."""
    if not words or words[0].startswith("-"):
        return lab, words
    if words[0] in VERBS:
        return VERBS[words[0]], words[1:]
    near = difflib.get_close_matches(words[0], VERBS, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Expected one of: {', '.join(VERBS)}."
    raise Trouble(f"There is no verb {words[0]!r}. {hint}")


def sentence(error: OSError) -> str:
    """What the operating system refused, in words."""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return FORBIDDEN.format(error.filename)
    if error.errno == errno.ENOSPC:
        return FULL_DISK.format("")
    if error.errno == errno.ENOENT:
        return f"{error.filename} is missing. Expected a complete copy of the course: get it again."
    return f"The system said: {error}"


def main(words: "list[str]") -> int:
    """Do what the words say; every way to fail is a sentence and a status."""
    if words[:1] in (["-h"], ["--help"], ["help"]):
        say(usage())
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
