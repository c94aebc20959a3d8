"""What was measured, as tables in docs/speed.md by processor, and a figure of the last one."""

from pathlib import Path

from benchmarks.ratios import draw_ratios
from perceiver_course.kit.picture import Picture

from . import growth, machine, results
from .cases import BF16, FAST, PLAIN

ROOT = Path(__file__).parent.parent
PAGE, FIGURE = ROOT / "docs" / "speed.md", ROOT / "pictures" / "speed.png"
ALT = "Speed and memory as ratios to transformers, as bars; the last table has the numbers."
BEGIN, END = "<!-- measured -->\n", "<!-- end of measured -->\n"


def write(found: dict[str, results.Record]) -> None:
    """Put the tables into the page and draw the figure."""
    FIGURE.parent.mkdir(exist_ok=True)
    figure(list(found.values())[-1]).save(FIGURE)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_tables(text, found), encoding="utf-8")


def with_tables(text: str, found: dict[str, results.Record]) -> str:
    """The page with a table for every processor and the figure between its two marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    told = [_told(record) for record in found.values()]
    shown = f"![{ALT}](../pictures/{FIGURE.name})\n"
    return before + BEGIN + "\n".join([*told, shown]) + END + after


def _told(record: results.Record) -> str:
    parts = [f"### {record['machine']['processor']}", results.table(record)]
    if "growth" in record:
        parts += ["Seconds against the number of inputs:", growth.told(record["growth"])]
    parts.append(f"Measured on: {machine.in_one_line(record['machine'])}.")
    return "\n\n".join(parts) + "\n"


def figure(record: results.Record) -> Picture:
    """Speed and memory as bars; answers of 128 chunks would hide the others."""
    speeds, memories = {}, {}
    for name, sides in record["models"].items():
        if ", all " in name:
            continue
        short = name.split("/")[1].replace("-perceiver", "").removesuffix("-224-in1k-hf")
        ratios = results.ratios(sides)
        ways = [way for way in (PLAIN, FAST, BF16) if way in ratios]
        speeds[short] = {way: ratios[way].speed for way in ways}
        memories[short] = {way: ratios[way].memory for way in ways}
    return draw_ratios({"times as fast": speeds, "share of the memory": memories}, "transformers")
