"""One loop for every model of the course, its batches, and how often it is right."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import torch
from jaxtyping import Int, Shaped
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel
from tqdm.auto import tqdm

from perceiver_tutorial.inputs import check_numbers

WAITING = 8  # batches of streamed rows among which the next is chosen
Batch = tuple[Tensor, ...]


def batches(*data: Any, batch_size: int, seed: int = 0) -> Iterator[Batch]:
    """Yield batches for ever: every epoch in a new order, no sample twice in one epoch.

    Args:
        data: tensors with equally many samples in each, e.g. images and labels; or one thing that
            holds them by the name of a column, in this order: a dictionary, a split of a set, or
            rows that are streamed; of these, eight batches at a time are put in a new order.
        batch_size: samples in a batch; the last of an epoch may be smaller.
        seed: the same seed gives the same batches.

    Raises:
        ValueError: if the arrays do not go together, or are empty; or, when they are read, if
            columns of a set cannot be stacked.

    >>> source = batches(torch.arange(5), batch_size=2)
    >>> [len(next(source)[0]) for _ in range(4)]
    [2, 2, 1, 2]
    """
    if batch_size < 1:
        raise ValueError(f"expected batch_size of at least 1, got {batch_size}.")
    if len(data) == 1 and isinstance(data[0], Mapping) and hasattr(data[0], "column_names"):
        raise ValueError(f"expected one split, got all of them: choose {' or '.join(data[0])}.")
    if len(data) == 1 and hasattr(data[0], "column_names"):
        read = _streamed if hasattr(data[0], "set_epoch") else _picked
        return read(data[0], batch_size, seed)
    if len(data) == 1 and isinstance(data[0], Mapping):
        data = tuple(data[0].values())
    is_data = [isinstance(array, Tensor) and array.ndim for array in data]
    lengths = [len(array) if good else None for array, good in zip(data, is_data, strict=True)]
    if not lengths or len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(f"expected arrays with equally many samples, got {lengths}.")
    orders = _orders(lengths[0], batch_size, seed)
    return (tuple(array[chosen] for array in data) for chosen in orders)


def _orders(length: int, batch_size: int, seed: int) -> Iterator[Int[Tensor, " chosen"]]:
    """Numbers of samples, a batch at a time."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(length, generator=generator).split(batch_size)


def _picked(rows: Any, batch_size: int, seed: int) -> Iterator[Batch]:
    """Batches of rows that lie on a disk, read when they are needed."""
    if not len(rows):
        raise ValueError("expected rows, got none.")
    return (_stacked(rows[some.tolist()]) for some in _orders(len(rows), batch_size, seed))


def _streamed(rows: Any, batch_size: int, seed: int) -> Iterator[Batch]:
    """Batches of rows that come one after the other, over and over again."""
    shuffled = rows.shuffle(seed=seed, buffer_size=WAITING * batch_size)
    for epoch in count():
        shuffled.set_epoch(epoch)
        is_empty = True
        for columns in shuffled.iter(batch_size):
            is_empty = False
            yield _stacked(columns)
        if is_empty:
            raise ValueError("expected rows, got none.")


def _stacked(columns: Mapping[str, Any]) -> Batch:
    try:
        return tuple(
            values if isinstance(values, Tensor) else torch.stack([*map(torch.as_tensor, values)])
            for values in columns.values()
        )
    except (TypeError, ValueError, RuntimeError) as error:
        why = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"expected columns of numbers, each of one shape, in {', '.join(columns)}, but {why}. "
            f"Make them ready where they are read: prepare={{'column': ...}}; or leave them out: "
            f"rows.select_columns([...])."
        ) from error


def repeated(source: Iterator[Batch], times: int) -> Iterator[Batch]:
    """Every sample of a batch several times over, to be augmented differently each time.

    Repeated augmentation (arXiv 1901.09335): one batch holds several views of a sample.
    DeiT has 3, over several processes; its sampler rounds an epoch down to a multiple of
    256, and gives nothing where there are fewer samples. Here one process is enough, and
    no sample is lost.

    Args:
        source: batches, e.g. from `batches`; take a third of the samples for 3 times.
        times: how often each sample is repeated.

    Raises:
        ValueError: if `times` is below 1.

    >>> next(repeated(batches(torch.tensor([7, 7]), batch_size=2), times=3))
    (tensor([7, 7, 7, 7, 7, 7]),)
    """
    if times < 1:
        raise ValueError(f"expected times of at least 1, got {times}. 1 repeats nothing.")
    return (tuple(array.repeat_interleave(times, 0) for array in batch) for batch in source)


@dataclass(repr=False)
class History:
    """What happened.

    Attributes:
        losses: one for each step taken.
        was_interrupted: whether somebody pressed Ctrl-C.
    """

    losses: list[float] = field(default_factory=list)
    was_interrupted: bool = False

    def __repr__(self) -> str:
        ends = (
            f", the loss from {self.losses[0]:.3f} to {self.losses[-1]:.3f}" if self.losses else ""
        )
        return f"{len(self.losses)} steps{ends}"


