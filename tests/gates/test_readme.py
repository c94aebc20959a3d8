"""What the READMEs say is so: links, maps, pictures, counts."""

import re
from pathlib import Path

import pytest

from perceiver_tutorial.ledger.claims import read_claims
from tests.gates.test_layering import FLOOR, MAY_IMPORT
from tools import figures

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATA = (ROOT / "data/README.md").read_text(encoding="utf-8")
ON_THE_FLOOR = " ".join(f"`{room}`" for room in FLOOR)


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("file", ["README.md", "data/README.md", "tests/parity/golden/README.md"])
def test_every_link_leads_somewhere(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]+)", text)
    assert [link for link in links if not ((ROOT / file).parent / link).exists()] == []


def test_the_map_of_rooms_is_the_map_that_is_tested():
    said = {}
    for room, _, may in rows(section("Map of rooms")):
        said[room.strip("`")] = set(re.findall(r"`(\w+)`", may.replace("the floor", ON_THE_FLOOR)))
    assert [*said][: len(FLOOR)] == sorted(FLOOR), "the floor comes first"
    assert said == {room: may for room, may in MAY_IMPORT.items() if room != "__init__"}


def test_every_notebook_is_on_the_map_with_its_own_times():
    said = {}
    for link, _, reading, running, memory in rows(section("Map of notebooks")):
        path = re.search(r"\((.*)\)", link)[1]
        minutes, seconds = reading.removesuffix(" min"), running.removesuffix(" s")
        said[path] = f"{minutes} minutes to read, {seconds} seconds, {memory} to run"
    assert sorted(said) == sorted(f"notebooks/{p.name}" for p in ROOT.glob("notebooks/*.ipynb"))
    assert [p for p, time in said.items() if time not in (ROOT / p).read_text("utf-8")] == []


@pytest.mark.pinned
def test_the_pictures_are_drawn_by_the_package():
    assert figures.check() == []
    for name, figure in figures.FIGURES.items():
        if name.endswith(".png"):
            assert f"![{figure().alt}](pictures/{name})" in README


def test_pictures_for_print_keep_their_letters():
    for name in figures.FIGURES:
        if name.endswith(".svg"):
            drawn = (ROOT / "pictures" / name).read_text(encoding="utf-8")
            assert ">50,176" in drawn or "M 50,176<" in drawn
            assert len(drawn) < 200_000


def test_a_picture_for_print_that_is_out_of_date_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    assert figures.main(["draw"]) == 0
    path = tmp_path / "shape_walk.svg"
    path.write_text(path.read_text(encoding="utf-8").replace("50,176", "50,177"), "utf-8")
    assert figures.check() == [
        "pictures/shape_walk.svg is out of date: python tools/figures.py draw"
    ]


def test_a_picture_that_is_out_of_date_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    assert figures.main(["check"]) == 1
    assert "image_classifier.png is out of date: python tools/figures.py draw" in (
        capsys.readouterr().out
    )
    assert figures.main(["draw"]) == 0
    assert figures.main(["check"]) == 0


def test_the_ledger_has_as_many_statements_as_we_say():
    count = len(read_claims())
    assert f"the ledger of {count} such statements" in " ".join(README.split())
    assert f"The ledger: {count} statements" in DATA


def test_every_data_file_and_every_document_has_its_source():
    names = {cells[0].strip("`") for cells in rows(DATA)}
    files = {p.name for p in (ROOT / "data").rglob("*") if p.is_file() and p.name != "README.md"}
    assert files <= names
    assert {claim.document for claim in read_claims().values()} <= names
