"""Notebooks show their data as sets, and the lines on published data run on copies on the disk."""

import json
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset, Features, List, Value
from datasets import Image as ImageColumn
from PIL import Image

from perceiver_course.kit.training import batches
from perceiver_course.recipes import trained
from perceiver_course.sets import SETS, load_set
from perceiver_tutorial.apps import data
from perceiver_tutorial.perceiver import encode_text

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.ipynb"))
STEM = attrgetter("stem")
TEXT = "naïve café, " * 30


def sources(path, kind):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


def lines_on_published_data(path):
    blocks = (re.findall(r"```python\n(.*?)```", text, re.S) for text in sources(path, "markdown"))
    return [block for some in blocks for block in some if "apps.data import hub" in block]


def test_at_least_twelve_notebooks_load_a_set_by_its_name_and_show_it():
    shown = {}
    for path in NOTEBOOKS:
        code = "\n".join(sources(path, "code"))
        shown[path.stem] = re.findall(r'load_set\("([\w-]+)"\)\nprint\(card\("\1"\)\)', code)
    assert sum(map(bool, shown.values())) >= 12
    assert {name for names in shown.values() for name in names} <= set(SETS)


def test_the_line_stands_in_every_notebook_that_trains_on_what_has_a_benchmark():
    trained = ["06", "08", "09", "10", "11", "12", "14", "15", "17", "21", "22", "23", "24"]
    assert [path.stem[:2] for path in NOTEBOOKS if lines_on_published_data(path)] == trained


def as_parquet(folder, features, **columns):
    folder.mkdir()
    Dataset.from_dict(columns, Features(features)).to_parquet(str(folder / "train-0.parquet"))


@pytest.fixture
def copies(tmp_path):
    """A row of every benchmark, in the format that it has on the Hub."""
    picture = Image.new("RGB", (40, 30))
    number, text = Value("int64"), Value("string")
    as_parquet(
        tmp_path / "imagenet-1k",
        {"image": ImageColumn(), "label": number}, image=[picture], label=[7],
    )  # fmt: skip
    as_parquet(
        tmp_path / "modelnet40",
        {"inputs": List(List(Value("float64"))), "label": number},
        inputs=np.zeros((1, 8192, 3)).tolist(), label=[7],
    )  # fmt: skip
    as_parquet(tmp_path / "c4", {"text": text}, text=[TEXT])
    as_parquet(
        tmp_path / "glue", {"sentence": text, "label": number}, sentence=[TEXT], label=[1]
    )  # fmt: skip
    as_parquet(
        tmp_path / "audioset",
        {"audio": List(Value("float32")), "human_labels": List(text), "video_id": text},
        audio=[[0.0] * 9], human_labels=[["Hum"]], video_id=["x"],
    )  # fmt: skip
    scene = tmp_path / "sintel/training/clean/alley_1"
    scene.mkdir(parents=True)
    for frame in (1, 2):
        picture.save(scene / f"frame_{frame:04}.png")
    flow = tmp_path / "sintel/training/flow/alley_1/frame_0001.flo"
    flow.parent.mkdir(parents=True)
    size = np.array([40, 30], "<i4").tobytes()
    flow.write_bytes(np.float32(202021.25).tobytes() + size + bytes(8 * 40 * 30))
    return tmp_path


SHAPES = {
    "imagenet-1k": {"image": (1, 3, 224, 224), "label": (1,)},
    "modelnet40": {"points": (1, 128, 3), "label": (1,)},
    "c4": {"text": (1, 48)},
    "glue": {"text": (1, 128), "label": (1,)},
    "audioset": {"audio": (1, 9)},
    "sintel": {"earlier": (1, 3, 30, 40), "later": (1, 3, 30, 40), "flow": (1, 30, 40, 2)},
}


@pytest.mark.usefixtures("no_network", "empty_cache")
def test_the_line_on_a_table_of_units_gives_what_the_model_of_its_notebook_reads(
    tmp_path, monkeypatch
):
    (path,) = (path for path in NOTEBOOKS if path.stem.endswith("_entities"))
    (block,) = (
        block
        for text in sources(path, "markdown")
        for block in re.findall(r"```python\n(.*?)```", text, re.S)
        if "apps.data import own" in block
    )
    units = load_set("situations", train=3, test=2)["test"][:]["units"]
    Dataset.from_dict({"units": units.tolist()}).to_parquet(str(tmp_path / "units.parquet"))
    monkeypatch.chdir(tmp_path)
    here = {"torch": torch}
    exec(block, here)
    assert torch.equal(here["rows"]["train"][:]["units"][1], units[1])
    (read,) = next(batches(here["rows"]["train"], batch_size=2))
    scores = trained("skirmish")(read)
    assert scores.shape == units.shape[:2] and scores.isfinite().all()


@pytest.mark.usefixtures("no_network", "empty_cache")
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if lines_on_published_data(p)], ids=STEM)
def test_the_line_gives_what_a_model_reads(path, copies, monkeypatch):
    (block,) = lines_on_published_data(path)
    (name,) = re.findall(r'hub\("([\w-]+)"', block)
    real = data.hub
    monkeypatch.setattr(
        data, "hub", lambda *words, **given: real(*words, **given | {"folder": copies / name})
    )
    here = {"torch": torch, "encode_text": encode_text}
    exec(block, here)
    rows = here["rows"].select_columns([*SHAPES[name]])
    columns = next(batches(rows, batch_size=1))
    assert [tuple(column.shape) for column in columns] == [*SHAPES[name].values()]
