"""New tasks: things found in pictures, sounds told apart, names tagged in texts.

A box is (centre x, centre y, width, height), as shares of the picture: from 0 at its
left and upper edge to 1 at its right and lower one.

After DETR (Carion et al., arXiv 2005.12872, section 3.1): a set has no order, so it is the
loss that finds out which query answers for which thing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.attention import Activation
from perceiver_tutorial.initialisation import initialise
from perceiver_tutorial.inputs import check_fields, check_numbers
from perceiver_tutorial.perceiver import encode_text
from perceiver_tutorial.perceiver.config import (
    RESIDUAL,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    Positions,
    Stem,
)
from perceiver_tutorial.perceiver.decoder import PerceiverDecoder
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.losses import tag_loss
from perceiver_tutorial.perceiver.model import PerceiverIO
from perceiver_tutorial.perceiver.postprocessors import ClassificationHead
from perceiver_tutorial.perceiver.preprocessors import (
    AudioPreprocessor,
    build_positions,
    image_preprocessor,
)
from perceiver_tutorial.perceiver.queries import LearnedQueries
from perceiver_tutorial.perceiver.spans import Span, entity_f1, find_spans, tag_bytes, tag_words
from perceiver_tutorial.perceiver.tasks import TokenClassifierConfig
from perceiver_tutorial.perceiver.tokenizer import Bytes
from perceiver_tutorial.zoo import build

from ...kit.recipes.recipe import Recipe
from ...kit.training import accuracy, batches
from .data import KINDS, THINGS, TaggedText, sounds, tagged_texts
from .data import SOUNDS as KINDS_OF_SOUND
from .data import scenes as draw_scenes


def corners(boxes: Float[Tensor, "*many xywh=4"]) -> Float[Tensor, "*many ltrb=4"]:
    """Where boxes begin and end: (left, top, right, bottom).

    >>> corners(torch.tensor([0.5, 0.5, 0.25, 1.0])).tolist()
    [0.375, 0.0, 0.625, 1.0]
    """
    centres, sizes = boxes.split(2, dim=-1)
    return torch.cat([centres - sizes / 2, centres + sizes / 2], dim=-1)


def intersection_over_union(
    some: Float[Tensor, "*#many xywh=4"], others: Float[Tensor, "*#many xywh=4"]
) -> Float[Tensor, "*many"]:
    """The area that two boxes share, over the area that they cover together: from 0 to 1.

    Axes before the last are broadcast: give [queries, 1, 4] and [1, things, 4] to compare
    all with all.
    """
    shared, covered, _ = _areas(some, others)
    return _share(shared, covered)


def generalised_iou(
    some: Float[Tensor, "*#many xywh=4"], others: Float[Tensor, "*#many xywh=4"]
) -> Float[Tensor, "*many"]:
    """Intersection over union, less the share of the common frame that neither covers.

    From -1 to 1. Boxes that do not touch all have an intersection of 0; this number still
    says how far they are from touching. Paper: Rezatofighi et al., arXiv 1902.09630.
    """
    shared, covered, framed = _areas(some, others)
    return _share(shared, covered) - _share(framed - covered, framed)


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """Part over whole, however small; nothing of nothing is 0."""
    return part / whole.masked_fill(whole == 0, 1.0)


def _areas(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What two boxes share, what they cover together, what the box around both covers."""
    first, last = zip(*(corners(boxes).split(2, dim=-1) for boxes in (some, others)), strict=True)
    shared = _area(torch.maximum(*first), torch.minimum(*last))
    covered = some[..., 2:].prod(-1) + others[..., 2:].prod(-1) - shared
    return shared, covered, _area(torch.minimum(*first), torch.maximum(*last))


def _area(first: Tensor, last: Tensor) -> Tensor:
    return (last - first).clamp(min=0).prod(-1)


Answer = dict[str, Tensor]
ABSENT = -1


