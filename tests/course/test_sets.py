"""Every set of the course loads offline, comes back from the cache, and is the same everywhere."""

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Features, Image, Value
from datasets.exceptions import DatasetGenerationError
from PIL.Image import fromarray

from perceiver_course.kit import samples
from perceiver_course.kit.clips import FILE, read_clips
from perceiver_course.kit.recipes.facts import questions
from perceiver_course.sets import SETS, card, load_set, made
from perceiver_course.sets.made import MadeSet, files_behind, rows
from perceiver_tutorial.apps import cache

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
DIGESTS = Path(__file__).with_suffix(".json")  # python tests/course/test_sets.py makes it anew


@pytest.fixture(scope="module", autouse=True)
def cached(tmp_path_factory):
    """One cache for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def digest(data):
    """What a split holds: whole numbers and texts exactly; measured numbers as three means."""
    return {"rows": data.num_rows, **{name: _digest(data, name) for name in data.features}}


def _digest(data, name):
    kind = data.features[name]
    if not (isinstance(kind, Image) or hasattr(kind, "shape") or "float" in str(kind)):
        values = data.with_format(None)[name][:]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
    values = data.with_format(None if isinstance(kind, Image) else "numpy")[name][:]
    flat = np.concatenate([np.asarray(value, np.float64).ravel() for value in values])
    flat = np.nan_to_num(flat, nan=-1.0)
    order = (np.arange(flat.size) % 97) / 97  # the same numbers in another order differ
    return [round(float(x), 6) for x in (flat.mean(), np.abs(flat).mean(), (flat * order).mean())]


def depends_on_python(name):
    return "Python" in SETS[name].packages


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", SETS)
def test_a_set_loads_without_a_network_and_has_the_same_rows_everywhere(name):
    stored = json.loads(DIGESTS.read_text())
    if depends_on_python(name) and stored["python"] != platform.python_version():
        pytest.skip(f"its texts are those of Python {stored['python']}")
    found = {split: digest(data) for split, data in load_set(name).items()}
    assert found.keys() == stored[name].keys()
    for split, columns in found.items():
        for column, value in columns.items():
            expected = stored[name][split][column]
            if isinstance(value, list):
                assert value == pytest.approx(expected, rel=1e-4, abs=1e-5), (split, column)
            else:
                assert value == expected, (split, column)


@pytest.mark.parametrize("name", SETS)
def test_a_card_says_what_from_whom_how_many_and_under_which_licence(name):
    first, *lines = card(name).splitlines()
    assert first.startswith(f"{name}: ") and first.endswith(".")
    said = [line.partition(":")[0] for line in lines]
    assert said == ["rows", "columns", "a row", "source", "licence"]
    assert all(len(line.partition(": ")[2]) > 2 for line in lines)


def test_rows_are_those_that_the_course_draws():
    digits, drawn = load_set("digits"), samples.digits()
    assert torch.equal(digits["train"][:]["image"], drawn.train_images)
    assert torch.equal(digits["test"][:]["label"], drawn.test_labels)
    pictures = load_set("six-pictures")["train"][:]["image"]
    assert torch.equal(pictures / 255, samples.six_pictures())
    textures = load_set("textures")["test"][:]["image"]
    assert torch.equal(textures / 127.5 - 1, samples.textures().test)
    clips = load_set("stored-clips")["test"][:]
    assert torch.equal(clips["image"], read_clips().image)
    asked = load_set("questions", train=5)["train"][:]
    assert asked["answer"] == [question.answer for question in questions(5)]


def test_photographs_keep_their_names():
    six = load_set("six-pictures")["train"].with_format(None)
    assert (six[0]["name"], six[0]["image"].size, len(six)) == ("cat", (40, 32), 6)


def test_no_digit_is_in_two_splits():
    for name in ("digits", "few-digits"):
        assert sum(split.num_rows for split in load_set(name).values()) == 1797


@pytest.mark.usefixtures("empty_cache")
def test_a_set_is_drawn_once_and_then_read(monkeypatch):
    first = load_set("series", train=4)["train"][:]["true"]
    monkeypatch.setattr(made.Dataset, "from_generator", None)
    assert torch.equal(load_set("series", train=4)["train"][:]["true"], first)
    with pytest.raises(TypeError):
        load_set("series", train=5)


def test_any_number_of_rows_is_drawn_of_what_is_arithmetic():
    assert load_set("clouds", train=3)["train"][:]["points"].shape == (3, 128, 3)


def test_a_card_of_sentences_says_how_few_different_ones_there_are():
    said = card("sentences").splitlines()[0]
    every = load_set("sentences", train=60_000, test=20_000)
    for split, number in (("train", "1,344"), ("test", "448")):
        assert f"{len({*every[split]['text'][:]}):,}" == number and number in said


def test_no_line_of_prose_and_no_sentence_is_in_two_splits():
    for name in ("prose", "sentences"):
        train, test = (load_set(name)[split]["text"][:] for split in ("train", "test"))
        assert not {*train} & {*test}


def test_a_changed_file_of_data_is_a_new_entry_of_the_cache(tmp_path):
    assert SETS["stored-clips"].files == [FILE]
    file = tmp_path / "data.npz"
    seen = set()
    for content in (b"one", b"two"):
        file.write_bytes(content)
        seen.add(replace(SETS["stored-clips"], files=[file]).fingerprint)
    assert len(seen) == 2


@pytest.mark.parametrize("name, counts, free", [
    ("clouds", {"train": 2.5}, r"got train=2\.5"),
    ("clouds", {"train": True}, "got train=True"),
    ("clouds", {"train": "3"}, "got train='3'"),
    ("clouds", {"validation": 3}, "train, test"),
    ("clouds", {"train": 0}, "train, test"),
    ("digits", {"train": 3}, "none to choose"),
])  # fmt: skip
def test_rows_that_cannot_be_chosen_are_refused(name, counts, free):
    with pytest.raises(ValueError, match=f"expected a whole number of rows.*{free}"):
        load_set(name, **counts)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match=r"got 'digit'\. Did you mean 'digits'"):
        load_set("digit")


SOURCE = """
import {used}

