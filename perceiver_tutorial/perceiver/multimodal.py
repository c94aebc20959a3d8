"""Several modalities in one array: pad to a common width, put end to end, take apart again."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..inputs import InputSpec
from ..positions import learned_table
from .decoder import PerceiverDecoder
from .parts import OutputIndices, Postprocessor, Preprocessor, Queries


class OneHotPreprocessor(nn.Module):
    """A class label is one input, its channels are the classes.

    Args:
        num_classes: classes; 1 stands where the sample belongs, zeros say nothing.
    """

    def __init__(self, num_classes: int):
        super().__init__()
        self.num_channels = num_classes
        self.input_spec = InputSpec(
            "labels", ("classes",), (num_classes,),
            f"Class numbers become rows with one_hot(classes, {num_classes}).float().",
        )  # fmt: skip

    def num_inputs(self, _label: Float[Tensor, "batch classes"]) -> int:
        """One for each sample."""
        return 1

    def forward(
        self, label: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(label)
        return label[:, None]


def channel_padding(widths: Mapping[str, int], min_padding: int) -> nn.ParameterDict:
    """Learned channels that widen each modality to a common width, the same for all its rows.

    Args:
        widths: modality -> its channels.
        min_padding: learned channels that the widest modality gets; others get more.
    """
    width = max(widths.values()) + min_padding
    return nn.ParameterDict({name: learned_table(1, width - n) for name, n in widths.items()})


def pad_channels(
    x: Float[Tensor, "batch rows channels"], padding: Float[Tensor, "1 more_channels"]
) -> Float[Tensor, "batch rows common_channels"]:
    """Append the same channels to every row."""
    return torch.cat([x, padding.expand(*x.shape[:2], -1)], dim=-1)


class MultimodalPreprocessor(nn.Module):
    """Preprocess each modality, pad it, mask some of its rows, put all end to end.

    Paper: Perceiver IO 4.4. Modalities follow one another in the order of their
    names. Masking happens in evaluation too, as in the published code: a label
    that is always masked never matters, and the autoencoder is a classifier.

    Args:
        parts: name -> its preprocessor.
        min_padding: learned channels that the widest modality gets.
        mask_probabilities: name -> how often a row is replaced by that modality's
            mask token; 0 where left out.
    """

    def __init__(
        self,
        parts: Mapping[str, Preprocessor],
        min_padding: int,
        mask_probabilities: Mapping[str, float],
    ):
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        widths = {name: part.num_channels for name, part in parts.items()}
        self.num_channels = max(widths.values()) + min_padding
        self.padding = channel_padding(widths, min_padding)
        self.mask_probabilities = {name: mask_probabilities.get(name, 0.0) for name in parts}
        self.mask_tokens = nn.ParameterDict(
            {name: learned_table(1, self.num_channels) for name in parts}
        )

    def num_inputs(self, raw: Mapping[str, Tensor]) -> int:
        """How many inputs will be made of each sample, those of all modalities together."""
        self.check_names(raw)
        return sum(part.num_inputs(raw[name]) for name, part in self.parts.items())

    def forward(self, raw: Mapping[str, Tensor]) -> Float[Tensor, "batch inputs channels"]:
        self.check_names(raw)
        rows = {}
        for name in sorted(self.parts):
            x = pad_channels(self.parts[name](raw[name]), self.padding[name])
            rows[name] = torch.where(self.draw_mask(name, x), self.mask_tokens[name], x)
        check_samples({name: x.shape[0] for name, x in rows.items()})
        return torch.cat([*rows.values()], dim=1)

    def draw_mask(
        self, name: str, x: Float[Tensor, "batch inputs _channels"]
    ) -> Bool[Tensor, "batch inputs 1"]:
        """Draw which rows of a modality are hidden; only their number and place matter."""
        return torch.rand(*x.shape[:2], 1, device=x.device) < self.mask_probabilities[name]

    def check_names(self, raw: Mapping[str, Tensor]) -> None:
        """Let a dictionary with exactly the known modalities pass.

        Raises:
            TypeError: if it is no dictionary.
            ValueError: if a modality is missing or unknown.
        """
        wanted = ", ".join(sorted(self.parts))
        if not isinstance(raw, Mapping):
            raise TypeError(
                f"expected a dictionary with {wanted}, got {type(raw).__name__}. "
                "Name the modalities: {'image': ..., 'audio': ...}."
            )
        if set(raw) != set(self.parts):
            missing, unknown = set(self.parts) - set(raw), set(raw) - set(self.parts)
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
    """Each modality's own queries, padded to a common width.

    Args:
        parts: name -> its queries.
        min_padding: learned channels that the widest queries get.
    """

    def __init__(self, parts: Mapping[str, Queries], min_padding: int):
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        widths = {name: part.num_channels for name, part in parts.items()}
        self.num_channels = max(widths.values()) + min_padding
        self.padding = channel_padding(widths, min_padding)

    @property
    def are_inputs(self) -> bool:
        """Whether those of any modality are."""
        return any(part.are_inputs for part in self.parts.values())

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> OutputIndices:
        return {name: part.all_points(x) for name, part in self.parts.items()}

    def forward(
        self, x: Float[Tensor, "batch inputs _"], points: OutputIndices | None = None
    ) -> dict[str, Float[Tensor, "batch _outputs query_channels"]]:
        points = self.all_points(x) if points is None else points
        return {
            name: pad_channels(self.parts[name](x, points[name]), self.padding[name])
            for name in sorted(points)
        }


class MultimodalDecoder(PerceiverDecoder):
    """Put all queries end to end, decode them together, take the answers apart again."""

    def forward(
        self,
        queries: dict[str, Float[Tensor, "batch _outputs query_channels"]],
        latents: Float[Tensor, "batch latents latent_channels"],
        _mask: None = None,
    ) -> dict[str, Float[Tensor, "batch _outputs output_channels"]]:
        y = super().forward(torch.cat([*queries.values()], dim=1), latents)
        sizes = [rows.shape[1] for rows in queries.values()]
        return dict(zip(queries, y.split(sizes, dim=1), strict=True))


class MultimodalPostprocessor(nn.Module):
    """Give each modality's answers to its own postprocessor.

    Args:
        parts: name -> its postprocessor.
    """

    def __init__(self, parts: Mapping[str, Postprocessor]):
        super().__init__()
        self.parts = nn.ModuleDict(parts)

    def forward(
        self, y: dict[str, Float[Tensor, "batch _outputs output_channels"]]
    ) -> dict[str, Tensor]:
        return {name: self.parts[name](rows) for name, rows in y.items()}

    def assemble(self, answers: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: self.parts[name].assemble(some) for name, some in answers.items()}
