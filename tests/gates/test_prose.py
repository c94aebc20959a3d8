"""What notebooks say: the field's words, each defined before it is used, and a page of all of them.

Offenders that are known stand in words.yaml; the list may only shrink.
"""

import re
from collections.abc import Iterator

import pytest

from perceiver_course.kit.axes import AXES
from tools import contents, glossary

WORDS = glossary.read()
TEXTS = glossary.spoken()
FOUND = glossary.offences(TEXTS, WORDS)
LISTED = glossary.listed()
SAY = {
    "avoid": "the field has other words, docs/glossary.yaml lists them",
    "early": "a later notebook defines it: define it here, or use other words",
    "undefined": "docs/glossary.yaml says that this notebook defines it",
}


@pytest.mark.parametrize("topic", TEXTS)
@pytest.mark.parametrize("rule", SAY)
def test_a_notebook_speaks_as_the_glossary_does(rule, topic):
    found, known = FOUND[rule].get(topic, []), LISTED[rule].get(topic, [])
    assert not set(found) - set(known), SAY[rule]
    assert not set(known) - set(found), "no longer there: python tools/glossary.py prune"


def test_only_notebooks_of_the_course_are_listed():
    assert set(LISTED) == set(SAY)
    assert {topic for topics in LISTED.values() for topic in topics} <= set(TEXTS)


# --- the rules refuse what is spoilt -------------------------------------------------------------

SMALL = {
    "avoid": [
        {"word": "likeness", "say": "cosine similarity"},
        {"word": "share out", "pattern": "shar(e|es) out", "say": "attention weights"},
        {"word": "pitch", "say": "frequency", "fine_in": ["sound"]},
    ],
    "terms": [
        {"term": "mask unit", "first": "sound"},
        {"term": "patch", "first": "sound", "also": ["tile"]},
        {"term": "block", "first": "sound", "ordinary": True},
    ],
}
BOTH = "A mask unit, a patch and a block."


def said(begin: str, sound: str = BOTH) -> dict[str, dict[str, list[str]]]:
    return glossary.offences({"begin": begin, "sound": sound}, SMALL)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The likeness of two rows.", ["likeness"]),
        ("Likenesses in capitals; the weights of a row shares out 1.", ["likeness", "share out"]),
        ("Three pitches.", ["pitch"]),
        ("**Likeness** is an old word for cosine similarity.", []),
        ("An unlikeness.", []),
    ],
)
def test_a_word_for_which_the_field_has_another_is_refused(text, words):
    assert said(text)["avoid"] == ({"begin": words} if words else {})


def test_a_word_is_fine_where_it_has_its_ordinary_meaning():
    assert said("Nothing.", f"{BOTH} The pitch of a bell.")["avoid"] == {}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Mask units are small.", ["mask unit"]),
        ("A tile of it.", ["patch"]),
        ("A block of wood, unmasked.", []),
    ],
)
def test_a_term_that_a_later_notebook_defines_is_refused(text, terms):
    assert said(text)["early"] == ({"begin": terms} if terms else {})


def test_a_notebook_that_never_says_the_term_that_it_defines_is_refused():
    assert said("Nothing.", "A patch and a block.")["undefined"] == {"sound": ["mask unit"]}


def test_code_formulas_links_and_html_are_no_prose():
    cells = ["`likeness` and $likeness$", "[likeness](a.md) <b>x</b>", "```\nlikeness\n```\nso"]
    markdown = [{"cell_type": "markdown", "source": [cell]} for cell in cells]
    assert glossary.prose({"cells": markdown}).split() == ["and", "x", "so"]


def test_pruning_removes_and_never_adds():
    known = {"avoid": {"begin": ["likeness", "pitch"], "sound": ["pitch"]}}
    found = {"avoid": {"begin": ["pitch", "share out"]}}
    assert glossary.pruned(known, found) == {"avoid": {"begin": ["pitch"]}}


# --- the page ------------------------------------------------------------------------------------


def test_the_page_says_what_the_glossary_says():
    page = (glossary.ROOT / glossary.PAGE).read_text(encoding="utf-8")
    assert page == glossary.page(), "python tools/glossary.py"


def test_every_axis_with_a_colour_is_on_the_page():
    assert list(WORDS["axes"]) == list(AXES)


def test_every_term_and_every_word_to_avoid_stands_there_once():
    for words in ([row["term"] for row in WORDS["terms"]], [row["word"] for row in WORDS["avoid"]]):
        assert len(set(words)) == len(words)


def test_every_term_is_defined_in_a_notebook_of_the_course():
    assert {row["first"] for row in WORDS["terms"]} <= {row.topic for row in contents.read()}


def names_in_code() -> Iterator[str]:
    for package in ("perceiver_tutorial", "perceiver_course"):
        for file in (glossary.ROOT / package).rglob("*.py"):
            yield from re.findall(r"\w+", file.read_text(encoding="utf-8"))


def test_every_name_beside_a_symbol_occurs_in_the_code():
    told = {name for row in WORDS["symbols"] for name in row.get("code", "").split(", ") if name}
    assert told <= set(names_in_code())


def test_every_notebook_links_to_the_page():
    link = f"](../{glossary.PAGE})"
    for row in contents.read():
        assert link in (contents.ROOT / row.path).read_text(encoding="utf-8"), row.topic
