"""The gate on notebooks: what nbval would let through in silence is refused here.

A rule is a function from a notebook's JSON to complaints. Every rule is also shown a notebook that
was spoilt for it, and must complain: a gate that cannot close is no gate.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import nbformat
import pytest
import yaml
from nbval.plugin import comment_markers, get_sanitize_patterns, metadata_tags

from perceiver_course.kit.axes import AXES
from tools import contents, notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SANITIZE = Path(__file__).parents[1] / "nbval_sanitize.cfg"
READER = {"keep", "exercise", "solution", "hint", "claim", "project", "instructor"}
MOST_LINES = 24
MOVE = "tag it, or move it to its chapter"
PROJECT_TAGS = {*READER, "explorer", "optional", "skip-execution"}

Notebook = dict
Complaints = Iterator[str]

# --- reading ------------------------------------------------------------------------------------


def cells(notebook: Notebook, kind: str) -> Iterator[tuple[str, dict, str]]:
    """Name, JSON and source of every cell of one kind."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == kind:
            yield f"cell {number}", cell, "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def output_texts(cell: dict) -> Iterator[str]:
    """Everything a cell printed or showed as text."""
    for output in cell["outputs"]:
        text = output.get("text") or output.get("data", {}).get("text/plain", [])
        yield "".join(text)


def lines_of_code(source: str) -> int:
    return len([line for line in source.splitlines() if line.strip()])


def words_of_prose(source: str) -> int:
    """Words outside tables, fenced code, tags and the header's lines of times and links."""
    without_code = re.sub(r"```.*?```|<[^>]+>", "", source, flags=re.DOTALL)
    lines = (line.lstrip() for line in without_code.splitlines())
    prose = [line for line in lines if not line.startswith(("|", "**Time**", contents.WORDS))]
    return len(" ".join(prose).split())


# --- rules: what nbval needs --------------------------------------------------------------------


def was_run(notebook: Notebook) -> Complaints:
    """Without an execution count, nbval compares nothing and says nothing."""
    for name, cell, _ in cells(notebook, "code"):
        skipped = {"nbval-skip", "skip-execution"} <= set(tags(cell))
        if cell["execution_count"] is None and not skipped:
            yield f"{name} was never run: python tutorial.py run"


def has_no_errors(notebook: Notebook) -> Complaints:
    for name, cell, _ in cells(notebook, "code"):
        if any(output["output_type"] == "error" for output in cell["outputs"]):
            yield f"{name} has an error among its stored outputs"


def compares_enough(notebook: Notebook) -> Complaints:
    code = [cell for _, cell, _ in cells(notebook, "code")]
    compared = [cell for cell in code if "nbval-check-output" in tags(cell)]
    filled = [cell for cell in compared if any(output_texts(cell))]
    if len(filled) < 5:
        yield f"{len(filled)} cells with tag nbval-check-output and text, expected at least 5"


FRAGILE = {
    r"0x[0-9a-fA-F]{6,}": "a memory address",
    r"grad_fn": "a tensor's history",
    r"\d\.\d{6,}": "more than five decimals",
    r"\d(it/s|s/it)": "a progress bar's speed",
    r"torch\.Size": "torch.Size: print a tuple",
    r"<Figure size": "a figure's size: show the figure in a cell of its own",
}


def compares_nothing_fragile(notebook: Notebook) -> Complaints:
    for name, cell, _ in cells(notebook, "code"):
        if "nbval-check-output" in tags(cell):
            text = "\n".join(output_texts(cell))
            for pattern, what in FRAGILE.items():
                if re.search(pattern, text):
                    yield f"{name} compares {what}"


def compares_no_progress_bar(notebook: Notebook) -> Complaints:
    """A training draws a bar where a bar can be drawn: compare what it printed in the next cell."""
    for name, cell, source in cells(notebook, "code"):
        if "nbval-check-output" in tags(cell) and re.search(r"\b(fit|tqdm|trange)\(", source):
            yield f"{name} compares a cell with a progress bar"


