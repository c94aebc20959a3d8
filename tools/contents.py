"""The course's table of contents: notebooks/contents.yaml, what follows from it, what is measured.

python tutorial.py test notebooks   measures what notebooks need, compares it with their headers
python tools/contents.py            writes that into the table, and from the table file names, links
                                    between notebooks, their headers, and the README's rows
python tools/contents.py check      names what says otherwise
"""

import json
import math
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from statistics import median

import yaml

from tools import notebooks

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path("notebooks/contents.yaml")
MEASURED = Path("build/needs.json")
PAGES = ("*.md", "data/*.md", "docs/**/*.md")
MARKED = r"(?<=<!-- notebooks -->\n).*(?=<!-- end of notebooks -->)"
ADDRESS_MARKED = r"(?<=<!-- address -->\n).*(?=<!-- end of address -->)"
CLONE = "Get this folder:\n\n```\ngit clone {}\n```\n\n"
ON_COLAB = (
    "Or open a notebook on Colab, from the [table](#notebooks). There, install the course first, in"
    ' a cell of its own: `%pip install "perceiver-tutorial[notebooks] @ git+{}"`\n\n'
)
GITHUB, COLAB = "https://github.com/", "https://colab.research.google.com/github/"
COLUMNS = "| Notebook | You learn | Reading | Running | Memory |\n|:--|:--|--:|--:|--:|\n"
NUMBER = r"\d+[a-z]?"
LINK = rf"\[([^\]]*)\]\(((?:[\w.-]+/)*)(?:{NUMBER}_)?([a-z]\w*)\.ipynb((?:#[^)]*)?)\)"
FACTOR = 2
ENOUGH = 5  # notebooks by which the speed of a machine can be told
WORDS = "**Words and symbols** · [glossary](../docs/glossary.md)"
SAID = r"(\d+) seconds, (\d+\.\d) GB to run"


@dataclass(frozen=True)
class Needs:
    """What one notebook takes.

    Attributes:
        seconds: of one core, from the kernel's start to the last cell.
        gigabytes: most memory at once.
    """

    seconds: float
    gigabytes: float

    def __str__(self) -> str:
        return f"{self.rounded_seconds} seconds, {self.gigabytes:.1f} GB to run"

    @property
    def rounded_seconds(self) -> int:
        """Up to the next five."""
        return 5 * math.ceil(self.seconds / 5)


@dataclass(frozen=True)
class Notebook:
    """One row of the table.

    Attributes:
        file: its name, which begins with its number, if it has one.
        topic: of the chapter: its folder in the package, and its name in `prerequisites`.
        title: without the number.
        group: under which the README lists it.
        learn: what a reader learns, for the README.
        prerequisites: in words, with a link in place of every `{topic}`.
        reading: in minutes.
        seconds: of one core, to run it.
        gigabytes: most memory at once, to run it.
    """

    file: str
    topic: str
    title: str
    group: str
    learn: str
    prerequisites: str
    reading: int
    seconds: int
    gigabytes: float

    @property
    def number(self) -> str:
        """As in its name; "" for a page outside the sequence."""
        found = re.match(rf"({NUMBER})_", self.file)
        return found[1] if found else ""

    @property
    def name(self) -> str:
        """The file's name without the number."""
        return self.file.removeprefix(f"{self.number}_")

    @property
    def path(self) -> Path:
        """Within the course."""
        return Path("notebooks") / f"{self.file}.ipynb"

    @property
    def heading(self) -> str:
        """The first line of the notebook."""
        return f"# {self.number} · {self.title}" if self.number else f"# {self.title}"

    @property
    def needs(self) -> Needs:
        """To run it."""
        return Needs(self.seconds, self.gigabytes)

    def link(self) -> str:
        """From another notebook, in Markdown; a long title ends before `:` or `, and`."""
        title = re.split(r": |, and ", self.title)[0]
        return f"[{self.number} {title}]({self.file}.ipynb)"

    def row(self, hosted: str = "") -> str:
        """In the README.

        Args:
            hosted: what the address of a notebook that runs elsewhere begins with, if it does.
        """
        title = f"{self.number} {self.title}".strip()
        link = f"[{title}]({self.path.as_posix()})"
        link += f" · [Colab]({hosted}{self.path.as_posix()})" if hosted else ""
        cells = (link, self.learn, f"{self.reading} min")
        needs = (f"{self.needs.rounded_seconds} s", f"{self.gigabytes:.1f} GB")
        return f"| {' | '.join((*cells, *needs))} |"