class ClassesAndBoxes(nn.Module):
    """Every output row becomes the scores of one thing's class, and its box.

    After DETR (Carion et al., arXiv 2005.12872): the last class is "nothing here", and boxes
    come from an MLP of two hidden layers.

    Args:
        channels: width of a row.
        num_classes: classes of things, without "nothing".
    """

    def __init__(self, channels: int, num_classes: int):
        super().__init__()
        self.class_head = nn.Linear(channels, num_classes + 1)
        self.box_head = nn.Sequential(
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Linear(channels, 4),
        )

    def forward(self, output_array: Float[Tensor, "batch outputs output_channels"]) -> Answer:
        """Scores (before softmax) [batch, outputs, classes + 1] and boxes [batch, outputs, 4]."""
        boxes = self.box_head(output_array).sigmoid()
        return {"classes": self.class_head(output_array), "boxes": boxes}

    def assemble(self, answers: Answer) -> Answer:
        return answers


class Detections(NamedTuple):
    """What is in one picture.

    Attributes:
        classes: one for each thing.
        boxes: (centre x, centre y, width, height) from 0 to 1.
        scores: how likely each is, from 0 to 1.
        queries: which query found each; None where no query did.
    """

    classes: Int[Tensor, " things"]
    boxes: Float[Tensor, "things xywh=4"]
    scores: Float[Tensor, " things"]
    queries: Int[Tensor, " things"] | None = None


def found_detections(answer: Answer) -> list[Detections]:
    """What a detector says is in each picture: queries that rather see a thing than nothing.

    Args:
        answer: class scores and boxes, from a detector.
    """
    nothing = answer["classes"].shape[-1] - 1
    scores, classes = answer["classes"].softmax(-1).max(-1)
    found = []
    for number, seen in enumerate(classes != nothing):
        queries = seen.nonzero().squeeze(1)
        boxes = answer["boxes"][number, queries]
        found.append(Detections(classes[number, queries], boxes, scores[number, queries], queries))
    return found


@dataclass(frozen=True)
class Detected:
    """How much of what was found is right, and how much of what is there was found.

    Attributes:
        hits: found things that are a thing of their class, each paired with one of its own.
        found: all that were found.
        things: all that are there.
        overlap: mean intersection over union of the hits with their things.
    """

    hits: int
    found: int
    things: int
    overlap: float

    @property
    def precision(self) -> float:
        """The share of the found that is right; 0 where nothing is found."""
        return self.hits / max(1, self.found)

    @property
    def recall(self) -> float:
        """The share of the things that was found; 0 where there are none."""
        return self.hits / max(1, self.things)

    @property
    def f1(self) -> float:
        """Both in one number, their harmonic mean."""
        return 2 * self.hits / max(1, self.found + self.things)


def judge_detections(
    found: list[Detections],
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
    at_least: float = 0.5,
) -> Detected:
    """Count hits: the right class, and a box that has enough in common with the thing's.

    A thing can be hit once: who is found twice is wrong once.

    Args:
        found: for each picture what was found.
        classes: what is there, `ABSENT` where there is no further thing.
        boxes: of what is there.
        at_least: intersection over union from which a box counts.

    Raises:
        ValueError: if there is not one truth for each picture.
    """
    if len(found) != len(classes):
        raise ValueError(f"expected truth for {len(found)} pictures, got it for {len(classes)}.")
    overlaps = [_hits(*truth, at_least) for truth in zip(found, classes, boxes, strict=True)]
    hits = torch.cat(overlaps) if overlaps else torch.zeros(0)
    return Detected(
        hits=len(hits),
        found=sum(len(things.classes) for things in found),
        things=int((classes != ABSENT).sum()),
        overlap=hits.mean().item() if len(hits) else 0.0,
    )


def _hits(found: Detections, classes: Tensor, boxes: Tensor, at_least: float) -> Tensor:
    """Overlaps of the hits in one picture, paired so that they are as many as possible."""
    there = classes != ABSENT
    overlaps = intersection_over_union(found.boxes[:, None], boxes[there][None])
    counts = (found.classes[:, None] == classes[there]) & (overlaps >= at_least)
    rows, columns = match(-(counts * (1 + overlaps)))
    return overlaps[rows, columns][counts[rows, columns]]


