"""Sound: a patch of neighbouring samples is one input."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ...inputs import InputSpec
from .grid import GridPreprocessor, append_positions


class AudioPreprocessor(GridPreprocessor):
    """Samples, some at a time.

    Args:
        num_samples: length of the sound, in samples.
        samples_per_patch: samples that make one input; 1 keeps the raw sound.
        positions: when each patch is. Default: rows do not say.
        in_channels: 1 for mono, 2 for stereo.

    Raises:
        ValueError: if the patches do not fill the sound.
    """

    def __init__(
        self,
        num_samples: int,
        samples_per_patch: int = 16,
        positions: nn.Module | None = None,
        in_channels: int = 1,
    ):
        if num_samples % samples_per_patch:
            raise ValueError(
                f"{num_samples} samples are no whole number of patches of {samples_per_patch}."
            )
        cells = (num_samples // samples_per_patch,)
        super().__init__(cells, samples_per_patch * in_channels, positions)
        self.samples_per_patch = samples_per_patch
        self.input_spec = InputSpec(
            "sounds", ("samples", "audio channels"), (num_samples, in_channels),
            "Cut or pad the sound, or build the model for its length; mono has one channel: "
            "x[..., None].",
        )  # fmt: skip

    def forward(
        self, sound: Float[Tensor, "batch samples audio_channels"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(sound)
        x = rearrange(sound, "b (n patch) c -> b n (patch c)", patch=self.samples_per_patch)
        return append_positions(x, self.positions)