def has_known_tags(notebook: Notebook) -> Complaints:
    """A tag that nbval does not know, such as a misspelt one, is overlooked by it."""
    for name, cell, _ in [*cells(notebook, "code"), *cells(notebook, "markdown")]:
        for tag in set(tags(cell)) - set(metadata_tags) - PROJECT_TAGS:
            yield f"{name} has the unknown tag {tag!r}"


def has_known_markers(notebook: Notebook) -> Complaints:
    """A comment such as `# NBVAL_CHECK_OUTPUT of the shapes` is overlooked by nbval."""
    for name, _, source in cells(notebook, "code"):
        for comment in re.findall(r"^\s*#+\s*(.*nbval.*?)\s*$", source, re.M | re.I):
            if comment not in comment_markers:
                yield f"{name} has the unknown marker {comment!r}"


# --- rules: what a reader needs -----------------------------------------------------------------


def keeps_code_short(notebook: Notebook) -> Complaints:
    lengths = {name: lines_of_code(source) for name, _, source in cells(notebook, "code")}
    for name, length in lengths.items():
        if length > MOST_LINES:
            yield f"{name} has {length} lines of code, expected at most {MOST_LINES}"
    if lengths and median(lengths.values()) > 5:
        yield f"the median cell has {median(lengths.values())} lines of code, expected at most 5"


def keeps_prose_short(notebook: Notebook) -> Complaints:
    for name, _, source in cells(notebook, "markdown"):
        if words_of_prose(source) > 120:
            yield f"{name} has {words_of_prose(source)} words, expected at most 120"


def defines_only_what_is_kept_or_asked(notebook: Notebook) -> Complaints:
    for name, cell, source in cells(notebook, "code"):
        is_readers = {"keep", "exercise"} & set(tags(cell))
        if re.search(r"^\s*(async def|def|class) ", source, re.M) and not is_readers:
            yield f"{name} defines something, but is neither kept nor an exercise: {MOVE}"


def tags_what_it_answers(notebook: Notebook) -> Complaints:
    """An edition for a class is made by tags: see `tools.notebooks.for_students`."""
    for name, cell, source in cells(notebook, "markdown"):
        for word, tag in {"Solution": "solution", "Answer": "solution", "Hint": "hint"}.items():
            if f"<summary>{word}</summary>" in source and tag not in tags(cell):
                yield f"{name} has a {word.lower()}, but not the tag {tag!r}"
    for name, cell, source in cells(notebook, "code"):
        if re.search(r"^claim\(", source, re.M) and "claim" not in tags(cell):
            yield f"{name} checks a claim, but has not the tag 'claim'"


def begins_with_a_title(notebook: Notebook) -> Complaints:
    first = notebook["cells"][0]
    if first["cell_type"] != "markdown" or not "".join(first["source"]).startswith("# "):
        yield "the first cell is not a title ('# ...')"


def has_its_sections(notebook: Notebook) -> Complaints:
    prose = "\n".join(source for _, _, source in cells(notebook, "markdown"))
    for word in ("objectives", "prerequisites", "summary"):
        if not re.search(rf"^(#+ |\*\*)[^\n]*{word}", prose, re.M | re.I):
            yield f"no heading or bold line names the {word}"
    if not re.search(r"\d\s+minutes", prose):
        yield "no number of minutes tells how long it takes"


def has_alt_text_in_prose(notebook: Notebook) -> Complaints:
    for name, _, source in cells(notebook, "markdown"):
        bare = re.findall(r"!\[\s*\]|<img(?![^>]*\balt=[\"'][^\"'])[^>]*>", source)
        if bare:
            yield f"{name} has an image without alt text"


def has_alt_text_in_outputs(notebook: Notebook) -> Complaints:
    """A picture is told in its metadata, or by the text beside it where that is no bare repr."""
    for name, cell, _ in cells(notebook, "code"):
        for output in cell["outputs"]:
            pictures = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            told = any(output["metadata"].get(kind, {}).get("alt") for kind in pictures)
            text = "".join(output.get("data", {}).get("text/plain", []))
            if pictures and not told and (not text or text.startswith("<")):
                yield f"{name} shows a picture without alt text"


