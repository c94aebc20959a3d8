"""The ledger: what `claim` says and refuses, and whether every claim is checked somewhere."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from perceiver_course import claim
from perceiver_course.kit.claims import (
    ASSUMED,
    CHECKABLE,
    FILE,
    ClaimError,
    read_claims,
    read_sources,
)
from perceiver_course.kit.coverage import checks, open_claims, report, unchecked
from tests import conftest

CLAIMS = read_claims()
EXPECTING = [claim_id for claim_id, entry in CLAIMS.items() if entry.expect is not None]
VERDICTS = {
    *("holds", "corrected", "outdated", "needs-weights", "not-checkable", "common assumption")
}
KINDS = {"shape", "count", "api", "behaviour", "result", "preprocess"}
CHECKED_SYSTEMS = (
    "perceiver-flow",
    "perceiver-core",
    "perceiver-text",
    "perceiver-image-learned",
    "perceiver-image-fourier",
    "perceiver-image-conv",
    "perceiver-alphastar",
    "perceiver-multimodal",
    "perceiver-pointcloud",
    "general",
    "hiera",
    "deit",
)

# Never written inside a call: coverage would take it for a check.
HOLDS = "pio.core.fourier-size-formula"
CORRECTED = "pio.flow.channel-sum"
NOBODY_SAYS = "pio.core.decoder-position-grid"
TRANSLATED = "hiera.backbone-shapes"
WITHOUT_VALUE = "pio.core.first-all-modality"
MADE_UP = "made.up"


@pytest.fixture
def ledger(tmp_path):
    """Write a ledger of one made-up claim; fields may be chosen."""

    def write(**fields: Any):
        words = ("id", "system", "claim", "kind", "verdict", "truth", "how")
        made_up = {"id": MADE_UP, "verdict": "holds"}
        row = {**dict(zip(words, words, strict=True)), **made_up, **fields}
        file = tmp_path / f"claims-{len(list(tmp_path.iterdir()))}.yaml"
        file.write_text(yaml.safe_dump([row]), encoding="utf-8")
        return file

    return write


def printed(capsys):
    """What was printed, on one line."""
    return " ".join(capsys.readouterr().out.split())


# -- claim ---------------------------------------------------------------------------------


def test_a_claim_that_holds_is_printed_with_who_says_it_and_what_was_measured(capsys):
    claim(HOLDS, [258, 385, 195])
    words, source = printed(capsys), read_sources()["post-perceiver-io"]
    assert words.startswith(f"holds {CLAIMS[HOLDS].claim} said by Niels Rogge, “{source.title}” (")
    assert source.link == "https://huggingface.co/blog/perceiver"
    end = f'section "Perceiver for optical flow" link {source.link} measured [258, 385, 195]'
    assert words.endswith(end)
    assert CLAIMS[HOLDS].truth not in words


def test_a_corrected_claim_is_printed_with_the_words_that_were_said_and_the_truth(capsys):
    entry = CLAIMS[CORRECTED]
    claim(CORRECTED, entry.expect)
    words = printed(capsys)
    assert words.startswith(f"corrected {entry.claim} said by Niels Rogge, “")
    assert f"in words “{entry.quote}” link https://" in words
    assert f"in truth {entry.truth} measured {{" in words


def test_a_common_assumption_is_called_one_and_said_by_nobody(capsys):
    entry = CLAIMS[NOBODY_SAYS]
    claim(NOBODY_SAYS, entry.expect)
    words = printed(capsys)
    assert words.startswith(f"common assumption {entry.claim} in fact {entry.truth} measured")
    assert "said by" not in words and "corrected" not in words


def test_a_translated_document_is_called_one(capsys):
    claim(TRANSLATED, CLAIMS[TRANSLATED].expect)
    assert "(model card; read in translation)" in printed(capsys)


def test_no_printed_line_is_wider_than_a_page(capsys):
    claim(CORRECTED, CLAIMS[CORRECTED].expect)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 92


def test_another_value_is_refused_with_both_values_and_the_texts(capsys):
    with pytest.raises(ClaimError) as error:
        claim(HOLDS, (258, 385, 196))
    for text in ("[258, 385, 196]", "[258, 385, 195]", CLAIMS[HOLDS].claim, CLAIMS[HOLDS].truth):
        assert text in str(error.value)
    assert HOLDS in str(error.value)
    assert not capsys.readouterr().out


def test_a_claim_error_fails_a_test():
    assert issubclass(ClaimError, AssertionError)


def test_an_unknown_claim_suggests_the_nearest():
    with pytest.raises(KeyError, match=rf"{HOLDS}s'. Did you mean '{HOLDS}'"):
        claim(f"{HOLDS}s", 1)


def test_a_claim_without_a_value_says_so():
    with pytest.raises(ValueError, match=f"{WITHOUT_VALUE} has no value to compare with"):
        claim(WITHOUT_VALUE, 1)


def test_a_ledger_that_is_not_there_says_where_it_should_be(tmp_path):
    with pytest.raises(FileNotFoundError, match="comes with a checkout of the course"):
        read_claims(tmp_path / "claims.yaml")


SAME = {
    "tuple and list": ((1, 2), [1, 2]),
    "size and list": (torch.Size([1, 2]), [1, 2]),
    "sizes in a dictionary": ({"a": (torch.Size([3]), 4)}, {"a": [[3], 4]}),
    "one dictionary in another order": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "floats a little apart": (100.005, 100.0),
    "whole number and float": (100, 100.0),
}
DIFFERENT = {
    "bool and number": (True, 1),
    "number and bool": (1, True),
    "bool in a list": ([True, 2], [1, 2]),
    "floats too far apart": (100.02, 100.0),
    "whole numbers hardly apart": (1_000_001, 1_000_000),
    "longer list": ([1, 2, 3], [1, 2]),
    "shorter list": ([1], [1, 2]),
    "another order": ([2, 1], [1, 2]),
    "one number, not a list of it": (1, [1]),
    "missing key": ({"a": 1}, {"a": 1, "b": 2}),
    "another key": ({"a": 1, "c": 2}, {"a": 1, "b": 2}),
    "text and number": ("1", 1),
    "nothing": (None, 1),
}
WORSE = {
    "text and float": ("1.0", 1.0),
    "nothing and float": (None, 1.0),
    "list and float": ([1.0], 1.0),
}


@pytest.mark.parametrize("value, expect", SAME.values(), ids=SAME)
def test_these_are_the_same(value, expect, ledger):
    claim(MADE_UP, value, file=ledger(expect=expect))


@pytest.mark.parametrize("value, expect", DIFFERENT.values(), ids=DIFFERENT)
def test_these_are_not_the_same(value, expect, ledger):
    with pytest.raises(ClaimError):
        claim(MADE_UP, value, file=ledger(expect=expect))


@pytest.mark.parametrize("value, expect", WORSE.values(), ids=WORSE)
def test_what_is_no_number_differs_from_a_float(value, expect, ledger):
    with pytest.raises(ClaimError):
        claim(MADE_UP, value, file=ledger(expect=expect))


@pytest.mark.parametrize("value", [np.True_, torch.tensor(True)], ids=["numpy", "torch"])
def test_a_truth_value_of_numpy_or_torch_is_a_truth_value(value, ledger):
    claim(MADE_UP, value, file=ledger(expect=True))


# -- a changed number turns something red --------------------------------------------------


def doctored(value: Any) -> Iterator[Any]:
    """Every copy of a value in which one number, text or truth value is another, or one more."""
    match value:
        case None:
            yield 0
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield f"{value}x"
        case list():
            yield [*value, 0]
            for place, part in enumerate(value):
                yield from ([*value[:place], x, *value[place + 1 :]] for x in doctored(part))
        case dict():
            yield {**value, "one more": 1}
            for key, part in value.items():
                yield from ({**value, key: x} for x in doctored(part))


@pytest.mark.parametrize("claim_id", EXPECTING)
def test_any_change_in_the_ledger_is_noticed(claim_id, ledger):
    true = CLAIMS[claim_id].expect
    claim(MADE_UP, true, file=ledger(expect=true))
    changes = list(doctored(true))
    assert changes
    for change in changes:
        with pytest.raises(ClaimError):
            claim(MADE_UP, true, file=ledger(expect=change))


def test_one_changed_number_in_a_copy_of_the_whole_ledger_is_noticed(tmp_path):
    text, copy = FILE.read_text(encoding="utf-8"), tmp_path / "claims.yaml"
    assert text.count("expect: [258, 385, 195]") == 1
    copy.write_text(text.replace("[258, 385, 195]", "[258, 386, 195]"), encoding="utf-8")
    with pytest.raises(ClaimError, match=r"\[258, 386, 195\]"):
        claim(HOLDS, [258, 385, 195], file=copy)
    claim(CORRECTED, CLAIMS[CORRECTED].expect, file=copy)


# -- all entries ---------------------------------------------------------------------------


def test_all_entries_load_under_ids_of_their_own():
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert len(rows) == len({row["id"] for row in rows}) == len(CLAIMS) == 338


def test_verdicts_and_kinds_are_the_known_ones():
    assert {entry.verdict for entry in CLAIMS.values()} == VERDICTS
    assert {entry.kind for entry in CLAIMS.values()} == KINDS


def test_no_field_is_empty():
    empty = [
        (entry.id, name)
        for entry in CLAIMS.values()
        for name, value in vars(entry).items()
        if name not in {"expect", "source", "where", "quote"}
        and not (isinstance(value, str) and value.strip())
    ]
    assert empty == []


def test_every_statement_but_a_common_assumption_has_a_source_and_a_place_there():
    sources = read_sources()
    for entry in CLAIMS.values():
        said = (entry.source, entry.where)
        if entry.verdict == ASSUMED:
            assert (*said, entry.quote) == (None, None, None), entry.id
        else:
            assert entry.source in sources and entry.where, entry.id
    assert {entry.source for entry in CLAIMS.values()} == {*sources, None}


def test_sources_have_addresses_and_quotations_are_short():
    assert all(source.link.startswith("https://") for source in read_sources().values())
    quotes = [entry.quote for entry in CLAIMS.values() if entry.quote]
    assert len(quotes) >= 60
    assert max(len(quote.split()) for quote in quotes) <= 30


@pytest.mark.parametrize("system", CHECKED_SYSTEMS)
def test_every_claim_that_can_be_checked_is_checked(system):
    mine = [c for c in CLAIMS.values() if c.system == system and c.verdict in CHECKABLE]
    assert mine
    assert unchecked(CLAIMS, system) == []
    assert [c.id for c in mine if c.expect is None] == []


def test_only_claims_of_the_ledger_are_checked():
    assert sorted(set(checks()) - set(CLAIMS)) == []


# -- coverage ------------------------------------------------------------------------------


def call(claim_id, quote='"'):
    """The text of a check, put together so that it is none itself."""
    return f"{claim.__name__}({quote}{claim_id}{quote}, 1)"


@pytest.fixture
def course(tmp_path):
    """A small course: two tests, a helper, a notebook."""
    cells = [
        {"cell_type": "code", "source": [f"{call('a.one')}\n", call("c.code")]},
        {"cell_type": "markdown", "source": [call("c.prose")]},
    ]
    files = {
        "tests/a/test_a.py": f"{call('a.one')}\n{call('a.one')}\n{call('a.two', quote=chr(39))}",
        "tests/b/c/test_b.py": call("b.long").replace("(", "(\n    "),
        "tests/helper.py": call("helper"),
        "notebooks/01_a.ipynb": json.dumps({"cells": cells}),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_checks_are_found_in_tests_and_in_the_code_of_notebooks(course):
    assert checks(course) == {
        "a.one": ["tests/a/test_a.py", "notebooks/01_a.ipynb"],
        "a.two": ["tests/a/test_a.py"],
        "b.long": ["tests/b/c/test_b.py"],
        "c.code": ["notebooks/01_a.ipynb"],
    }


def test_claims_that_nobody_checks_are_named(course, ledger):
    claims = {
        name: read_claims(ledger(id=name, system="s", verdict=verdict))[name]
        for name, verdict in (("a.one", "holds"), ("z", "corrected"), ("y", "outdated"))
    }
    assert unchecked(claims, "s", course) == ["z"]
    assert unchecked(claims, "another system", course) == []


def test_the_report_has_a_line_for_each_system_and_one_for_all():
    table = report().split("\n\n")[0]
    lines = {name: numbers for name, *numbers in map(str.split, table.splitlines()[1:])}
    able = [c for c in CLAIMS.values() if c.verdict in CHECKABLE]
    assert set(lines) == {c.system for c in CLAIMS.values()} | {"all"}
    assert lines["perceiver-core"] == ["46", "44", "44"]
    assert lines["all"][:2] == [str(len(CLAIMS)), str(len(able))]
    assert int(lines["all"][2]) == sum(int(n[2]) for name, n in lines.items() if name != "all")


def test_claims_that_need_weights_are_open_and_listed():
    found = open_claims(CLAIMS)
    assert len(found) == 20
    assert found["pio.img-fourier.tabby"] == ["tests/checkpoints/test_weights.py"]
    assert found["pio.img-fourier.top1"] == []
    said = " ".join(report().split("\n\n")[1].split())
    assert said.startswith(
        "open, for want of published weights: 20 tried by pytest -m weights: pio.img-fourier.tabby"
    )
    assert all(claim_id in said for claim_id in found)
    assert max(map(len, report().splitlines())) <= 92


def test_a_claim_that_weights_decided_holds(ledger, capsys):
    claim(MADE_UP, 5, file=ledger(verdict="needs-weights", expect=5))
    assert printed(capsys).startswith("holds claim measured 5")


def said_after(*nodeids):
    """What the summary of a run of these tests prints."""
    said: list[str] = []
    reports = [SimpleNamespace(nodeid=nodeid) for nodeid in nodeids]
    terminal = SimpleNamespace(stats={"passed": reports}, section=said.append, line=said.append)
    conftest.pytest_terminal_summary(terminal)
    return "\n".join(said)


def test_a_full_run_ends_with_the_report():
    assert said_after("tests/a/test_a.py::test_a", "tests/course/test_ledger.py::test_b").endswith(
        report()
    )


def test_a_run_without_the_ledger_ends_without_the_report():
    assert said_after("tests/a/test_a.py::test_a") == ""


def test_a_broken_ledger_does_not_break_the_run(monkeypatch):
    monkeypatch.delattr("perceiver_course.kit.coverage.report")
    assert "cannot import" in said_after("tests/course/test_ledger.py::test_a")
