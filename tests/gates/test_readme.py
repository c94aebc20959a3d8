"""What README and pages say is so: links, commands, numbers, pictures, counts."""

import importlib.util
import json
import pkgutil
import re
import shlex
import tomllib
from itertools import chain

import pytest
import yaml

import tutorial
from perceiver_course.explorers import EXPLORERS
from perceiver_course.kit.claims import read_claims, read_sources
from perceiver_tutorial.apps import cli
from tools import contents, figures

ROOT = tutorial.ROOT
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATA = (ROOT / "data/README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTEBOOKS = contents.read()
NUMBERED = [row for row in NOTEBOOKS if row.number]
PAGES = [
    *("README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "data/README.md"),
    *(path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("docs/*.md"))),
    "tests/parity/golden/README.md",
]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def between(begin: str, end: str) -> str:
    return README.split(begin)[1].split(end)[0]


# --- links --------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"`[^`\n]*`", "", (ROOT / page).read_text(encoding="utf-8"))
    for link in re.findall(r"\]\((?!https?://)([^)]+)", text):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_rooms_of_the_page_on_architecture_are_all_there_are():
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    said = set(re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE))
    said = {name.rstrip("/") for cell in said for name in re.findall(r"`([\w./]+)`", cell)}
    for package in ("perceiver_tutorial", "perceiver_course"):
        there = {path.name for path in (ROOT / package).iterdir() if not path.name.startswith("_")}
        assert there <= said, package
    homes = (ROOT, ROOT / "perceiver_tutorial", ROOT / "perceiver_course")
    assert {name for name in said if not any((home / name).exists() for home in homes)} == set()


def told_in(page: str) -> str:
    """The text of a page, or of a notebook between its code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if not page.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


ALL_PROSE = [*PAGES, *(row.path.as_posix() for row in NOTEBOOKS)]
PUBLISHERS = ("deepmind/", "facebook/")  # of models, whose names look like paths


@pytest.mark.parametrize("page", ALL_PROSE)
def test_every_file_that_is_named_is_there(page):
    """`<family>` and such stand for any one of many."""
    for named in re.findall(r"`([\w<>-]+/[\w<>/.-]+)`", told_in(page)):
        path = re.sub(r"<\w+>", "*", named).rstrip("/")
        assert named.startswith(PUBLISHERS) or list(ROOT.glob(path)), named


@pytest.mark.parametrize("page", ALL_PROSE)
def test_every_module_that_is_named_is_there_with_what_is_in_it(page):
    for named in re.findall(r"`(perceiver_(?:tutorial|course)\.[\w.]+)`", told_in(page)):
        pkgutil.resolve_name(named)


# --- commands -----------------------------------------------------------------------------------


def commands(page: str) -> list[str]:
    """Lines of code blocks without a language, and code in prose that begins with a program."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(BLOCK, text, re.DOTALL | re.MULTILINE)
    typed = [line for language, block in blocks if not language for line in block.splitlines()]
    return [*typed, *re.findall(PROGRAM, re.sub(BLOCK, "", text, flags=re.DOTALL | re.MULTILINE))]