# --- the table ----------------------------------------------------------------------------------


def read(root: Path = ROOT) -> list[Notebook]:
    """All rows, in the order in which they are read."""
    return [Notebook(**row) for row in yaml.safe_load((root / TABLE).read_text(encoding="utf-8"))]


def table(rows: list[Notebook], comment: str) -> str:
    """The table as it is stored, under its comment."""
    stored = [asdict(row) for row in rows]
    return comment + yaml.safe_dump(stored, sort_keys=False, allow_unicode=True, width=100)


def with_measured(rows: list[Notebook], measured: Mapping[str, Needs]) -> list[Notebook]:
    """The rows with what was measured, rounded as it is told."""
    return [
        replace(row, seconds=m.rounded_seconds, gigabytes=round(m.gigabytes, 1))
        if (m := measured.get(row.file))
        else row
        for row in rows
    ]


# --- what follows from it -----------------------------------------------------------------------


def linked(text: str, rows: list[Notebook]) -> str:
    """Markdown with the right number in every link to a notebook, in its words and its address."""
    by_name = {row.name: row for row in rows}

    def right(found: re.Match) -> str:
        words, folder, name, anchor = found.groups()
        if name not in by_name:
            return found[0]
        row = by_name[name]
        words = re.sub(rf"^(notebook )?{NUMBER}\b", rf"\g<1>{row.number}", words)
        return f"[{words}]({folder}{row.file}.ipynb{anchor})"

    return re.sub(LINK, right, text)


def headed(source: str, row: Notebook, rows: list[Notebook]) -> str:
    """The first cell of a notebook with title, prerequisites, times and a link to the glossary."""
    links = {other.topic: other.link() for other in rows}
    before = _filled(f"**Prerequisites** · {row.prerequisites.format(**links)}")
    source = re.sub(r"\A# .*", row.heading, source)
    source = re.sub(r"\*\*Prerequisites\*\* · .*?(?=\n\n)", before, source, flags=re.DOTALL)
    times = f"**Time** · {row.reading} minutes to read, {row.needs}\n\n{WORDS}"
    return re.sub(rf"\*\*Time\*\* · .*(\n\n{re.escape(WORDS)})?", times, source)


def footed(source: str, row: Notebook, rows: list[Notebook]) -> str:
    """A cell of a notebook, its links to the notebooks before and after this one set right."""
    course = [other for other in rows if other.number]
    if row not in course:
        return source
    place = course.index(row)
    around = {"Back": course[place - 1], "Next": course[(place + 1) % len(course)]}
    paragraphs = source.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        for word, other in around.items():
            link = rf"(\*\*{word}\*\* ·)\s+\[[^\]]*\]\([^)]*\)"
            paragraph = re.sub(link, rf"\1 {other.link()}", paragraph)
        if re.match(r"\*\*(Back|Next)\*\* ·", paragraph):
            paragraphs[number] = _filled(paragraph)
    return "\n\n".join(paragraphs)


def _filled(paragraph: str) -> str:
    return textwrap.fill(" ".join(paragraph.split()), 104, break_on_hyphens=False)


def listed(readme: str, rows: list[Notebook], repository: str = "") -> str:
    """The README with a table for every group and, if there is one, the address, between marks."""
    hosted = repository.replace(GITHUB, COLAB) + "/blob/main/" if GITHUB in repository else ""
    groups = [
        f"**{group}**\n\n{COLUMNS}" + "\n".join(row.row(hosted) for row in members)
        for group, members in groupby(rows, key=lambda row: row.group)
    ]
    between = "\n" + "\n\n".join(groups) + "\n\n"
    readme = re.sub(MARKED, lambda _: between, readme, flags=re.DOTALL)
    address = (CLONE + (ON_COLAB if hosted else "")).format(repository, repository)
    address = address if repository else ""
    return re.sub(ADDRESS_MARKED, lambda _: address, readme, flags=re.DOTALL)


def repository(root: Path = ROOT) -> str:
    """The address in `[project.urls]` of pyproject.toml; "" while the course has none."""
    file = root / "pyproject.toml"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"] if file.exists() else {}
    return project.get("urls", {}).get("Repository", "").rstrip("/")


