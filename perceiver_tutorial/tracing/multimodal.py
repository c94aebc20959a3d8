"""What an autoencoder of several modalities holds and takes, worked out by hand."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from ..perceiver import MultimodalConfig
from .formulas import (
    attend_flops,
    attend_parameters,
    encoder_flops,
    encoder_parameters,
    map_parameters,
)

NUMBER = 4  # bytes
COLOURS = 3
Size = tuple[int, int]


@dataclass(frozen=True)
class Modality:
    """One modality in numbers.

    Attributes:
        rows: of the input array.
        what: channels that say what is there.
        where: channels that say where it is.
        questions: how many there are.
        question_channels: width of one.
        answer: numbers in the answer to one.
    """

    rows: int
    what: int
    where: int
    questions: int
    question_channels: int
    answer: int

    @property
    def channels(self) -> int:
        """Width of a row before it is padded."""
        return self.what + self.where


def modalities_of(config: MultimodalConfig) -> dict[str, Modality]:
    """All modalities of a configuration, in the array's order."""
    questions, film, sound = config.num_outputs, config.image, config.audio
    rows = {name: len(some) for name, some in config.input_rows.items()}
    there = {"audio": sound.samples_per_patch, "image": COLOURS * film.patch_size**2}
    answers = {"audio": sound.samples_per_patch, "image": COLOURS}
    found = {}
    for name, positions in (("audio", sound.positions), ("image", film.positions)):
        where = len(positions.max_resolution) * (2 * positions.num_bands + 1)
        found[name] = Modality(
            rows[name], there[name], where, questions[name], where, answers[name]
        )
    classes = config.label.num_classes
    asked = config.label.query_channels
    return {**found, "label": Modality(rows["label"], classes, 0, 1, asked, classes)}


@dataclass(frozen=True)
class MultimodalSizes:
    """Arrays, operations and parameters of an autoencoder that has some of the modalities.

    Attributes:
        config: sizes.
        names: the modalities that it has.
        chunks: how many parts its answer is decoded in. The label is asked for in each.

    Raises:
        ValueError: if it has none.
    """

    config: MultimodalConfig
    names: Collection[str]
    chunks: int = 1

    def __post_init__(self):
        if not self.names:
            known = ", ".join(self.config.input_rows)
            raise ValueError(f"expected at least one modality, got none. Choose of {known}.")

    @cached_property
    def modalities(self) -> dict[str, Modality]:
        """Those that it has, in the array's order."""
        return {n: m for n, m in modalities_of(self.config).items() if n in self.names}

    @property
    def inputs(self) -> int:
        """Rows of the input array."""
        return sum(one.rows for one in self.modalities.values())

    @property
    def widest(self) -> str:
        """The modality that decides how wide all rows are."""
        return max(self.modalities, key=lambda name: self.modalities[name].channels)

    @property
    def channels(self) -> int:
        """Width of the input array."""
        return self.modalities[self.widest].channels + self.config.input_padding

    @property
    def padding(self) -> int:
        """Numbers of the input array that are nothing but padding."""
        return sum(one.rows * (self.channels - one.channels) for one in self.modalities.values())

    @property
    def questions(self) -> dict[str, int]:
        """How much is asked about each modality in one chunk."""
        return {n: math.ceil(m.questions / self.chunks) for n, m in self.modalities.items()}

    @property
    def question_channels(self) -> int:
        """Width of a question."""
        widths = [one.question_channels for one in self.modalities.values()]
        return max(widths) + self.config.query_padding

    @property
    def arrays(self) -> dict[str, Size]:
        """Rows and columns of every array, one chunk of questions at a time."""
        asked, latents = sum(self.questions.values()), self.config.encoder.num_latents
        return {
            "input array": (self.inputs, self.channels),
            "latents": (latents, self.config.encoder.latent_channels),
            "queries": (asked, self.question_channels),
            "output array": (asked, self.config.output_channels),
            "map of reading": (latents, self.inputs),
            "map of thinking": (latents, latents),
            "map of answering": (asked, latents),
            "map if all read all": (self.inputs, self.inputs),
        }

    @property
    def array_bytes(self) -> dict[str, int]:
        """Bytes of every array, as 32-bit numbers; of a map, for all heads."""
        encoder, decoder = self.config.encoder, self.config.decoder
        heads = {
            "map of reading": encoder.cross_heads,
            "map of thinking": encoder.self_heads,
            "map of answering": decoder.num_heads,
        }
        return {
            name: NUMBER * heads.get(name, 1) * rows * columns
            for name, (rows, columns) in self.arrays.items()
        }

    @property
    def flops(self) -> dict[str, int]:
        """Floating point operations of a whole pass, and of the same if all inputs read all."""
        encoder, inputs, channels = self.config.encoder, self.inputs, self.channels
        plain = sum(attend_flops(inputs, inputs, channels, channels).values())
        return {
            **encoder_flops(encoder, inputs, channels),
            "answering": self.chunks * self.answering_flops,
            "all read all": encoder.num_blocks * encoder.self_attends_per_block * plain,
        }

    @property
    def answering_flops(self) -> int:
        """Floating point operations of one chunk of the answer."""
        latents, asking = self.arrays["latents"], self.arrays["queries"]
        decoder, width = self.config.decoder, self.config.output_channels
        read = attend_flops(
            asking[0],
            latents[0],
            asking[1],
            latents[1],
            qk_channels=decoder.qk_channels or latents[1],
            v_channels=decoder.v_channels,
        )
        out = [count * self.modalities[name].answer for name, count in self.questions.items()]
        return sum(read.values()) + 2 * width * (math.prod(asking) + sum(out))

    @property
    def parameters(self) -> int:
        """Learned numbers of the whole model."""
        config, asked = self.config, self.question_channels
        latent_channels, width = config.encoder.latent_channels, config.output_channels
        reader = attend_parameters(
            asked,
            latent_channels,
            qk_channels=config.decoder.qk_channels or latent_channels,
            v_channels=config.decoder.v_channels,
        )
        ways = (self._own_parameters(name) for name in self.modalities)
        encoder = encoder_parameters(config.encoder, self.channels)
        return encoder + reader + map_parameters(asked, width) + sum(ways)

    def _own_parameters(self, name: str) -> int:
        """Of one modality: padding, mask token, padding of its questions, its way out."""
        one = self.modalities[name]
        padding = 2 * self.channels - one.channels
        learned = one.question_channels if name == "label" else 0
        questions = self.question_channels - one.question_channels + learned
        return padding + questions + map_parameters(self.config.output_channels, one.answer)
