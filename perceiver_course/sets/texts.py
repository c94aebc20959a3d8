"""Sets of texts."""

from collections.abc import Iterator

from datasets import ClassLabel, Features, List, Value

from ..chapters.extending.data import KINDS, tagged_texts
from ..kit import samples
from ..kit.recipes.facts import questions
from ..kit.recipes.text_masked import sentences
from .made import ARITHMETIC, OPEN, MadeSet, Row, rows

PSF = "PSF licence"


def _code_or_prose(split: str) -> Iterator[Row]:
    some = samples.code_or_prose()
    if split == "train":
        yield from rows(text=some.train_texts, label=some.train_labels)
    else:
        yield from rows(text=some.test_texts, label=some.test_labels)


def _prose(split: str) -> Iterator[Row]:
    yield from rows(text=getattr(samples.prose(), f"{split}_lines"))


def _sentences(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    yield from rows(text=sentences(count, seed, held_out))


def _questions(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    for one in questions(count, seed, held_out):
        yield {**one._asdict(), "answer": one.answer}


def _tagged_texts(count: int, seed: int, held_out: bool) -> Iterator[Row]:
    for text in tagged_texts(count, seed, held_out):
        yield {"words": list(text.words), "tags": list(text.labels)}


SETS = {
    "code-or-prose": MadeSet(
        Features({"text": Value("string"), "label": ClassLabel(names=list(samples.KINDS))}),
        _code_or_prose,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "5,400 passages of up to 126 characters, half of them code: to classify texts byte by "
        "byte. Held back are other modules.",
        "Python's standard library, as it is installed",
        PSF,
        ["Python"],
    ),
    "prose": MadeSet(
        Features({"text": Value("string")}),
        _prose,
        {"train": {"split": "train"}, "test": {"split": "test"}},
        "What Python's help says on some eighty topics, in lines of up to 46 characters: real "
        "English for masked language.",
        "Python's standard library, as it is installed",
        PSF,
        ["Python"],
    ),
    "sentences": MadeSet(
        Features({"text": Value("string")}),
        _sentences,
        {
            "train": {"count": 6000, "seed": 0, "held_out": False},
            "test": {"count": 600, "seed": 0, "held_out": True},
        },
        "English sentences from a small grammar, in which a hidden word often follows from the "
        "others: masked language in a minute. They are drawn out of 1,344 sentences, and 448 "
        "others for `test`: many come several times.",
        ARITHMETIC,
        OPEN,
    ),
    "questions": MadeSet(
        Features(
            {
                "text": Value("string"),
                "start": Value("int64"),
                "stop": Value("int64"),
                "answer": Value("string"),
            }
        ),
        _questions,
        {
            "train": {"count": 8000, "seed": 0, "held_out": False},
            "test": {"count": 400, "seed": 0, "held_out": True},
        },
        "A question, a report that answers it, and at which characters: question answering. The "
        "names in `test` are new.",
        ARITHMETIC,
        OPEN,
    ),
    "tagged-texts": MadeSet(
        Features(
            {
                "words": List(Value("string")),
                "tags": List(ClassLabel(names=["none", *KINDS[1:]])),
            }
        ),
        _tagged_texts,
        {
            "train": {"count": 6000, "seed": 0, "held_out": False},
            "test": {"count": 400, "seed": 0, "held_out": True},
        },
        "Sentences word by word, and which words name a person, a place or a firm: token "
        "classification. The names in `test` are new.",
        ARITHMETIC,
        OPEN,
    ),
}