def colours_axes_as_pictures_do(notebook: Notebook) -> Complaints:
    """A letter on a colour is one of the axes, in the colour that it has everywhere."""
    known = {kind.chip for kind in AXES.values()}
    for name, _, source in cells(notebook, "markdown"):
        for chip in re.findall(r"<b style=.*?</b>", source):
            if chip not in known:
                yield f"{name} shows {chip}, which is no axis of perceiver_course.kit.axes.AXES"


def links_to_files(notebook: Notebook) -> Complaints:
    for name, _, source in cells(notebook, "markdown"):
        for link in re.findall(r"\]\(([^)\s#]+)", source):
            if not re.match(r"[a-z]+:", link) and not (FOLDER / link).exists():
                yield f"{name} links to {link}, which does not exist"


def names_no_machine(notebook: Notebook) -> Complaints:
    pattern = r"(?<![\w.])/(home|Users|root|tmp|work|private|mnt)/\w+|\b[A-Z]:\\\w+"
    for number, cell in enumerate(notebook["cells"]):
        texts = ["".join(cell["source"]), *(output_texts(cell) if "outputs" in cell else ())]
        if found := re.search(pattern, "\n".join(texts)):
            yield f"cell {number} names a path of one machine: {found.group()}"


def shows_local_images(notebook: Notebook) -> Complaints:
    for name, _, source in cells(notebook, "markdown"):
        if re.search(r"!\[[^\]]*\]\(\s*https?:|<img[^>]*src=[\"']?https?:", source):
            yield f"{name} shows an image from the network"


def is_in_normal_form(notebook: Notebook) -> Complaints:
    stored = json.dumps(notebook, sort_keys=True)
    normal = notebooks.text(notebooks.normal(nbformat.from_dict(notebook)))
    if json.dumps(json.loads(normal), sort_keys=True) != stored:
        yield "it is not in normal form: python tools/notebooks.py format"


# --- a notebook that keeps every rule, and one way to break each ---------------------------------


def code(source: str, *tagged: str, text: str = "(1, 2)\n") -> dict:
    metadata = {"tags": list(tagged)} if tagged else {}
    output = {"output_type": "stream", "name": "stdout", "text": [text]}
    parts = {"execution_count": 1, "metadata": metadata, "outputs": [output], "id": ""}
    return {"cell_type": "code", "source": [source], **parts}


def prose(source: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(True), "id": ""}


def good() -> Notebook:
    """A small notebook that keeps every rule: seven cells, of which 1 to 5 are compared."""
    begin = "# Title\n**Objectives** shapes\n**Prerequisites** none, 10 minutes\n"
    chip = AXES["latents"].chip
    end = f"## Summary\n{chip}\n![A map](../README.md) and a [link](../pyproject.toml)"
    compared = [code("print((1, 2))", "nbval-check-output") for _ in range(5)]
    notebook = {"cells": [prose(begin), *compared, prose(end)], "metadata": {}}
    normal = notebooks.normal(nbformat.from_dict({**notebook, "nbformat": 4, "nbformat_minor": 5}))
    return json.loads(notebooks.text(normal))


def spoilt(number: int, **changes: object) -> Notebook:
    """The good notebook with parts of one cell replaced."""
    notebook = good()
    notebook["cells"][number].update(changes)
    return notebook


def long_winded() -> Notebook:
    """The good notebook with six lines in every code cell."""
    notebook = good()
    for _, cell, _ in cells(notebook, "code"):
        cell["source"] = ["x = 1\n"] * 6
    return notebook


def printing(text: str) -> list[dict]:
    return [{"output_type": "stream", "name": "stdout", "text": [text]}]


def picture(**metadata: object) -> list[dict]:
    data = {"image/png": "iVBO", "text/plain": ["<Figure size 600x400 with 1 Axes>"]}
    return [{"output_type": "display_data", "data": data, "metadata": metadata}]