BLOCK = r"^```(\w*)\n(.*?)^```"
PROGRAM = r"`((?:python|uv|conda|jupyter|perceiver-tutorial|\.ci/run)\b[^`\n]*)`"
COMMANDS = list(dict.fromkeys(chain.from_iterable(map(commands, PAGES))))
NAMES = {  # what stands for a reader's own thing, and in which commands
    "FOLDER": "perceiver-tutorial evaluate",
    "ADDRESS": "export PIP_EXTRA_INDEX_URL=",
    "NUMBER": "python tutorial.py run",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_does_what_it_says(command, monkeypatch, capsys):
    """In earnest where it takes no time; dry where it would install, serve, or run for minutes."""
    program, *words = shlex.split(command)
    theirs = {name: begin for name, begin in NAMES.items() if name in command}
    assert all(command.startswith(begin) for begin in theirs.values())
    run = {
        "python": python,
        "perceiver-tutorial": lambda words, _: told(words),
        "uv": lambda words, _: installs(words),
        "conda": lambda words, _: conda(words),
        "jupyter": lambda words, _: serves(words),
        "export": lambda words, _: words == ["PIP_EXTRA_INDEX_URL=ADDRESS"],
        "git": lambda words, _: words == ["clone", contents.repository()],
        ".ci/run": lambda words, _: words == [] and (ROOT / ".ci/run").stat().st_mode & 0o100,
    }[program]
    assert run(words, monkeypatch), command
    assert "usage:" not in capsys.readouterr().err


def python(words: list[str], monkeypatch) -> bool:
    """The launcher with all that it starts recorded, or a tool that is there."""
    if words[0] != "tutorial.py":
        spec = importlib.util.spec_from_file_location("tool", ROOT / words[0])
        described = (ROOT / words[0]).read_text(encoding="utf-8").split('"""')[1]
        nested = len(words) > 1 and words[1] == "python"
        known = nested or all(word in described for word in words[1:])
        return bool(spec) and known and (not nested or python(words[2:], monkeypatch))
    started = []
    monkeypatch.setattr(tutorial, "prepare", lambda extra="notebooks": extra)
    monkeypatch.setattr(tutorial, "call", lambda command, *_: started.append(command) or 0)
    monkeypatch.setattr(tutorial.os, "execv", lambda _, command: started.append(command) or 0)
    own = [word for word in words[1:] if word not in NAMES]
    assert tutorial.main(own) == 0
    return all(map(exists, started)) and (
        bool(started) or own in (["setup"], ["setup", "test"], ["--help"])
    )


def exists(command: list[str]) -> bool:
    """Whether a started command names modules and files that are there."""
    module = command[2] if command[1] == "-m" else None
    files = [word for word in command[1:] if word.endswith((".py", ".ipynb"))]
    files = [word.rpartition("/lab/tree/")[2] for word in files]
    return (module is None or importlib.util.find_spec(module) is not None) and all(
        (ROOT / file).exists() for file in files
    )


def told(words: list[str]) -> bool:
    """The command line; of `evaluate` only its words, since it needs weights and pictures."""
    if words[0] == "evaluate":
        return cli._parser().parse_args(words).data == "FOLDER"
    return cli.main(words) == 0


def installs(words: list[str]) -> bool:
    """What uv is told: Python's version, an extra of the project, files that are there."""
    if words[0] == "run":
        assert words[1:3] == ["--no-sync", "jupyter"]
        return serves(words[3:])
    if words[0] == "venv":
        return tuple(map(int, words[2].split("."))) in tutorial.PYTHONS
    wanted = words[2:]
    if wanted[:2] == ["--torch-backend", "cpu"]:
        wanted = wanted[2:] or ["--constraint", "requirements.lock", "--editable", ".[notebooks]"]
    options, extra = wanted[:3], re.fullmatch(r"\.\[(\w+)\]", wanted[3])[1]
    assert options == ["--constraint", "requirements.lock", "--editable"]
    return extra in PROJECT["optional-dependencies"]


def conda(words: list[str]) -> bool:
    """What conda is told: a file that is there, the environment that it names."""
    name = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["name"]
    return words in (["env", "create", "-f", "environment.yml"], ["activate", name])


def serves(words: list[str]) -> bool:
    return words[0] == "lab" and (ROOT / words[1]).exists()


def test_the_lines_of_python_run_and_weights_are_asked_for_in_a_sentence():
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    *built, loaded = block.strip().splitlines()
    space = {}
    exec("\n".join(built), space)
    assert space["model"].training
    with pytest.raises(FileNotFoundError, match="network"):
        exec(loaded, space)


# --- numbers ------------------------------------------------------------------------------------


def hours(chosen: list[contents.Notebook]) -> int:
    return round(sum(row.reading for row in chosen) / 60)


def named(text: str) -> list[contents.Notebook]:
    """The notebooks to which a text links, in its order."""
    by_path = {row.path.as_posix(): row for row in NOTEBOOKS}
    return [by_path[path] for path in re.findall(r"\((notebooks/\w+\.ipynb)\)", text)]


CORE = named(between("**On your own**", "**Ten weeks**"))
EXPLORE = next(row for row in NOTEBOOKS if not row.number)
RECORDS = {  # every number of the prose: where it comes from
    "notebooks": len(NUMBERED),
    "minutes for the first notebook": NUMBERED[0].reading,
    "minutes for the explorers": EXPLORE.reading,
    "GB installed": tutorial.INSTALLED["cpu"],
    "GB with CUDA": tutorial.INSTALLED["cuda"],
    "hours to read the core": hours(CORE),
    "hours to read everything": hours(NOTEBOOKS),
    "statements in the ledger": len(read_claims()),
    "most seconds": max(row.needs.rounded_seconds for row in NOTEBOOKS),
    "most gigabytes": max(row.gigabytes for row in NOTEBOOKS),
}
PLAN = (90, 20, 50, 20)  # minutes of a session: in all, to teach, to work, to discuss
PATH = (10, 25, 20, 25, 10)  # of the path of 90 minutes


def prose() -> str:
    """The README without what is generated, code, links, addresses, and the words of pictures."""
    text = README.replace(between("<!-- notebooks -->", "<!-- end of notebooks -->"), "")
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[[^\]]*\]\(notebooks/[^)]*\)", "", text)
    text = re.sub(r"^\| (\d+|at home) \|.*$", "", text, flags=re.MULTILINE)  # the ten weeks
    return re.sub(r"\]\([^)]*\)|`[^`]*`", "", text)


