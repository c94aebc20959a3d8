"""Output rows become the task's own answer.

Each is called with the rows that were asked for; `assemble` gives the answers to
all queries the task's own shape, once they are complete.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class ClassLogits(nn.Module):
    """One output row becomes one score for each class (before softmax).

    Args:
        channels: width of the row.
        num_classes: scores.
    """

    def __init__(self, channels: int, num_classes: int):
        super().__init__()
        self.to_logits = nn.Linear(channels, num_classes)

    def forward(
        self, output_array: Float[Tensor, "batch outputs=1 output_channels"]
    ) -> Float[Tensor, "batch classes"]:
        return rearrange(self.to_logits(output_array), "b 1 classes -> b classes")

    def assemble(self, answers: Float[Tensor, "batch classes"]) -> Float[Tensor, "batch classes"]:
        return answers


class TiedByteLogits(nn.Module):
    """Every row is compared with the embedding of every byte that it could be.

    Args:
        embedding: the table that the text came in through; its weights are shared.
    """

    def __init__(self, embedding: nn.Embedding):
        super().__init__()
        self.embedding = embedding
        self.bias = nn.Parameter(torch.zeros(embedding.num_embeddings))

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs vocabulary"]:
        return output_array @ self.embedding.weight.T + self.bias

    def assemble(
        self, answers: Float[Tensor, "batch outputs vocabulary"]
    ) -> Float[Tensor, "batch outputs vocabulary"]:
        return answers


class Projection(nn.Module):
    """Every row through one linear map, with no shape to restore.

    Args:
        channels: width of a row.
        num_outputs: width of an answer.
    """

    def __init__(self, channels: int, num_outputs: int):
        super().__init__()
        self.project = nn.Linear(channels, num_outputs)

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs answers"]:
        return self.project(output_array)

    def assemble(
        self, answers: Float[Tensor, "batch outputs answers"]
    ) -> Float[Tensor, "batch outputs answers"]:
        return answers


class PointerScores(nn.Module):
    """Every row becomes one score: how much it is worth pointing at. See `pointer_logits`.

    Args:
        channels: width of a row.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.to_score = nn.Linear(channels, 1)

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs"]:
        return rearrange(self.to_score(output_array), "b outputs 1 -> b outputs")

    def assemble(self, answers: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch outputs"]:
        return answers


class FlowField(nn.Module):
    """Every row becomes how far its pixel moves, right and down.

    Paper: Perceiver IO 4.3. In the units of the published weights, 20 pixels: the
    released code multiplies by 20 afterwards, transformers leaves that to you.

    Args:
        channels: width of a row.
        image_size: (height, width) in pixels.
        divide_by: what the linear map's numbers are divided by.
    """

    def __init__(self, channels: int, image_size: tuple[int, int], divide_by: float = 100.0):
        super().__init__()
        self.image_size = image_size
        self.divide_by = divide_by
        self.to_flow = nn.Linear(channels, 2)

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs xy=2"]:
        return self.to_flow(output_array) / self.divide_by

    def assemble(
        self, answers: Float[Tensor, "batch outputs xy=2"]
    ) -> Float[Tensor, "batch height width xy=2"]:
        return rearrange(answers, "b (h w) xy -> b h w xy", h=self.image_size[0])


class PicturePixels(nn.Module):
    """Every row becomes the colours of a pixel, all rows an image or a video.

    Args:
        channels: width of a row.
        size: (frames,) height and width of the picture.
        image_channels: colours of a pixel.
    """

    def __init__(self, channels: int, size: tuple[int, ...], image_channels: int = 3):
        super().__init__()
        self.size = size
        self.to_colours = nn.Linear(channels, image_channels)

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs colours"]:
        return self.to_colours(output_array)

    def assemble(
        self, answers: Float[Tensor, "batch outputs colours"]
    ) -> Float[Tensor, "batch *frames colours height width"]:
        return answers.unflatten(1, self.size).movedim(-1, -3)


class AudioSamples(nn.Module):
    """Every row becomes a patch of samples, all patches one sound.

    Args:
        channels: width of a row.
        samples_per_patch: samples of a patch.
    """

    def __init__(self, channels: int, samples_per_patch: int):
        super().__init__()
        self.to_samples = nn.Linear(channels, samples_per_patch)

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch samples"]:
        return rearrange(self.to_samples(output_array), "b n samples -> b (n samples)")

    def assemble(self, answers: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch samples"]:
        return answers
