"""What was measured, as a table in docs/speed.md and a figure beside it."""

from pathlib import Path

from benchmarks.ratios import draw_ratios
from perceiver_course.kit.picture import Picture

from . import results
from .cases import BF16, FAST, PLAIN

ROOT = Path(__file__).parent.parent
PAGE, FIGURE = ROOT / "docs" / "speed.md", ROOT / "pictures" / "speed.png"
ALT = "Speed and memory as ratios to transformers, as bars; the table below has the numbers."
BEGIN, END = "<!-- measured -->\n", "<!-- end of measured -->\n"
IN_FIGURE = ("deepmind/", "facebook/hiera-tiny", "facebook/hiera-base-224", "deit-small-distilled")


def write(found: results.Results) -> None:
    """Put the table into the page and draw the figure."""
    FIGURE.parent.mkdir(exist_ok=True)
    figure(found).save(FIGURE)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(text, found), encoding="utf-8")


def with_table(text: str, found: results.Results) -> str:
    """The page with figure, table and machine between its two marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    shown = f"![{ALT}](../pictures/{FIGURE.name})"
    told = f"{shown}\n\n{results.table(found)}\n\nMeasured on: {results.machine(found)}.\n"
    return before + BEGIN + told + END + after


def figure(found: results.Results) -> Picture:
    """Speed and memory of some models as bars; answers of 128 chunks would hide the others."""
    speeds, memories = {}, {}
    for name, sides in found["models"].items():
        if ", all " in name or not any(part in name for part in IN_FIGURE):
            continue
        short = name.split("/")[1].replace("-perceiver", "").removesuffix("-224-in1k-hf")
        ratios = results.ratios(sides)
        ways = [way for way in (PLAIN, FAST, BF16) if way in ratios]
        speeds[short] = {way: ratios[way].speed for way in ways}
        memories[short] = {way: ratios[way].memory for way in ways}
    return draw_ratios({"times as fast": speeds, "share of the memory": memories}, "transformers")