def test_the_core_asks_for_nothing_outside_it():
    topics = {row.topic for row in CORE}
    for row in CORE:
        assert set(re.findall(r"{(\w+)}", row.prerequisites)) <= topics, row.file


def test_every_number_of_the_readme_comes_from_a_record():
    text = prose().replace(tutorial.WANTED, "").replace("Python 3.11", "").replace("4.0", "")
    text = text.replace("Python 3.12 and 3.13", "").replace("top-1 and top-5", "")
    known = {str(number) for number in (*RECORDS.values(), *PLAN, *PATH)}
    text = re.sub(r"about [\d,]+ lines in \d+ files", "", text)  # see test_reading.py
    assert set(re.findall(r"\d+(?:\.\d+)?", text)) - known == set()
    assert tutorial.WANTED in README


@pytest.mark.parametrize("sentence", [
    "{notebooks} Jupyter notebooks",
    "{minutes for the first notebook} minutes for the first notebook",
    "pictures with knobs | {minutes for the explorers} minutes",
    "about {GB installed} GB, or {GB with CUDA} GB on Linux",
    "about {hours to read the core} hours to read",
    "All of them take about {hours to read everything} hours to read",
    "A ledger of {statements in the ledger} statements",
    "more than {most seconds} seconds of one core and {most gigabytes} GB of memory",
])  # fmt: skip
def test_a_number_stands_where_it_belongs(sentence):
    assert sentence.format(**RECORDS) in " ".join(README.split())


def test_eleven_is_how_many_explorers_there_are():
    assert "eleven pictures with knobs" in README
    assert len(EXPLORERS) == 11


def test_the_sizes_on_the_page_of_installing_are_those_of_the_launcher():
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    small, large = tutorial.INSTALLED["cpu"], tutorial.INSTALLED["cuda"]
    assert f"takes {small} GB in all instead of {large} GB" in page
    small, large = tutorial.FREE["cpu"], tutorial.FREE["cuda"]
    assert f"{small} GB, or {large} GB where PyTorch brings CUDA" in page
    assert tutorial.CPU_PAGE in page
    for sentence in re.findall(r"^\| `(.*?)`", page, re.MULTILINE):
        said = (tutorial.WANTED, tutorial.NO_NETWORK, tutorial.NO_BUILD, tutorial.full_disk())
        assert any(sentence.removeprefix("Expected ") in each for each in said), sentence


def test_ninety_minutes_are_ninety_and_no_notebook_takes_longer_than_it_is():
    path = between("**90 minutes**", "**On your own**")
    minutes = tuple(map(int, re.findall(r"\((\d+)\)", path)))
    assert minutes == PATH and sum(minutes) == 90
    assert all(few <= row.reading for few, row in zip(minutes, named(path), strict=True))


def test_ten_weeks_take_every_notebook_once_and_a_session_is_full():
    plan = rows(between("to discuss.\n\n", "## Notebooks"))
    assert [week for week, *_ in plan] == [*map(str, range(1, 11)), "at home"]
    taken = named("".join(cell for row in plan for cell in row))
    assert sorted(row.number for row in taken) == [row.number for row in NUMBERED]
    assert len(taken) == len(NUMBERED)
    assert PLAN[0] == sum(PLAN[1:])
    said = "{} minutes each: {} to teach, {} to work in the notebooks, {} to discuss".format(*PLAN)
    assert said in " ".join(README.split())


