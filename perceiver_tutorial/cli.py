"""The command line: perceiver-tutorial walk | cost | claims | doctor."""

import argparse
import importlib.metadata
import importlib.util
import platform
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what is refused is one line.

    Args:
        arguments: words after the program's name. Default: those it was started with.

    Returns:
        The exit status: 0, or 2 if something was refused.
    """
    options = _parser().parse_args(arguments)
    try:
        print(options.command(options))
    except ValueError as refusal:
        print(refusal)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="perceiver-tutorial", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command, summary in (
        ("walk", _walk, "every shape of a published model, at its published size"),
        ("cost", _cost, "its parameters, operations and bytes, stage by stage"),
    ):
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.add_argument("model", help="a published name, e.g. deepmind/vision-perceiver-fourier")
        sub.add_argument("--depth", type=int, default=2, help="1: the parts; 2: inside them; ...")
        sub.set_defaults(command=command)
    for name, command, summary in (
        ("claims", _claims, "how many published statements are checked, by system"),
        ("doctor", _doctor, "what is installed, and what would get in the way"),
    ):
        commands.add_parser(name, help=summary, description=summary).set_defaults(command=command)
    return parser


def _walk(options: argparse.Namespace) -> str:
    from .tracing import walk

    return str(walk(options.model, depth=options.depth))


def _cost(options: argparse.Namespace) -> str:
    from .tracing import cost

    return str(cost(options.model, depth=options.depth))


def _claims(_options: argparse.Namespace) -> str:
    from .ledger import report

    return report()


def _doctor(_options: argparse.Namespace) -> str:
    lines = [f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"]
    for package in ("torch", "transformers", "jupyterlab", "scikit-image", "scikit-learn"):
        lines.append(f"{package} {_version(package)}")
    if importlib.util.find_spec("torchvision"):
        lines.append(
            "torchvision is installed: without a matching torch it breaks transformers' image "
            "processors. The course does not need it: pip uninstall torchvision."
        )
    return "\n".join(lines)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "is missing: run python tutorial.py setup"
