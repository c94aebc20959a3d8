"""Exercises about new tasks and new parts: boxes, spans, tags, a preprocessor."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.inputs import InputSpec
from perceiver_tutorial.perceiver import (
    TEXT_CLASSIFIER,
    PerceiverConfig,
    SpanConfig,
    TokenClassifierConfig,
)
from perceiver_tutorial.perceiver.config import EncoderConfig, FourierConfig, PatchStem
from perceiver_tutorial.perceiver.losses import best_spans
from perceiver_tutorial.perceiver.spans import find_spans, tag_bytes
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.zoo import build

from ...kit.conformance import check_preprocessor
from ...kit.exercises import BugHunt, Exercise, NotYet, Slip, your_turn
from ...kit.predictions import Prediction
from .model import AudioClassifierConfig, DetectionConfig, corners, intersection_over_union, match


def _two_lists_of_boxes(draw) -> tuple[Tensor, Tensor]:
    more = draw.size()
    some = [[0.5, 0.5, 0.4, 0.2], [0.3, 0.6, 0.2, 0.4], [0.2, 0.2, 0.2, 0.1], [0.5, 0.4, 0.8, 0.6]]
    others = [
        [0.6, 0.5, 0.4, 0.3],
        [0.3, 0.6, 0.2, 0.4],
        [0.7, 0.9, 0.1, 0.2],
        [0.4, 0.5, 0.2, 0.3],
    ]
    drawn = (0.2 + 0.6 * draw.rand(more, 4) for _ in range(2))
    pairs = zip((some, others), drawn, strict=True)
    return tuple(torch.cat([torch.tensor(known), further]) for known, further in pairs)


def _shared(first: Tensor, second: Tensor) -> Tensor:
    """Sides (wide, tall) of what two boxes, given by their corners, share; negative if apart."""
    return torch.minimum(first[:, 2:], second[:, 2:]) - torch.maximum(first[:, :2], second[:, :2])


def _areas(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """What boxes share, and the sum of both areas."""
    shared = _shared(corners(some), corners(others)).clamp(min=0).prod(-1)
    return shared, some[:, 2:].prod(-1) + others[:, 2:].prod(-1)


def _unclamped(some: Tensor, others: Tensor) -> Tensor:
    shared = _shared(corners(some), corners(others)).prod(-1)
    return shared / (some[:, 2:].prod(-1) + others[:, 2:].prod(-1) - shared)


def _taken_as_corners(some: Tensor, others: Tensor) -> Tensor:
    shared = _shared(some, others).clamp(min=0).prod(-1)
    sizes = (some[:, 2:] - some[:, :2], others[:, 2:] - others[:, :2])
    return shared / (sizes[0].prod(-1) + sizes[1].prod(-1) - shared)


BOX_OVERLAP = Exercise(
    task="return the intersection over union of boxes some[i] and others[i], both [boxes, 4] as "
    "(centre x, centre y, width, height).",
    inputs=_two_lists_of_boxes,
    reference=intersection_over_union,
    slips=(
        Slip(
            "what both cover was counted twice: take it off the sum of the areas.",
            lambda some, others: _areas(some, others)[0] / _areas(some, others)[1],
        ),
        Slip(
            "boxes that lie apart share nothing: two negative sides make no area. clamp(min=0).",
            _unclamped,
        ),
        Slip("a box is its centre and its size here, not two corners.", _taken_as_corners),
        Slip(
            "that is the area they share, over nothing yet.",
            lambda some, others: _areas(some, others)[0],
        ),
    ),
)

# All three things like query 1 best, and whoever is served first spoils it for the others.
COSTS = torch.tensor(
    [
        [6.0, 5.0, 2.5],
        [1.0, 0.5, 2.0],
        [4.0, 6.0, 9.0],
        [1.5, 8.0, 7.0],
    ]
)


def _query_of_each_thing(costs: Tensor) -> Tensor:
    queries, things = match(costs)
    return queries[things.argsort()]


def _one_after_another(costs: Tensor) -> Tensor:
    left, taken = costs.clone(), []
    for thing in range(costs.shape[1]):
        taken.append(int(left[:, thing].argmin()))
        left[taken[-1]] = torch.inf
    return torch.tensor(taken)


HUNGARIAN_MATCH = Exercise(
    task="return for each thing, a column of costs [queries, things], the number of its query, as "
    "a tensor: no query twice, and the sum of the costs as small as can be.",
    inputs=lambda draw: (COSTS[draw.permutation(4)],),
    reference=_query_of_each_thing,
    slips=(
        Slip("that lets two things share a query: argmin of a column knows of no other.",
             lambda costs: costs.argmin(0)),
        Slip("no query is taken twice, but who comes first takes what the others need.",
             _one_after_another),
        Slip("those are the things of the queries: a number for each thing is asked for.",
             lambda costs: match(costs)[1]),
        Slip("those are the queries in their own order: order them by their things.",
             lambda costs: match(costs)[0]),
        Slip("low costs are good: that finds the largest sum.",
             lambda costs: _query_of_each_thing(-costs)),
    ),
)  # fmt: skip


def _thing_of_each_query(costs: Tensor) -> Tensor:
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    queries, things = match(costs)
    chosen[queries] = things
    return chosen


def _each_thing_its_best(costs: Tensor) -> Tensor:
    """Two things may want one query, and the later gets it."""
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    for thing, query in enumerate(costs.argmin(0).tolist()):
        chosen[query] = thing
    return chosen


def _in_order_of_things(costs: Tensor) -> Tensor:
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    chosen[_one_after_another(costs)] = torch.arange(costs.shape[1])
    return chosen


def _pairs_well(pair) -> bool:
    chosen = pair(COSTS)
    taken = (chosen >= 0).nonzero()[:, 0]
    once = sorted(chosen[taken].tolist()) == [0, 1, 2]
    return once and COSTS[taken, chosen[taken]].sum().item() < 5


ONE_QUERY_EACH = BugHunt(
    task="`pair(costs)` takes costs [queries, things] and gives for each query the number of its "
    "thing, -1 for none. Return whether every thing gets exactly one query, at the least cost.",
    inputs=lambda: (COSTS,),
    right=_thing_of_each_query,
    bugs=(
        lambda costs: costs.argmin(1),
        _each_thing_its_best,
        _in_order_of_things,
        lambda costs: _thing_of_each_query(-costs),
    ),
    reference=_pairs_well,
)


def _counted() -> tuple[Tensor]:
    return (torch.arange(24.0).reshape(2, 12, 1),)


def _keeps_time(patches) -> bool:
    (sounds,) = _counted()
    return patches(sounds).flatten(1).tolist() == sounds.flatten(1).tolist()


PATCHES_IN_TIME = BugHunt(
    task="`patches(sounds)` takes sounds [2, 12, 1] and makes rows [2, 3, 4] of neighbouring "
    "samples. Return whether every sample is where it belongs.",
    inputs=_counted,
    right=lambda sounds: rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4),
    bugs=(
        lambda sounds: rearrange(sounds, "b (patch n) 1 -> b n patch", patch=4),
        lambda sounds: rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4).flip(-1),
        lambda sounds: rearrange(sounds.flip(0), "b (n patch) 1 -> b n patch", patch=4),
        lambda sounds: (
            rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4)
            .mean(-1, keepdim=True)
            .expand(-1, -1, 4)
        ),
    ),
    reference=_keeps_time,
)


def _counts(
    num_bytes: int,
    num_classes: int,
    num_things: int,
    *,
    labels: int | None = None,
    ends: int | None = None,
    asks_classes: bool = False,
    nothing: int = 0,
) -> tuple[int, ...]:
    named = num_classes if asks_classes else 1
    return labels or num_bytes, ends or num_bytes, named, num_things + nothing


QUERY_COUNTS = Exercise(
    task="how many queries does each task need? Return four numbers: to label all `num_bytes` "
    "bytes of a text; to point at the first and the last byte of an answer in it; to name one "
    "of `num_classes` classes of sound; to find up to `num_things` things in an image.",
    inputs=lambda draw: (
        draw.choice((2048, 512, 900)),
        draw.choice((700, 8, 50)),
        draw.choice((100, 6, 20)),
    ),
    reference=_counts,
    slips=(
        Slip(
            "one query asks for all classes at once; the classes are the channels of its answer.",
            {"asks_classes": True},
        ),
        Slip(
            "begin and end are two scores of each byte: every byte is asked, not the two ends.",
            {"ends": 2},
        ),
        Slip("one query gets one answer: every byte is to be labelled.", {"labels": 1}),
        Slip('"nothing here" is one more class, not one more thing.', {"nothing": 1}),
        Slip(
            "the same bytes are asked once: both scores stand in one row.",
            lambda *counts: (counts[0], 2 * counts[0], 1, counts[2]),
        ),
        Slip(
            "one query finds one thing: up to `num_things` are to be found.",
            lambda *counts: (counts[0], counts[0], 1, 1),
        ),
    ),
)


def _pointed(draw) -> tuple[Tensor, Tensor, Tensor]:
    """Scores of two texts, the true ends, and what is text."""
    length = draw.size(low=7, high=12)
    mask = torch.arange(length) < torch.tensor([[length], [5]])
    return draw.randn(2, length, 2), torch.tensor([[1, 4], [3, 3]]), mask


def _span_loss(
    logits: Tensor,
    spans: Tensor,
    mask: Tensor,
    *,
    of_padding: float | None = -torch.inf,
    ends: tuple[int, ...] = (0, 1),
    share: float = 1.0,
) -> Tensor:
    kept = logits if of_padding is None else logits.masked_fill(~mask[..., None], of_padding)
    return share * sum(cross_entropy(kept[..., end], spans[:, end]) for end in ends)


SPAN_LOSS = Exercise(
    task="return the cross-entropy of the answers' first bytes plus that of their last ones, from "
    "`logits` [batch, bytes, 2], `spans` [batch, 2] and `mask` [batch, bytes]: bytes that are not "
    "kept must not compete.",
    inputs=_pointed,
    reference=_span_loss,
    slips=(
        Slip(
            "padding competes: give bytes that are not kept a score of -torch.inf first.",
            {"of_padding": None},
        ),
        Slip(
            "with a score of 0 padding still competes; -torch.inf leaves it no chance.",
            {"of_padding": 0.0},
        ),
        Slip("that is the mean of both ends; add them.", {"share": 0.5}),
        Slip("that is the first byte only; the last one is to be found as well.", {"ends": (0,)}),
        Slip("that is the last byte only; the first one is to be found as well.", {"ends": (1,)}),
    ),
)


def _two_ends(draw) -> tuple[list[float], list[float], int]:
    """Scores to begin and to end; the likeliest end stands before the likeliest beginning."""
    more = [0.0] * draw.size()
    return [2.0, 0.0, 0.0, 0.0, 5.0, 0.0, *more], [6.0, 0.0, 0.0, 6.5, 0.2, 0.5, *more], 3


def _best_of(begins, ends, max_bytes):
    logits = torch.tensor([begins, ends]).T[None]
    return tuple(best_spans(logits, torch.ones(logits.shape[:2]).bool(), max_bytes)[0].tolist())


def _top(scores: list[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


BEST_SPAN = Exercise(
    task="return (first, last), the places with the largest begins[first] + ends[last] such that "
    "first <= last and the answer has at most `max_bytes` bytes.",
    inputs=_two_ends,
    reference=_best_of,
    slips=(
        Slip(
            "that answer ends before it begins: the two ends have to be chosen together.",
            lambda begins, ends, _max_bytes: (_top(begins), _top(ends)),
        ),
        Slip(
            "that answer is one byte too long: from first to last are last - first + 1 bytes.",
            lambda begins, ends, max_bytes: _best_of(begins, ends, max_bytes + 1),
        ),
        Slip(
            "an answer of one byte is one, too: first == last.",
            lambda begins, ends, _max_bytes: max(
                ((i, j) for i in range(len(ends)) for j in range(i + 1, min(i + 3, len(ends)))),
                key=lambda span: begins[span[0]] + ends[span[1]],
            ),
        ),
    ),
)


def _runs(tags: list[int]) -> list[tuple[int, int, int]]:
    return sorted(tuple(span) for span in find_spans(tags))


BYTES_TO_ENTITIES = Exercise(
    task="return all runs of one label other than 0, as sorted tuples (start, stop, label) with "
    "tags[start:stop] all alike.",
    inputs=lambda draw: ([1, 1, 1, 0, 0, 3, 3, 2, 0, *draw.randint(3, 4).tolist(), 0, 1, 1],),
    reference=_runs,
    slips=(
        Slip(
            "stop is one after the last byte, as in a slice.",
            lambda tags: [(start, stop - 1, label) for start, stop, label in _runs(tags)],
        ),
        Slip(
            "a run also ends where the text does: the last one is missing.",
            lambda tags: [span for span in _runs(tags) if span[1] < len(tags)],
        ),
        Slip(
            "0 means none; runs of 0 are no entities.",
            lambda tags: sorted(
                (a, b, label - 1) for a, b, label in _runs([tag + 1 for tag in tags])
            ),
        ),
        Slip(
            "a run ends where the label changes, even if no 0 stands between.",
            lambda tags: [
                (start, stop, tags[start]) for start, stop, _ in _runs([min(t, 1) for t in tags])
            ],
        ),
    ),
)

LENGTH = 24


def _words_and_labels() -> tuple[list[str], list[int]]:
    return ["Zoé", "met", "漢字", "in", "Oslo", "."], [1, 0, 3, 0, 2, 0]


def _padded(tags: list[int]) -> Tensor:
    return torch.tensor((tags + LENGTH * [0])[:LENGTH])


def _by_characters(words: list[str], labels: list[int]) -> Tensor:
    return _padded([t for w, n in zip(words, labels, strict=True) for t in [n] * len(w) + [0]])


def _with_space(words: list[str], labels: list[int]) -> Tensor:
    pairs = zip(words, labels, strict=True)
    return _padded([t for w, n in pairs for t in [n] * (len(w.encode()) + 1)])


def _without_spaces(words: list[str], labels: list[int]) -> Tensor:
    return _padded([t for w, n in zip(words, labels, strict=True) for t in [n] * len(w.encode())])


def _tags_every_byte(tag) -> bool:
    words, labels = _words_and_labels()
    text, tags = " ".join(words).encode(), tag(words, labels).tolist()
    said = {text[start:stop].decode(errors="replace"): n for start, stop, n in _runs(tags)}
    return said == {word: n for word, n in zip(words, labels, strict=True) if n}


TAGS_EVERY_BYTE = BugHunt(
    task=f"`tag(words, labels)` returns {LENGTH} labels, one for each byte of the words joined by "
    "spaces, and then 0. Return whether each word's bytes, and no others, have its label.",
    inputs=_words_and_labels,
    right=lambda words, labels: _padded(tag_bytes(words, labels)),
    bugs=(_by_characters, _with_space, _without_spaces),
    reference=_tags_every_byte,
)


@dataclass(frozen=True)
class PreprocessorExercise:
    """A preprocessor to write.

    Attributes:
        task: what its rows are to be.
        example: makes raw input, two samples or more.
        reference: a class that is right; other rows of that shape may be right, too.
    """

    task: str
    example: Callable[[], Tensor]
    reference: Callable[[], nn.Module]

    def check(self, yours: Callable[[], nn.Module]) -> None:
        """Try your part, and name the first property that it lacks.

        Args:
            yours: a class; its `forward` may return `...` while it is not written yet.

        Raises:
            NotYet: if the part does not fit, or its rows have another shape.
        """
        raw = self.example()
        with torch.no_grad():
            rows = yours()(raw)
        if rows is ... or rows is None:
            print(your_turn(self.task))
            return
        if problems := check_preprocessor(yours(), raw).problems:
            raise NotYet(": ".join(next(iter(problems.items()))))
        wanted = self.reference()(raw).shape
        if rows.shape != wanted:
            raise NotYet(f"shape: expected {tuple(wanted)}, got {tuple(rows.shape)}.")
        print("right")


class MoveList(nn.Module):
    """Moves of chess: the two squares of each, looked up in one learned table."""

    num_channels = 16

    def __init__(self):
        super().__init__()
        self.input_spec = InputSpec(
            "moves", ("moves", "from and to"), (None, 2), "A move is two squares."
        )
        self.squares = nn.Embedding(64, 8)

    def forward(self, moves: Tensor) -> Tensor:
        self.input_spec.check(moves, integers=True)
        return self.squares(moves).flatten(2)


def _two_games() -> Tensor:
    """Two games of five moves, each a square (0 to 63) and another."""
    return torch.randint(64, (2, 5, 2), generator=torch.Generator().manual_seed(0))


MOVE_LIST = PreprocessorExercise(
    task="chess moves [batch, moves, 2] are pairs of squares, 0 to 63. Make each move one input "
    "of 16 channels: both squares looked up in one learned table of 64 rows of 8, side by side. "
    "Let nothing else in.",
    example=_two_games,
    reference=MoveList,
)


SOUND = {"B": 1, "S": 30720, "P": 16, "K": 192}
PICTURE = {"B": 1, "H": 224, "W": 224, "O": 100, "L": 91}
ENCODER = EncoderConfig(
    num_latents=512,
    latent_channels=1024,
    num_blocks=8,
    layers_per_block=6,
    self_heads=8,
    cross_heads=1,
)


def _sound_rows() -> tuple[int, ...]:
    config = AudioClassifierConfig(ENCODER, FourierConfig(192, (1920,)))
    return walk(config)["preprocessor"].shape


def _class_scores() -> torch.Size:
    config = DetectionConfig(ENCODER, PatchStem(16, channels=512), FourierConfig(64, (14, 14)))
    with torch.device("meta"):
        model, raw = build(config), config.example_input()
    return model(raw)["classes"].shape


TAGGER = TokenClassifierConfig(encoder=TEXT_CLASSIFIER.encoder, num_labels=4)
POINTER = SpanConfig(encoder=TEXT_CLASSIFIER.encoder)
SYMBOLS = {"B": 1, "M": 2048, "C": 768, "N": 256, "D": 1280, "L": 4}


def _step(config: PerceiverConfig, name: str) -> tuple[int, ...]:
    return walk(config)[name].shape


PREDICTIONS = {
    "extending.sound-input-array": Prediction(
        question="a sound of S = 30720 samples, P = 16 of them in a patch, with Fourier positions "
        "of K = 192 bands appended. Which shape has the input array?",
        formula="B, S//P, P + 2*K + 1",
        symbols=SOUND,
        slips={
            "B, S, 1 + 2*K + 1": "a patch is one input, and its samples are the channels.",
            "B, S//P, P": "when a patch is heard stands in further channels.",
            "B, S//P, 2*K + 1": "those are the positions; the samples come before them.",
            "B, S//P, P + K": "each band has a sine and a cosine, and the raw time comes first.",
            "B, S//P, P + 2*K": "the raw time, from -1 to 1, is one channel more.",
        },
        compute=_sound_rows,
    ),
    "extending.box-classes": Prediction(
        question="a detector asks O = 100 learned queries about an image of H x W pixels; things "
        "are of L = 91 classes. Which shape have the class scores?",
        formula="B, O, L + 1",
        symbols=PICTURE,
        slips={
            "B, O, L": 'most queries have nothing to tell: "nothing" is a class as well.',
            "B, L + 1": "each query is answered with scores of its own.",
            "B, O, L + 1 + 4": "the four numbers of a box are an answer beside this one.",
            "B, H*W, L + 1": "pixels are not asked about: learned queries are.",
        },
        compute=_class_scores,
    ),
    "extending.name-queries": Prediction(
        question="2048 bytes with 768 channels are read by 256 latents of width 1280. Each byte "
        "shall get one of L = 4 labels, and the bytes themselves ask. Which shape have the "
        "queries?",
        formula="B, M, C",
        symbols=SYMBOLS,
        slips={
            "B, L, D": "labels are the channels of an answer; every byte wants one.",
            "B, 1, D": "one question gets one answer, about the whole text.",
            "B, M, D": "the bytes ask as they are, 768 wide; attention joins two widths.",
            "B, N, D": "those are the latents, which are read.",
        },
        compute=lambda: _step(TAGGER, "queries"),
    ),
    "extending.name-answer": Prediction(
        question="and the answer?",
        formula="B, M, L",
        symbols=SYMBOLS,
        slips={
            "B, M": "a score for each label; which one wins is decided later.",
            "B, L": "that would be one label for the whole text.",
            "B, M, C": "a linear map turns the 768 channels of an output row into 4 scores.",
        },
        compute=lambda: _step(TAGGER, "answer"),
    ),
    "extending.span-answer": Prediction(
        question="the same machine shall point at an answer in the text: at its first byte and at "
        "its last. Which shape has what comes out?",
        formula="B, M, 2",
        symbols=SYMBOLS,
        slips={
            "B, 2": "places are no scores: every byte says how well the answer begins there.",
            "B, 2, M": "one row for each byte, as everywhere; scores are its channels.",
            "B, M, M": "that scores every pair of bytes; two scores for each byte suffice.",
        },
        compute=lambda: _step(POINTER, "answer"),
    ),
}