def test_the_ledger_has_as_many_statements_as_the_data_say():
    assert f"The ledger: {len(read_claims())} statements" in DATA


def test_every_data_file_and_every_document_has_its_source():
    names = {cells[0].strip("`") for cells in rows(DATA)}
    files = {p.name for p in (ROOT / "data").rglob("*") if p.is_file() and p.name != "README.md"}
    assert files <= names
    assert set(read_sources()) <= names
    assert all(f"({source.link})" in DATA for source in read_sources().values())


# --- who, and which version ---------------------------------------------------------------------


def test_the_citation_is_that_of_the_citation_file_and_of_this_version():
    file = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    bibtex = dict(re.findall(r"^  (\w+)\s*= \{(.*?)\},?$", README, re.MULTILINE))
    assert bibtex == {
        "author": "{" + " and ".join(author["name"] for author in file["authors"]) + "}",
        "title": file["title"],
        "version": file["version"],
        "license": file["license"],
    }
    assert file["version"] == PROJECT["version"]
    assert file["license"] == PROJECT["license"]
    assert f"## {PROJECT['version']}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_forms_and_workflows_are_what_the_platform_can_read():
    forms = [
        yaml.safe_load(p.read_text("utf-8")) for p in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml")
    ]
    for form in (form for form in forms if "body" in form):
        assert {"name", "description", "labels", "body"} == set(form)
        assert all({"type", "id", "attributes"} <= set(part) for part in form["body"])
    for path in ROOT.glob(".github/workflows/*.yml"):
        workflow = yaml.safe_load(path.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        assert "Not tried yet" in path.read_text("utf-8")
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        for script in (step["run"] for step in steps if "run" in step):
            files = re.findall(r"[\w./]+\.(?:py|cfg|lock)\b|\.ci/run", script)
            assert all((ROOT / file).exists() for file in files), script


# --- pictures -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn():
    """Every figure, drawn once."""
    return {name: figure() for name, figure in figures.FIGURES.items()}


@pytest.mark.pinned
def test_the_pictures_are_drawn_by_the_package(drawn, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", {n: lambda p=p: p for n, p in drawn.items()})
    assert figures.check() == []


def test_the_pictures_of_the_readme_say_what_is_seen(drawn):
    for name, figure in drawn.items():
        assert name.endswith(".svg") or f"![{figure.alt}](pictures/{name})" in README


def test_the_moving_picture_is_small_and_shows_every_turn():
    path = ROOT / "pictures/three_families.gif"
    assert path.stat().st_size < 1.5e6
    assert len(figures.levels(path)) == len(figures.TURNS)


def test_pictures_for_print_keep_their_letters():
    for name in figures.FIGURES:
        if name.endswith(".svg"):
            drawn = (ROOT / "pictures" / name).read_text(encoding="utf-8")
            assert ">50,176" in drawn or "M 50,176<" in drawn
            assert len(drawn) < 200_000


@pytest.mark.parametrize("name", ["shape_walk.svg", "image_classifier.png", "three_families.gif"])
def test_a_picture_that_is_out_of_date_is_told(tmp_path, monkeypatch, drawn, capsys, name):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    monkeypatch.setattr(figures, "FIGURES", {name: lambda: drawn[name]})
    told = f"pictures/{name} is out of date: python tools/figures.py draw"
    assert figures.check() == [told]
    assert figures.main(["draw"]) == 0
    assert figures.main(["check"]) == 0
    other = "image_classifier.svg" if name.endswith("svg") else "image_classifier.png"
    figure = drawn[other] if other != name else drawn["three_families.gif"].frames[0]
    figure.save(tmp_path / name)
    assert figures.main(["check"]) == 1
    assert told in capsys.readouterr().out


def test_a_changed_letter_is_told(tmp_path, monkeypatch, drawn):
    """The smallest change that a reader would notice: another digit in small print."""
    film = drawn["three_families.gif"]
    changed = film.frames[0].copy()
    three = changed.crop((45, 516, 53, 529))  # of 379: it becomes 339
    changed.paste(three, (53, 516))
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    stored = figures.Film((changed, *film.frames[1:]), film.alt)
    stored.save(tmp_path / "film.gif")
    monkeypatch.setattr(figures, "FIGURES", {"film.gif": lambda: film})
    assert len(figures.check()) == 1
