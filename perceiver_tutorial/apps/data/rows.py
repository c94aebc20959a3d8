"""Rows of anybody's data under our names: made ready when they are read, bad ones named."""

import io
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import (
    Audio,
    Dataset,
    IterableDataset,
    concatenate_datasets,
    disable_progress_bars,
    logging,
)
from datasets import Image as ImageColumn
from jaxtyping import Float
from PIL import Image, UnidentifiedImageError
from torch import Tensor

disable_progress_bars()  # a notebook would keep them among its outputs
for kind in ("json", "parquet"):  # what is torn is said once, by us
    logging.get_logger(f"datasets.packaged_modules.{kind}.{kind}").disabled = True

ROW = "_row"  # the column that says which row of the data it is
SOUNDS = (b"RIFF", b"fLaC", b"OggS")  # how such files begin
WHOLE = {1: np.uint8, 2: np.int16, 4: np.int32}  # bytes of a sample -> how a WAV file keeps it


@dataclass(frozen=True)
class Reader:
    """How somebody's rows become ours.

    Attributes:
        where: what a sentence calls the data.
        columns: our name -> theirs.
        prepare: our name of a column -> what makes the model's input of one value in it; what
            returns a dictionary fills several columns.
        num_classes: labels lie below; None: nobody knows.
        files: that are streamed, one for each shard; none where rows come from elsewhere.
    """

    where: str
    columns: Mapping[str, str]
    prepare: Mapping[str, Callable[[Any], Any]]
    num_classes: int | None = None
    files: Sequence[str] = ()

    def read(self, data: Dataset | IterableDataset) -> Dataset | IterableDataset:
        """The same rows under our names; pictures and sounds are opened when a row is read.

        Raises:
            ValueError: if there is no row, or a column is missing. A row that is broken, or whose
                label is out of range, raises it when it is read, with its number; so does a
                streamed file that is torn, with its name.
        """
        names, theirs = data.column_names, [*dict.fromkeys(self.columns.values())]
        if missing := [name for name in theirs if name not in names]:
            raise ValueError(
                f"expected a column {missing[0]!r} in {self.where}, got {', '.join(names)}. Say "
                "which one is meant: columns={'ours': 'theirs'}, in the command line --columns "
                "ours=theirs."
            )
        if unknown := [name for name in self.prepare if name not in self.columns]:
            raise ValueError(
                f"expected prepare for columns of {self.where}, {', '.join(self.columns)}, got it "
                f"for {unknown[0]!r}."
            )
        data = data.select_columns(theirs)
        for name in theirs:
            if isinstance(data.features[name], ImageColumn | Audio):
                data = data.cast_column(name, type(data.features[name])(decode=False))
        if isinstance(data, IterableDataset):
            whole = self._whole(data) if self.files else data
            return whole.map(self.row, with_indices=True, remove_columns=theirs)
        if not len(data):
            raise ValueError(f"expected rows in {self.where}, got none.")
        ours = [
            data.select_columns([column]).rename_columns({column: name})
            for name, column in self.columns.items()
        ]
        numbered = concatenate_datasets(ours, axis=1).add_column(ROW, np.arange(len(data)))
        return numbered.with_transform(self._batch)

    def _whole(self, data: IterableDataset) -> IterableDataset:
        """The same rows, shard by shard; one that cannot be read to its end is named."""
        numbers = [*range(data.num_shards)]  # a list: `datasets` shares it out among processes
        names = [f"shard {number} of {self.where}" for number in numbers]
        files = tuple(self.files if len(self.files) == len(numbers) else names)
        given = {"numbers": numbers, "data": data, "files": files}
        return IterableDataset.from_generator(_whole_files, gen_kwargs=given)

    def _batch(self, batch: Mapping[str, list]) -> dict[str, list]:
        names = [name for name in batch if name != ROW]
        new = [name for name in names if name not in self.columns]
        lost = [name for name in self.prepare if name not in names]
        if new and lost:
            raise ValueError(
                f"expected {lost[0]!r} in {self.where}, which has to be prepared, got {new[0]!r}. "
                "Name columns before: columns={'ours': 'theirs'}."
            )
        values = zip(*(batch[name] for name in names), strict=True)
        numbers = batch[ROW] if ROW in batch else repeat(None)
        rows = [
            self._ready(dict(zip(names, row, strict=True)), number)
            for row, number in zip(values, numbers, strict=False)
        ]
        return {name: [row[name] for row in rows] for some in rows[:1] for name in some}

    def row(self, theirs: Mapping[str, Any], number: int) -> dict[str, Any]:
        """One row under our names, ready for a model.

        Raises:
            ValueError: if something in it is broken or out of range, with its number.
        """
        return self._ready({ours: theirs[name] for ours, name in self.columns.items()}, number)

    def _ready(self, row: Mapping[str, Any], number: int | None) -> dict[str, Any]:
        """A row under our names, made ready; nobody knows its number where that was removed."""
        ready = {}
        for name, stored in row.items():
            try:
                value = _opened(stored)
                if name == "label":
                    self._check_label(value)
                made = self.prepare[name](value) if name in self.prepare else value
            except Exception as error:  # readers of broken files raise nearly everything
                kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
                which = "a row" if number is None else f"row {number}"
                raise ValueError(
                    f"expected a good {name} in {which} of {self.where}, got {kind}"
                    f"{' '.join(str(error).split())}"
                ) from error
            ready.update(made if isinstance(made, Mapping) else {name: made})
        return ready

    def _check_label(self, label: Any) -> None:
        most = self.num_classes
        is_number = isinstance(label, int)
        if label is None or (most is not None and not is_number):
            raise ValueError(f"{label!r}; labels are class numbers.")
        if is_number and (label < 0 or (most is not None and label >= most)):
            known = "from 0 on" if most is None else f"from 0 to {most - 1}"
            raise ValueError(f"{label}; labels count {known}.")