BOX, OVERLAP = 5.0, 2.0  # weights of distance and of overlap, as published
NOTHING = 0.1  # weight of "nothing" beside a thing, as published for a hundred queries


class Pairs(NamedTuple):
    """Which query answers for which thing.

    Attributes:
        samples: number of the picture, for each pair.
        queries: number of the query in it.
        things: number of the thing in it.
    """

    samples: Int[Tensor, " pairs"]
    queries: Int[Tensor, " pairs"]
    things: Int[Tensor, " pairs"]


def match(
    costs: Float[Tensor, "queries things"],
) -> tuple[Int[Tensor, " pairs"], Int[Tensor, " pairs"]]:
    """Pair rows with columns, each at most once, so that the costs of all pairs sum to the least.

    The Hungarian method. There are as many pairs as rows or columns, whichever are fewer.

    Returns:
        The rows and the columns of the pairs.

    >>> match(torch.tensor([[1.0, 2.0], [0.0, 9.0]]))
    (tensor([0, 1]), tensor([1, 0]))
    """
    from scipy.optimize import linear_sum_assignment

    check_numbers(costs=costs)
    rows, columns = linear_sum_assignment(costs.detach().double().cpu().numpy())
    return torch.as_tensor(rows), torch.as_tensor(columns)


def matching_costs(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
) -> Float[Tensor, "batch queries things"]:
    """How badly each query would do for each thing; low is good.

    Less the probability of the thing's class, plus the distance of the boxes, less their
    generalised intersection over union. What stands for an `ABSENT` thing means nothing.
    """
    wanted = classes.clamp(min=0)[:, None].expand(-1, answer["boxes"].shape[1], -1)
    likely = answer["classes"].softmax(-1).gather(-1, wanted)
    some, others = answer["boxes"][:, :, None], boxes[:, None]
    distance = (some - others).abs().sum(-1)
    return -likely + BOX * distance - OVERLAP * generalised_iou(some, others)


def hungarian_match(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
) -> Pairs:
    """Find for every thing a query of its own, in every picture.

    Args:
        answer: class scores and boxes, from a detector.
        classes: of the things, `ABSENT` where there is no further one.
        boxes: of the things.

    Raises:
        ValueError: if a picture has more things than queries.
    """
    there, queries = classes != ABSENT, answer["boxes"].shape[1]
    if there.sum(1).max() > queries:
        raise ValueError(
            f"expected at most {queries} things in a picture, one for each query, got "
            f"{int(there.sum(1).max())}: build the detector with more queries."
        )
    with torch.no_grad():
        costs = matching_costs(answer, classes, boxes).cpu()
    rows = []
    for sample, (cost, here) in enumerate(zip(costs, there.cpu(), strict=True)):
        queries, things = match(cost[:, here])
        rows.append((torch.full_like(queries, sample), queries, here.nonzero()[things, 0]))
    return Pairs(*(torch.cat(column).to(boxes.device) for column in zip(*rows, strict=True)))


def detection_loss(
    answer: Answer,
    classes: Int[Tensor, "batch things"],
    boxes: Float[Tensor, "batch things xywh=4"],
    nothing: float = NOTHING,
) -> Float[Tensor, ""]:
    """How badly a set of answers fits a set of things, whatever their order.

    Queries with a thing learn its class and its box; all others learn to say "nothing",
    with a lower weight, since there are many of them.

    Args:
        answer: class scores and boxes, from a detector.
        classes: of the things, `ABSENT` where there is no further one.
        boxes: of the things.
        nothing: weight of a query that shall see nothing, beside 1 for one with a thing.

    Returns:
        Cross-entropy, plus 5 times the distance of the boxes (the sum over its four numbers),
        plus 2 times what their generalised overlap lacks of 1; a mean over queries and things.
    """
    logits = answer["classes"]
    samples, queries, things = pairs = hungarian_match(answer, classes, boxes)
    wanted = logits.new_full(logits.shape[:2], logits.shape[-1] - 1, dtype=torch.long)
    wanted[samples, queries] = classes[samples, things]
    weight = torch.ones_like(logits[0, 0])
    weight[-1] = nothing
    some, others = answer["boxes"][samples, queries], boxes[samples, things]
    far = BOX * (some - others).abs().sum() + OVERLAP * (1 - generalised_iou(some, others)).sum()
    return cross_entropy(logits.mT, wanted, weight) + far / max(1, len(pairs.things))


