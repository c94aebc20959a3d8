"""The page of errata: as the ledger has it, with place, link, truth and test."""

import pytest

from perceiver_course.kit.claims import ASSUMED, read_claims, read_sources
from tools import errata

CLAIMS = read_claims().values()
PAGE = errata.PAGE.read_text(encoding="utf-8")


def test_the_page_is_as_the_ledger_and_the_tests_have_it():
    assert errata.page() == PAGE, "run: python tools/errata.py"


def test_a_page_that_is_stale_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(errata, "PAGE", tmp_path / "errata.md")
    assert errata.main(["check"]) == 1
    assert "run tools/errata.py" in capsys.readouterr().out
    assert errata.main([]) == 0
    assert errata.main(["check"]) == 0
    errata.PAGE.write_text(f"{PAGE}\n", encoding="utf-8")
    assert errata.main(["check"]) == 1


def test_every_corrected_statement_has_its_row_and_its_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "](../tests/" in line]
    corrected = [c for c in CLAIMS if c.verdict == "corrected"]
    assumed = [c for c in CLAIMS if c.verdict == ASSUMED]
    assert len(rows) == len(corrected) + len(assumed)
    assert all(c.id in errata.tests_of_claims() for c in (*corrected, *assumed))


@pytest.mark.parametrize("name", read_sources())
def test_a_source_is_linked_where_something_in_it_is_wrong(name):
    is_wrong = any(c.source == name and c.verdict in errata.WRONG for c in CLAIMS)
    assert (f"<{read_sources()[name].link}>" in PAGE) == is_wrong


def test_what_nobody_says_stands_behind_all_documents():
    documents, assumptions = PAGE.split("## Common assumptions")
    for entry in CLAIMS:
        if entry.verdict == ASSUMED:
            row = f"| {errata._cell(entry.claim)} | {errata._cell(entry.truth)} |"
            assert row in assumptions and row not in documents
