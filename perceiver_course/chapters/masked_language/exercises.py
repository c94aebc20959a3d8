"""Exercises about hidden bytes: where they stand, what is judged, what must stay out of sight."""

import torch
from torch.nn.functional import cross_entropy, nll_loss

from perceiver_tutorial.perceiver import TINY, build
from perceiver_tutorial.perceiver.tokenizer import MASK, encode_text

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import Prediction, walked

SENTENCES = (
    ("Déjà vu: words are missing.", " missing."),
    ("Das größte Übel trägt Hüte.", "größte"),
    ("A naïve café: é and ï.", "naïve"),
)


def _span(
    text: str, part: str, cls: int = 1, in_characters: bool = False, cut: int = 0
) -> tuple[int, int]:
    before, size = text[: text.index(part)], len(part if in_characters else part.encode())
    start = len(before if in_characters else before.encode()) + cls
    return start, start + size - cut


SPAN = Exercise(
    task="return (start, stop) so that ids[start:stop] are the bytes of `part`, which stands once "
    "in `text`; the ids begin with [CLS].",
    inputs=lambda draw: draw.choice(SENTENCES),
    reference=_span,
    slips=(
        Slip(
            "the first id is [CLS]: every byte stands one place later than in the text.",
            {"cls": 0},
        ),
        Slip(
            "these are places of characters; letters such as é have two bytes each.",
            {"in_characters": True},
        ),
        Slip("a slice ends before its stop: the last byte is lost.", {"cut": 1}),
        Slip(
            "the second number is a length; asked is where the slice stops.",
            lambda text, part: (_span(text, part)[0], len(part.encode())),
        ),
    ),
)