@dataclass(frozen=True)
class DetectionConfig:
    """An image in, a set of things out: for each query class scores and a box.

    Attributes:
        encoder: see `EncoderConfig`.
        stem: what an input says of the image.
        positions: how an input says where it is.
        num_queries: things that can be found in one image, at most.
        image_size: (height, width) in pixels.
        image_channels: colours of a pixel.
        num_classes: classes of things; "nothing" is one more.
        query_channels: width of a query. None: that of the latents.
        decoder: see `DecoderConfig`.
        activation: the GELU in every MLP of the encoder and the decoder.
    """

    encoder: EncoderConfig
    stem: Stem
    positions: Positions
    num_queries: int = 100
    image_size: tuple[int, int] = (224, 224)
    image_channels: int = 3
    num_classes: int = 91
    query_channels: int | None = None
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"

    __post_init__ = check_fields

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch colours height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)


@build.register
def _(config: DetectionConfig) -> PerceiverIO:
    """Queries and answers as in DETR, the rest Perceiver IO."""
    preprocessor = image_preprocessor(
        config.image_size, config.stem, config.positions, config.image_channels
    )
    width = config.query_channels or config.encoder.latent_channels
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
            queries=LearnedQueries(config.num_queries, width),
            decoder=PerceiverDecoder(
                config.decoder, width, config.encoder.latent_channels, activation=config.activation
            ),
            postprocessor=ClassesAndBoxes(width, config.num_classes),
            config=config,
        )
    )


@dataclass(frozen=True)
class AudioClassifierConfig:
    """A sound in, one score for each class out.

    Attributes:
        encoder: see `EncoderConfig`.
        positions: how a patch says when it is.
        num_samples: length of the sound, in samples.
        samples_per_patch: samples that make one input.
        audio_channels: 1 for mono, 2 for stereo.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`.
        activation: the GELU in every MLP.
    """

    encoder: EncoderConfig
    positions: Positions
    num_samples: int = 30720
    samples_per_patch: int = 16
    audio_channels: int = 1
    num_classes: int = 700
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"

    __post_init__ = check_fields

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch samples audio_channels"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.num_samples, self.audio_channels)


@build.register
def _(config: AudioClassifierConfig) -> PerceiverIO:
    """Sound as in Perceiver IO 4.4, the query as in 4.5."""
    samples, patch = config.num_samples, config.samples_per_patch
    when = build_positions(config.positions, (samples // patch,))
    preprocessor = AudioPreprocessor(samples, patch, when, config.audio_channels)
    width = config.encoder.latent_channels
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
            queries=LearnedQueries(1, width),
            decoder=PerceiverDecoder(config.decoder, width, width, activation=config.activation),
            postprocessor=ClassificationHead(width, config.num_classes),
            config=config,
        )
    )


FULL, HALF = 0.89, 0.64  # shares of a box that are filled: between block, disc and triangle
DISC, BLOCK, TRIANGLE = 0, 1, 2
BRIGHT, SMALLEST = 0.3, 10  # a thing's pixels are brighter; fewer of them are noise