def adamw(model: nn.Module, learning_rate: float, weight_decay: float = 0.05) -> AdamW:
    """AdamW (arXiv 1711.05101) that shrinks matrices and leaves vectors alone.

    Args:
        model: parameters that take no gradient are left out.
        learning_rate: of every step, until a schedule changes it.
        weight_decay: how strongly matrices shrink; biases, norms and single tokens do not.
    """
    learned = [p for p in model.parameters() if p.requires_grad]
    vectors = [p for p in learned if p.ndim <= 1 or p.shape[:-1] == (1, 1)]
    matrices = [p for p in learned if all(p is not vector for vector in vectors)]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate, betas=(0.9, 0.99))


def warmup_cosine(step: int, steps: int) -> float:
    """The share of the highest learning rate that a step gets, from 0 to 1.

    It rises over the first twentieth of the steps, while a cosine falls from 1 to 0.

    Args:
        step: from 0 to `steps` - 1.
        steps: of the whole training.
    """
    warmup = min(1.0, (step + 1) / max(1, steps // 20))
    return warmup * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps)))


def fit(  # noqa: PLR0913
    model: nn.Module,
    loss: Callable[..., Tensor],
    source: Iterable[Batch | Mapping[str, Tensor]],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.05,
    seed: int = 0,
    average: AveragedModel | None = None,
    optimizer: Callable[[nn.Module, float, float], Optimizer] = adamw,
    schedule: Callable[[int, int], float] = warmup_cosine,
) -> History:
    """Train a model: by default with AdamW, a warm-up over the first twentieth, a cosine to zero.

    Gradients longer than 1 are shortened. Ctrl-C ends the training at once; what
    was learned so far stays in the model, which is left in evaluation mode.

    Args:
        model: any module; changed in place.
        loss: called as loss(model, *batch), gives the number to make small.
        source: batches, e.g. from `batches`, or a DataLoader's; a dictionary's values are taken
            in their order. What ends is begun again.
        steps: batches to learn from.
        learning_rate: the highest, after the warm-up.
        weight_decay: how strongly matrices shrink; vectors do not.
        seed: for whatever is random inside the model; the world outside keeps its own.
        average: takes part of the weights after every step, see `moving_average`.
        optimizer: called as optimizer(model, learning_rate, weight_decay).
        schedule: called as schedule(step, steps), gives the share of the learning rate.

    Returns:
        The losses, step by step.

    Raises:
        FloatingPointError: if the loss is no longer a finite number.
    """
    history = History()
    chosen = optimizer(model, learning_rate, weight_decay)
    rates = LambdaLR(chosen, lambda step: schedule(step, steps))
    model.train()
    with torch.random.fork_rng(), tqdm(total=steps, desc="training", unit="step") as bar:
        torch.manual_seed(seed)
        try:
            for batch in islice(_without_end(source), steps):
                history.losses.append(_step(model, loss, batch, chosen, rates))
                if average is not None:
                    average.update_parameters(model)
                bar.update()
                bar.set_postfix(loss=f"{history.losses[-1]:.3f}", refresh=False)
        except KeyboardInterrupt:
            history.was_interrupted = True
            print(f"stopped after {len(history.losses)} of {steps} steps; the model keeps them.")
    model.eval()
    return history


def _without_end(source: Iterable[Batch | Mapping[str, Tensor]]) -> Iterator[Batch]:
    """Batch after batch; an iterator that is used up does end."""
    given = True
    while given:
        given = False
        for batch in source:
            given = True
            yield tuple(batch.values()) if isinstance(batch, Mapping) else batch


def _step(model, loss, batch, optimizer, rates) -> float:
    optimizer.zero_grad()
    value = loss(model, *batch)
    if not value.isfinite():
        raise FloatingPointError(
            f"expected a finite loss, got {value.item()}. Lower the learning rate, and look at the "
            "data for NaN and very large numbers."
        )
    value.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    rates.step()
    return value.item()


def accuracy(
    model: nn.Module,
    inputs: Shaped[Tensor, "samples *sizes"],
    labels: Int[Tensor, " samples"],
    batch_size: int = 256,
) -> float:
    """The share of samples whose highest score is that of their label, from 0 to 1.

    Args:
        model: gives scores [batch, classes].
        inputs: what the model takes.
        labels: the right classes.
        batch_size: samples at a time; the answer does not depend on it.

    Raises:
        ValueError: if there are no samples, or not one label for each, or scores are NaN.
    """
    if not len(inputs) or len(inputs) != len(labels):
        raise ValueError(
            f"expected one label for each of one or more samples, got {len(inputs)} samples and "
            f"{len(labels)} labels."
        )
    parts = zip(inputs.split(batch_size), labels.split(batch_size), strict=True)
    with torch.inference_mode():
        right = sum((_chosen(model(some)) == wanted).sum().item() for some, wanted in parts)
    return right / len(labels)


def _chosen(scores: Tensor) -> Tensor:
    check_numbers(scores=scores)
    return scores.argmax(-1)
