"""A folder of pictures, sorted by class."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath
from typing import NamedTuple, TypeVar

from PIL import Image
from torch import Tensor

SomePath = TypeVar("SomePath", bound=PurePath)


class Labelled(NamedTuple):
    """A picture and what is on it.

    Attributes:
        name: its path within the folder, or its row.
        picture: the file it is in; or the picture itself, as Pillow or a model takes it; or
            what is wrong with it.
        label: the number of its class, counted from 0.
    """

    name: str
    picture: Path | Image.Image | Tensor | str
    label: int


@dataclass(frozen=True)
class Folder:
    """What lies in a folder of pictures.

    Attributes:
        pictures: every file that Pillow opens, or should by its ending, class by class; or
            rows, one after the other.
        left_out: every other file -> why it is not counted.
        order: how its subfolders were taken for classes, as a sentence.
    """

    pictures: Iterable[Labelled]
    left_out: Mapping[str, str]
    order: str


def by_name(paths: Iterable[SomePath]) -> list[SomePath]:
    """Paths in the order of their names as strings, on every system.

    Windows' own order takes no notice of capitals; torchvision and datasets, which number
    the classes of a folder, do.

    >>> from pathlib import PureWindowsPath
    >>> [path.name for path in by_name([PureWindowsPath("x/ant"), PureWindowsPath("x/Bee")])]
    ['Bee', 'ant']
    """
    return sorted(paths, key=lambda path: path.parts)


def class_folders(folder: Path) -> list[Path]:
    """The subfolders, in the order of their names as strings.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it has no subfolders.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"expected a folder of pictures, but there is no folder {folder}.")
    found = by_name(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    if not found:
        raise ValueError(
            f"expected a subfolder for each class in {folder}, got none. The pictures of a class "
            "belong into a folder of their own."
        )
    return found


def class_numbers(
    names: Sequence[str], num_classes: int, class_names: Sequence[str] | None = None
) -> tuple[list[int], str]:
    """The class that each subfolder stands for, and how that was found out.

    Subfolders that are all named like classes of the model go by name, and some are enough.
    So do class numbers. Otherwise there has to be one for every class, and the first, in the
    order of names as strings, is class 0: ImageNet's classes are numbered in the order of
    their synsets, and so do torchvision's ImageFolder and datasets' imagefolder number theirs.

    Args:
        names: of the subfolders, in order.
        num_classes: that the model knows.
        class_names: what the model calls them; None: it does not say.

    Raises:
        ValueError: if nothing fits, or a name stands for several classes.

    >>> class_numbers(["cat", "dog"], num_classes=3, class_names=["ant", "cat", "dog"])
    ([1, 2], 'by the names that the model gives its classes')
    >>> class_numbers(["281", "7"], num_classes=1000)[0]
    [281, 7]
    >>> class_numbers(["0", "180", "270", "90"], num_classes=4)
    ([0, 1, 2, 3], 'in the order of their names as strings: 0 is class 0, 180 is class 1, ...')
    """
    known = list(class_names or ())
    if strangers := [name for name in names if name not in known]:
        return _by_number_or_order(names, num_classes, strangers if known else ())
    if twice := [name for name, count in Counter(known).items() if count > 1 and name in names]:
        raise ValueError(
            f"expected folders named like one class each, got {_some(twice)}, which the model "
            "calls several classes. Name the folders by class number."
        )
    return [known.index(name) for name in names], "by the names that the model gives its classes"


def _by_number_or_order(
    names: Sequence[str], num_classes: int, strangers: Sequence[str]
) -> tuple[list[int], str]:
    numbers = [int(name) for name in names if re.fullmatch(r"[0-9]+", name)]
    are_numbers = len({*numbers}) == len(names)
    why = f"; {_some(strangers)} is no name of a class" if strangers else ""
    if are_numbers and max(numbers) < num_classes:
        # Where no folder has the name of a class, nobody meant names.
        return numbers, "by class number" + (why if len(strangers) < len(names) else "")
    counted_from_1 = are_numbers and {*numbers} == {*range(1, num_classes + 1)}
    if len(names) == num_classes and not counted_from_1:
        shown = ", ".join(f"{name} is class {n}" for n, name in enumerate(names[:2]))
        return list(range(num_classes)), (
            f"in the order of their names as strings: {shown}, ...{why}"
        )
    hint = "They seem to be counted from 1. " if counted_from_1 else ""
    other = f" The model has no class called {_some(strangers)}." if strangers else ""
    raise ValueError(
        f"expected {num_classes:,} subfolders, one for each class and in the order of the classes, "
        "as ImageNet's synsets are; or any number of them, each named like a class of the model, "
        f"or by its class number from 0 to {num_classes - 1}. Got {len(names):,}: {_some(names)}."
        f"{other} {hint}Rename them by number; ImageNet's 'tabby, tabby cat' is 281."
    )


def _some(names: Sequence[str]) -> str:
    shown = [*names[:3], "...", names[-1]] if len(names) > 4 else names
    return ", ".join(shown)


def labelled_pictures(
    folder: str | Path, num_classes: int, class_names: Sequence[str] | None = None
) -> Folder:
    """Every picture with its class, class by class; and every other file.

    Args:
        folder: with one subfolder for each class, see `class_numbers`.
        num_classes: that the model knows.
        class_names: what the model calls them; None: it does not say.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if its subfolders say nothing of classes, hold no pictures, or a link leads
            out of the folder.
    """
    folder = Path(folder)
    kinds = class_folders(folder)
    labels, order = class_numbers([kind.name for kind in kinds], num_classes, class_names)
    label_of = {kind.name: label for kind, label in zip(kinds, labels, strict=True)}
    found, left_out = [], {}
    for file in by_name(_files(folder, kinds)):
        path = file.relative_to(folder)
        if why := _why_not(path, file):
            left_out[path.as_posix()] = why
        else:
            found.append(Labelled(path.as_posix(), file, label_of[path.parts[0]]))
    if not found:
        raise ValueError(
            f"expected pictures in the subfolders of {folder}, got none that Pillow can open, and "
            f"{len(left_out):,} other files."
        )
    _check_inside(folder, found)
    return Folder(found, left_out, order)


def spread(folder: Folder, limit: int | None) -> Folder:
    """The same with at most so many pictures, taken evenly from first to last: of all classes.

    Args:
        folder: with its pictures in a list.
        limit: at least 1; None: all stay.
    """
    pictures = [*folder.pictures]
    if limit is None or limit >= len(pictures):
        return folder
    chosen = [pictures[number * len(pictures) // limit] for number in range(limit)]
    return replace(folder, pictures=chosen)


def _files(folder: Path, kinds: Iterable[Path]) -> Iterator[Path]:
    """Every file beside and in the subfolders, and every folder that is not looked into."""
    yield from (path for path in folder.iterdir() if path not in {*kinds})
    for kind in kinds:
        for here, folders, files in os.walk(kind):
            shut = [name for name in folders if not _is_open(Path(here, name))]
            folders[:] = [name for name in folders if name not in shut]
            yield from (Path(here, name) for name in (*files, *shut))


def _is_open(folder: Path) -> bool:
    return not folder.name.startswith(".") and not folder.is_symlink()


def _why_not(path: PurePath, file: Path) -> str | None:
    if path.name.startswith("."):
        return "hidden"
    if len(path.parts) == 1:
        return "in no class's folder"
    if file.is_dir():
        return "a link to a folder"
    return None if _is_picture(file) else "no picture that Pillow can open"


@cache
def _endings() -> frozenset[str]:
    """Of files that Pillow reads; which ones depends on how it was built."""
    endings = Image.registered_extensions()
    return frozenset(ending for ending, kind in endings.items() if kind in Image.OPEN)


def ends_as_a_picture(file: Path) -> bool:
    """Whether its name ends as names of pictures do, that Pillow reads."""
    return file.suffix.lower() in _endings()


def _is_picture(file: Path) -> bool:
    """By its ending, so that a broken picture is told; else by how it begins."""
    if ends_as_a_picture(file):
        return True
    try:
        with Image.open(file):
            return True
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def _check_inside(folder: Path, found: Sequence[Labelled]) -> None:
    """A link may lead to any file of the computer, and what a folder holds is judged and named."""
    here = folder.resolve()
    for picture in found:
        if not (there := picture.picture.resolve()).is_relative_to(here):
            raise ValueError(
                f"expected pictures inside {folder}, got {picture.name}, a link to {there}. Copy "
                "it into the folder, or link the whole folder."
            )