HINT = "<details><summary>Hint</summary>Look.</details>"
ERROR = [{"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}]

SPOILT: dict[Callable[[Notebook], Complaints], list[Notebook]] = {
    was_run: [spoilt(1, execution_count=None)],
    has_no_errors: [spoilt(1, outputs=ERROR)],
    compares_enough: [spoilt(1, metadata={}), spoilt(1, outputs=[])],
    compares_nothing_fragile: [
        spoilt(1, outputs=printing("<object at 0x7f12ab34>")),
        spoilt(1, outputs=printing("tensor(1., grad_fn=<SumBackward0>)")),
        spoilt(1, outputs=printing("0.123456")),
        spoilt(1, outputs=printing("10/10 [00:01, 9.8it/s]")),
        spoilt(1, outputs=printing("torch.Size([1, 2])")),
        spoilt(1, outputs=picture()),
    ],
    compares_no_progress_bar: [spoilt(1, source=["fit(model, loss, source, steps=1)"])],
    has_known_tags: [spoilt(1, metadata={"tags": ["nbval-check-outputs"]})],
    has_known_markers: [
        spoilt(1, source=["# NBVAL_CHECK_OUTPUT the shapes\n", "1"]),
        spoilt(1, source=["# nbval_skip\n", "1"]),
    ],
    keeps_code_short: [spoilt(1, source=["x = 1\n"] * 25), long_winded()],
    keeps_prose_short: [spoilt(0, source=["word "] * 121)],
    defines_only_what_is_kept_or_asked: [
        spoilt(1, source=["def attend(queries):\n", "    return queries"]),
        spoilt(1, source=["x = 1\n", "class Model:\n", "    pass"]),
    ],
    tags_what_it_answers: [
        spoilt(0, source=["# Title\n", "**Objectives** **Prerequisites** 1 minutes\n", HINT]),
        spoilt(6, source=["## Summary\n", HINT.replace("Hint", "Solution")]),
        spoilt(6, source=["## Summary\n", HINT.replace("Hint", "Answer")]),
        spoilt(1, source=["claim('a', 1)"]),
    ],
    begins_with_a_title: [spoilt(0, source=["Title"]), spoilt(0, cell_type="code")],
    has_its_sections: [
        spoilt(0, source=["# Title\n", "**Prerequisites** 10 minutes"]),
        spoilt(0, source=["# Title\n", "**Objectives** 10 minutes"]),
        spoilt(0, source=["# Title\n", "**Objectives**\n", "**Prerequisites**"]),
        spoilt(6, source=["The end."]),
    ],
    has_alt_text_in_prose: [
        spoilt(0, source=["![](map.png)"]),
        spoilt(0, source=['<img src="map.png">']),
        spoilt(0, source=['<img alt="" src="map.png">']),
    ],
    has_alt_text_in_outputs: [spoilt(1, outputs=picture())],
    colours_axes_as_pictures_do: [
        spoilt(0, source=[AXES["latents"].chip.replace("N", "Q")]),
        spoilt(0, source=[AXES["latents"].chip.replace("#0072B2", "#0000FF")]),
    ],
    links_to_files: [spoilt(0, source=["[next](99_nowhere.ipynb)"])],
    names_no_machine: [
        spoilt(0, source=[f"See /{'home'}/ann/course."]),
        spoilt(1, source=[f"open('/{'tmp'}/course.txt')"]),
        spoilt(1, outputs=printing("C:\\Users\\ann")),
    ],
    shows_local_images: [
        spoilt(0, source=["![A map](https://example.org/map.png)"]),
        spoilt(0, source=['<img alt="A map" src="https://example.org/map.png">']),
    ],
    is_in_normal_form: [
        spoilt(1, id="abc"),
        spoilt(1, metadata={"tags": ["exercise"], "execution": {"iopub.status.busy": "now"}}),
        spoilt(1, outputs=[{**printing("careful")[0], "name": "stderr"}]),
        good() | {"metadata": {"widgets": {}}},
    ],
}
RULES = list(SPOILT)
BAD = [(rule, number) for rule, spoils in SPOILT.items() for number in range(len(spoils))]


def label(value: object) -> str:
    return getattr(value, "__name__", getattr(value, "stem", str(value)))


# --- what notebooks of the first edition still lack: a list that can only shrink -----------------

LACKING = Path(__file__).parent / "lacking.yaml"
LONG = 60  # words of a cell, as a rule


def lacks(notebook: Notebook) -> dict[str, int]:
    """Formulas, linked sources (1: there is none), and how many cells of prose are long."""
    texts = [source for _, _, source in cells(notebook, "markdown")]
    whole = "\n".join(texts)
    found = {
        "formulas": int(not re.search(r"\$[^$\n]+\$|\$\$.+?\$\$", whole, re.DOTALL)),
        "linked sources": int("](https://" not in whole),
        "long cells": sum(words_of_prose(source) > LONG for source in texts),
    }
    return {what: count for what, count in found.items() if count}


# --- tests --------------------------------------------------------------------------------------


def test_there_are_notebooks_to_check():
    assert NOTEBOOKS


@pytest.mark.parametrize("rule", RULES, ids=label)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=label)
def test_every_notebook_keeps_the_rule(path, rule):
    assert list(rule(json.loads(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=label)
def test_every_notebook_is_stored_in_normal_form(path):
    assert notebooks.is_normal(path), f"python tools/notebooks.py format {path}"


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_a_good_notebook_keeps_the_rule(rule):
    assert list(rule(good())) == []


@pytest.mark.parametrize(("rule", "number"), BAD, ids=label)
def test_the_rule_refuses_a_spoilt_notebook(rule, number):
    assert list(rule(SPOILT[rule][number]))


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.stem[0].isdigit()], ids=label)
def test_a_notebook_lacks_no_more_than_is_listed(path):
    listed = yaml.safe_load(LACKING.read_text(encoding="utf-8")).get(path.stem, {})
    found = lacks(json.loads(path.read_text(encoding="utf-8")))
    more = {what: count for what, count in found.items() if count > listed.get(what, 0)}
    assert not more, "a formula, a linked source, cells of at most 60 words as a rule"
    less = {what: count for what, count in listed.items() if count > found.get(what, 0)}
    assert not less, f"good: write what is left into {LACKING.name}: {found}"


def test_what_is_lacking_is_counted():
    assert lacks(good()) == {"formulas": 1, "linked sources": 1}
    told = spoilt(0, source=["# Title $x$ [paper](https://arxiv.org/abs/1706.03762)", " word" * 61])
    assert lacks(told) == {"long cells": 1}


def test_alt_text_in_the_metadata_tells_a_picture():
    told = spoilt(1, outputs=picture(**{"image/png": {"alt": "A cat, cropped to a square"}}))
    assert list(has_alt_text_in_outputs(told)) == []


def test_a_cell_that_is_skipped_on_purpose_need_not_be_run():
    skipped = {"tags": ["nbval-skip", "skip-execution"]}
    assert list(was_run(spoilt(1, execution_count=None, metadata=skipped))) == []


def test_an_exercise_may_define_a_function():
    exercise = {"tags": ["exercise"]}
    cell = spoilt(1, source=["def attend(queries):\n", "    ..."], metadata=exercise)
    assert list(defines_only_what_is_kept_or_asked(cell)) == []


def lost_rules(config: str) -> int:
    """How many rules of a sanitize file nbval's own parser does not see."""
    return len(re.findall(r"^regex:", config, re.M)) - len(get_sanitize_patterns(config))


def test_nbval_reads_every_sanitize_rule():
    config = SANITIZE.read_text(encoding="utf-8")
    assert len(get_sanitize_patterns(config)) == 3
    assert lost_rules(config) == 0


def test_a_sanitize_rule_without_its_space_is_noticed():
    assert lost_rules("regex: abc\nreplace:\n") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<Linear at 0x7f12ab34cd>", "<Linear at 0xADDRESS>"),
        (f"saved in /{'home'}/ann/course/model.pt", "saved in PATH"),
        (r"saved in C:\Users\ann\model.pt", "saved in PATH"),
        ("(1, 50176, 261) 0.123456", "(1, 50176, 261) 0.123456"),
        ("rearrange 'b h w c -> b c h w' and/or 1/2", "rearrange 'b h w c -> b c h w' and/or 1/2"),
    ],
)
def test_sanitizing_replaces_addresses_and_paths_and_no_digit(text, expected):
    for pattern, replacement in get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")):
        text = re.sub(pattern, replacement, text)
    assert text == expected
