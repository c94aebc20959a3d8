"""How far one distribution is from another, with 0 log 0 = 0 as in their definitions."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def weighed(
    shares: Float[Tensor, "*batch classes"], logarithms: Float[Tensor, "*batch classes"]
) -> Float[Tensor, "*batch"]:
    """The sum of p log q over the classes; where p is 0 it adds nothing, whatever q is.

    Args:
        shares: p.
        logarithms: log q, or a difference of logarithms; may be infinite or, where p is 0,
            undefined.
    """
    # Before the product: 0 times infinity is NaN, in the gradient as well.
    return (shares * logarithms.masked_fill(shares == 0, 0.0)).sum(-1)


def kl_divergence(
    logs: Float[Tensor, "*batch classes"], of: Float[Tensor, "*batch classes"]
) -> Float[Tensor, "*batch"]:
    """KL(p || q) in nats: the sum of p (log p - log q).

    Infinite where q rules out what p allows; a class that both rule out adds nothing.

    Args:
        logs: log q, e.g. of a student.
        of: log p, e.g. of its teacher.

    >>> import torch
    >>> rules_out_one = torch.tensor([0.5, 0.5, 0.0]).log()
    >>> kl_divergence(rules_out_one, of=rules_out_one).item()
    0.0
    """
    return weighed(of.exp(), of - logs)


def cross_entropy(
    logits: Float[Tensor, "batch classes"],
    labels: Int[Tensor, " batch"] | Float[Tensor, "batch classes"],
) -> Float[Tensor, ""]:
    """torch's, with a value where a class of probability 0 has a score of -inf.

    Args:
        logits: one score for each class.
        labels: the right classes, or a probability for each class.

    Returns:
        The mean over the batch, in nats.
    """
    if not labels.is_floating_point():
        return functional.cross_entropy(logits, labels)
    return -weighed(labels, logits.log_softmax(-1)).mean()
