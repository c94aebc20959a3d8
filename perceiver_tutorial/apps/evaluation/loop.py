"""Run a classifier over a folder of pictures, batch by batch, and remember how far it came."""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
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
from .folder import Labelled, class_folders, labelled_pictures
from .published import PUBLISHED_ACCURACY
from .report import Report, judge
from .results import Outcome, Results, Run

MOST_PIXELS = 100_000_000  # a small file may unpack to more than the memory holds
Ready = Float[Tensor, "1 3 height width"] | str  # as the model takes it, or what is wrong with it


def evaluate(
    name_or_folder: str | Path,
    folder: str | Path,
    results: str | Path | None = None,
    *,
    batch_size: int = 32,
    threads: int = 2,
    fidelity: Fidelity = "transformers",
) -> Report:
    """Measure top-1 and top-5 accuracy; Ctrl-C stops, and the same call goes on from there.

    Args:
        name_or_folder: a published classifier, or a checkpoint folder of one. A folder's own
            preprocessor_config.json says how pictures are prepared; without one, and for
            published names, it is done as when the published accuracy was measured.
        folder: pictures in one subfolder for each class, see `labelled_pictures`.
        results: file of the outcomes. Default: beside `folder`, named after both.
        batch_size: pictures at a time.
        threads: pictures prepared at the same time, while the model looks at others.
        fidelity: see `load`.

    Raises:
        FileNotFoundError: if there is no such model or folder.
        ValueError: if the model is no classifier of pictures, the folder is not sorted by
            class, or the results are another run's.
    """
    name, folder = _name(name_or_folder), Path(folder).resolve()
    _check(name, batch_size, threads)
    class_folders(folder)
    model = load(name, fidelity)
    num_classes = _num_classes(model, name)
    prepare = _preparation(name, model)
    found = labelled_pictures(folder, num_classes, model.config.class_names)
    file = Path(results) if results else folder.parent / f"{folder.name}-{Path(name).name}.jsonl"
    run = Run(name, fingerprint(model), fidelity, str(folder), str(prepare))
    kept = Results(file, run)
    left = [picture for picture in found.pictures if picture.name not in kept.best]
    with suppress(KeyboardInterrupt):
        _look(_Looker(model, prepare, batch_size, threads), left, kept, len(found.pictures))
    published = PUBLISHED_ACCURACY.get(name)
    return judge(run, found, kept.best, kept.problems, published, str(file))


def _name(name_or_folder: str | Path) -> str:
    """A folder by its whole path, so that its results are known again from elsewhere."""
    path = Path(name_or_folder)
    return str(path.resolve()) if path.exists() else str(name_or_folder)


def _check(name: str, batch_size: int, threads: int) -> None:
    if min(batch_size, threads) < 1:
        raise ValueError(
            f"expected batch_size and threads of at least 1, got {batch_size} and {threads}."
        )
    if name not in PUBLISHED_ACCURACY and (name in PUBLISHED or not Path(name).exists()):
        raise _no_classifier(name)


def _num_classes(model: nn.Module, name: str) -> int:
    number = getattr(model.config, "num_classes", None)
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
        prepare: makes what it takes.
        batch_size: pictures at a time.
        threads: pictures prepared at the same time.
    """

    model: nn.Module
    prepare: Preparation
    batch_size: int
    threads: int


def _look(looker: _Looker, left: Sequence[Labelled], kept: Results, total: int) -> None:
    with (
        tqdm(total=total, initial=total - len(left), unit="picture") as bar,
        ThreadPoolExecutor(looker.threads) as pool,
    ):
        try:
            for batch, ready in _prepared(looker, left, pool):
                kept.add(_outcomes(looker.model, batch, ready))
                bar.update(len(batch))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepared(
    looker: _Looker, left: Sequence[Labelled], pool: ThreadPoolExecutor
) -> Iterator[tuple[Sequence[Labelled], list[Ready]]]:
    """Batch by batch; the next one is being prepared while the last is looked at."""
    waiting: deque[tuple[Sequence[Labelled], list[Future[Ready]]]] = deque()
    for start in range(0, len(left), looker.batch_size):
        batch = left[start : start + looker.batch_size]
        waiting.append((batch, [pool.submit(_read, p.file, looker.prepare) for p in batch]))
        if len(waiting) > 1:
            batch, futures = waiting.popleft()
            yield batch, [future.result() for future in futures]
    for batch, futures in waiting:
        yield batch, [future.result() for future in futures]


def _read(file: Path, prepare: Preparation) -> Ready:
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return (
                    f"expected at most {MOST_PIXELS:,} pixels, got {picture.width:,} x "
                    f"{picture.height:,}. Make it smaller first."
                )
            return prepare(picture)
    except Exception as problem:  # PIL's readers of broken files raise nearly everything
        return f"{type(problem).__name__}: {problem}".replace("\n", " ")


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
    model: nn.Module, pixels: Float[Tensor, "batch 3 height width"]
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
