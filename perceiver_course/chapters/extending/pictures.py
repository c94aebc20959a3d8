"""New tasks drawn: boxes and their matching, spans in a text, sounds, series with gaps."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.letters import MONO, shown
from ...kit.picture import INK, Picture, blank, open_frame

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
    figure, cells = _grid(len(images))
    for number, (axes, image, (classes, boxes)) in enumerate(
        zip(cells, images, truth, strict=True)
    ):
        _show_dimmed(axes, image)
        some = found[number] if found is not None else None
        for label, box in zip(classes.tolist(), boxes.tolist(), strict=True):
            if label >= 0:
                _frame(axes, image, box, THERE, "" if some else names[label][0].upper(), "--")
        if some:
            for label, box, score in zip(*(part.tolist() for part in some[:3]), strict=True):
                _frame(axes, image, box, FOUND, f"{names[label][0].upper()} {100 * score:.0f}")
    there = sum(int((classes >= 0).sum()) for classes, _ in truth)
    alt = f"{len(images)} pictures with {there} things in dashed boxes"
    seen = f", {sum(len(some[0]) for some in found)} found ones in solid boxes" if found else ""
    return Picture(figure, f"{alt}{seen}; the classes are {', '.join(names)}.")


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, IN_A_ROW)
    rows = -(-count // columns)
    figure = Figure(figsize=(1.55 * columns, 1.6 * rows), layout="constrained")
    cells = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in cells:
        axes.set_axis_off()
    return figure, cells[:count]


def _show_dimmed(axes: Axes, image: Tensor) -> None:
    shown = 0.55 * as_shown(image)
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _frame(
    axes: Axes, image: Tensor, box: Sequence[float], colour: str, words: str, style: str = "-"
) -> None:
    """A box in the pixels of a picture, whose first pixel lies around 0; words above it."""
    height, width = image.shape[-2:]
    left, top = (box[0] - box[2] / 2) * width - 0.5, (box[1] - box[3] / 2) * height - 0.5
    size = box[2] * width, box[3] * height
    look = {"fill": False, "edgecolor": colour, "linestyle": style, "linewidth": 1.6}
    axes.add_patch(Rectangle((left, top), *size, **look))
    if words:
        tag = {"facecolor": colour, "edgecolor": "none", "pad": 0.8}
        where = {"ha": "left", "va": "bottom" if top > 4 else "top"}
        axes.text(left, top, words, fontsize=7, color=INK, bbox=tag, **where)


def draw_query_places(found: Sequence[tuple], names: Sequence[str], num_queries: int) -> Picture:
    """One small map for each query: a mark at the centre of every box it found, in many pictures.

    The mark's shape and colour tell the class, its size the box's.

    Args:
        found: for each picture, classes, boxes, scores and the queries that found them.
        names: of the classes, at most six.
        num_queries: how many maps.
    """
    classes, boxes, _, queries = (torch.cat(parts) for parts in zip(*found, strict=True))
    figure = Figure(figsize=(1.5 * num_queries, 2.35), layout="constrained")
    for query, axes in enumerate(figure.subplots(1, num_queries, squeeze=False)[0]):
        for label, name in enumerate(names):
            x, y, wide, tall = boxes[(queries == query) & (classes == label)].mT.numpy()
            look = {"marker": MARKS[label], "color": AXES[MARK_COLOURS[label]].colour}
            axes.scatter(x, y, s=120 * wide * tall, alpha=0.6, linewidths=0, label=name, **look)
        axes.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[])
        axes.set_box_aspect(1)
        axes.set_title(f"query {query}\n{int((queries == query).sum())} things", fontsize=9)
    marks, labels = axes.get_legend_handles_labels()
    legend = figure.legend(
        marks, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False
    )
    for mark in legend.legend_handles:
        mark.set(sizes=[30], alpha=1)
    counts = torch.bincount(queries, minlength=num_queries).tolist()
    told = ", ".join(f"query {query} {count}" for query, count in enumerate(counts))
    alt = f"Where each query finds things in {len(found)} pictures: {told}."
    return Picture(figure, alt)


def draw_matching(
    costs: Float[Tensor, "queries things"], pairs: Sequence[tuple[int, int]], things: Sequence[str]
) -> Picture:
    """A table of costs, a row for each query, a column for each thing; the pairs are framed.

    Args:
        costs: low is good, and dark.
        pairs: (query, thing) that belong together.
        things: a name for each column.
    """
    rows, columns = costs.shape
    figure = Figure(figsize=(1.6 + 1.0 * columns, 0.7 + 0.36 * rows), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(costs.numpy(), cmap="Blues_r", aspect="auto", vmax=costs.max() + 0.1)
    middle = (costs.min() + costs.max()) / 2
    for row, column in torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).tolist():
        value = float(costs[row, column])
        ink = "#FFFFFF" if value < middle else INK
        weight = "bold" if (row, column) in pairs else "normal"
        axes.text(column, row, f"{value:.1f}", ha="center", va="center", color=ink, weight=weight)
    for row, column in pairs:
        look = {"fill": False, "edgecolor": AXES["height"].colour, "linewidth": 3}
        axes.add_patch(Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, **look))
    axes.set_xticks(range(columns), things, fontsize=9)
    axes.set_yticks(range(rows), [f"query {row}" for row in range(rows)], fontsize=9)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    open_frame(axes)
    told = ", ".join(f"query {row} and {things[column]}" for row, column in pairs)
    return Picture(figure, f"Costs of {rows} queries for {columns} things; paired: {told}.")


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
    figure, axes = blank(max(cell * longest, 3.0) + 0.1, LINE * 1.35 * cell * len(texts) + 0.1)
    told = []
    for row, (text, spans) in enumerate(zip(texts, found, strict=True)):
        spans = sorted(spans)
        _boxes(axes, LINE * row, spans, kinds, cell)
        _letters(axes, LINE * row, text, cell)
        told.append(_in_words(text, spans, kinds))
    axes.set(xlim=(-0.2, longest + 0.2), ylim=(LINE * len(texts) - 0.2, -0.15))
    return Picture(figure, f"Texts and what was found in them: {'; '.join(told)}.")


def _boxes(axes: Axes, y: float, spans: list, kinds: Sequence[str], cell: float) -> None:
    for start, stop, kind in spans:
        box = {
            "facecolor": COLOURS[(kind - 1) % len(COLOURS)],
            "edgecolor": "white",
            "linewidth": 1.5,
        }
        axes.add_patch(Rectangle((start, y), stop - start, 1.1, **box))
        middle = (start + stop) / 2
        look = {"ha": "center", "va": "center", "fontsize": 44 * cell, "color": INK}
        axes.text(middle, y + 1.5, kinds[kind], **look)


def _letters(axes: Axes, y: float, text: str, cell: float) -> None:
    place = 0
    for letter in text:
        width = len(letter.encode())
        size = (76 if len(shown(letter, MONO)) == 1 else 40) * cell
        look = {"ha": "center", "va": "center", "fontsize": size, "color": INK, "family": MONO}
        axes.text(place + width / 2, y + 0.55, shown(letter, MONO).strip("\u2423"), **look)
        place += width


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
    figure = Figure(figsize=(min(9.4, 1.2 * count + 0.5), 2.7), layout="constrained")
    above, below = figure.subplots(2, count, squeeze=False, sharex="col")
    loudest = float(waves.abs().max())
    seconds = (torch.arange(length) / rate).numpy()
    for axes, wave, title in zip(above, waves, titles, strict=True):
        axes.plot(seconds, wave.numpy(), color=AXES["latents"].colour, linewidth=0.4)
        axes.set(ylim=(-loudest, loudest), xticks=[], yticks=[])
        axes.set_title(title, fontsize=9, color=INK)
    for axes, wave in zip(below, waves, strict=True):
        shown = {"cmap": "Greys", "aspect": "auto", "origin": "lower", "interpolation": "bilinear"}
        axes.imshow(_pitches(wave).numpy(), extent=(0, length / rate, 0, rate / 2), **shown)
        axes.set(xticks=[0, length / rate], yticks=[])
        axes.set_xticklabels(["0", f"{length / rate:.2g} s"], fontsize=8)
        axes.get_xticklabels()[-1].set_ha("right")
    for axes, label in ((above[0], "pressure"), (below[0], f"pitch to {rate // 2} Hz")):
        axes.set_ylabel(label, fontsize=8, color=INK)
    named = ", ".join(" ".join(title.split()) for title in titles)
    return Picture(figure, f"{count} sounds as waves and as pitches over time: {named}.")


def _pitches(wave: Tensor) -> Tensor:
    """Strength of each pitch [pitches, moments], the square root of its magnitude."""
    pieces = wave.unfold(0, WINDOW, HOP) * torch.hann_window(WINDOW)
    return torch.fft.rfft(pieces).abs().sqrt().mT


# Told apart by colour, and in grey by the kind of line.
LOOKS = (
    {"color": AXES["height"].colour, "linestyle": "-", "linewidth": 1.8},
    {"color": AXES["latents"].colour, "linestyle": ":", "linewidth": 1.8},
)


def draw_series(
    measured: Float[Tensor, "series days"],
    true: Float[Tensor, "series days"] | None = None,
    filled: Mapping[str, Float[Tensor, "series days"]] | None = None,
    titles: Sequence[str] = (),
) -> Picture:
    """What was measured as dots, what is true as a grey band, and up to two ways to fill the gaps.

    Args:
        measured: NaN in the gaps.
        true: the whole curves.
        filled: who fills -> the whole curves.
        titles: one for each series.
    """
    filled = filled or {}
    count = len(measured)
    figure = Figure(figsize=(9.4, 2.5), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for number, axes in enumerate(panels):
        if true is not None:
            axes.plot(true[number], color="#CCCCCC", linewidth=5, label="truth")
        for (name, values), look in zip(filled.items(), LOOKS, strict=False):
            axes.plot(values[number], label=name, **look)
        axes.plot(measured[number], "o", color=INK, markersize=4.5, label="measured")
        _label(axes, titles[number] if titles else "")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    known = int(measured[0].isfinite().sum())
    shown = ", ".join([*(["the truth"] if true is not None else []), *filled])
    return Picture(
        figure,
        f"{count} series of {measured.shape[1]} days, {known} of them measured"
        f"{f'; between the dots: {shown}' if shown else ''}.",
    )


def _label(axes: Axes, title: str) -> None:
    axes.set_xlabel("day", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK)
    axes.tick_params(labelsize=8)
    open_frame(axes)
