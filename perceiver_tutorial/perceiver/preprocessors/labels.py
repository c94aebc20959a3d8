"""A class label as an input array with one row."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from ...inputs import InputSpec
from .grid import GridInputs


class OneHotLabel(GridInputs):
    """One input whose channels are the classes.

    Args:
        num_classes: classes; 1 stands where the sample belongs, zeros say nothing.
    """

    def __init__(self, num_classes: int):
        super().__init__()
        self.num_channels = num_classes
        self.index_dims = (1,)
        self.input_spec = InputSpec(
            "labels", ("classes",), (num_classes,),
            f"Class numbers become rows with one_hot(classes, {num_classes}).float().",
        )  # fmt: skip

    def forward(
        self, label: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(label)
        return rearrange(label, "b classes -> b 1 classes")