def _whole_files(
    numbers: Sequence[int], data: IterableDataset, files: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Every row of some shards of the data."""
    for number in numbers:
        rows, count = data.shard(data.num_shards, number).iter(1), 0
        try:
            for row in rows:
                yield {name: value for name, (value,) in row.items()}
                count += 1
        except Exception as error:  # readers of torn files raise nearly everything
            raise torn(files[number], count, error) from error
        if not count:
            raise torn(files[number], 0, EOFError("it is empty"))


def torn(file: str, count: int, error: Exception) -> ValueError:
    """What is said of a file that ended, or broke, after so many rows."""
    why = " ".join(f"{type(error).__name__}: {error}".split())[:200].rstrip(".")
    return ValueError(
        f"expected to read {file} to its end, but after {count:,} rows came {why}. Get this file "
        "again: a download that was cut short looks so."
    )


@contextmanager
def silence() -> Iterator[None]:
    """What is wrong is said once, by us, and not by `datasets` as well."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _opened(value: Any) -> Any:
    """The picture or the sound of a file that `datasets` has not decoded; others as they are."""
    if not isinstance(value, Mapping) or set(value) != {"bytes", "path"}:
        return value
    raw = value["bytes"] or Path(value["path"]).read_bytes()
    if raw[:4] in SOUNDS or raw[:3] == b"ID3":
        return sound_of(raw)
    try:
        picture = Image.open(io.BytesIO(raw))
        picture.load()
    except UnidentifiedImageError as error:
        raise ValueError("a file that is no picture which Pillow can open.") from error
    return picture


def sound_of(raw: bytes) -> Float[Tensor, "samples 1"]:
    """The samples of a sound, from -1 to 1; several channels become their mean.

    Args:
        raw: a WAV file of whole numbers of 8, 16 or 32 bits; others need torchcodec.

    Raises:
        ValueError: if it is torn, or keeps its samples in another way.
    """
    if raw[:4] != b"RIFF":
        return _decoded(raw)
    try:
        with wave.open(io.BytesIO(raw)) as file:
            width, channels = file.getsampwidth(), file.getnchannels()
            frames = file.readframes(file.getnframes())
            wanted = file.getnframes() * channels * width
    except (wave.Error, EOFError) as error:
        raise ValueError(f"a WAV file that cannot be read ({error}).") from error
    if width not in WHOLE or len(frames) != wanted or not frames:
        raise ValueError("a WAV file that is torn, empty, or of other than 8, 16 or 32 bits.")
    samples = np.frombuffer(frames, WHOLE[width]).astype(np.float32)
    centred = samples / 128 - 1 if width == 1 else samples / 2 ** (8 * width - 1)
    return torch.from_numpy(centred).reshape(-1, channels).mean(1, keepdim=True)


def _decoded(raw: bytes) -> Float[Tensor, "samples 1"]:
    """The samples of a compressed sound, by torchcodec, which is not among our packages."""
    try:
        from torchcodec.decoders import AudioDecoder
    except ImportError as error:
        raise ValueError(
            "a compressed sound. torchcodec opens it (pip install torchcodec); or make it a WAV."
        ) from error
    return AudioDecoder(raw).get_all_samples().data.mean(0)[:, None]
