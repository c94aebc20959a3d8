"""Train: draw a batch, take a step, show how it goes; stop early without losing anything."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel
from tqdm.auto import tqdm

from ..doors import checked


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


@checked
def fit(
    model: nn.Module,
    loss: Callable[..., Tensor],
    source: Iterator[tuple[Tensor, ...]],
    *,
    steps: int,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.05,
    seed: int = 0,
    average: AveragedModel | None = None,
) -> History:
    """Train a model with AdamW, a warm-up over the first twentieth and a cosine to zero.

    Gradients longer than 1 are shortened. Ctrl-C ends the training at once; what
    was learned so far stays in the model, which is left in evaluation mode.

    Args:
        model: any module; changed in place.
        loss: called as loss(model, *batch), gives the number to make small.
        source: batches, e.g. from `batches`.
        steps: batches to learn from.
        learning_rate: the highest, after the warm-up.
        weight_decay: how strongly matrices shrink; vectors do not.
        seed: for whatever is random inside the model; the world outside keeps its own.
        average: takes part of the weights after every step, see `moving_average`.

    Returns:
        The losses, step by step.

    Raises:
        FloatingPointError: if the loss is no longer a finite number.
    """
    history = History()
    optimizer, schedule = _optimizer(model, steps, learning_rate, weight_decay)
    model.train()
    with torch.random.fork_rng(), tqdm(total=steps, desc="training", unit="step") as bar:
        torch.manual_seed(seed)
        try:
            for batch in islice(source, steps):
                history.losses.append(_step(model, loss, batch, optimizer, schedule))
                if average is not None:
                    average.update_parameters(model)
                bar.update()
                bar.set_postfix(loss=f"{history.losses[-1]:.3f}", refresh=False)
        except KeyboardInterrupt:
            history.was_interrupted = True
            print(f"stopped after {len(history.losses)} of {steps} steps; the model keeps them.")
    model.eval()
    return history


def _optimizer(model: nn.Module, steps: int, learning_rate: float, weight_decay: float):
    learned = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = AdamW(groups, lr=learning_rate, betas=(0.9, 0.99))
    return optimizer, LambdaLR(optimizer, lambda step: _warm_up_then_cosine(step + 1, steps))


def _warm_up_then_cosine(step: int, steps: int) -> float:
    warm_up = min(1.0, step / max(1, steps // 20))
    return warm_up * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - 1) / steps)))


def _step(model, loss, batch, optimizer, schedule) -> float:
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
    schedule.step()
    return value.item()
