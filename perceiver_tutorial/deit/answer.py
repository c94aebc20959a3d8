"""What the two heads say, apart and together."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from ..inputs import check_filled, check_numbers

Fusion = Literal["mean_logits", "mean_probabilities", "class", "distillation"]


@dataclass(frozen=True)
class DeiTAnswer:
    """Scores of the class head, and of the distillation head where there is one.

    Attributes:
        class_logits: what the class token says.
        distillation_logits: what the distillation token says; None without a head for it.
    """

    class_logits: Float[Tensor, "batch classes"]
    distillation_logits: Float[Tensor, "batch classes"] | None = None

    @property
    def logits(self) -> Float[Tensor, "batch classes"]:
        """The mean of both; of a plain model, the class logits."""
        if self.distillation_logits is None:
            return self.class_logits
        return (self.class_logits + self.distillation_logits) / 2

    def fused(self, how: Fusion = "mean_logits") -> Float[Tensor, "batch classes"]:
        """One set of scores from two heads.

        Args:
            how: "mean_logits" is what `logits` is; "mean_probabilities" lets each head
                make up its mind first; "class" and "distillation" hear one head only.

        Returns:
            Logits in every case: their softmax is the probabilities.

        Raises:
            ValueError: if `how` is none of these, or needs a head that is not there.
        """
        if how not in get_args(Fusion):
            raise ValueError(f"expected how as one of {get_args(Fusion)}, got {how!r}.")
        if how == "class":
            return self.class_logits
        second = self._second_head(f"how={how!r}")
        if how == "distillation":
            return second
        if how == "mean_logits":
            return self.logits
        both = (self.class_logits.log_softmax(-1), second.log_softmax(-1))
        return torch.logaddexp(*both) - math.log(2)

    def agreement(self) -> float:
        """Share of the images for which both heads choose the same class, from 0 to 1.

        Raises:
            ValueError: if there is no distillation head, the batch is empty, or a score is NaN.
        """
        second = self._second_head("an agreement")
        check_filled(distillation_logits=second)
        check_numbers(class_logits=self.class_logits, distillation_logits=second)
        return (self.class_logits.argmax(-1) == second.argmax(-1)).float().mean().item()

    def _second_head(self, wanted: str) -> Float[Tensor, "batch classes"]:
        if self.distillation_logits is None:
            raise ValueError(
                f"expected distillation logits for {wanted}, got the answer of a model without a "
                "distillation head. Use .class_logits, or build a DeiTConfig with distilled=True."
            )
        return self.distillation_logits


# Compiled and exported models, vmap and others know then where the tensors in it are.
torch.export.register_dataclass(DeiTAnswer, serialized_type_name="perceiver_tutorial.DeiTAnswer")