def pages(root: Path, rows: list[Notebook]) -> Iterator[tuple[Path, Path, str]]:
    """Every page of the course: where it is, where it belongs, and what it should say."""
    by_name = {row.name: row for row in rows}
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            text = linked(path.read_text(encoding="utf-8"), rows)
            yield path, path, listed(text, rows, repository(root))
    for path in sorted(root.glob("notebooks/*.ipynb")):
        row = by_name.get(re.sub(rf"^{NUMBER}_", "", path.stem))
        if row is not None:
            yield path, root / row.path, _notebook(path, row, rows)


def _notebook(path: Path, row: Notebook, rows: list[Notebook]) -> str:
    notebook = notebooks.read(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = footed(linked(cell.source, rows), row, rows)
    notebook.cells[0].source = headed(notebook.cells[0].source, row, rows)
    return notebooks.text(notebook)


def stale(root: Path = ROOT) -> list[str]:
    """What does not agree with the table: pages, and notebooks that only one of the two has."""
    rows = read(root)
    found = {
        path.relative_to(root).as_posix()
        for path, place, said in pages(root, rows)
        if path != place or path.read_text(encoding="utf-8") != said
    }
    there = {path.relative_to(root).as_posix() for path in root.glob("notebooks/*.ipynb")}
    return sorted(found | (there ^ {row.path.as_posix() for row in rows}))


def write(root: Path = ROOT) -> None:
    """Bring all pages in line with the table."""
    changed = [page for page in pages(root, read(root))]
    moved = [(path, place) for path, place, _ in changed if path != place]
    for path, _ in moved:  # two may change places
        path.rename(path.with_suffix(".moving"))
    for path, place in moved:
        path.with_suffix(".moving").rename(place)
    for _, place, said in changed:
        if place.read_text(encoding="utf-8") != said:
            notebooks.replace(place, said)


# --- what notebooks need ------------------------------------------------------------------------


def used_by(pid: int) -> Needs:
    """What a running process has taken until now, and its children that have ended."""
    import psutil

    process = psutil.Process(pid)
    times, memory = process.cpu_times(), process.memory_info()
    children = getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    peak = getattr(memory, "peak_wset", 0) or _most_on_linux(pid) or memory.rss
    return Needs(times.user + times.system + children, peak / 1e9)


def _most_on_linux(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def said_in(notebook: str) -> Needs | None:
    """What a notebook's header says, or None."""
    found = re.search(SAID, notebook)
    return Needs(float(found[1]), float(found[2])) if found else None


def complaints(measured: Mapping[str, Needs], said: Mapping[str, Needs | None]) -> list[str]:
    """Notebooks whose header is wrong by more than a factor of two, or says nothing.

    Machines differ in speed: seconds are compared after taking out the factor by which all
    notebooks together are slower or faster here. With fewer than five of them it cannot be known.

    Args:
        measured: name -> what it took here.
        said: name -> what its header says.
    """
    pairs = {name: (needs, said[name]) for name, needs in measured.items() if said[name]}
    silent = [f"{name}: the header says nothing" for name in measured if name not in pairs]
    ratios = {name: needs.seconds / header.seconds for name, (needs, header) in pairs.items()}
    usual = median(ratios.values()) if len(ratios) >= ENOUGH else None
    return silent + [
        f"{name}: {needs}, the header says {header}"
        for name, (needs, header) in pairs.items()
        if _is_off(needs.gigabytes / header.gigabytes) or (usual and _is_off(ratios[name] / usual))
    ]


def _is_off(ratio: float) -> bool:
    return not 1 / FACTOR <= ratio <= FACTOR


def keep(measured: Mapping[str, Needs], root: Path = ROOT) -> None:
    """Add to the file of what was measured last."""
    file = root / MEASURED
    file.parent.mkdir(exist_ok=True)
    every = {name: asdict(needs) for name, needs in {**kept(root), **measured}.items()}
    notebooks.replace(file, json.dumps(every))


def kept(root: Path = ROOT) -> dict[str, Needs]:
    """What was measured last; nothing, if nothing was."""
    file = root / MEASURED
    stored = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: Needs(**needs) for name, needs in stored.items()}


def main(words: list[str], root: Path = ROOT) -> int:
    """Write all that follows from the table; or only name what does not; 0 when all is well."""
    if words == ["check"]:
        print("\n".join(f"{path} is out of date" for path in stale(root)))
        return int(bool(stale(root)))
    comment = re.match(r"(#.*\n)*", (root / TABLE).read_text(encoding="utf-8"))[0]
    notebooks.replace(root / TABLE, table(with_measured(read(root), kept(root)), comment))
    write(root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