def draw(count):
    yield from ({{"x": number * {used}.FACTOR}} for number in range(count))
"""


@pytest.fixture
def changing(tmp_path, monkeypatch):
    """Makes a small set of given sources: its own file, and one that it uses."""
    monkeypatch.setattr(made, "OURS", ("drawn_here",))

    def build(factor, comment="", **arguments):
        used = tmp_path / "drawn_here.py"
        used.write_text(f"FACTOR = {factor}")
        main = tmp_path / "main_of_it.py"
        main.write_text(SOURCE.format(used="drawn_here") + comment)
        for name, file in (("drawn_here", used), ("main_of_it", main)):
            spec = spec_from_file_location(name, file)
            monkeypatch.setitem(sys.modules, name, module_from_spec(spec))
            spec.loader.exec_module(sys.modules[name])
        splits = {"train": {"count": 3, **arguments}}
        draw = sys.modules["main_of_it"].draw
        return MadeSet(Features({"x": Value("int64")}), draw, splits, "What.", "us", "free")

    return build


def test_a_changed_generator_is_a_new_entry_of_the_cache(changing, empty_cache):
    first = changing(2)
    assert first.load("it")["train"][:]["x"].tolist() == [0, 2, 4]
    fingerprints = [first.fingerprint, changing(2, "# other source").fingerprint]
    fingerprints += [changing(2, count=4).fingerprint, changing(3).fingerprint]
    fingerprints.append(replace(changing(2), features=Features({"x": Value("int32")})).fingerprint)
    fingerprints.append(replace(changing(2), packages=["numpy"]).fingerprint)
    assert len({*fingerprints}) == 6 and changing(2).fingerprint == fingerprints[0]
    assert changing(3).load("it")["train"][:]["x"].tolist() == [0, 3, 6]
    assert len([*empty_cache.iterdir()]) == 2


def test_a_set_knows_the_files_that_it_comes_from():
    names = {file.name for file in files_behind(SETS["segments"].draw)}
    assert {"pictures.py", "data.py", "clips.py", "positions.py"} <= names
    assert "model.py" not in names


def broken_after(count, error):
    def draw():
        yield from rows(x=range(count))
        raise error

    return MadeSet(Features({"x": Value("int64")}), draw, {"train": {}}, "What.", "us", "free")


@pytest.mark.parametrize("error", [RuntimeError("torn"), KeyboardInterrupt()])
def test_what_stops_half_way_leaves_nothing_in_the_cache(error, empty_cache):
    with pytest.raises((KeyboardInterrupt, DatasetGenerationError)):
        broken_after(5, error).load("half")
    assert [*empty_cache.iterdir()] == []


def test_what_a_power_cut_left_is_never_read_and_goes_in_time(empty_cache):
    old, new = empty_cache / ".unfinished-old", empty_cache / ".unfinished-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    load_set("series", train=2)
    assert not old.exists() and new.exists()


@pytest.mark.parametrize("spoil", [Path.unlink, *(
    partial(Path.write_text, data=text) for text in ("torn", "{}", "[]", "3")
)])  # fmt: skip
@pytest.mark.parametrize(
    "pattern", ["*/train/*.arrow", "*/dataset_dict.json", "*/train/state.json"]
)
def test_what_somebody_spoilt_in_the_cache_is_drawn_again(empty_cache, spoil, pattern):
    wanted = load_set("series", train=4)["train"][:]["true"].clone()
    (file,) = empty_cache.glob(pattern)
    spoil(file)
    assert torch.equal(load_set("series", train=4)["train"][:]["true"], wanted)


def test_whoever_comes_second_takes_what_the_first_has_made(empty_cache):
    place = empty_cache / "both"
    with cache.whole_or_not_at_all(place) as mine:
        (mine / "mine").touch()
        with cache.whole_or_not_at_all(place) as theirs:
            (theirs / "theirs").touch()
    assert [file.name for file in place.iterdir()] == ["theirs"]
    assert [folder.name for folder in empty_cache.iterdir()] == ["both"]


@pytest.mark.usefixtures("empty_cache")
def test_a_cache_that_may_not_be_written_to_is_named(monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "mkdtemp", refuse)
    with pytest.raises(PermissionError, match="HF_DATASETS_CACHE to a folder of your own"):
        load_set("series", train=2)


def test_the_cache_lies_where_datasets_keeps_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "mine"))
    assert cache.cache_folder() == tmp_path / "mine" / "perceiver-tutorial"
    assert cache.cache_size() == 0
    monkeypatch.delenv("HF_DATASETS_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert cache.cache_folder() == tmp_path / "hf" / "datasets" / "perceiver-tutorial"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "huggingface" / "datasets" / "perceiver-tutorial"


def test_the_packages_do_not_bring_datasets_until_it_is_used():
    code = "import perceiver_tutorial, perceiver_course, perceiver_course.recipes, sys; "
    code += "import perceiver_tutorial.apps.cli; sys.exit('datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.usefixtures("empty_cache")
def test_no_progress_bar_is_drawn(capfd):
    load_set("clouds", train=2)
    assert "".join(capfd.readouterr()) == ""


def test_a_digest_sees_order_and_every_kind_of_column():
    features = Features(
        {"a": Value("int64"), "b": Value("float32"), "c": ClassLabel(num_classes=3)}
    )
    one = made.Dataset.from_dict({"a": [1, 2], "b": [0.5, 1.0], "c": [0, 2]}, features)
    other = made.Dataset.from_dict({"a": [2, 1], "b": [1.0, 0.5], "c": [0, 1]}, features)
    assert all(digest(one)[name] != digest(other)[name] for name in "abc")
    picture = made.Dataset.from_dict(
        {"p": [fromarray(np.full((2, 2), 7, np.uint8))]}, Features({"p": Image()})
    )
    assert digest(picture)["p"][0] == 7.0


def test_the_lines_of_the_page_on_data_run(empty_cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text("review,stars\ngood,4\nbad,0\n")
    (tmp_path / "FOLDER/cat").mkdir(parents=True)
    fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "FOLDER/cat/a.png")
    monkeypatch.setattr("perceiver_tutorial.apps.data.hub", lambda *_args, **_options: [])
    blocks = re.findall("```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    here = {}
    exec("\n".join(blocks).replace("10_000", "10"), here)
    assert here["pictures"]["train"][0]["image"].shape == (3, 224, 224)
    assert here["texts"]["train"][0] == {"text": "good", "label": 4}
    assert here["many"]["train"].num_rows == 10
    assert {folder.name.partition("-")[0] for folder in empty_cache.iterdir()} == {
        "digits", "sounds", "own",
    }  # fmt: skip


if __name__ == "__main__":
    made_now = {n: {s: digest(d) for s, d in load_set(n).items()} for n in SETS}
    said = {"python": platform.python_version(), **made_now}
    DIGESTS.write_text(json.dumps(said, indent=1) + "\n")
