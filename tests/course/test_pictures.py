"""Every picture says what it shows, is the same each time, and comes without matplotlib's state."""

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from contrast import too_faint
from drawing import assert_well_drawn
from matplotlib.figure import Figure
from PIL import Image
from pixels import same_picture
from tiny import CONFIGS, IMAGES

from benchmarks.ratios import draw_ratios
from perceiver_course.chapters.attention.pictures import (
    draw_heads,
    draw_matrices,
    draw_product,
)
from perceiver_course.chapters.attention.pictures import draw_mask as draw_attention_mask
from perceiver_course.chapters.bytes.pictures import draw_bytes, draw_mask
from perceiver_course.chapters.checkpoints.pictures import draw_key_map
from perceiver_course.chapters.convolution.pictures import (
    draw_feature_rows,
    draw_fields,
    draw_windows,
)
from perceiver_course.chapters.cost.pictures import draw_shares
from perceiver_course.chapters.cross_attention.pictures import Sizes, draw_layer
from perceiver_course.chapters.decoders.pictures import draw_pixel_questions
from perceiver_course.chapters.distillation.pictures import (
    draw_agreement,
    draw_softened,
)
from perceiver_course.chapters.distillation_token.pictures import draw_token_strip
from perceiver_course.chapters.entities.pictures import draw_battle, draw_situations
from perceiver_course.chapters.extending.pictures import (
    draw_boxes,
    draw_query_places,
    draw_spans,
    draw_waves,
)
from perceiver_course.chapters.feature_maps.pictures import draw_segments
from perceiver_course.chapters.flow.pictures import (
    draw_flow,
    draw_flow_errors,
    draw_neighbourhoods,
    draw_tiles,
)
from perceiver_course.chapters.hierarchy.pictures import draw_stages
from perceiver_course.chapters.images_learned.pictures import draw_steps
from perceiver_course.chapters.masked_language.pictures import draw_guesses
from perceiver_course.chapters.masked_pretraining.pictures import (
    draw_masks,
    draw_rebuilt,
)
from perceiver_course.chapters.multimodal.pictures import (
    draw_modalities,
    draw_tradeoff,
)
from perceiver_course.chapters.point_clouds.pictures import (
    draw_cloud_attention,
    draw_cloud_channels,
    draw_clouds,
)
from perceiver_course.chapters.positions.pictures import (
    draw_band_table,
    draw_code,
)
from perceiver_course.chapters.shapes.pictures import draw_strides
from perceiver_course.chapters.training.pictures import (
    draw_pixel_rows,
)
from perceiver_course.explorers.amounts import Bar, tens
from perceiver_course.explorers.attention.pictures import Row, draw_row_on_image, draw_row_on_text
from perceiver_course.explorers.costs import draw as draw_costs
from perceiver_course.explorers.distillation import Lane, Lesson, draw_lesson
from perceiver_course.explorers.families.pictures import Divided, Reader, draw_families
from perceiver_course.explorers.flow import draw_motion
from perceiver_course.explorers.fourier import draw_fourier
from perceiver_course.explorers.mask_units import Marks, draw_unrolled
from perceiver_course.explorers.masked import draw_filled
from perceiver_course.explorers.modalities import draw_arrays
from perceiver_course.explorers.queries import draw_asked
from perceiver_course.explorers.shape_walk.diagram import draw_step_diagram
from perceiver_course.explorers.shape_walk.steps import Panel, named_steps
from perceiver_course.kit.axes import AXES
from perceiver_course.kit.cells import draw_cells, show_axes
from perceiver_course.kit.charts import (
    draw_bars,
    draw_coordinates,
    draw_lines,
    draw_losses,
    draw_scores,
    draw_seeds,
    draw_table,
)
from perceiver_course.kit.images import (
    describe,
    draw_at_one_scale,
    draw_attention,
    draw_images,
    draw_maps,
    show_tensors,
)
from perceiver_course.kit.letters import draw_read_bytes
from perceiver_course.kit.picture import Picture, ink_on
from perceiver_course.kit.position_pictures import (
    draw_bands,
    draw_similarities,
    draw_similarity_maps,
)
from perceiver_course.kit.query_pictures import draw_query_map
from perceiver_course.kit.walks import draw_walk
from perceiver_tutorial.positions import axis_coordinates, fourier_features, grid_positions
from perceiver_tutorial.tracing import walk

FEATURES = fourier_features(grid_positions((6, 8)), 3, (6, 8))
TEXT = [
    ("[CLS]", [4]), ("n", [116]), ("é", [201, 175]), (" ", [38]), ("漢", [236, 194, 168]),
    ("😀", [246, 165, 158, 134]), ("[SEP]", [5]), ("[PAD]", [0]),
]  # fmt: skip
BOXED = (
    torch.tensor([1, 0, -1]),
    torch.tensor([[0.3, 0.2, 0.4, 0.2], [0.6, 0.7, 0.2, 0.4], [0.0, 0.0, 0.0, 0.0]]),
)
FOUND = (torch.tensor([1]), BOXED[1][:1], torch.tensor([0.9]), torch.tensor([1]))
# x, y, health, damage, side, acts
SEEN = torch.tensor([
    [0.0, 0.0, 1.0, 1.0, 1, 1], [0.5, 0.2, 0.5, 1 / 3, 1, 0], [-0.5, 0.2, 0.9, 2 / 3, 1, 0],
    [0.4, -0.6, 1.0, 1 / 3, -1, 0], [-0.4, 0.8, 0.2, 1.0, -1, 0],
]).expand(2, -1, -1)  # fmt: skip

