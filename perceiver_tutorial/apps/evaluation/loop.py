"""Run a classifier over pictures, batch by batch, and remember how far it came."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from tqdm.auto import tqdm

from ...checkpoints import load, preparation, processor
from ...checkpoints.families import PUBLISHED
from ...checkpoints.pictures import Preparation
from ...deit import DeiTOutput
from ...inputs import check_numbers
from ...perceiver.variants import Fidelity
from .folder import Folder, Labelled, labelled_pictures, spread
from .published import PUBLISHED_ACCURACY
from .report import Report, judge
from .results import Outcome, Results, Run
from .rows import Source, class_order, labelled_rows, opened, split_of

MOST_PIXELS = 100_000_000  # a small file may unpack to more than the memory holds
# A picture as the model takes it, or what is wrong with it.
Ready = Float[Tensor, "1 colours height width"] | str


def evaluate(
    model: str | Path | nn.Module,
    data: str | Path | Source | Iterable,
    results: str | Path | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    batch_size: int = 32,
    threads: int = 2,
    fidelity: Fidelity = "transformers",
) -> Report:
    """Measure top-1 and top-5 accuracy; Ctrl-C stops, and the same call goes on from there.

    Args:
        model: a published classifier, or a checkpoint folder of one. A folder's own
            preprocessor_config.json says how pictures are prepared; without one, and for
            published names, it is done as when the published accuracy was measured. Or a model.
        data: a folder of pictures with one subfolder for each class, see `labelled_pictures`; a
            table or a folder with a metadata file, see `own`; a benchmark's name, see `hub`; or
            rows with `image` and `label`, of a set or of anything that is iterated, as pictures
            or as tensors that the model takes; or what `opened` gives.
        results: file of the outcomes. Default: beside `data`, named after both; of data that are
            no place nothing is written.
        split: which, where data have several. Default: "test", or the only one.
        limit: so many rows, the first ones; of a folder sorted by class so many pictures, spread
            over the classes. Default: all.
        batch_size: pictures at a time.
        threads: pictures prepared at the same time, while the model looks at others.
        fidelity: see `load`.

    Raises:
        FileNotFoundError: if there is no such model or data.
        ValueError: if the model is no classifier of pictures, the data say nothing of classes,
            or the results are another run's.
    """
    name = _name(model)
    is_loaded = isinstance(model, nn.Module)
    _check(name, is_loaded, batch_size=batch_size, threads=threads, limit=limit)
    source = _source(data, split)
    if not is_loaded:
        model = load(name, fidelity)
    num_classes = _num_classes(model, name)
    prepare = _preparation_of(model) if is_loaded else _preparation(name, model)
    found = _found(source, num_classes, model.config.class_names, limit)
    if source.rows is not None:  # what is wrong with the first row is told before a file is made
        found = replace(found, pictures=chain([*islice(found.pictures, 1)], found.pictures))
    run = Run(name, fingerprint(model), fidelity, str(source), str(prepare or "as they come"))
    kept = Results(_file_of(results, source, name), run)
    looker = _Looker(model, prepare, batch_size, threads)
    seen: list[Labelled] = []
    with suppress(KeyboardInterrupt):
        _look(looker, _left(found.pictures, kept, seen), kept, _number(found, source, limit))
    if source.rows is not None:
        found = replace(found, pictures=seen)
    published = PUBLISHED_ACCURACY.get(name)
    return judge(run, found, kept.best, kept.problems, published, str(kept.file or ""))


def _source(data: str | Path | Source | Iterable, split: str | None) -> Source:
    if isinstance(data, str | Path):
        return opened(data, split)
    if isinstance(data, Mapping) and "image" not in data:
        return Source(split_of(data, split)[1])
    if split:
        raise ValueError(f"expected data with several splits for {split!r}, got {type(data)}.")
    if isinstance(data, Source):
        return data
    return Source([data] if isinstance(data, Mapping) else data)


def _found(
    source: Source, num_classes: int, class_names: Sequence[str] | None, limit: int | None
) -> Folder:
    """All pictures of a folder; or those of rows, which are read while they are looked at."""
    if source.rows is None:
        return spread(labelled_pictures(source.place, num_classes, class_names), limit)
    classes, order = class_order(source.rows, num_classes, class_names)
    return Folder(labelled_rows(source.rows, classes, limit), {}, order)


def _file_of(results: str | Path | None, source: Source, name: str) -> Path | None:
    place = source.place
    if results and place is None:
        raise ValueError(
            f"expected data that are a place for results in {results}: a folder, a table, a "
            "benchmark. Leave results out: nothing else could be continued."
        )
    if results or place is None:
        return Path(results) if results else None
    words = [place.name, source.split, f"{Path(name).name}.jsonl"]
    return place.parent / "-".join(filter(None, words))


def _left(passing: Iterable[Labelled], kept: Results, seen: list[Labelled]) -> Iterator[Labelled]:
    """What has not been looked at yet; all that pass are noted, without their pictures."""
    for picture in passing:
        seen.append(picture._replace(picture=""))
        if picture.name not in kept.best:
            yield picture


def _number(found: Folder, source: Source, limit: int | None) -> int | None:
    """How many pictures there are; None, where nobody knows before the last one came."""
    lengths = (len(some) for some in (found.pictures, source.rows) if hasattr(some, "__len__"))
    known = next(lengths, None)
    return known if limit is None or known is None else min(known, limit)


def _name(model: str | Path | nn.Module) -> str:
    """A folder by its whole path, so that its results are known again from elsewhere."""
    if isinstance(model, nn.Module):
        return type(model).__name__
    path = Path(model)
    return str(path.resolve()) if path.exists() else str(model)


def _check(name: str, is_loaded: bool, **at_least_one: int | None) -> None:
    for what, number in at_least_one.items():
        if number is not None and number < 1:
            raise ValueError(f"expected {what} of at least 1, got {number}.")
    if is_loaded or name in PUBLISHED_ACCURACY:
        return
    if name in PUBLISHED or not Path(name).exists():
        raise _no_classifier(name)


def _num_classes(model: nn.Module, name: str) -> int:
    number = getattr(getattr(model, "config", None), "num_classes", None)
    if number is None:
        raise _no_classifier(name)
    return number


def _no_classifier(name: str) -> ValueError:
    return ValueError(
        f"expected a classifier of pictures, got {name}. Published ones: "
        f"{', '.join(PUBLISHED_ACCURACY)}. Another: `hf download NAME --local-dir FOLDER`, with "
        "everything that says how pictures are prepared for it, then the FOLDER."
    )


def _preparation(name: str, model: nn.Module) -> Preparation:
    try:
        return processor(name, as_measured=True)
    except FileNotFoundError:
        return preparation(model.config, as_measured=True)


def _preparation_of(model: nn.Module) -> Preparation | None:
    """None, where a model takes no photographs: its rows have to be tensors."""
    try:
        return preparation(model.config, as_measured=True)
    except ValueError:
        return None


def fingerprint(model: nn.Module) -> str:
    """Sixteen characters that differ when any weight does."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Looker:
    """What turns pictures into outcomes.

    Attributes:
        model: gives scores of classes.
        prepare: makes what it takes; None: pictures come as tensors.
        batch_size: pictures at a time.
        threads: pictures prepared at the same time.
    """

    model: nn.Module
    prepare: Preparation | None
    batch_size: int
    threads: int


