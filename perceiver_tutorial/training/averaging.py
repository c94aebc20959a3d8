"""A model that follows another slowly: the exponential moving average of its weights."""

from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..doors import checked


@checked
def moving_average(model: nn.Module, decay: float = 0.99) -> AveragedModel:
    """A copy whose weights come a little nearer to a model's after every step of `fit`.

    It remembers about 1 / (1 - decay) steps. DeiT's 0.99996 are 25,000 of 375,000 steps; in
    a short training take a tenth of the steps, or the copy has not left its start yet.
    Statistics of batch norms are averaged, too.

    Args:
        model: about to be trained.
        decay: how much stays after one step, from 0 to below 1.

    Returns:
        Called like the model itself, which is inside as `.module`.

    Raises:
        ValueError: if the decay is out of range.
    """
    if not 0 <= decay < 1:
        raise ValueError(
            f"expected a decay from 0 to below 1, got {decay}. For n steps of memory: 1 - 1 / n."
        )
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True).eval()
