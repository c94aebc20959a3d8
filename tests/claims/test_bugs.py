"""A planted bug turns red every claim that a notebook makes: the claims' own tests run under it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from planted import planted, run_check

from perceiver_course.kit.claims import ClaimError
from tools import errata

BUGS = yaml.safe_load(Path(__file__).with_name("bugs.yaml").read_text(encoding="utf-8"))
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
IN_A_LOOP = {
    "pio.mm.{name}-post": ("pio.mm.image-post", "pio.mm.audio-post", "pio.mm.label-post"),
    "gen.{name}": ("gen.vit-patches", "gen.vivit-tubes"),
}
# These have more than two claims, from before there was an errata page. The set may only shrink.
MANY_CLAIMS = {
    "08_masked_language.ipynb",
    "09_text_classification.ipynb",
    "10_images_learned.ipynb",
    "11_images_conv.ipynb",
    "12_flow.ipynb",
    "13_decoders.ipynb",
    "14_multimodal.ipynb",
    "18_cost.ipynb",
    "22_feature_maps.ipynb",
    "23_distillation_token.ipynb",
    "25_checkpoints.ipynb",
}


def claims_of(notebook):
    """What a notebook claims, as often as it does."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for said in re.findall(r'\bclaim\(\s*f?"([^"]+)"', "".join(cell["source"])):
                yield from IN_A_LOOP.get(said, (said,))


def test_every_claim_of_a_notebook_has_a_bug():
    used = {claim_id for notebook in NOTEBOOKS.glob("*.ipynb") for claim_id in claims_of(notebook)}
    assert used <= {claim_id for bug in BUGS for claim_id in bug["claims"]}


def test_no_more_notebooks_than_these_make_more_than_two_claims():
    many = {n.name for n in NOTEBOOKS.glob("*.ipynb") if len(set(claims_of(n))) > 2}
    assert many == MANY_CLAIMS, "a notebook makes two claims; the others belong to docs/errata.md"


def test_bugs_have_names_of_their_own_and_claims_that_are_tested():
    names = [bug["bug"] for bug in BUGS]
    assert len(set(names)) == len(names)
    assert {claim_id for bug in BUGS for claim_id in bug["claims"]} <= set(errata.tests_of_claims())
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
