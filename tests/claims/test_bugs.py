"""A planted bug turns red every claim that a notebook makes: the claims' own tests run under it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from planted import planted, run_check, places_of_checks

from perceiver_course.kit.claims import ClaimError

BUGS = yaml.safe_load(Path(__file__).with_name("bugs.yaml").read_text(encoding="utf-8"))
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
POSTPROCESSED = "pio.mm.{name}-post"  # one cell makes the claim for each modality


def used():
    """The claims of all notebooks."""
    found = set()
    for file in NOTEBOOKS.glob("*.ipynb"):
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                found |= set(re.findall(r'\bclaim\(\s*f?"([^"]+)"', "".join(cell["source"])))
    if POSTPROCESSED in found:
        found |= {POSTPROCESSED.format(name=name) for name in ("image", "audio", "label")}
    return found - {POSTPROCESSED}


def test_every_claim_of_a_notebook_has_a_bug():
    assert used() <= {claim_id for bug in BUGS for claim_id in bug["claims"]}


def test_bugs_have_names_of_their_own_and_claims_that_are_tested():
    names = [bug["bug"] for bug in BUGS]
    assert len(set(names)) == len(names)
    assert {claim_id for bug in BUGS for claim_id in bug["claims"]} <= set(places_of_checks())
    assert all(bug["claims"] for bug in BUGS)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug["bug"])
def test_the_bug_turns_its_claims_red(bug, request):
    with planted(bug["at"], bug["new"], bug.get("old", "")):
        for claim_id in bug["claims"]:
            with pytest.raises(ClaimError, match=rf"^{re.escape(claim_id)}: reality gives"):
                run_check(claim_id, request)


def test_without_a_bug_they_are_green(request):
    for claim_id in {bug["claims"][0] for bug in BUGS}:
        run_check(claim_id, request)
