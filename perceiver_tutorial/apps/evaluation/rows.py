"""Rows with a picture and a label: of a set, a table, a benchmark, or whatever is iterated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from .folder import Labelled, class_folders, class_numbers, ends_as_a_picture

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")
NEEDED = ("image", "label")
LISTED = (
    "Names of files belong into a metadata.csv beside the pictures, in a column file_name; name "
    "the folder then."
)


class Source(NamedTuple):
    """Where the pictures are.

    Attributes:
        rows: with `image` and `label`; None: `place` is a folder sorted by class.
        place: a folder, a table, or a benchmark's name; None: nowhere but in the memory.
        split: which of several; "" where there is only one.
    """

    rows: Any
    place: Path | None = None
    split: str = ""

    def __str__(self) -> str:
        if self.place is None:
            return "memory"
        return f"{self.place} ({self.split})" if self.split else str(self.place)


def opened(
    place: str | Path,
    split: str | None = None,
    columns: Mapping[str, str] | None = None,
    folder: str | Path | None = None,
) -> Source:
    """The pictures at a place.

    Args:
        place: a folder sorted by class, or of such folders called train, test, ...; a table of
            pictures; a folder with a metadata file; or the name of a benchmark.
        split: which; default: "test", or the only one.
        columns: our name -> theirs, where rows call `image` and `label` otherwise.
        folder: a copy of the benchmark on this machine.

    Raises:
        FileNotFoundError: if nothing is there, or the benchmark cannot be reached.
        ValueError: if it cannot be read, or has no such split or column.
    """
    path = Path(place)
    if not path.exists() and str(place) in _benchmarks():
        from ..data import hub

        chosen = split or "test"
        return Source(hub(str(place), chosen, folder=folder, columns=columns), path, chosen)
    if folder is not None:
        raise ValueError(f"expected the name of a benchmark beside a folder of it, got {place}.")
    if not path.exists() or (path.is_dir() and not _is_described(path)):
        return _sorted_by_class(path.resolve(), split, columns)
    from ..data import own

    splits = own(path, columns=columns)
    chosen, rows = split_of(splits, split)
    _check_columns(rows, path)
    return Source(rows, path.resolve(), chosen if len(splits) > 1 else "")


def _benchmarks() -> Iterable[str]:
    from ..data import BENCHMARKS

    return BENCHMARKS


def split_of(splits: Mapping[str, Any], wanted: str | None) -> tuple[str, Any]:
    """One split of several and its name; where none is wanted, `test`, or else the first.

    Raises:
        ValueError: if there is no such split.
    """
    chosen = wanted or ("test" if "test" in splits else next(iter(splits)))
    if chosen not in splits:
        raise ValueError(f"expected a split called {' or '.join(splits)}, got {chosen!r}.")
    return chosen, splits[chosen]


def _is_described(folder: Path) -> bool:
    """Whether a file says what the pictures are, so that their folders need not.

    A metadata file does; a table does, unless pictures lie in subfolders.
    """
    from ..data.own import ABOUT

    files = [file for file in folder.rglob("*") if file.is_file()]
    if any(file.name in ABOUT for file in files):
        return True
    sorted_by_class = any(file.parent != folder and ends_as_a_picture(file) for file in files)
    return not sorted_by_class and any(file.suffix.lower() in TABLES for file in files)


def _sorted_by_class(folder: Path, split: str | None, columns: Mapping | None) -> Source:
    if columns:
        raise ValueError(f"expected rows with columns, got {folder}, sorted by class.")
    splits = _split_folders(folder)
    if not splits and split:
        raise ValueError(
            f"expected folders called like splits, train and test, in {folder}, got none for "
            f"{split!r}. Leave the split out: all pictures are counted."
        )
    return Source(None, split_of(splits, split)[1] if splits else folder)


def _split_folders(folder: Path) -> dict[str, Path]:
    """Split -> its folder, if all folders are called like splits, and have folders in them."""
    from ..data.own import SPLITS

    found: dict[str, Path] = {}
    for inner in class_folders(folder):
        split = SPLITS.get(inner.name.lower())
        if split is None or not any(f.is_dir() and f.name[0] != "." for f in inner.iterdir()):
            return {}
        if split in found:
            raise ValueError(
                f"expected one folder for the split {split!r} in {folder}, got "
                f"{found[split].name} and {inner.name}."
            )
        found[split] = inner
    return found


def _check_columns(rows: Any, path: Path) -> None:
    from ..data.rows import ROW

    names = [name for name in rows.column_names if name != ROW]
    if missing := [name for name in NEEDED if name not in names]:
        raise ValueError(
            f"expected columns image and label in {path}, got {', '.join(names)}, without "
            f"{missing[0]}. Say which are meant: --columns image=THEIRS label=THEIRS."
        )
    if getattr(rows.features["image"], "dtype", "") in ("string", "large_string"):
        raise ValueError(f"expected pictures in column image of {path}, got text. {LISTED}")


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

    Raises:
        ValueError: if a column is missing, or there is text where a picture should be.
    """
    numbers = count()
    pairs = (pair for entry in _entries(data) for pair in _pairs(entry))
    for (image, label), number in zip(islice(pairs, limit), numbers, strict=False):
        name = f"row {number}"
        if isinstance(image, ValueError):
            yield Labelled(name, str(image), -1)
        elif isinstance(image, str):
            raise ValueError(
                f"expected a picture or a tensor in {name}, got the text {image[:60]!r}. {LISTED}"
            )
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
            yield error, -1


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