def _judged(draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    batch, length, vocabulary = draw.sizes(3, 3, 12)
    hidden = draw.rand(batch, length) < 0.4
    hidden[:, 0], hidden[:, 1], hidden[0, 2] = True, False, True
    ids = draw.randint(vocabulary, batch, length)
    return draw.randn(batch, length, vocabulary), ids, hidden


def _masked_loss(logits, ids, hidden, of: str = "hidden", reduction: str = "mean"):
    """The loss of the hidden bytes; `of` and `reduction` say what mistakes take instead."""
    chosen = {"hidden": hidden, "visible": ~hidden, "all": torch.ones_like(hidden)}[of]
    return cross_entropy(logits[chosen], ids[chosen], reduction=reduction)


def _mean_of_texts(logits, ids, hidden):
    return torch.stack(
        [cross_entropy(one[h], i[h]) for one, i, h in zip(logits, ids, hidden, strict=True)]
    ).mean()


def _qk_parameters(
    layers: int, width: int, qk: int, bias: int = 1, maps: int = 2, one_layer: bool = False
) -> int:
    return (1 if one_layer else layers) * maps * (width + bias) * qk


MASKED_LOSS = Exercise(
    task="return the mean cross-entropy of the hidden bytes, from logits [batch, bytes, "
    "vocabulary], the true ids, and `hidden`, True where a byte was to be guessed.",
    inputs=_judged,
    reference=_masked_loss,
    slips=(
        Slip(
            "bytes in sight are judged, too: copying them is easy, and drowns the rest.",
            {"of": "all"},
        ),
        Slip("these are the bytes in sight; True means hidden here.", {"of": "visible"}),
        Slip("a sum grows with the number of hidden bytes: take the mean.", {"reduction": "sum"}),
        Slip(
            "a mean for each text, and then a mean of those: texts with few hidden bytes would "
            "weigh as much as others.",
            _mean_of_texts,
        ),
        Slip(
            "the others count as zeros here: divide by the number of hidden bytes, not of all.",
            lambda logits, ids, hidden: (
                _masked_loss(logits, ids, hidden) * hidden.sum() / hidden.numel()
            ),
        ),
        Slip(
            "nll_loss expects log-probabilities: take log_softmax, or cross_entropy.",
            lambda logits, ids, hidden: nll_loss(logits[hidden], ids[hidden]),
        ),
        Slip(
            "a loss is the negative logarithm: the better the guess, the smaller.",
            lambda logits, ids, hidden: -_masked_loss(logits, ids, hidden),
        ),
        Slip(
            "`cross_entropy` takes logits: the softmax is inside it.",
            lambda logits, ids, hidden: cross_entropy(logits[hidden].softmax(-1), ids[hidden]),
        ),
    ),
)

QK_PARAMETERS = Exercise(
    task="return how many parameters the maps to queries and to keys have, in `layers` "
    "self-attention layers on latents of width `width` that meet in width `qk`.",
    inputs=lambda draw: tuple(draw.sizes(3, 3, 90)),
    reference=_qk_parameters,
    slips=(
        Slip("each of the qk outputs has a bias as well.", {"bias": 0}),
        Slip("queries have a map, and keys have one, too.", {"maps": 1}),
        Slip("only queries and keys are asked for, not values.", {"maps": 3}),
        Slip("that is one layer; each of them has weights of its own.", {"one_layer": True}),
        Slip(
            "a linear map has a bias for each output (qk), not for each input.",
            lambda layers, width, qk: layers * 2 * width * (qk + 1),
        ),
    ),
)


def _ids_and_hidden() -> tuple[torch.Tensor, torch.Tensor]:
    texts = encode_text(["two dogs bark", "one cow moos"], length=16)
    hidden = torch.zeros_like(texts.mask)
    hidden[0, 5:9] = hidden[1, 9:13] = True
    return texts.ids, hidden


def _hides_all_that_it_should(mask) -> bool:
    ids, hidden = _ids_and_hidden()
    others = torch.where(hidden, ids + 1, ids)
    return torch.equal(mask(ids, hidden), mask(others, hidden)) and torch.equal(
        mask(ids, hidden)[~hidden], ids[~hidden]
    )


KEEPS_THE_SECRET = BugHunt(
    task="`mask(ids, hidden)` returns what the model may read. Return whether hidden bytes are out "
    "of sight (another byte there changes nothing) and all others are as they were.",
    inputs=_ids_and_hidden,
    right=lambda ids, hidden: ids.masked_fill(hidden, MASK),
    bugs=(
        lambda ids, hidden: ids.masked_fill(hidden.roll(1, 1), MASK),
        lambda ids, hidden: ids.masked_fill(hidden[:1], MASK),
        lambda ids, hidden: torch.where(hidden, ids // 2 + 3, ids),
        lambda ids, hidden: ids.masked_fill(hidden.any(0), MASK),
    ),
    reference=_hides_all_that_it_should,
)


LANGUAGE = "deepmind/language-perceiver"


def _nine_places() -> torch.Tensor:
    with torch.device("meta"):
        model = build(TINY[LANGUAGE])
        ids = torch.zeros(1, 9, dtype=torch.long)
        return model.decode(model.encode(ids), ids, points=torch.arange(4))


PREDICTIONS = {
    "masked_language.queries": walked(
        question="2,048 bytes, each embedded in 768 channels; 256 latents of width 1,280. The "
        "decoder is asked for the byte at every place. Which shape have its queries?",
        step=(LANGUAGE, "queries"),
        slips={
            "B, N, D": "these are the latents: they are read here, they do not ask.",
            "B, M, D": "a query need not be as wide as what it reads: maps to a common width "
            "come in between.",
            "B, 1, C": "one query is enough for one class; here every place is asked about.",
            "B, M, V": "262 is the width of the answer; a question is no list of scores.",
        },
    ),
    "masked_language.output-array": walked(
        question="the queries read the latents. Which shape has the output array?",
        step=(LANGUAGE, "decoder"),
        slips={
            "B, M, D": "so says the post, too: 1,280 is an argument that this decoder never uses.",
            "B, N, C": "who asks decides how many rows there are: places, not latents.",
            "B, M, V": "not yet: this decoder ends without a linear map.",
        },
    ),
    "masked_language.answer": walked(
        question="and the scores for each place?",
        step=(LANGUAGE, "answer"),
        slips={
            "B, M, 256": "256 bytes and 6 special ids can stand in a place.",
            "B, V": "every place has scores of its own.",
            "B, M, C": "every row is compared with all 262 embeddings.",
        },
    ),
    "masked_language.four-places": Prediction(
        question="9 bytes are encoded, 4 of them are hidden, and only those are decoded. Which "
        "shape has the answer?",
        formula="B, P, V",
        symbols={"B": 1, "M": 9, "P": 4, "V": 262},
        slips={
            "B, M, V": "places that nobody asks about are not answered.",
            "B, P": "every answer is a score for each of 262 ids.",
        },
        compute=_nine_places,
    ),
}
