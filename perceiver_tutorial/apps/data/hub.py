"""The published benchmarks, under our names of columns, streamed from the Hub."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from datasets import IterableDataset, load_dataset_builder
from datasets.exceptions import DatasetNotFoundError

from .rows import Reader, silence, torn
from .sintel import sintel


@dataclass(frozen=True)
class Benchmark:
    """Data that a paper's numbers come from.

    Attributes:
        repository: on the Hub; None: nobody whom one could trust has put it there.
        config: which part of the repository.
        columns: our name -> theirs.
        splits: our name -> theirs.
        num_classes: of its labels; None: it has none, or several for a row.
        what: what it is, and how much.
        licence: under which it may be used.
        note: what has to be known besides.
    """

    repository: str | None
    config: str | None
    columns: Mapping[str, str]
    splits: Mapping[str, str]
    num_classes: int | None
    what: str
    licence: str
    note: str = ""

    @property
    def main(self) -> str:
        """The column that a model reads."""
        return next(iter(self.columns))


TRAIN_AND_TEST = {"train": "train", "test": "test"}
VALIDATED = {"train": "train", "test": "validation"}  # labels of the test split are secret
BENCHMARKS = {
    "imagenet-1k": Benchmark(
        "ILSVRC/imagenet-1k", None, {"image": "image", "label": "label"}, VALIDATED, 1000,
        "ImageNet of 2012: 1,281,167 photographs of 1,000 classes, 50,000 to be judged by",
        "research only, by the terms of image-net.org",
        "Accept the terms on its page on the Hub, then `hf auth login`.",
    ),
    "sintel": Benchmark(
        None, None,
        {"earlier": "earlier", "later": "later", "flow": "flow", "scene": "scene"},
        {"train": "train"}, None,
        "MPI Sintel: 1,041 pairs of frames of an animated film, 436 x 1024, with their motion",
        "free for research; the film is CC BY 3.0",
        "Nobody whom one could trust has it on the Hub. Unpack MPI-Sintel-complete.zip from "
        "http://sintel.is.tue.mpg.de, and name its folder.",
    ),
    "modelnet40": Benchmark(
        "jxie/modelnet40", None, {"points": "inputs", "label": "label"}, TRAIN_AND_TEST, 40,
        "ModelNet40: 9,843 and 2,468 furnishings of 40 classes, as points on their surface",
        "none is stated; Princeton's ModelNet is for academic use",
        "A private person's copy: look at some rows before you trust a number.",
    ),
    "audioset": Benchmark(
        "agkphysics/AudioSet", "balanced",
        {"audio": "audio", "labels": "human_labels", "video": "video_id"}, TRAIN_AND_TEST, None,
        "AudioSet: 18,685 and 17,142 sounds of ten seconds, each with some of 527 labels",
        "CC BY 4.0 for the labels; the sounds belong to whoever put them on YouTube",
        "FLAC: needs torchcodec. The films are not there, nor are Kinetics' on the Hub.",
    ),
    "wikipedia": Benchmark(
        "wikimedia/wikipedia", "20231101.en", {"text": "text", "title": "title"},
        {"train": "train"}, None,
        "English Wikipedia of 1 November 2023: 6,407,814 articles",
        "CC BY-SA 3.0 and GFDL",
    ),
    "c4": Benchmark(
        "allenai/c4", "en", {"text": "text"}, VALIDATED, None,
        "C4, the cleaned crawl of T5: 364,868,892 English pages",
        "ODC-BY 1.0, and the terms of Common Crawl",
    ),
    "glue": Benchmark(
        "nyu-mll/glue", "sst2", {"text": "sentence", "label": "label"}, VALIDATED, 2,
        "GLUE's SST-2: 67,349 and 872 phrases of film reviews, for or against",
        "none is stated; Stanford's treebank is for research",
        "GLUE has eight more tasks: hub(\"glue\", config=\"mrpc\", columns={...}).",
    ),
}  # fmt: skip


def hub(
    name: str,
    split: str = "train",
    *,
    prepare: Mapping[str, Callable[[Any], Any]] | None = None,
    folder: str | Path | None = None,
    config: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> IterableDataset:
    """A published benchmark, row after row as it comes over the network; nothing is kept.

    Args:
        name: one of `BENCHMARKS`.
        split: "train" or "test"; what is called so here has labels.
        prepare: column -> what makes the model's input of one value, e.g. of a picture.
        folder: a copy on this machine, as `hf download --repo-type dataset` makes it.
        config: another part of the repository than the usual one.
        columns: our name -> theirs, where another part needs it.

    Raises:
        FileNotFoundError: if it cannot be reached, or has to be downloaded by hand.
        ValueError: if there is no such benchmark, split or column.
    """
    benchmark = look_up_benchmark(name)
    if split not in benchmark.splits:
        raise ValueError(
            f"expected a split of {name}: {', '.join(benchmark.splits)}, got {split!r}."
        )
    their_split = benchmark.splits[split]
    chosen = dict(columns or benchmark.columns)
    files: list[str] = []
    if name == "sintel":
        found = sintel(folder or "MPI-Sintel-complete")
    else:
        found, files = _streamed(name, benchmark, their_split, folder, config)
    num_classes = benchmark.num_classes if config in (None, benchmark.config) else None
    reader = Reader(f"{their_split} of {name}", chosen, dict(prepare or {}), num_classes, files)
    return reader.read(found)


def look_up_benchmark(name: str) -> Benchmark:
    """The benchmark of a name.

    Raises:
        ValueError: if there is none, with the nearest name.
    """
    if name not in BENCHMARKS:
        nearest = get_close_matches(name, BENCHMARKS, n=1, cutoff=0)[0]
        raise ValueError(f"expected a benchmark, got {name!r}. Did you mean {nearest!r}?")
    return BENCHMARKS[name]


def _streamed(
    name: str, benchmark: Benchmark, split: str, folder: str | Path | None, config: str | None
) -> tuple[IterableDataset, list[str]]:
    """Its rows, and the name of the file in each of its shards."""
    place, part = str(folder or benchmark.repository), config or benchmark.config
    if folder is not None and not (Path(folder) / "README.md").is_file():  # which names the parts
        own_folder = Path(folder) / (part or "")
        place, part = str(own_folder if own_folder.is_dir() else folder), None
    try:
        builder = load_dataset_builder(place, part)
        files = builder.config.data_files
        if split not in files:
            raise ValueError(f"it has no split {split!r}, only {', '.join(map(str, files))}.")
    except (OSError, ValueError, DatasetNotFoundError) as error:
        why = " ".join(str(error).split())[:160]
        raise FileNotFoundError(
            f"expected {name} in {place}, but: {why} Where there is a network: `hf download "
            f"--repo-type dataset {benchmark.repository} --local-dir FOLDER`, then "
            f"folder=FOLDER, in the command line --folder FOLDER. {benchmark.note}".rstrip()
        ) from error
    try:
        with silence():
            found = builder.as_streaming_dataset(split)
            found = found if found.column_names else found._resolve_features()
    except Exception as error:  # readers of torn files raise nearly everything
        first = next(iter(files.values()))[0]  # says which columns there are
        raise torn(first, 0, error) from error
    return found, [*files[split]]


def benchmark_card(name: str) -> str:
    """What a benchmark is, where it is, its licence, and the line that reads it.

    >>> print(benchmark_card("glue").splitlines()[-1])
    the line: hub("glue", "test", prepare={"text": ...})
    """
    benchmark = look_up_benchmark(name)
    same = (f"{ours} ({theirs} there)" if ours != theirs else ours
            for ours, theirs in benchmark.columns.items())  # fmt: skip
    part = f", part {benchmark.config}" if benchmark.config else ""
    where = f"https://huggingface.co/datasets/{benchmark.repository}{part}"
    split = "test" if "test" in benchmark.splits else "train"
    folder = "" if benchmark.repository else ", folder=FOLDER"
    lines = [
        f"{name}: {benchmark.what}",
        f"where: {where if benchmark.repository else 'not on the Hub'}",
        f"columns: {', '.join(same)}",
        f"licence: {benchmark.licence}",
        f"note: {benchmark.note}" if benchmark.note else "",
        f'the line: hub("{name}", "{split}"{folder}, prepare={{"{benchmark.main}": ...}})',
    ]
    return "\n".join(line for line in lines if line)
