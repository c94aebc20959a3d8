"""Several modalities in one array: pad to a common width, put end to end, take apart again."""

from collections.abc import Mapping

import torch
from einops import pack, unpack
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..positions import learned_table
from .parts import Decoder, Inputs, Need, Points, Postprocessor, Preprocessor, Queries


class ChannelPadding(nn.Module):
    """Widen each modality to a common width with learned channels, the same for all its rows.

    Args:
        widths: modality -> its channels.
        min_padding: learned channels that the widest modality gets.
    """

    def __init__(self, widths: Mapping[str, int], min_padding: int):
        super().__init__()
        self.num_channels = max(widths.values()) + min_padding
        self.padding = nn.ParameterDict(
            {n: learned_table(1, self.num_channels - width) for n, width in widths.items()}
        )

    def forward(
        self, array: Float[Tensor, "batch rows channels"], name: str
    ) -> Float[Tensor, "batch rows common_channels"]:
        padding = self.padding[name].expand(*array.shape[:2], -1)
        return torch.cat([array, padding], dim=-1)


class MultimodalPreprocessor(nn.Module):
    """Preprocess each modality, pad it, mask some of its rows, put all end to end.

    Paper: Perceiver IO 4.4. Modalities follow one another in the order of their
    names. Masking happens in evaluation too, as in the published code: a label
    that is always masked never matters, and the autoencoder is a classifier.

    Args:
        modalities: name -> its preprocessor.
        min_padding: learned channels that the widest modality gets.
        mask_probabilities: name -> how often a row is replaced by that modality's
            mask token; 0 where left out.
    """

    def __init__(
        self,
        modalities: Mapping[str, Preprocessor],
        min_padding: int,
        mask_probabilities: Mapping[str, float],
    ):
        super().__init__()
        self.modalities = nn.ModuleDict(modalities)
        self.pad = ChannelPadding({n: m.num_channels for n, m in modalities.items()}, min_padding)
        self.num_channels = self.pad.num_channels
        self.mask_probabilities = {name: mask_probabilities.get(name, 0.0) for name in modalities}
        self.mask_tokens = nn.ParameterDict(
            {name: learned_table(1, self.num_channels) for name in modalities}
        )

    def num_inputs(self, raw: Mapping[str, Tensor]) -> int:
        """How many rows will be made of each sample, those of all modalities together."""
        return sum(one.num_inputs(raw[name]) for name, one in self.modalities.items())

    def forward(self, raw: Mapping[str, Tensor]) -> Float[Tensor, "batch inputs channels"]:
        self.check_names(raw)
        rows = {name: self._rows(name, raw[name]) for name in sorted(self.modalities)}
        check_samples({name: some.shape[0] for name, some in rows.items()})
        return torch.cat(list(rows.values()), dim=1)

    def _rows(self, name: str, raw: Tensor) -> Float[Tensor, "batch inputs channels"]:
        rows = self.pad(self.modalities[name](raw), name)
        return torch.where(self.draw_mask(name, rows), self.mask_tokens[name], rows)

    def draw_mask(
        self, name: str, rows: Float[Tensor, "batch inputs _channels"]
    ) -> Bool[Tensor, "batch inputs 1"]:
        """Draw which rows of a modality are hidden; only their number and place matter."""
        return torch.rand(*rows.shape[:2], 1, device=rows.device) < self.mask_probabilities[name]

    def check_names(self, raw: Mapping[str, Tensor]) -> None:
        """Let a dictionary with exactly the known modalities pass.

        Raises:
            TypeError: if it is no dictionary.
            ValueError: if a modality is missing or unknown.
        """
        wanted = ", ".join(sorted(self.modalities))
        if not isinstance(raw, Mapping):
            raise TypeError(
                f"expected a dictionary with {wanted}, got {type(raw).__name__}. "
                "Name the modalities: {'image': ..., 'audio': ...}."
            )
        if set(raw) != set(self.modalities):
            missing, unknown = set(self.modalities) - set(raw), set(raw) - set(self.modalities)
            problem = [f"{n} is missing" for n in sorted(missing)]
            problem += [f"{n} is unknown" for n in sorted(unknown)]
            raise ValueError(
                f"expected the modalities {wanted}, got {', '.join(sorted(raw)) or 'none'}: "
                f"{', '.join(problem)}. A label that is always masked may be zeros."
            )


def check_samples(counts: Mapping[str, int]) -> None:
    """Let modalities pass that have equally many samples.

    Raises:
        ValueError: if they differ.
    """
    first = next(iter(counts.values()))
    if any(count != first for count in counts.values()):
        got = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise ValueError(
            f"expected equally many samples of every modality, got {got}. "
            "What belongs together has the same number in every batch."
        )


class MultimodalQueries(nn.Module):
    """Ask each modality's own questions, padded to a common width.

    Args:
        modalities: name -> its queries.
        min_padding: learned channels that the widest queries get.
    """

    def __init__(self, modalities: Mapping[str, Queries], min_padding: int):
        super().__init__()
        self.modalities = nn.ModuleDict(modalities)
        self.pad = ChannelPadding({n: q.num_channels for n, q in modalities.items()}, min_padding)
        self.num_channels = self.pad.num_channels

    @property
    def needs(self) -> Need:
        """The most that a modality's queries need."""
        needs = {ask.needs for ask in self.modalities.values()}
        return next((need for need in ("inputs", "count") if need in needs), "batch")

    def all_points(self, inputs: Inputs) -> Points:
        return {name: ask.all_points(inputs) for name, ask in self.modalities.items()}

    def forward(
        self, inputs: Inputs, points: Points | None = None
    ) -> dict[str, Float[Tensor, "batch _outputs query_channels"]]:
        points = self.all_points(inputs) if points is None else points
        return {
            name: self.pad(self.modalities[name](inputs, points[name]), name)
            for name in sorted(points)
        }


class MultimodalDecoder(nn.Module):
    """Put all queries end to end, answer them together, take the answers apart again.

    Args:
        decoder: the one decoder that all modalities share.
    """

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        queries: dict[str, Float[Tensor, "batch _outputs query_channels"]],
        latents: Float[Tensor, "batch latents latent_channels"],
        _keep: None = None,
    ) -> dict[str, Float[Tensor, "batch _outputs output_channels"]]:
        end_to_end, sizes = pack(list(queries.values()), "b * c")
        answers = unpack(self.decoder(end_to_end, latents), sizes, "b * c")
        return dict(zip(queries, answers, strict=True))


class MultimodalPostprocessor(nn.Module):
    """Give each modality's answers to its own postprocessor.

    Args:
        modalities: name -> its postprocessor.
    """

    def __init__(self, modalities: Mapping[str, Postprocessor]):
        super().__init__()
        self.modalities = nn.ModuleDict(modalities)

    def forward(
        self, output_arrays: dict[str, Float[Tensor, "batch _outputs output_channels"]]
    ) -> dict[str, Tensor]:
        return {name: self.modalities[name](rows) for name, rows in output_arrays.items()}

    def assemble(self, answers: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: self.modalities[name].assemble(some) for name, some in answers.items()}
