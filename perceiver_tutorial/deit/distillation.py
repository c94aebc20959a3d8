"""Learn from labels and from a teacher: hard and soft distillation, and what divides the latter.

The distillation head learns from the teacher, the class head from the labels, and the two terms
are weighed by alpha. In a model without a distillation head one head learns from both: the
"usual" distillation that the paper compares with.

The paper, its code and timm mean the same and weigh it differently:

| | soft term is divided by | temperature | alpha | plain labels |
|:--|:--|--:|--:|:--|
| paper, equations 2 and 3 | the batch | 3.0 | soft 0.1, hard 0.5 | weighed 1 - alpha |
| Meta's code | the batch times the classes | 1.0 | 0.5 | weighed 1 - alpha |
| timm | the batch | 1.0 | 1.0 | weighed 1.0 |

With ImageNet's 1,000 classes the second row's soft term is 1,000 times smaller, so that its
alpha and temperature cannot be carried over. `reduction` says which of the two is meant.
"""

from typing import Literal, get_args

from jaxtyping import Float, Int
from torch import Tensor

from ..divergences import cross_entropy, kl_divergence
from ..inputs import check_filled, check_numbers
from .model import DeiTOutput

Reduction = Literal["batchmean", "numel"]
Labels = Int[Tensor, " batch"] | Float[Tensor, "batch classes"]


def hard_distillation(
    answer: DeiTOutput,
    labels: Labels,
    teacher_logits: Float[Tensor, "batch classes"],
    alpha: float = 0.5,
) -> Float[Tensor, ""]:
    """Cross-entropy with the labels, and with the teacher's first choice as a second label.

    (1 - alpha) * CE(class head, labels) + alpha * CE(distillation head, teacher's choice):
    with alpha 0.5, DeiT's equation 3. How sure the teacher is does not matter.

    Args:
        answer: of the student.
        labels: the right classes, or a probability for each class, as mixing and
            smoothing make them. The teacher's choice is not smoothed.
        teacher_logits: of the teacher, for the very same images.
        alpha: weight of the teacher's term, from 0 to 1.

    Returns:
        In nats.

    Raises:
        ValueError: if the teacher has other classes or images, or alpha is out of range.
    """
    taught = _taught(answer, teacher_logits, alpha)
    check_numbers(teacher_logits=teacher_logits)
    told = cross_entropy(answer.class_logits, labels)
    return _weigh(alpha, told, cross_entropy(taught, teacher_logits.argmax(-1)))


def soft_distillation(
    answer: DeiTOutput,
    labels: Labels,
    teacher_logits: Float[Tensor, "batch classes"],
    temperature: float = 3.0,
    alpha: float = 0.1,
    reduction: Reduction = "batchmean",
) -> Float[Tensor, ""]:
    """Cross-entropy with the labels, and the divergence from the teacher's distribution.

    (1 - alpha) * CE(class head, labels) + alpha * `soft_divergence`(distillation head,
    teacher): DeiT's equation 2, with the paper's numbers as defaults.

    Args:
        answer: of the student.
        labels: see `hard_distillation`.
        teacher_logits: see `hard_distillation`.
        temperature: see `soft_divergence`.
        alpha: weight of the teacher's term, from 0 to 1; the paper's lambda.
        reduction: see `soft_divergence`.

    Returns:
        In nats; with "numel", the teacher's part in nats per class.

    Raises:
        ValueError: see `hard_distillation` and `soft_divergence`.
    """
    taught = _taught(answer, teacher_logits, alpha)
    told = cross_entropy(answer.class_logits, labels)
    return _weigh(alpha, told, soft_divergence(taught, teacher_logits, temperature, reduction))


def soft_divergence(
    logits: Float[Tensor, "batch classes"],
    teacher_logits: Float[Tensor, "batch classes"],
    temperature: float = 3.0,
    reduction: Reduction = "batchmean",
) -> Float[Tensor, ""]:
    """How far a student's distribution is from its teacher's, both softened.

    T^2 * KL(teacher || student) of softmax(logits / T). Gradients shrink with 1 / T^2;
    the factor T^2 makes up for that, so that alpha means the same at any temperature
    (Hinton, Vinyals and Dean, arXiv 1503.02531).

    `torch.nn.functional.kl_div` takes the student first and the teacher second, both as
    logarithms here. The other way round it is another number: the divergence is not
    symmetric. Classes that both rule out, with a score of -inf, add nothing.

    Args:
        logits: of the student.
        teacher_logits: of the teacher, for the very same images.
        temperature: T. At 1 distributions are as they are, above 1 flatter.
        reduction: what the sum over images and classes is divided by: "batchmean" the
            images, as the divergence is defined; "numel" images times classes, as in
            Meta's code.

    Raises:
        ValueError: if the temperature is not above 0, or there is no such reduction.
    """
    check_filled(logits=logits)
    if temperature <= 0:
        raise ValueError(
            f"expected a temperature above 0, got {temperature}. At 1 nothing is softened."
        )
    if reduction not in get_args(Reduction):
        raise ValueError(
            f"expected reduction as 'batchmean' or 'numel', got {reduction!r}. The first divides "
            "by the images, the second by images times classes."
        )
    student, teacher = ((x / temperature).log_softmax(-1) for x in (logits, teacher_logits))
    total = kl_divergence(student, of=teacher).sum() * temperature**2
    return total / (len(logits) if reduction == "batchmean" else logits.numel())


def _weigh(alpha: float, told: Tensor, taught: Tensor) -> Tensor:
    """A term of weight 0 may be infinite: 0 times infinity would be no number."""
    pairs = ((1 - alpha, told), (alpha, taught))
    return sum(w * (loss if w else loss.masked_fill(loss.isinf(), 0.0)) for w, loss in pairs)


def _taught(answer: DeiTOutput, teacher_logits: Tensor, alpha: float) -> Tensor:
    """The logits that learn from the teacher, checked before they are compared."""
    check_filled(teacher_logits=teacher_logits)
    if not 0 <= alpha <= 1:
        raise ValueError(
            f"expected alpha from 0, labels only, to 1, teacher only, got {alpha}. "
            "At 0.5 both count alike."
        )
    second = answer.distillation_logits
    taught = answer.class_logits if second is None else second
    if teacher_logits.shape != taught.shape:
        raise ValueError(
            f"expected teacher_logits [images, classes] of {list(taught.shape)} as the student's, "
            f"got {list(teacher_logits.shape)}. Ask the teacher about the very same images, and "
            "for the same classes."
        )
    return taught
