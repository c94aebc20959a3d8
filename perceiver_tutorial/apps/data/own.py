"""The reader's own data: a folder of pictures or of sounds, lines of text, a table."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from glob import escape
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Audio, Dataset, DatasetDict, Features, Value, load_dataset
from datasets.exceptions import DatasetGenerationError

from ..cache import cache_folder, clear_unfinished, new_folder
from .rows import ROW, Reader, silence, sound_of

KINDS = {  # a file's ending -> how `datasets` reads it
    ".txt": "text", ".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".json": "json",
    ".parquet": "parquet", ".wav": "audiofolder", ".flac": "audiofolder", ".ogg": "audiofolder",
    ".mp3": "audiofolder", ".png": "imagefolder", ".jpg": "imagefolder", ".jpeg": "imagefolder",
    ".gif": "imagefolder", ".bmp": "imagefolder", ".tif": "imagefolder", ".tiff": "imagefolder",
    ".webp": "imagefolder",
}  # fmt: skip
SPLITS = {  # what a folder or a file is called -> the split
    "train": "train", "training": "train", "val": "validation", "valid": "validation",
    "validation": "validation", "dev": "validation", "test": "test", "testing": "test",
    "eval": "test",
}  # fmt: skip
ABOUT = ("metadata.csv", "metadata.jsonl", "metadata.parquet")  # lists what lies beside it
UNREADABLE = (DatasetGenerationError, ValueError, OSError, KeyError, TypeError)


def own(
    place: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    prepare: Mapping[str, Callable[[Any], Any]] | None = None,
    num_classes: int | None = None,
) -> Mapping[str, Dataset]:
    """Data of one's own, in the formats that `datasets` knows, its rows checked as they are read.

    Args:
        place: a folder of pictures or sounds, with a subfolder for each class or with a
            metadata.csv; or of .txt, .csv, .jsonl or .parquet files; or one such file. Folders,
            and tables, that are called train, validation (val, valid, dev) and test (eval)
            become splits.
        columns: our name -> theirs. Default: every column under its own name.
        prepare: column -> what makes the model's input of one value, e.g. of a picture.
        num_classes: labels have to lie below.

    Raises:
        FileNotFoundError: if nothing is there.
        OSError: if the cache cannot be written to.
        ValueError: if there is nothing that can be read, no row, no such column, a label out of
            range; or later, when a row is read, if its picture or sound is broken.
    """
    place = Path(place)
    found, is_sound = _loaded(place, _kind_of(place))
    ready = dict(prepare or {})
    if is_sound:
        ready["audio"] = partial(_sound, then=ready.get("audio"))
    return DatasetDict(
        {
            split: _ours(data, f"{split} of {place}", columns, ready, num_classes)
            for split, data in found.items()
        }
    )


def _loaded(place: Path, kind: str) -> tuple[Mapping[str, Dataset], bool]:
    """What `datasets` makes of it, and whether there are sounds, which stay names of files."""
    files = _by_split(place, kind)
    given: dict[str, Any] = {
        "data_files": {split: [escape(str(f)) for f in some] for split, some in files.items()}
    }
    if kind.endswith("folder"):
        given |= _classes(place, files)
    elif kind == "csv" and all(f.suffix.lower() == ".tsv" for f in chain(*files.values())):
        given["delimiter"] = "\t"
    new_folder(cache_folder() / "own").rmdir()  # a cache that nobody may write to is told first
    clear_unfinished(cache_folder() / "own")
    try:
        with silence():
            if kind == "audiofolder":  # `datasets` writes no sound without a codec
                given["features"] = _names_of_sounds(given)
            found = _cached(kind, given)
    except UNREADABLE as error:
        said = str(error.__cause__ or error)
        why = "there is no row in it" if "no data" in said else " ".join(said.split())[:200]
        broken = _first_broken(kind, given) or place
        raise ValueError(f"expected to read {broken} as {kind}, but {why.rstrip('.')}.") from error
    return found, kind == "audiofolder"


def _first_broken(kind: str, given: Mapping[str, Any]) -> str | None:
    """The first table that cannot be read by itself; None, where each of them can."""
    for file in [] if kind.endswith("folder") else chain(*given["data_files"].values()):
        try:
            with silence():
                alone = {**given, "data_files": file, "split": "train"}
                for _ in load_dataset(kind, streaming=True, **alone).iter(1000):
                    pass
        except Exception:  # readers of torn files raise nearly everything
            return file
    return None


def _cached(kind: str, given: Mapping[str, Any]) -> Mapping[str, Dataset]:
    """The rows as the cache has them; read once more, if somebody spoilt them there."""
    place = str(cache_folder() / "own")
    try:
        return load_dataset(kind, cache_dir=place, **given)
    except (*UNREADABLE, AttributeError):
        _forget_torn(Path(place))
        return load_dataset(kind, cache_dir=place, download_mode="force_redownload", **given)


def _forget_torn(cache: Path) -> None:
    """Take away every dataset_info.json that is torn: `datasets` reads it before it loads anew."""
    for file in cache.rglob("dataset_info.json"):
        try:
            is_good = isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
        except ValueError:
            is_good = False
        if not is_good:
            file.unlink()


def _by_split(place: Path, kind: str) -> dict[str, list[Path]]:
    """The files of one kind by the split that their first folder, or a table's name, says.

    Other tables are of the training split. Pictures and sounds all are, unless every folder is
    called like a split: `train` may be a class among others.
    """
    if place.is_file():
        return {"train": [place]}
    sorted_by_class = kind.endswith("folder")
    files = [
        file
        for file in _files_in(place)
        if KINDS.get(file.suffix.lower()) == kind or (sorted_by_class and file.name in ABOUT)
    ]
    splits = [_split(f.relative_to(place), sorted_by_class) for f in files]
    if sorted_by_class and None in splits:
        _check_metadata(place, files, splits)
        return {"train": files}
    found: dict[str, list[Path]] = {}
    for file, split in zip(files, splits, strict=True):
        found.setdefault(split or "train", []).append(file)
    return found


def _check_metadata(place: Path, files: list[Path], splits: list[str | None]) -> None:
    """A metadata file above folders of splits would make one split of them.

    Raises:
        ValueError: if there is one, and nothing else stands against splits.
    """
    astray = [file for file, split in zip(files, splits, strict=True) if split is None]
    if any(splits) and all(file.parent == place and file.name in ABOUT for file in astray):
        raise ValueError(
            f"expected {astray[0].name} in each of {place}'s folders of splits, got it above "
            "them. Give each folder its own, with its own rows."
        )


def _split(file: Path, sorted_by_class: bool) -> str | None:
    if len(file.parts) > 1:
        return SPLITS.get(file.parts[0].lower())
    words = re.split(r"[\W_]+", file.stem.lower())
    at_an_end = (SPLITS[word] for word in (words[0], words[-1]) if word in SPLITS)
    return None if sorted_by_class else next(at_an_end, None)


def _files_in(place: Path) -> list[Path]:
    """Every file that is not hidden, in the order of their names."""
    return [
        file
        for file in sorted(place.rglob("*"))
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(place).parts)
    ]


def _classes(place: Path, files: Mapping[str, list[Path]]) -> dict[str, bool]:
    """Whether the folders are classes, even a single one; not where a file says what there is."""
    every = [*chain(*files.values())]
    if any(file.name in ABOUT for file in every):
        return {}
    has_splits = all(_split(f.relative_to(place), True) for f in every)
    depths = {len(f.relative_to(place).parts) - has_splits for f in every}
    are_classes = len(depths) == 1 and min(depths) >= 2
    if are_classes and place.is_dir():
        _check_filled(place, every, "*/*" if has_splits else "*")
    return {"drop_labels": not are_classes}


def _check_filled(place: Path, files: list[Path], classes: str) -> None:
    """A class without files would be missing among the labels, and move those after it."""
    filled = {folder.name for file in files for folder in file.parents}
    folders = [f for f in sorted(place.glob(classes)) if f.is_dir() and f.name[0] != "."]
    if empty := [folder for folder in folders if folder.name not in filled]:
        raise ValueError(
            f"expected files of every class, got none in {empty[0]}. Fill the folder, or remove it."
        )


def _names_of_sounds(given: Mapping[str, Any]) -> Features:
    streamed = load_dataset("audiofolder", streaming=True, **given)
    features = next(iter(streamed.values())).features
    return Features(
        {name: Value("string") if isinstance(f, Audio) else f for name, f in features.items()}
    )


def _sound(file: str, then: Callable[[Any], Any] | None) -> Any:
    samples = sound_of(Path(file).read_bytes())
    return then(samples) if then else samples


def _kind_of(place: Path) -> str:
    """How most of the files are read."""
    if not place.exists():
        raise FileNotFoundError(f"expected a folder or a file, but there is no {place}.")
    files = [place] if place.is_file() else _files_in(place)
    kinds = Counter(KINDS[f.suffix.lower()] for f in files if _is_data(f))
    if not kinds:
        raise ValueError(
            f"expected pictures, WAV files, .txt, .csv, .jsonl or .parquet in {place}, got "
            f"{len(files):,} other files."
        )
    return kinds.most_common(1)[0][0]


def _is_data(file: Path) -> bool:
    return file.suffix.lower() in KINDS and file.name not in ABOUT


def _ours(data: Dataset, where: str, columns, prepare, num_classes: int | None) -> Dataset:
    label = (columns or {}).get("label", "label")
    if label in data.column_names and len(data):
        data = _with_classes(data, label, where, num_classes)
    chosen = dict(columns or {name: name for name in data.column_names if name != ROW})
    return Reader(where, chosen, prepare, num_classes).read(data)


def _with_classes(data: Dataset, label: str, where: str, num_classes: int | None) -> Dataset:
    """Labels as class numbers; names are numbered in their order."""
    kind = getattr(data.features[label], "dtype", None) or ""  # lists and dictionaries have none
    if kind in ("string", "large_string"):
        data = data.class_encode_column(label)
    elif not kind.startswith(("int", "uint", "float", "bool", "null")):
        found = data[label][:]
        row = next((n for n, value in enumerate(found) if not isinstance(value, int)), 0)
        raise ValueError(
            f"expected a class number or name in row {row} of {where}, got {found[row]!r}."
        )
    known = num_classes or getattr(data.features[label], "num_classes", None)
    labels = np.array(data[label][:], float)  # NaN where there is none
    good = (labels >= 0) & (labels < (known or np.inf)) & (labels == np.floor(labels))
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        above = f" to {known - 1}" if known else " on"
        raise ValueError(
            f"expected a class from 0{above} in row {row} of {where}, got {labels[row]:g}."
        )
    return data.cast_column(label, Value("int64")) if kind.startswith("float") else data