TINY_WALK = walk(CONFIGS["fourier images"])
TOLD = ("latent 0 reads", "The model answers 1.", "A digit.")


def stored(theirs, shape, *ours):
    """One weight of a file."""
    return SimpleNamespace(theirs=theirs, expected=shape, ours=ours)


PICTURES = {
    "step diagram": lambda: draw_step_diagram(TINY_WALK),
    "step diagram and a step": lambda: draw_step_diagram(
        TINY_WALK,
        Panel(
            named_steps(TINY_WALK)["4 encoder.cross.0"],
            "4 encoder.cross.0",
            [("queries", "5: chosen"), ("runs", "1: it reads once")],
            "Somebody said so. This holds.",
        ),
    ),
    "motion": lambda: draw_motion(
        torch.rand(2, 3, 12, 12),
        torch.full((12, 12, 2), 2.0),
        torch.ones(12, 12, 2),
        2.5,
        "A title.",
    ),
    "lesson": lambda: draw_lesson(
        Lesson(torch.rand(1, 4, 4), "digit 7", 0, 1),
        [Lane("teacher", "as it is", "teacher", torch.tensor([0.25, 0.75]))] * 3,
        {"soft": [(0.5, 0.4), (0.5, 0.8)]},
        2.0,
        "It is a 0.",
    ),
    "ratios": lambda: draw_ratios(
        {"times as fast": {"one": {"plain": 1.0, "fast": 2.5}, "two": {"fast": 1.5}}}, "theirs"
    ),
    "images": lambda: draw_images(torch.rand(3, 3, 6, 8), ["a", "b", "c"]),
    "one grey image": lambda: draw_images(torch.rand(1, 1, 6, 8), [""]),
    "pixel rows": lambda: draw_pixel_rows(torch.rand(3, 6, 8)),
    "photographs": lambda: draw_at_one_scale(
        {"whole": Image.new("RGB", (40, 30)), "cropped": Image.new("RGB", (20, 20))}
    ),
    "attention": lambda: draw_attention(
        torch.rand(3, 6, 8), torch.rand(2, 6, 8), ["latent 0", "latent 1"]
    ),
    "attention of one pixel": lambda: draw_attention(
        torch.rand(1, 6, 8), torch.rand(1, 6, 8), ["an eye asks"], asking=[(2, 3)]
    ),
    "bands": lambda: draw_bands(FEATURES, (6, 8), (0, 1, 5)),
    "guesses": lambda: draw_guesses(
        {"An o_d d_g.": [{"l": 0.9, "d": 0.1}, {"o": 0.6, "i": 0.3}], "T_o.": [{"w": 1.0}]}
    ),
    "losses": lambda: draw_losses([3.0, 2.0, 1.5, 1.2] * 10),
    "losses and a level": lambda: draw_losses(
        [3.0, 2.0, 1.5, 1.2] * 10, levels={"guessing": 2.7, "knowing": 0.1}
    ),
    "bars": lambda: draw_bars({"a": 10, "b": 12000}, "sizes", "numbers"),
    "cells": lambda: draw_cells({"x": torch.arange(6).reshape(2, 3), "one line": torch.arange(6)}),
    "cells in blocks": lambda: draw_cells(
        {"x": torch.arange(24).reshape(3, 2, 4)}, groups=[n // 8 for n in range(24)]
    ),
    "strides": lambda: draw_strides({"x": torch.zeros(4, 6), "x.T": torch.zeros(4, 6).T}),
    "scores": lambda: draw_scores({"weights": torch.rand(3, 5)}, sums=True),
    "many scores": lambda: draw_scores(
        {"head 0": torch.rand(16, 12), "head 1": torch.rand(16, 12)}, "latents", "latents"
    ),
    "one scale": lambda: draw_at_one_scale(
        {"target": torch.rand(3, 8, 6), "yours": torch.rand(1, 4, 12)}
    ),
    "windows": lambda: draw_windows(8, 3, 2, {"none": (0, 0), "same": (0, 1)}),
    "fields": lambda: draw_fields(
        torch.rand(1, 6, 8), {"a stem": [torch.ones(6, 8).bool(), torch.eye(6, 8).bool()]}
    ),
    "similarity maps": lambda: draw_similarity_maps({"learned": torch.rand(12, 5)}, (3, 4)),
    "masks": lambda: draw_masks(
        torch.rand(2, 3, 8, 12), {"random": torch.eye(2, 6).bool().view(2, 2, 3)}
    ),
    "filled by hand": lambda: draw_filled(
        torch.ones(3, 8, 12).cumsum(-1),
        torch.eye(2, 3).bool(),
        None,
        {"network": None, "zeros": torch.zeros(3, 8, 12), "all": torch.ones(3, 8, 12).cumsum(-1)},
        ("A ramp.", "Four units are hidden."),
    ),
    "nothing to fill": lambda: draw_filled(
        torch.rand(1, 8, 8),
        torch.ones(2, 2).bool(),
        torch.rand(1, 8, 8),
        {"network": torch.rand(1, 8, 8)},
        ("Noise.",),
    ),
    "unrolled": lambda: draw_unrolled(
        {
            "grid": torch.arange(8).view(2, 4),
            "memory": torch.tensor([0, 2, 1, 3, 4, 6, 5, 7]).view(2, 2, 1, 2),
        },
        Marks(5, (0, 1, 4, 5), (0, 0, 1, 1, 0, 0, 1, 1)),
        ("Sorted", "Five is marked."),
    ),
    "pooled to one": lambda: draw_unrolled(
        {"grid": torch.tensor([[3]])}, Marks(3, (), (0,) * 4), ("One is left",)
    ),
    "rebuilt": lambda: draw_rebuilt(
        torch.ones(2, 3, 8, 12).cumsum(-1),
        torch.eye(2, 6).bool().view(2, 2, 3),
        {"nothing": torch.zeros(2, 3, 8, 12), "all": torch.ones(2, 3, 8, 12).cumsum(-1)},
    ),
    "names of weights": lambda: draw_key_map(
        {f"block.{n}": torch.zeros(4, 3) for n in ("norm.w", "ask.q", "ask.k")},
        {
            "left": [stored("a.q", (4, 3), "block.ask.q"), stored("a.k", (4, 3), "block.ask.k")],
            "right": [
                stored("b/qk", (8, 3), "block.ask.q", "block.ask.k"),
                stored("b/n", (3, 4), "block.norm.w"),
                stored("c/other", (3,), "elsewhere"),
            ],
        },
    ),
    "stages": lambda: draw_stages(
        torch.rand(3, 16, 24), [(8, 12), (4, 6), (2, 3)], [5, 10, 20], (2, 3)
    ),
    "steps": lambda: draw_steps({"flat": torch.eye(20)}, (4, 5)),
    "coordinates": lambda: draw_coordinates({"open": torch.tensor([-1.0, 0.0])}),
    "functions": lambda: draw_lines(
        {"a": {"b": torch.rand(5)}, "c": {"d": torch.rand(5), "e": torch.rand(5)}},
        torch.arange(-2, 3.0),
    ),
    "feature rows": lambda: draw_feature_rows(torch.rand(12, 5), (3, 4), (0, 2)),
    "bytes": lambda: draw_bytes(TEXT),
    "spans": lambda: draw_spans(
        ["né 漢😀", "né"], [[(4, 7, 2), (0, 3, 1)], []], ["", "person", "place"]
    ),
    "series": lambda: draw_lines(
        {"one": {"measured": torch.tensor([0.0, float("nan"), 2.0]), "true": torch.ones(3)}},
        looks={"measured": "dots", "true": "truth"},
    ),
    "half a character": lambda: draw_bytes([("a", [103]), ("\ufffd", [236])]),
    "mask of bytes": lambda: draw_mask([TEXT, TEXT], torch.arange(14) < torch.tensor([[14], [9]])),
    "bytes that are read": lambda: draw_read_bytes(
        TEXT * 5, torch.eye(70)[[3, 30]], ["latent 0", "latent 1"]
    ),
    "cross-attention layer": lambda: draw_layer(Sizes.of(walk(IMAGES, depth=None))),
    "signed matrix": lambda: draw_matrices({"scores": torch.tensor([[-1.0, 2.0], [0.5, -2.0]])}),
    "attention weights": lambda: draw_matrices(
        {"one": torch.rand(3, 5), "many": torch.rand(9, 16)}, "latents", "inputs", has_sums=True
    ),
    "attention as matrices": lambda: draw_product(
        torch.randn(3, 4), torch.randn(5, 4), torch.randn(5, 6)
    ),
    "split heads": lambda: draw_heads(5, 12, 3),
    "a mask for heads": lambda: draw_attention_mask(
        torch.tensor([[True, True, False], [True, False, False]]), heads=2, queries=4
    ),
    "attention on several pictures": lambda: draw_attention(
        torch.rand(4, 3, 6, 8), torch.rand(4, 2, 6, 8), ["latent 0", "latent 1"]
    ),
    "a code on a line": lambda: draw_code(
        fourier_features(axis_coordinates(9)[:, None], 3, (9,)), num_bands=3
    ),
    "a table of bands": lambda: draw_band_table(FEATURES, (6, 8)),
    "a table of bands of a video": lambda: draw_band_table(
        fourier_features(grid_positions((3, 4, 5)), 2, (3, 4, 5)), (3, 4, 5), ("t", "y", "x")
    ),
    "similarities": lambda: draw_similarities(
        {"raw": grid_positions((6, 8)), "K = 3": FEATURES}, (6, 8), (2, 3)
    ),
    "clouds": lambda: draw_clouds([torch.rand(9, 3), torch.rand(5, 3)], ["a", "b"]),
    "clouds in rows": lambda: draw_clouds(torch.rand(3, 9, 3), ["a", "b", "c"], columns=2),
    "shaded points": lambda: draw_cloud_channels(
        torch.rand(9, 3), torch.rand(2, 9), ["z", "sin z"]
    ),
    "points that are read": lambda: draw_cloud_attention(
        torch.rand(16, 3), torch.eye(16)[:2], ["latent 0", "latent 1"]
    ),
    "shares over doubled numbers": lambda: draw_lines(
        {"": {"one": [0.2, 0.9], "two": [0.1, 0.5]}},
        [4, 8],
        ("points", "share"),
        levels={"guessing": 0.1},
        marks={"here": 5},
    ),
    "walk": lambda: draw_walk(walk(IMAGES)),
    "walk of several modalities": lambda: draw_walk(walk(CONFIGS["multimodal"])),
    "query map": lambda: draw_query_map(walk(CONFIGS["multimodal"], depth=1)),
    "resolutions": lambda: draw_images(
        [torch.rand(3, 4, 5), torch.rand(3, 8, 10)], ["once", "twice"], is_stretched=False
    ),
    "pixel questions": lambda: draw_pixel_questions(
        torch.rand(3, 6, 8), [(1, 2), (4, 7)], torch.eye(2, 5)
    ),
    "motion in colours": lambda: draw_flow(
        torch.rand(2, 3, 6, 8), {"truth": torch.ones(6, 8, 2), "none": torch.zeros(6, 8, 2)}
    ),
    "motion that is partly known": lambda: draw_flow(
        torch.rand(2, 3, 6, 8), {"truth": torch.ones(6, 8, 2)}, torch.eye(6, 8).bool()
    ),
    "errors of motion": lambda: draw_flow_errors(
        {"none": torch.zeros(6, 8, 2)},
        torch.tensor([3.0, 4.0]).expand(6, 8, 2),
        torch.eye(6, 8) > 0,
    ),
    "neighbourhoods": lambda: draw_neighbourhoods(
        torch.rand(2, 3, 6, 8), torch.linspace(-1, 1, 54), (0, 7)
    ),
    "tiles": lambda: draw_tiles(
        (9, 20), (6, 8), [(0, 0), (3, 12)], torch.tensor([[1.0, 3.0], [2.0, 1.0]])
    ),
    "growth and its law": lambda: draw_lines(
        {"time": {"plain": [1, 4, 160], "law": [1, 3, 160], "few": [2, 2, 3]}},
        [8, 16, 32],
        ("inputs", "seconds"),
        looks={"law": "formula"},
        marks={"meeting": 11.5},
    ),
    "modalities": lambda: draw_modalities(
        {"audio": range(5), "image": range(5, 11), "label": range(11, 12)},
        {"audio": (4, 13, 4), "image": (10, 0, 11), "label": (17, 0, 4)},
        mark=7,
    ),
    "several arrays": lambda: draw_arrays(
        {"audio": 5, "label": 1},
        {"audio": (4, 13, 4), "label": (17, 0, 4)},
        "6 x 21.",
        ([Bar("array, 6 x 21", 504, "inputs"), Bar("map, 6 x 6", 144, None)], 2**30),
        [Bar("reading", 10**9, "inputs")],
    ),
    "costs": lambda: draw_costs(64, 32, 64, 2, 16),
    "one photograph, several families": lambda: draw_families(
        [
            Reader(
                "one",
                "4 patches",
                Divided(
                    torch.zeros(3, 4, 4, dtype=torch.uint8),
                    lines=[(0.5, 0.0, 0.5, 1.0)],
                    frames=[(0.0, 0.0, 1.0, 0.0)],
                    labels=[(0.0, 0.0, "1")],
                    front="CD",
                ),
                [("inputs", 100), ("latents", 0)],
                ["5 operations"],
            )
        ],
        tens(0, 6, 1, 3),
        "8 x 8 pixels.",
        "tokens",
    ),
    "Fourier features": lambda: draw_fourier(
        fourier_features(grid_positions((2, 5, 5)), 2, (2, 9, 9)),
        (2, 5, 5),
        torch.tensor([[1.0, 1.0], [1.0, 4.5]]).repeat_interleave(torch.tensor([1, 2]), 0),
        (1, 2, 3),
    ),
    "asked pixels": lambda: draw_asked(
        torch.rand(3, 4, 4),
        torch.eye(4).bool(),
        torch.rand(4, 3),
        torch.rand(4, 4, 3),
        3,
        {"encode": 1.0, "all": 4.0, "these": 0.5},
        ("4 queries", "In 2 chunks."),
    ),
    "film": lambda: draw_maps(
        {"seen": torch.rand(3, 3, 4, 5), "twice": torch.rand(6, 3, 4, 5)}, limits=(0, 1)
    ),
    "trade-off": lambda: draw_tradeoff(
        {"low": (24.0, 0.5), "high": (21.0, 0.9)}, {"mean frame": 20.0}, ("video", "label")
    ),
    "sounds": lambda: draw_lines(
        {"a clip": {"true": torch.sin(torch.arange(64) * torch.pi / 8), "rebuilt": torch.rand(64)}},
        labels=("sample", ""),
        looks={"true": "truth"},
        is_stacked=True,
    ),
    "boxes to find": lambda: draw_boxes(torch.rand(7, 1, 8, 8), ["disc", "block"], [BOXED] * 7),
    "boxes that were found": lambda: draw_boxes(
        torch.rand(2, 3, 8, 6), ["disc", "block"], [BOXED] * 2, [FOUND, FOUND]
    ),
    "places of queries": lambda: draw_query_places([FOUND, FOUND], ["disc", "block"], 3),
    "a table": lambda: draw_table(
        torch.tensor([[0.1, 0.9], [0.5, 0.2]]), ["query 0", "query 1"], ["disc", "block"], "costs"
    ),
    "a table with frames": lambda: draw_table(
        torch.rand(3, 2), ["a", "b", "c"], ["disc", "block"], "costs", framed=[(0, 1), (2, 0)]
    ),
    "waves": lambda: draw_waves(torch.randn(2, 512), ["tone", "two\nlines"], 4000),
    "shares": lambda: draw_shares(
        {"model": {"reading": 1, "thinking": 98, "answering": 1}},
        {"reading": "inputs", "thinking": "latents", "answering": "queries"},
        "operations",
    ),
    "situations": lambda: draw_situations(SEEN, torch.ones(2, 5).bool(), ["a", "b"]),
    "situations with a choice": lambda: draw_situations(
        SEEN,
        torch.arange(5) < torch.tensor([[5], [4]]),
        ["a", "b"],
        chosen=torch.tensor([3, 3]),
        weights=torch.tensor([[0.6, 0.1, 0.0, 0.3, 0.0], [0.1, 0.2, 0.0, 0.7, 0.0]]),
        reach=0.5,
    ),
    "battle": lambda: draw_battle(
        (0, 4),
        SEEN[..., :2],
        torch.tensor([[1.0, 0.5, 0.5, 1.0, 0.2], [1.0, 0.0, 0.5, 1.0, 0.0]]),
        SEEN[0, :, 3],
        SEEN[0, :, 4].long(),
        torch.tensor([[3, 3, 4, 0, 0], [-1, -1, -1, -1, -1]]),
    ),
    "a long battle": lambda: draw_battle(
        range(5),
        SEEN[:1, :, :2].expand(5, -1, -1),
        torch.ones(5, 5),
        SEEN[0, :, 3],
        SEEN[0, :, 4].long(),
        torch.full((5, 5), -1),
    ),
    "tokens in front": lambda: draw_token_strip(torch.rand(3, 12, 16), (3, 4)),
    "one token in front": lambda: draw_token_strip(torch.rand(1, 12, 16), (3, 4), False),
    "maps": lambda: draw_maps(
        {"ours": [torch.rand(3, 8, 12), torch.rand(8, 12)], "theirs": [torch.rand(4, 6)]},
        ["picture", "map"],
    ),
    "segments": lambda: draw_segments(
        torch.rand(2, 3, 6, 8),
        {"truth": torch.ones(2, 6, 8).long(), "all wrong": torch.zeros(2, 6, 8).long()},
        ["ground", "disc"],
    ),
    "softened shares": lambda: draw_softened(
        {"T = 1": torch.tensor([0.1, 0.9]), "T = 9": torch.tensor([0.4, 0.6])}, ["3", "8"]
    ),
    "who chooses differently": lambda: draw_agreement(
        {"truth": [1, 2, 3, 4], "teacher": [1, 2, 3, 5], "class head": [0, 2, 3, 5]}
    ),
    "a row on a picture": lambda: draw_row_on_image(
        Row(*TOLD, torch.eye(5)[1], "latents", torch.arange(50.0) / 1225, "tokens", ("one", "two")),
        torch.rand(3, 12, 16),
        (6, 8),
        torch.eye(50)[2],
        asks=(1, 2, 8),
        marks=[(3.0, 4.5)],
    ),
    "a row on a text": lambda: draw_row_on_text(
        Row(*TOLD, torch.full((70,), 1 / 70), "bytes", torch.eye(70)[3], "bytes"), TEXT * 5, 68
    ),
    "seeds": lambda: draw_seeds({"alone": [0.8, 0.9], "taught": [0.9, 0.93]}, "read rightly"),
    "seeds and a level": lambda: draw_seeds(
        {"alone": [0.8, 0.9]}, "read rightly", {"teacher": 0.97}
    ),
}
SAID = {
    "step diagram": "left to right: 1 raw 3 x 8 x 10; 2 preprocessor.positions 80 x 22; 3",
    "step diagram and a step": "Chosen is 4 encoder.cross.0: CrossAttentionLayer, ",
    "a row on a picture": "Most of all: row 5, column 7 (4%); row 5, column 6",
    "a row on a text": 'Most of all: "é" at byte 3 (100%);',
    "motion": "A title. Mean motion: 2.0 right and 2.0 down in truth, 1.0 right and 1.0 down for",
    "lesson": "1 0.75; teacher, 1 0.75. Losses: soft, 0.50 × 0.40 + 0.50 × 0.80 = 0.60.",
    "ratios": "Ratios to theirs, which is 1. times as fast: one plain 1.00 and fast 2.50, two fast",
    "masks": "2 pictures, mask units that are seen: random, 1 of 6.",
    "filled by hand": "A ramp. Four units are hidden. Mean squared error over hidden pixels: "
    "network, no answer; zeros, error 68.50; all, error 0.00.",
    "nothing to fill": "Noise. Mean squared error over hidden pixels: network, nothing hidden.",
    "unrolled": "Sorted. Five is marked. In memory: 0, 2, 1, 3, 4, 6, 5, 7.",
    "pooled to one": "One is left. In memory: 3.",
    "rebuilt": "1 of 6 units; mean squared error where they are hidden: nothing 59.90, all 0.00.",
    "names of weights": "in left, q is ask.q, k is ask.k; in right, qk is ask.q and ask.k, n is "
    "norm.w.",
    "stages": "8 by 12 tokens of 5 channels; 4 by 6 tokens of 10 channels;",
    "images": "3 images of 6 by 8 pixels: a, b, c.",
    "one grey image": "1 image of 6 by 8 pixels.",
    "pixel rows": "of its 48 pixels as rows of red, green and blue, normalised: the first is",
    "photographs": "at one scale: whole, 30 by 40 pixels; cropped, 20 by 20 pixels.",
    "attention": "over it where attention goes: latent 0, latent 1.",
    "attention of one pixel": "An image of 6 by 8 pixels, and over it where attention goes: an eye",
    "bands": "Channels 0, 1, 5 of the position encoding over a grid of 6 by 8 cells.",
    "guesses": "the likeliest letters for them: \"An o_d d_g.\" 'lo'; \"T_o.\" 'w'.",
    "losses": "training loss, over 40 steps: it falls from left to right.",
    "losses and a level": "from left to right; it ends below guessing; it ends above knowing.",
    "bars": "Bars, sizes, in numbers: a 10, b 1.2e+04.",
    "cells": "Numbered cells: x, 2 by 3, first row 0, 1, 2; one line, 1 by 6, first row 0, 1, 2",
    "cells in blocks": "x, 3 times 2 by 4, first row 0, 1, 2, 3.",
    "strides": "x, shape (4, 6), strides (6, 1); x.T, shape (6, 4), strides (1, 6).",
    "scores": "each of the queries, a column for each of the inputs: weights, 3 by 5. Sums of rows",
    "many scores": "each of the latents: head 0, 16 by 12; head 1, 16 by 12.",
    "one scale": "Images at one scale: target, 8 by 6 pixels; yours, 4 by 12 pixels.",
    "windows": "none, 0 before and 0 after, 3 windows, the first from 0; same, 0 before and 1",
    "fields": "a stem, rows 0 to 5, columns 0 to 7; rows 0 to 5, columns 0 to 5.",
    "similarity maps": "For each of 3 by 4 places a map of how alike it is to all of them",
    "steps": "by the step between them: flat, one down 0.0, one right 0.0.",
    "coordinates": "Coordinates on a line: open, 2 cells from -1.00 to 0.00.",
    "functions": "Lines, -2 to 2: a, b from 0.496 to 0.307, up to 0.768 at -1, down to 0.088 at 0",
    "feature rows": "Channels 0, 2 of a grid of 3 by 4 cells as images, and the first 12 of its",
    "bytes": "n 116, é 201 175,   38, 漢 236 194 168, 😀 246 165 158 134, [SEP] 5, [PAD] 0.",
    "half a character": "over the ids of their bytes: a 103, \ufffd 236.",
    "spans": 'in them: "né 漢😀" né person, 漢 place; "né" nothing.',
    "series": "Lines, 0 to 2: one, measured at 2 of 3 places, from 0 to 2, true from 1 to 1.",
    "mask of bytes": "2 texts of 14 ids each; kept are the first 14, 9, the rest is hatched.",
    "bytes that are read": "[PAD]', shaded by where attention goes: latent 0, most at 'é'; latent "
    "1, most at 'é'.",
    "cross-attention layer": "W_K makes keys 80 by 25, which are transposed to 25 by 80; W_V makes "
    "values 80 by 25. Queries times transposed keys, softmax over the inputs: weights 7 by 80.",
    "signed matrix": "Matrices, queries by keys, on one scale from -2 to 2: scores, 2 by 2.",
    "attention weights": "one, 3 by 5; many, 9 by 16. Sums of rows stand at the right, of columns",
    "attention as matrices": "Q 3 by 4; transposed K 4 by 5; scores 3 by 5; weights A 3 by 5; V "
    "5 by 6; output 3 by 6.",
    "split heads": "5 rows of 12 channels are split into 3 heads of 4 channels.",
    "a mask for heads": "[2, 3] is repeated for 2 heads and 4 queries: [2, 2, 4, 3]. Masked keys "
    "in each sample: [1, 2].",
    "attention on several pictures": '4 pictures of 6 by 8 pixels, and where attention '
    'goes: latent 0, latent 1.',
    "a code on a line": "9 positions on a line, each a column of 7 channels: the raw coordinate",
    "a table of bands": "6 by 8 cells, line by line: raw 2, sin y 3, sin x 3, cos y 3, cos x 3.",
    "a table of bands of a video": "over 3 by 4 by 5 cells, line by line: raw 3, sin t 2, sin y 2,",
    "similarities": "row 2, column 3 of 6 by 8 cells and all others are: raw, 0.33 close by, 0.01 "
    "along its row and column, -0.12 elsewhere; K = 3,",
    "clouds": "2 clouds of 5 to 9 points: a, b.",
    "clouds in rows": "3 clouds of 9 points: a, b, c.",
    "shaded points": "A cloud of 9 points, shaded by: z, sin z.",
    "points that are read": "latent 0 gives its 8 favourite points 100%, latent 1 gives its 8",
    "shares over doubled numbers": "Lines of share over points, 4 to 8: one from 0.2 to 0.9, two "
    "from 0.1 to 0.5. Dashed lines: guessing: 0.1; here: 5.",
    "walk": "raw 3 x 8 x 10; input array 80 x 25; read once, think 6 times; latents 7 x 12; "
    "decode with queries 1 x 12; output array 1 x 12; answer 4.",
    "walk of several modalities": "raw image 3 x 3 x 8 x 4, audio 20 x 1, label 5",
    "query map": "image 96 x 17 give outputs 96 x 11 and the answer 3 x 3 x 8 x 4",
    "resolutions": '2 images, drawn equally large: once, 4 x 5 pixels; twice, 8 x 10 pixels.',
    "pixel questions": "pixel 0 reads latent 0 most, pixel 1 reads latent 1 most.",
    "motion in colours": "and motion in colours: truth, on average 1.0 right and 1.0 "
    "down; none, on average 0.0 right and 0.0 down.",
    "motion that is partly known": "truth, on average 1.0 right and 1.0 down.",
    "errors of motion": "End-point errors in pixels, darker is worse: none 5.00.",
    "neighbourhoods": "Row 0, column 7 of two frames, its 3 by 3 neighbours in both, and the 54",
    "tiles": "2 tiles of 6 by 8 on 9 by 20 pixels, from row and column (0, 0), (3, 12); a tile's "
    "pixels count from 1 at the border to 3 in the middle.",
    "growth and its law": "few from 2 to 3, at the end 1.5 times as much for twice as many. "
    "Dashed lines: meeting: 11.5.",
    "modalities": "rows 5 to 10: 10 what is there, 11 learned padding; label, rows 11 to 11: "
    "17 what is there, 4 learned padding. Row 7 is image.",
    "several arrays": "audio, 5 rows: 4 what is there + 13 where it is + 4 learned padding; label, "
    "1 row: 17 what is there + 4 learned padding. Bytes: array, 6 x 21, 504 bytes; map",
    "costs": "inputs that all read all. Operations with 64 inputs: all read all, 8.39 million; lat",
    "one photograph, several families": "8 x 8 pixels. one, 4 patches: 5 operations.",
    "Fourier features": "3 x (2 x 2 + 1) = 15 channels for each of 2 x 5 x 5 cells. Aliased: 5 "
    "cells show at most 2 waves; the fastest band has 4.5 and looks like 0.5. Alike to frame 1",
    "asked pixels": "4 queries. In 2 chunks. Millions of operations: encode 1.00, all 4.00, these",
    "film": "Films in rows, frame by frame, from dark to light: seen, 3 frames of 4 by 5; twice, 6 "
    "frames of 4 by 5.",
    "trade-off": "video against label. low: 24.0, 0.50; high: 21.0, 0.90. Mean frame at 20.0.",
    "sounds": "Lines over sample, 0 to 63: a clip, true swings 4 times between -1 and 1, rebuilt",
    "boxes to find": "7 pictures with 14 things in dashed boxes; the classes are disc, block.",
    "boxes that were found": "with 4 things in dashed boxes, 2 found ones in solid boxes",
    "places of queries": "things in 2 pictures: query 0 0, query 1 2, query 2 0.",
    "a table with frames": "costs, a table of 3 by 2; framed: a and block 0.8, c and disc 0.3.",
    "a table": 'costs, a table of 2 by 2: query 0 and disc 0.1, query 0 and block 0.9, query 1 and',
    "waves": "2 sounds as waves and as pitches over time: tone, two lines.",
    "shares": "model: reading 1, thinking 98, answering 1.",
    "situations": "a, 3 own and 2 enemy units; b, 3 own and 2 enemy units.",
    "situations with a choice": "a, 3 own and 2 enemy units, most at itself; b, 3 own and 1 enemy "
    "units, most at an enemy unit.",
    "battle": "A battle, discs to triangles: turn 0, 3 to 2; turn 4, 2 to 1.",
    "a long battle": "turn 3, 3 to 2; turn 4, 3 to 2.",
    "tokens in front": "3 by 4 patches, and the 14 tokens that are read: 0 the class token and 1 "
    "the distillation token, each with a head above it, then the patches row by row.",
    "one token in front": "13 tokens that are read: 0 the class token, each with a head above it",
    "softened shares": "Shares of 2 classes, the largest: T = 1, 8 0.90; T = 9, 8 0.60.",
    "who chooses differently": "in percent of 4 images: truth and teacher 25.0; truth and class "
    "head 50.0; teacher and class head 25.0.",
    "seeds": 'mean ± standard deviation of 2 seeds: alone 0.850 ± 0.071; taught 0.915 ± 0.',
    "seeds and a level": 'alone 0.850 ± 0.071; teacher 0.970, a dashed line.',
    "maps": "from dark to light: ours, 2 of 8 by 12; theirs, 4 by 6. Above them: picture, map.",
    "segments": "ground, disc. Pixels as in the first row: truth 100%, all wrong 0%.",
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_well_drawn(name):
    assert_well_drawn(PICTURES[name], SAID[name])


def test_all_pictures_are_laid_out_and_written_by_one_file():
    """Panels, sheets, words, images and boxes: others say where, `kit/picture.py` says how."""
    course = Path(inspect.getfile(Picture)).parents[1]
    own = re.compile(r"\b(Figure|subplots|add_axes|imshow|Rectangle)\(|axes\.text\(")
    drawing = {path.name for path in course.rglob("*.py") if own.search(path.read_text())}
    assert drawing == {"picture.py"}


@pytest.mark.parametrize("ground", ["#FFFFFF", "#767676", "#888888", "#0072B2", "#D55E00", "#000"])
def test_black_or_white_can_be_read_on_any_colour(ground):
    figure = Figure(figsize=(2, 1), facecolor=ground)
    figure.text(0.5, 0.5, "words", color=ink_on(ground), ha="center", fontsize=8)
    assert list(too_faint(figure)) == []


def test_a_picture_can_be_saved(tmp_path):
    picture = PICTURES["bars"]()
    picture.save(tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes() == picture.png


def test_a_walk_without_its_inside_does_not_count_what_it_did_not_see():
    assert "; encode; latents" in draw_walk(walk(IMAGES, depth=1)).alt


def test_letters_that_are_next_to_impossible_are_not_drawn():
    faint, fainter, likely = (
        draw_guesses({"o_e": [{"n": 0.9, letter: share}]}).png
        for letter, share in (("x", 0.009), ("q", 0.001), ("q", 0.02))
    )
    assert same_picture(faint, fainter) and not same_picture(faint, likely)


def test_a_peak_on_a_logarithmic_scale_is_told():
    assert "f from 1 to 90, up to 100 at 4," in draw_lines({"": {"f": [1, 100, 90]}}, [2, 4, 8]).alt


def test_what_no_eye_sees_of_a_curve_is_told_as_zero():
    told = draw_lines({"": {"f": torch.tensor([-1e-6, 5.0, -2e-7])}}).alt
    assert told == "Lines, 0 to 2: f from 0 to 0, up to 5 at 1."


def test_a_loss_that_rises_is_not_said_to_fall():
    assert "it falls" not in draw_losses([1.0, 2.0, 3.0]).alt


@pytest.mark.parametrize("tensor, words", [
    (torch.zeros(1, 3, 224, 224), "float32 (1, 3, 224, 224)"),
    (torch.tensor([[1, 2]]), "int64 (1, 2) [[1, 2]]"),
    (torch.tensor([True]), "bool (1,) [True]"),
    (torch.arange(100), "int64 (100,)"),
    (torch.zeros(2, device="meta"), "float32 (2,) without values"),
])  # fmt: skip
def test_a_tensor_is_described_by_kind_and_shape(tensor, words):
    assert describe(tensor) == words


@pytest.fixture
def shell():
    """An IPython without a notebook around it."""
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_tensors_are_shown_by_shape_and_images_as_pictures(shell):
    show_tensors()
    shown, _ = shell.display_formatter.format(torch.rand(2, 3, 8, 9))
    assert shown["text/plain"] == "float32 (2, 3, 8, 9)"
    assert shown["image/png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("tensor", [
    torch.rand(5, 6), torch.rand(3, 4, 4), torch.zeros(1, 3, 8, 8, device="meta"), torch.arange(9),
])  # fmt: skip
def test_what_is_no_image_stays_text(shell, tensor):
    show_tensors()
    shown, _ = shell.display_formatter.format(tensor)
    assert list(shown) == ["text/plain"]


def test_outside_a_notebook_there_is_nothing_to_register_with():
    with pytest.raises(RuntimeError, match=r"works in a notebook or in IPython, not in plain Py"):
        show_tensors()


@pytest.fixture
def displayed(monkeypatch):
    """What a cell shows, one item after another."""
    items = []
    monkeypatch.setattr("IPython.display.display", lambda item, **_: items.append(item))
    return items


def test_named_axes_are_told_in_one_line_and_drawn(displayed):
    shown = show_axes(torch.rand(2, 3, 9, 8), "batch colours height width")
    shown._ipython_display_()
    line, picture = displayed
    assert repr(shown) == line["text/plain"] == "float32: 2 batch, 3 colours, 9 height, 8 width"
    assert f"{AXES['height'].chip} 9 height" in line["text/html"]
    assert picture.alt.startswith("2 images of 9 by 8 pixels")


def test_named_axes_without_a_picture_are_one_line(displayed):
    show_axes(torch.zeros(2, 5, 4), "batch inputs channels")._ipython_display_()
    assert [item["text/plain"] for item in displayed] == ["float32: 2 batch, 5 inputs, 4 channels"]


def test_every_axis_wants_a_name():
    with pytest.raises(ValueError, match=r"a name for each of 2 axes \(3, 4\), got 1: 'inputs'"):
        show_axes(torch.zeros(3, 4), "inputs")


def test_every_axis_has_a_letter_and_a_colour_of_its_own():
    kinds = AXES.values()
    assert (
        len({kind.letter for kind in kinds}) == len({kind.colour for kind in kinds}) == len(kinds)
    )


def _luminance(colour):
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("axis", AXES)
def test_a_letter_is_readable_on_its_colour(axis):
    low, high = sorted(_luminance(c) for c in (AXES[axis].colour, AXES[axis].ink))
    assert (high + 0.05) / (low + 0.05) >= 4


@pytest.mark.parametrize("sides", [("one",), ("one", "two", "three")])
def test_names_of_weights_are_those_of_two_others(sides):
    with pytest.raises(ValueError, match=rf"expected two sides, got {len(sides)}: one"):
        draw_key_map({"a": torch.zeros(2)}, {side: [] for side in sides})
