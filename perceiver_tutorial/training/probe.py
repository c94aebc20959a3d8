"""A linear probe: how much of what one wants to know can be read off features at once."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..doors import explained


@explained
def linear_probe(
    features: Float[Tensor, "samples channels"],
    labels: Int[Tensor, " samples"],
    num_classes: int,
    decay: float = 1e-3,
) -> nn.Linear:
    """The best linear map from features to scores: nothing else is trained.

    Features are standardised on the way, so that their scale does not matter, and
    that is folded into the map: it takes features as they are. There is one best map,
    found by L-BFGS from zeros, so nothing here is random.

    Args:
        features: of a model that stays as it is.
        labels: the right classes.
        num_classes: scores wanted.
        decay: how strongly squared weights are punished.

    Raises:
        ValueError: if there is not one label for each of two or more samples.
    """
    if len(features) != len(labels) or len(features) < 2:
        raise ValueError(
            f"expected one label for each of two or more samples, got {len(features)} samples "
            f"and {len(labels)} labels."
        )
    features = features.detach()
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    probe = nn.Linear(features.shape[1], num_classes)
    nn.init.zeros_(probe.weight)
    nn.init.zeros_(probe.bias)
    _settle(probe, (features - mean) / deviation, labels, decay)
    with torch.no_grad():
        probe.weight /= deviation
        probe.bias -= probe.weight @ mean
    return probe


def _settle(probe: nn.Linear, features: Tensor, labels: Tensor, decay: float) -> None:
    optimizer = torch.optim.LBFGS(probe.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(probe(features), labels) + decay * probe.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
