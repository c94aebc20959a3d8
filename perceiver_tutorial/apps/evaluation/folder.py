"""A folder of pictures, sorted by class."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ...doors import checked

SUFFIXES = {".jpeg", ".jpg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


class Labelled(NamedTuple):
    """A picture and what is on it.

    Attributes:
        name: its path within the folder.
        file: where it is.
        label: the number of its class, counted from 0.
    """

    name: str
    file: Path
    label: int


def class_folders(folder: Path) -> list[Path]:
    """The subfolders, sorted by name.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it has no subfolders.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"expected a folder of pictures, but there is no folder {folder}.")
    found = sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    if not found:
        raise ValueError(
            f"expected a subfolder for each class in {folder}, got none. The pictures of a class "
            "belong into a folder of their own."
        )
    return found


def class_numbers(names: Sequence[str], num_classes: int) -> list[int]:
    """The class that each subfolder stands for.

    Either they are named by class number, then some are enough; or there is one for every
    class, then the first by name is class 0. ImageNet's classes are numbered in the order
    of their synsets.

    Args:
        names: of the subfolders, sorted.
        num_classes: that the model knows.

    Raises:
        ValueError: if neither fits.

    >>> class_numbers(["n01440764", "n01443537", "n01484850"], num_classes=3)
    [0, 1, 2]
    >>> class_numbers(["281", "7"], num_classes=1000)
    [281, 7]
    """
    if all(re.fullmatch(r"\d+", name) for name in names):
        numbers = [int(name) for name in names]
        if len(set(numbers)) == len(numbers) and max(numbers) < num_classes:
            return numbers
    elif len(names) == num_classes:
        return list(range(num_classes))
    raise ValueError(
        f"expected {num_classes:,} subfolders, one for each class and in the order of the classes, "
        "as ImageNet's synsets are; or any number of them, each named by its class number from 0 "
        f"to {num_classes - 1}. Got {len(names):,}: {_some(names)}. Rename them by number; "
        "ImageNet's 'tabby, tabby cat' is 281."
    )


def _some(names: Sequence[str]) -> str:
    shown = [*names[:3], "...", names[-1]] if len(names) > 4 else names
    return ", ".join(shown)


@checked
def labelled_pictures(folder: str | Path, num_classes: int) -> list[Labelled]:
    """Every picture with its class, class by class.

    Args:
        folder: with one subfolder for each class, see `class_numbers`.
        num_classes: that the model knows.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if its subfolders say nothing of classes, hold no pictures, or a link leads
            out of the folder.
    """
    folder = Path(folder)
    kinds = class_folders(folder)
    labels = class_numbers([kind.name for kind in kinds], num_classes)
    found = [
        Labelled(file.relative_to(folder).as_posix(), file, label)
        for kind, label in zip(kinds, labels, strict=True)
        for file in sorted(kind.rglob("*"))
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]
    if not found:
        raise ValueError(
            f"expected pictures in the subfolders of {folder}, got none that end in "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    _check_inside(folder, found)
    return found


def _check_inside(folder: Path, found: Sequence[Labelled]) -> None:
    """A link may lead to any file of the computer, and what a folder holds is judged and named."""
    here = folder.resolve()
    for picture in found:
        if not (there := picture.file.resolve()).is_relative_to(here):
            raise ValueError(
                f"expected pictures inside {folder}, got {picture.name}, a link to {there}. Copy "
                "it into the folder, or link the whole folder."
            )
