"""A set of the course: what its rows hold, how they are drawn, and where they are kept."""

import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from inspect import unwrap
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from datasets import (
    Dataset,
    DatasetDict,
    Features,
    NamedSplit,
    disable_progress_bars,
    load_from_disk,
)
from torch import Tensor

from perceiver_tutorial.apps.cache import cache_folder, whole_or_not_at_all

ARITHMETIC = "This course, by arithmetic, from a seed"
OPEN = "CC BY 4.0"
OURS = ("perceiver_course", "perceiver_tutorial")
Row = dict[str, Any]

disable_progress_bars()  # a notebook would keep them among its outputs


@dataclass(frozen=True)
class MadeSet:
    """Rows by the split, drawn once and then read from the cache.

    Attributes:
        features: column -> what stands in it.
        draw: called with the arguments of a split, yields its rows.
        splits: name -> the arguments of `draw`; a set of any size has `count` among them.
        what: what it is, and what it is for.
        source: who made it, or where it comes from.
        licence: under which it may be used.
        packages: those that the rows come out of; another version may bring other rows.
        files: that the rows come out of.
    """

    features: Features
    draw: Callable[..., Iterator[Row]]
    splits: Mapping[str, Mapping[str, Any]]
    what: str
    source: str
    licence: str
    packages: Sequence[str] = ()
    files: Sequence[Path] = ()

    def resized(self, counts: Mapping[str, Any]) -> "MadeSet":
        """The same set with more or fewer rows in some splits; the others stay.

        Raises:
            ValueError: if there is no such split, or its rows cannot be chosen.
        """
        for split, count in counts.items():
            is_number = isinstance(count, int) and not isinstance(count, bool) and count > 0
            if "count" not in self.splits.get(split, {}) or not is_number:
                some = [name for name, given in self.splits.items() if "count" in given]
                free = (
                    f"of these: {', '.join(some)}" if some else "and here there is none to choose"
                )
                raise ValueError(
                    f"expected a whole number of rows, from 1 on, of a split that can have any, "
                    f"{free}; got {split}={count!r}."
                )
        chosen = {name: {**self.splits[name], "count": count} for name, count in counts.items()}
        return replace(self, splits={**self.splits, **chosen})

    @property
    def fingerprint(self) -> str:
        """Sixteen characters that differ when anything does that the rows come from.

        That is the source of the file that draws them and of every file of the course that it
        uses, files of data, the arguments, the columns, and the versions of packages.
        """
        versions = {package: _version(package) for package in self.packages}
        digest = hashlib.sha256(repr((self.features, self.splits, versions)).encode())
        for file in (*files_behind(self.draw), *self.files):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    def load(self, name: str) -> Mapping[str, Dataset]:
        """Its splits as tensors; drawn now, if the cache has not got them.

        Args:
            name: of the set, for its folder in the cache.
        """
        place = cache_folder() / f"{name}-{self.fingerprint}"
        if place.is_dir():
            try:
                return load_from_disk(place).with_format("torch")
            except (OSError, ValueError, KeyError, TypeError):  # somebody spoilt a part of it
                shutil.rmtree(place)
        with whole_or_not_at_all(place) as unfinished:
            self._write(unfinished)
        return load_from_disk(place).with_format("torch")

    def _write(self, folder: Path) -> None:
        drawn = DatasetDict()
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            for split, given in self.splits.items():
                drawn[split] = Dataset.from_generator(
                    self.draw,
                    self.features,
                    cache_dir=scratch,
                    gen_kwargs=dict(given),
                    split=NamedSplit(split),
                    fingerprint=f"{self.fingerprint}-{split}",
                )
            drawn.save_to_disk(folder)


def rows(**columns: Sequence[Any] | Tensor) -> Iterator[Row]:
    """Rows of columns of equal length; tensors become arrays."""
    plain = (c.numpy() if isinstance(c, Tensor) else c for c in columns.values())
    return (dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True))


def files_behind(function: FunctionType) -> list[Path]:
    """The file of a function, and those of the course that it uses, in the order of their names."""
    modules = {function.__module__: sys.modules[function.__module__]}
    functions, waiting = {function}, [function]
    used: list[str] = []
    while waiting:
        plain = unwrap(waiting.pop())
        known = plain.__globals__
        for value in (known[name] for name in _names(plain.__code__) if name in known):
            if isinstance(value, FunctionType) and value.__module__ == function.__module__:
                waiting += {value} - functions
                functions.add(value)
            else:
                used.append(_home(value))
    while used:
        name = used.pop()
        if name.partition(".")[0] in OURS and name not in modules:
            modules[name] = sys.modules[name]
            used += map(_home, vars(modules[name]).values())
    return [Path(modules[name].__file__) for name in sorted(modules)]


def _names(code: CodeType) -> set[str]:
    """Every global name in a piece of code, and in the functions within it."""
    within = (const for const in code.co_consts if isinstance(const, CodeType))
    return {*code.co_names}.union(*map(_names, within))


def _home(value: Any) -> str:
    """The name of the module that something is, or stands in."""
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    return home if isinstance(home, str) else ""


def _version(package: str) -> str:
    return platform.python_version() if package == "Python" else version(package)
