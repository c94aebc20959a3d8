"""Output rows become the task's own answer.

Each is called with the rows of some queries; `assemble` gives the answers to all queries
the task's own shape, once they are complete.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class LinearHead(nn.Module):
    """Every row through one linear map.

    Args:
        channels: width of a row.
        num_outputs: width of an answer.
    """

    def __init__(self, channels: int, num_outputs: int):
        super().__init__()
        self.linear = nn.Linear(channels, num_outputs)

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs answers"]:
        return self.linear(y)

    def assemble(self, answers: Tensor) -> Tensor:
        return answers


class ClassificationHead(LinearHead):
    """One output row becomes one score for each class (before softmax).

    Args:
        channels: width of the row.
        num_outputs: classes.
    """

    def forward(
        self, y: Float[Tensor, "batch outputs=1 output_channels"]
    ) -> Float[Tensor, "batch classes"]:
        if y.shape[1] != 1:
            raise ValueError(
                f"expected one row to classify by, got {y.shape[1]}. As points give "
                "torch.tensor([0]), or leave them out."
            )
        return rearrange(self.linear(y), "b 1 classes -> b classes")


class PointerHead(LinearHead):
    """Every row becomes one score: how much it is worth pointing at. See `pointer_logits`.

    Args:
        channels: width of a row.
    """

    def __init__(self, channels: int):
        super().__init__(channels, 1)

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs"]:
        return rearrange(self.linear(y), "b outputs 1 -> b outputs")


class TiedHead(nn.Module):
    """Every row is compared with the embedding of every byte that it could be.

    Args:
        embeddings: the table that the text came in through; its weights are shared.
    """

    def __init__(self, embeddings: nn.Embedding):
        super().__init__()
        self.embeddings = embeddings
        self.bias = nn.Parameter(torch.zeros(embeddings.num_embeddings))

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs vocabulary"]:
        return y @ self.embeddings.weight.T + self.bias

    def assemble(
        self, answers: Float[Tensor, "batch outputs vocabulary"]
    ) -> Float[Tensor, "batch outputs vocabulary"]:
        return answers


class FlowHead(LinearHead):
    """Every row becomes how far its pixel moves, right and down.

    Paper: Perceiver IO 4.3. In the units of the published weights, 20 pixels: the
    released code multiplies by 20 afterwards, transformers leaves that to you.

    Args:
        channels: width of a row.
        image_size: (height, width) in pixels.
        divide_by: what the linear map's numbers are divided by.
    """

    def __init__(self, channels: int, image_size: tuple[int, int], divide_by: float = 100.0):
        super().__init__(channels, 2)
        self.image_size = image_size
        self.divide_by = divide_by

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs xy=2"]:
        return self.linear(y) / self.divide_by

    def assemble(
        self, answers: Float[Tensor, "batch outputs xy=2"]
    ) -> Float[Tensor, "batch height width xy=2"]:
        return answers.unflatten(1, self.image_size)


class PixelHead(LinearHead):
    """Every row becomes the colours of a pixel, all rows an image or a video.

    Args:
        channels: width of a row.
        size: (frames,) height and width of the picture.
    """

    def __init__(self, channels: int, size: tuple[int, ...]):
        super().__init__(channels, 3)
        self.size = size

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs colours"]:
        return self.linear(y)

    def assemble(
        self, answers: Float[Tensor, "batch outputs colours"]
    ) -> Float[Tensor, "batch *frames colours height width"]:
        return answers.unflatten(1, self.size).movedim(-1, -3)


class AudioHead(LinearHead):
    """Every row becomes a patch of samples, all patches one sound.

    Args:
        channels: width of a row.
        num_outputs: samples of a patch.
    """

    def forward(
        self, y: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch samples"]:
        return self.linear(y).flatten(1)