def _look(looker: _Looker, left: Iterator[Labelled], kept: Results, total: int | None) -> None:
    with (
        tqdm(total=total, initial=len(kept.best), unit="picture") as bar,
        ThreadPoolExecutor(looker.threads) as pool,
    ):
        try:
            for batch, ready in _prepared(looker, left, pool):
                kept.add(_outcomes(looker.model, batch, ready))
                bar.update(len(batch))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepared(
    looker: _Looker, left: Iterator[Labelled], pool: ThreadPoolExecutor
) -> Iterator[tuple[Sequence[Labelled], list[Ready]]]:
    """Batch by batch; the next one is being prepared while the last is looked at."""
    waiting: deque[tuple[Sequence[Labelled], list[Future[Ready]]]] = deque()
    while batch := list(islice(left, looker.batch_size)):
        waiting.append((batch, [pool.submit(_read, p.picture, looker.prepare) for p in batch]))
        if len(waiting) > 1:
            batch, futures = waiting.popleft()
            yield batch, [future.result() for future in futures]
    for batch, futures in waiting:
        yield batch, [future.result() for future in futures]


def _read(
    picture: Path | Image.Image | Tensor | str, prepare: Callable[[Image.Image], Tensor] | None
) -> Ready:
    if isinstance(picture, str):
        return picture
    if isinstance(picture, Tensor) and picture.is_floating_point():
        return picture[None]
    if prepare is None:
        return "expected a tensor of floats, as the model takes it, got a picture"
    try:
        with _as_picture(picture) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return (
                    f"expected at most {MOST_PIXELS:,} pixels, got {opened.width:,} x "
                    f"{opened.height:,}. Make it smaller first."
                )
            return prepare(opened)
    except Exception as problem:  # PIL's readers of broken files raise nearly everything
        return f"{type(problem).__name__}: {problem}".replace("\n", " ")


def _as_picture(picture: Path | Image.Image | Tensor) -> Image.Image:
    """Opened; or of colours in 256 steps, as a set in torch's format has them."""
    if isinstance(picture, Tensor):
        steps = picture.movedim(0, -1)
        return Image.fromarray((steps.squeeze(-1) if steps.shape[-1] == 1 else steps).numpy())
    return picture if isinstance(picture, Image.Image) else Image.open(picture)


def _outcomes(
    model: nn.Module, batch: Sequence[Labelled], ready: Sequence[Ready]
) -> Iterator[Outcome]:
    best = iter(())
    if good := [pixels for pixels in ready if not isinstance(pixels, str)]:
        best = iter(five_best(class_logits(model, torch.cat(good))))
    for picture, pixels in zip(batch, ready, strict=True):
        if isinstance(pixels, str):
            yield Outcome(picture.name, None, pixels)
        else:
            yield Outcome(picture.name, next(best))


@torch.inference_mode()
def class_logits(
    model: nn.Module, pixels: Float[Tensor, "batch colours height width"]
) -> Float[Tensor, "batch classes"]:
    """Scores of a classifier of any family; a DeiT's two heads are averaged."""
    answer = model(pixels)
    return answer.logits if isinstance(answer, DeiTOutput) else answer


def five_best(logits: Float[Tensor, "batch classes"]) -> list[list[int]]:
    """The classes with the highest scores, highest first; all, where there are fewer.

    Raises:
        ValueError: if a score is NaN.
    """
    check_numbers(logits=logits)
    return logits.topk(min(5, logits.shape[1])).indices.tolist()
