"""New tasks drawn: boxes, spans in a text, sounds."""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import GREY, as_shown
from ...kit.letters import MONO, shown
from ...kit.picture import (
    INK,
    Picture,
    box,
    frame,
    legend_below,
    middle,
    panels,
    show,
    title_above,
    write,
)

IN_A_ROW = 6
FOUND, THERE = AXES["heads"].colour, "#FFFFFF"
MARKS = ("o", "s", "^", "D", "P", "X")
MARK_COLOURS = ("queries", "inputs", "latents", "classes", "height", "batch")
Truth = tuple[Tensor, Tensor]  # classes and boxes (centre x, centre y, width, height) from 0 to 1


def draw_boxes(
    images: Float[Tensor, "images colours height width"],
    names: Sequence[str],
    truth: Sequence[Truth],
    found: Sequence[tuple] | None = None,
) -> Picture:
    """Pictures, dimmed, with the boxes that are there, dashed, and those that were found, solid.

    Over a found box stands the first letter of its class, and how sure it is, of 100;
    without any found, the letters stand over those that are there.

    Args:
        images: any range.
        names: of the classes.
        truth: for each picture, classes and boxes of what is there; negative classes are left out.
        found: for each picture, classes, boxes and scores; more may follow.
    """
    columns = min(len(images), IN_A_ROW)
    rows, size = -(-len(images) // columns), images.shape[-2:]
    figure, grid = panels(rows, columns, 1.55 * columns, 1.6 * rows)
    for number, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        show(axes, 0.55 * as_shown(image), **GREY)
        for label, place in zip(*(part.tolist() for part in truth[number]), strict=True):
            if label >= 0:
                _frame(axes, size, place, THERE, "" if found else names[label][0].upper(), "--")
        some = found[number][:3] if found else ([], [], [])
        for label, place, score in zip(*some, strict=True):
            words = f"{names[label][0].upper()} {100 * score:.0f}"
            _frame(axes, size, place.tolist(), FOUND, words, "-")
    there = sum(int((classes >= 0).sum()) for classes, _ in truth)
    alt = f"{len(images)} pictures with {there} things in dashed boxes"
    seen = f", {sum(len(some[0]) for some in found)} found ones in solid boxes" if found else ""
    return Picture(figure, f"{alt}{seen}; the classes are {', '.join(names)}.")


def _frame(
    axes: Axes, size: Sequence[int], place: Sequence[float], colour: str, words: str, dash: str
) -> None:
    """A box in the pixels of a picture, whose first pixel lies around 0; words above it."""
    height, width = size
    x, y, wide, tall = place
    left, top = (x - wide / 2) * width - 0.5, (y - tall / 2) * height - 0.5
    look = {"edgecolor": colour, "linestyle": dash, "linewidth": 1.6}
    frame(axes, left, top, wide * width, tall * height, **look)
    if words:
        write(axes, left, top, words, 7, ground=colour, va="bottom" if top > 4 else "top")


def draw_query_places(found: Sequence[tuple], names: Sequence[str], num_queries: int) -> Picture:
    """One small map for each query: a mark at the centre of every box it found, in many pictures.

    The mark's shape and colour tell the class, its size the box's.

    Args:
        found: for each picture, classes, boxes, scores and the queries that found them.
        names: of the classes, at most six.
        num_queries: how many maps.
    """
    classes, boxes, _, queries = (torch.cat(parts) for parts in zip(*found, strict=True))
    figure, (row,) = panels(1, num_queries, 1.5 * num_queries, 2.35)
    for query, axes in enumerate(row):
        axes.set_axis_on()
        for label in range(len(names)):
            x, y, wide, tall = boxes[(queries == query) & (classes == label)].mT.numpy()
            look = {"marker": MARKS[label], "color": AXES[MARK_COLOURS[label]].colour}
            axes.scatter(x, y, s=120 * wide * tall, alpha=0.6, linewidths=0, **look)
        axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
        axes.set_box_aspect(1)
        title_above(axes, f"query {query}\n{int((queries == query).sum())} things")
    legend_below(figure, [
        axes.scatter([], [], s=30, label=name, marker=mark, color=AXES[kind].colour)
        for name, mark, kind in zip(names, MARKS, MARK_COLOURS, strict=False)
    ], 8)  # fmt: skip
    counts = torch.bincount(queries, minlength=num_queries).tolist()
    told = ", ".join(f"query {query} {count}" for query, count in enumerate(counts))
    alt = f"Where each query finds things in {len(found)} pictures: {told}."
    return Picture(figure, alt)


# Every kind has a colour, and beneath the letters its name in words.
COLOURS = tuple(AXES[name].colour for name in ("inputs", "channels", "classes", "heads"))
WIDEST, CELL, LINE = 9.4, 0.2, 2.3
Found = Iterable[tuple[int, int, int]]


def draw_spans(texts: Sequence[str], found: Sequence[Found], kinds: Sequence[str]) -> Picture:
    """Each text with a coloured box behind every span, and what it is beneath.

    Args:
        texts: a cell for each byte of each.
        found: for each text its spans: first byte, one after the last, number of its kind.
        kinds: a name for each number; 0 is none.
    """
    longest = max(len(text.encode()) for text in texts)
    cell = min(CELL, WIDEST / longest)
    size = max(cell * longest, 3.0) + 0.1, LINE * 1.35 * cell * len(texts) + 0.1
    figure, ((axes,),) = panels(1, 1, *size)
    told = []
    for row, (text, spans) in enumerate(zip(texts, found, strict=True)):
        y, spans = LINE * row, sorted(spans)
        for start, stop, kind in spans:
            look = {"facecolor": COLOURS[(kind - 1) % len(COLOURS)], "edgecolor": "white"}
            box(axes, start, y, stop - start, 1.1, linewidth=1.5, **look)
            middle(axes, (start + stop) / 2, y + 1.5, kinds[kind], 44 * cell)
        place = 0
        for letter in text:
            width, sign = len(letter.encode()), shown(letter, MONO)
            points = (76 if len(sign) == 1 else 40) * cell
            middle(axes, place + width / 2, y + 0.55, sign.strip("\u2423"), points, family=MONO)
            place += width
        told.append(_in_words(text, spans, kinds))
    axes.set(xlim=(-0.2, longest + 0.2), ylim=(LINE * len(texts) - 0.2, -0.15))
    return Picture(figure, f"Texts and what was found in them: {'; '.join(told)}.")


def _in_words(text: str, spans: list, kinds: Sequence[str]) -> str:
    said = (text.encode()[start:stop].decode(errors="replace") for start, stop, _ in spans)
    parts = [f"{part} {kinds[kind]}" for part, (_, _, kind) in zip(said, spans, strict=True)]
    return f'"{text}" {", ".join(parts) or "nothing"}'


WINDOW, HOP = 128, 16


def draw_waves(waves: Float[Tensor, "sounds samples"], titles: Sequence[str], rate: int) -> Picture:
    """A column for each sound: its wave, and below it the pitches over time, dark where loud.

    Args:
        waves: samples, at least 128 of each.
        titles: one for each; more than one line is welcome.
        rate: samples a second.
    """
    count, length = waves.shape
    size = min(9.4, 1.2 * count + 0.5), 2.7
    figure, (above, below) = panels(2, count, *size, has_frames=True, sharex="col")
    loudest = float(waves.abs().max())
    seconds = (torch.arange(length) / rate).numpy()
    for axes, wave, name in zip(above, waves, titles, strict=True):
        axes.plot(seconds, wave.numpy(), color=AXES["latents"].colour, linewidth=0.4)
        axes.set(ylim=(-loudest, loudest), xticks=[], yticks=[])
        title_above(axes, name)
    for axes, wave in zip(below, waves, strict=True):
        look = {"cmap": "Greys", "origin": "lower", "interpolation": "bilinear"}
        show(axes, _pitches(wave), (0, length / rate, 0, rate / 2), **look)
        axes.set(xticks=[0, length / rate], yticks=[])
        axes.set_xticklabels(["0", f"{length / rate:.2g} s"], fontsize=8)
        axes.get_xticklabels()[-1].set_ha("right")
    for axes, label in ((above[0], "pressure"), (below[0], f"pitch to {rate // 2} Hz")):
        axes.set_ylabel(label, fontsize=8, color=INK)
    named = ", ".join(" ".join(name.split()) for name in titles)
    return Picture(figure, f"{count} sounds as waves and as pitches over time: {named}.")


def _pitches(wave: Tensor) -> Tensor:
    """Strength of each pitch [pitches, moments], the square root of its magnitude."""
    pieces = wave.unfold(0, WINDOW, HOP) * torch.hann_window(WINDOW)
    return torch.fft.rfft(pieces).abs().sqrt().mT