def bright_things(image: Float[Tensor, "1 height width"]) -> Detections:
    """Box every patch of touching bright pixels, and name it after how much of its box is full.

    A rectangle fills its box, an ellipse pi / 4 of it, a triangle half. All scores are 1.

    Args:
        image: things of 0.6 and brighter on a ground near 0.
    """
    from scipy.ndimage import find_objects, label

    bright = image[0].detach().float().numpy() > BRIGHT
    numbered, _ = label(bright)
    height, width = bright.shape
    classes, boxes = [], []
    for number, (rows, columns) in enumerate(find_objects(numbered), start=1):
        pixels = int((numbered[rows, columns] == number).sum())
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        if pixels >= SMALLEST:
            share = pixels / (tall * wide)
            classes.append(BLOCK if share > FULL else DISC if share > HALF else TRIANGLE)
            x, y = (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2
            boxes.append([x / width, y / height, wide / width, tall / height])
    found = torch.tensor(boxes).reshape(-1, 4)
    return Detections(torch.tensor(classes, dtype=torch.long), found, torch.ones(len(found)))


class LogSpectrum(nn.Module):
    """How strong each pitch is over the whole of a sound, on a logarithmic scale.

    When a pitch is heard does not show: a sound played backwards has the same spectrum.
    """

    def forward(self, sounds: Float[Tensor, "batch samples 1"]) -> Float[Tensor, "batch pitches"]:
        return torch.log1p(torch.fft.rfft(sounds[..., 0]).abs())


def spectrum_classifier(num_samples: int, num_classes: int) -> nn.Sequential:
    """Logistic regression on the spectrum of a sound: one weight for each pitch and class.

    Args:
        num_samples: length of a sound.
        num_classes: scores wanted.
    """
    return nn.Sequential(LogSpectrum(), nn.Linear(num_samples // 2 + 1, num_classes))


# As in DETR, a convolution reads first. Six queries, one to three things: "nothing" is no
# rare exception among their answers, and needs less of a damper than among a hundred.
SCENES = DetectionConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=64,
        num_blocks=1,
        layers_per_block=2,
        self_heads=4,
        cross_heads=1,
        qk_channels=64,
    ),
    stem=ConvPoolStem(32, padding="same"),
    positions=FourierConfig(num_bands=6, max_resolution=(8, 8)),
    num_queries=6,
    image_size=(32, 32),
    image_channels=1,
    num_classes=len(THINGS),
    decoder=DecoderConfig(num_heads=4),
)
SCENE_NOTHING = 0.5


@cache
def unseen_scenes(num_scenes: int = 300) -> tuple[Tensor, Tensor, Tensor]:
    """Scenes that no training sees: pictures, classes and boxes."""
    return draw_scenes(num_scenes, seed=0)


def _scene_batches(
    seed: int, num_scenes: int = 10_000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    return batches(*draw_scenes(num_scenes, seed=seed + 1), batch_size=batch_size, seed=seed)


def _scene_loss(
    model: nn.Module,
    images: Tensor,
    classes: Tensor,
    boxes: Tensor,
    nothing: float = SCENE_NOTHING,
) -> Tensor:
    return detection_loss(model(images), classes, boxes, nothing)


def _scene_score(model: nn.Module, num_scenes: int = 300) -> float:
    """The harmonic mean of precision and recall; boxes count from an overlap of one half."""
    images, classes, boxes = unseen_scenes(num_scenes)
    with torch.no_grad():
        return judge_detections(found_detections(model(images)), classes, boxes).f1


SOUNDS = AudioClassifierConfig(
    encoder=EncoderConfig(
        num_latents=16,
        latent_channels=64,
        num_blocks=1,
        layers_per_block=3,
        self_heads=4,
        cross_heads=1,
        qk_channels=64,
    ),
    positions=FourierConfig(num_bands=16, max_resolution=(64,)),
    num_samples=1024,
    num_classes=len(KINDS_OF_SOUND),
)


@cache
def unheard_sounds(num_sounds: int = 480) -> tuple[Tensor, Tensor]:
    """Sounds that no training hears, and their classes."""
    return sounds(num_sounds, SOUNDS.num_samples, seed=0)


def _sound_batches(seed: int, num_sounds: int = 64) -> Iterator[tuple[Tensor, ...]]:
    return (
        sounds(num_sounds, SOUNDS.num_samples, 1000 * (seed + 1) + number) for number in count()
    )


def _sound_loss(model: nn.Module, waves: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(waves), labels)


def _sound_score(model: nn.Module, num_sounds: int = 480) -> float:
    """The share of unheard sounds that are named rightly."""
    return accuracy(model, *unheard_sounds(num_sounds))


TAGGED = TokenClassifierConfig(
    encoder=EncoderConfig(
        num_latents=12,
        latent_channels=48,
        num_blocks=1,
        layers_per_block=2,
        self_heads=4,
        cross_heads=4,
    ),
    decoder=DecoderConfig(num_heads=4),
    num_labels=len(KINDS),
    input_channels=48,
    max_bytes=48,
)


def encode_tagged(texts: Sequence[TaggedText]) -> tuple[Bytes, Int[Tensor, "batch bytes"]]:
    """Texts as ids without [CLS] and [SEP], and the label of each byte; 0 in padding."""
    encoded = encode_text([" ".join(t.words) for t in texts], TAGGED.max_bytes, special=False)
    tags = torch.zeros_like(encoded.ids)
    for row, text in zip(tags, texts, strict=True):
        labels = tag_bytes(text.words, text.labels)
        row[: len(labels)] = torch.tensor(labels)
    return encoded, tags


def find_entities(model: nn.Module, texts: Sequence[Sequence[str]]) -> list[set[Span]]:
    """What a tagger finds in texts: each byte is labelled, and the bytes of a word vote.

    Args:
        model: a token classifier.
        texts: the words of each.
    """
    encoded = encode_text([" ".join(words) for words in texts], None, special=False)
    with torch.inference_mode():
        tags = model(encoded.ids, mask=encoded.mask).argmax(-1).tolist()
    labels = (tag_words(words, row) for words, row in zip(texts, tags, strict=True))
    return [find_spans(tag_bytes(w, some)) for w, some in zip(texts, labels, strict=True)]


def true_entities(texts: Sequence[TaggedText]) -> list[set[Span]]:
    """What there is to be found."""
    return [find_spans(tag_bytes(*text)) for text in texts]


def capitals_are_people(texts: Sequence[Sequence[str]]) -> list[set[Span]]:
    """The simple way: every word with a capital letter is a person."""
    labels = ([int(word[0].isupper()) for word in words] for words in texts)
    return [find_spans(tag_bytes(w, some)) for w, some in zip(texts, labels, strict=True)]


def _name_batches(
    seed: int, num_texts: int = 6000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    encoded, tags = encode_tagged(tagged_texts(num_texts))
    return batches(*encoded, tags, batch_size=batch_size, seed=seed)


def _name_loss(model: nn.Module, ids: Tensor, mask: Tensor, tags: Tensor) -> Tensor:
    return tag_loss(model(ids, mask=mask), tags, mask)


def _name_score(model: nn.Module, num_texts: int = 400) -> float:
    """Entities found exactly in texts whose names are new."""
    texts = tagged_texts(num_texts, held_out=True)
    return entity_f1(find_entities(model, [text.words for text in texts]), true_entities(texts))


RECIPES = {
    "scenes": Recipe(
        SCENES,
        _scene_batches,
        _scene_loss,
        _scene_score,
        at_least=0.86,
        steps=1000,
        learning_rate=4e-3,
        tables=0.5,
    ),
    "sounds": Recipe(
        SOUNDS,
        _sound_batches,
        _sound_loss,
        _sound_score,
        at_least=0.87,
        steps=600,
        learning_rate=3e-3,
        tables=0.5,
    ),
    "tagged": Recipe(
        TAGGED,
        _name_batches,
        _name_loss,
        _name_score,
        at_least=0.97,
        steps=200,
        tables=0.5,
    ),
}
