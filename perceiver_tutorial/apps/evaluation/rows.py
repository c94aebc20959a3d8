"""Rows with a picture and a label: of a set, a table, a benchmark, or whatever is iterated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from torch import Tensor

from .folder import Labelled, class_numbers

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
NEEDED = ("image", "label")


def opened(place: str | Path, split: str | None) -> tuple[Any, str] | None:
    """The rows at a place, and what they are called; None, if it is a folder sorted by class.

    Args:
        place: a table of pictures, a folder with a metadata file, or the name of a benchmark.
        split: which; default: "test", or the only one.

    Raises:
        FileNotFoundError: if nothing is there, or the benchmark cannot be reached.
        ValueError: if it cannot be read, or has no such split.
    """
    path = Path(place)
    if not path.exists():
        from ..data import BENCHMARKS, hub

        return (hub(str(place), split or "test"), str(place)) if str(place) in BENCHMARKS else None
    if path.is_dir() and not _is_described(path):
        return None
    from ..data import own

    return split_of(own(path), split), str(path.resolve())


def split_of(splits: Mapping[str, Any], wanted: str | None) -> Any:
    """One split of several; where none is wanted, `test`, or else the first.

    Raises:
        ValueError: if there is no such split.
    """
    chosen = wanted or ("test" if "test" in splits else next(iter(splits)))
    if chosen not in splits:
        raise ValueError(f"expected a split called {' or '.join(splits)}, got {chosen!r}.")
    return splits[chosen]


def _is_described(folder: Path) -> bool:
    """Whether a file says what the pictures are, so that their folders need not."""
    return any(folder.rglob("metadata.*")) or any(f.suffix in TABLES for f in folder.iterdir())


def class_order(
    data: Any, num_classes: int, class_names: Sequence[str] | None
) -> tuple[Sequence[int], str]:
    """The model's class of every label, and how that was found out.

    Raises:
        ValueError: if the data name classes that are none of the model's.
    """
    features = getattr(data, "features", None) or {}
    names = getattr(features.get("label"), "names", None)
    if names is None:
        return range(num_classes), "by class number"
    return class_numbers(names, num_classes, class_names)


def labelled_rows(data: Iterable, classes: Sequence[int], limit: int | None) -> Iterator[Labelled]:
    """Every row with the model's class; of a broken one, what is wrong in the picture's place.

    Args:
        data: rows with `image` and `label`, or pairs of them; or batches of such tensors.
        classes: the model's class of every label.
        limit: after so many rows it ends; None: never.
    """
    numbers = count()
    pairs = (pair for entry in _entries(data) for pair in _pairs(entry))
    for (image, label), number in zip(islice(pairs, limit), numbers, strict=False):
        name = f"row {number}"
        if isinstance(image, str):
            yield Labelled(name, image, -1)
        elif not 0 <= label < len(classes):
            wrong = f"expected a label from 0 to {len(classes) - 1}, got {label}"
            yield Labelled(name, wrong, -1)
        else:
            yield Labelled(name, image, classes[label])


def _entries(data: Iterable) -> Iterator[Any]:
    """What is iterated; a set is read row by row, so that the rows after a broken one come, too."""
    if not (hasattr(data, "column_names") and hasattr(data, "__len__")):
        yield from data
        return
    for number in range(len(data)):
        try:
            yield data[number]
        except ValueError as error:
            yield str(error), -1


def _pairs(entry: Any) -> Iterator[tuple[Any, int]]:
    if isinstance(entry, Mapping):
        if missing := [name for name in NEEDED if name not in entry]:
            raise ValueError(
                f"expected columns image and label, got {', '.join(entry)}, without {missing[0]}. "
                "Say which are meant: rename_column."
            )
        entry = tuple(entry[name] for name in NEEDED)
    image, label = entry
    if isinstance(image, Tensor) and image.ndim == 4:
        yield from zip(image, map(int, label), strict=True)
    else:
        yield image, int(label)
