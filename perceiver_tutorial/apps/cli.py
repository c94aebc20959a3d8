"""The command line: perceiver-tutorial walk | cost | evaluate | doctor, and what others add.

Another package adds a command by an entry point of the group `perceiver_tutorial.commands`: its
name is the command's, and it is a function without arguments that gives what is printed.
"""

import argparse
import importlib.metadata
import importlib.util
import io
import os
import platform
import socket
import sys
from collections.abc import Sequence

PACKAGES = ("torch", "transformers", "datasets", "jupyterlab", "scikit-image", "scikit-learn")
HUB = "huggingface.co"
OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")
DESCRIPTION = (
    "Shapes, costs and accuracy of Perceiver IO, Hiera and DeiT without a notebook. "
    "perceiver-tutorial COMMAND --help says more."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what is refused is one line.

    Args:
        arguments: words after the program's name. Default: those it was started with.

    Returns:
        The exit status: 0, 2 if something was refused, 130 if Ctrl-C stopped it.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names of files may have characters that a console has not.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        print(options.command(options), flush=True)
    except BrokenPipeError:  # whoever read this, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, FileNotFoundError) as refusal:
        print(refusal)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="perceiver-tutorial", description=DESCRIPTION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, summary in (
        ("walk", _walk, "every shape of a published model, at its published size"),
        ("cost", _cost, "its parameters, operations and bytes, step by step"),
    ):
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.add_argument("model", help="a published name, e.g. deepmind/vision-perceiver-fourier")
        sub.add_argument("--depth", type=int, default=2, help="1: the parts; 2: inside them; ...")
        sub.set_defaults(command=command)
    summary = "top-1 and top-5 of a classifier on your pictures, beside the published figure"
    _add_options(commands.add_parser("evaluate", help=summary, description=summary))
    summary = "what is installed, and what would get in the way"
    commands.add_parser("doctor", help=summary, description=summary).set_defaults(command=_doctor)
    for entry in importlib.metadata.entry_points(group="perceiver_tutorial.commands"):
        sub = commands.add_parser(entry.name, help=f"added by {entry.module.partition('.')[0]}")
        sub.set_defaults(command=lambda _options, entry=entry: entry.load()())
    return parser


def _add_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("model", help="a published name, or a checkpoint folder")
    sub.add_argument(
        "data",
        help="a folder of pictures: one subfolder for each class, sorted as ImageNet's synsets; or "
        "some, named by class number; or such folders in folders called train and test; or a "
        "folder with a metadata.csv, a .parquet file, or a benchmark's name: imagenet-1k",
    )
    sub.add_argument("--split", help="which, where the data have several; else test")
    sub.add_argument("--limit", type=int, help="so many rows, or pictures of all class folders")
    sub.add_argument("--folder", help="a copy of the benchmark on this machine")
    sub.add_argument(
        "--columns", nargs="+", metavar="OURS=THEIRS", help="e.g. image=photo label=breed"
    )
    sub.add_argument("--results", help="file of outcomes; a second start goes on from it")
    sub.add_argument("--batch-size", type=int, default=32, help="pictures at a time")
    sub.add_argument("--threads", type=int, default=2, help="pictures prepared at the same time")
    sub.add_argument("--fidelity", choices=("transformers", "deepmind"), default="transformers")
    sub.set_defaults(command=_evaluate)


def _walk(options: argparse.Namespace) -> str:
    from ..tracing import walk

    return str(walk(options.model, depth=options.depth))


def _cost(options: argparse.Namespace) -> str:
    from ..tracing import cost

    return str(cost(options.model, depth=options.depth))


def _evaluate(options: argparse.Namespace) -> str:
    from .evaluation.loop import evaluate
    from .evaluation.rows import opened

    report = evaluate(
        options.model,
        opened(options.data, options.split, _columns(options.columns), options.folder),
        options.results,
        limit=options.limit,
        batch_size=options.batch_size,
        threads=options.threads,
        fidelity=options.fidelity,
    )
    if report.num_left:
        print(report)
        raise KeyboardInterrupt
    if not report.num_pictures:  # nothing was measured
        raise ValueError(str(report))
    return str(report)


def _columns(words: Sequence[str] | None) -> dict[str, str] | None:
    """Our name -> theirs, of words such as image=photo."""
    pairs = [word.partition("=") for word in words or ()]
    if wrong := next(("".join(pair) for pair in pairs if not (pair[0] and pair[2])), None):
        raise ValueError(f"expected columns as OURS=THEIRS, e.g. image=photo, got {wrong!r}.")
    return {ours: theirs for ours, _, theirs in pairs} or None


def _doctor(_options: argparse.Namespace) -> str:
    from .cache import cache_folder, cache_size

    lines = [f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"]
    for package in PACKAGES:
        lines.append(f"{package} {_version(package)}")
    lines.append(f"processors: {os.cpu_count()}, threads of torch: {_threads()}")
    lines.append(
        f"sets are kept in {cache_folder()}: {cache_size() / 1e6:.1f} MB; what is deleted there "
        "is drawn again"
    )
    lines.append(f"the Hub: {_hub()}")
    if importlib.util.find_spec("torchvision"):
        lines.append(
            "torchvision is installed: without a matching torch it breaks transformers' image "
            "processors. The course does not need it: pip uninstall torchvision."
        )
    return "\n".join(lines)


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _hub() -> str:
    """Whether published weights and benchmarks can be fetched now."""
    if any(os.environ.get(name, "0") not in ("", "0") for name in OFFLINE):
        return f"switched off by {' or '.join(OFFLINE)}; what is cached can be used"
    try:
        socket.create_connection((HUB, 443), timeout=3).close()
    except OSError:
        return f"{HUB} cannot be reached; what is cached can be used"
    return f"{HUB} can be reached"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "is missing: run python tutorial.py setup"


if __name__ == "__main__":
    sys.exit(main())
