"""Published benchmarks under our names: streamed from local copies in the format of the Hub."""

import gzip
import json

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from datasets import Audio, ClassLabel, Dataset, Features, IterableDataset, List, Value
from datasets import Image as ImageColumn
from PIL import Image

from perceiver_course.kit.training import batches
from perceiver_tutorial.apps.data import BENCHMARKS, benchmark_card, hub
from perceiver_tutorial.apps.data.sintel import read_flow
from perceiver_tutorial.perceiver import encode_text

pytestmark = pytest.mark.usefixtures("no_network", "empty_cache")


def as_parquet(folder, split, features, **columns):
    """A split as the Hub keeps it."""
    folder.mkdir(exist_ok=True)
    data = Dataset.from_dict(columns, Features(features))
    data.to_parquet(str(folder / f"{split}-00000-of-00001.parquet"))
    return folder


@pytest.fixture
def imagenet(tmp_path):
    pictures = [Image.new("RGB", (9, 7), (60 * n, 9, 9)) for n in range(4)]
    features = {"image": ImageColumn(), "label": ClassLabel(num_classes=1000)}
    folder = tmp_path / "in"
    as_parquet(folder, "test", features, image=pictures, label=[0, 1, 2, 3])
    return as_parquet(folder, "validation", features, image=pictures, label=[0, 999, 281, 5])


def pixels(picture):
    return torch.from_numpy(np.array(picture.convert("RGB"))).movedim(-1, 0) / 255


def test_imagenet_is_streamed_picture_by_picture(imagenet):
    rows = hub("imagenet-1k", "test", folder=imagenet, prepare={"image": pixels})
    assert isinstance(rows, IterableDataset)
    first = next(iter(rows))
    assert first["image"].shape == (3, 7, 9) and first["label"] == 0
    images, labels = next(batches(rows, batch_size=4))
    assert images.shape == (4, 3, 7, 9) and sorted(labels.tolist()) == [0, 5, 281, 999]


@pytest.mark.parametrize("label", [-1, 1000])
def test_a_label_out_of_range_is_told_with_its_row_and_its_benchmark(tmp_path, label):
    features = {"image": ImageColumn(), "label": Value("int64")}
    pictures = [Image.new("RGB", (2, 2))] * 2
    columns = {"image": pictures, "label": [999, label]}
    folder = as_parquet(tmp_path / "in", "validation", features, **columns)
    with pytest.raises(
        ValueError, match=rf"label in row 1 of validation of .*, got {label}; labels"
    ):
        list(hub("imagenet-1k", "test", folder=folder))


def test_a_broken_picture_is_told_with_its_row(tmp_path):
    features = {"image": ImageColumn(decode=False), "label": ClassLabel(num_classes=1000)}
    pictures = [{"bytes": b"no picture", "path": "a.jpg"}]
    folder = as_parquet(tmp_path / "in", "validation", features, image=pictures, label=[1])
    with pytest.raises(ValueError, match="image in row 0 of validation of imagenet-1k, got a file"):
        next(iter(hub("imagenet-1k", "test", folder=folder)))


def test_modelnet40_gives_points_and_label(tmp_path):
    features = {"inputs": List(List(Value("float64"))), "label": Value("int64")}
    points = np.arange(12.0).reshape(2, 2, 3)
    folder = as_parquet(tmp_path / "m", "test", features, inputs=points.tolist(), label=[39, 0])
    rows = hub("modelnet40", "test", folder=folder, prepare={"points": torch.tensor})
    clouds, labels = next(batches(rows, batch_size=2))
    assert clouds.shape == (2, 2, 3) and sorted(labels.tolist()) == [0, 39]


def test_audioset_gives_samples_and_words(tmp_path):
    silence = b"RIFF" + (36 + 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    silence += np.array([1, 1], "<i2").tobytes() + np.array([4000, 8000], "<i4").tobytes()
    silence += np.array([2, 16], "<i2").tobytes() + b"data" + (8).to_bytes(4, "little") + bytes(8)
    words = List(Value("string"))
    features = Features(
        {"video_id": Value("string"), "audio": Audio(), "labels": words, "human_labels": words}
    )
    table = pyarrow.table({
        "video_id": ["x"], "audio": [{"bytes": silence, "path": "x.wav"}], "labels": [["/m/1"]],
        "human_labels": [["Speech", "Dog"]],
    })  # fmt: skip
    about = {"huggingface": json.dumps({"info": {"features": features.to_dict()}})}
    (tmp_path / "a").mkdir()
    pyarrow.parquet.write_table(table.replace_schema_metadata(about), tmp_path / "a/test-0.parquet")
    row = next(iter(hub("audioset", "test", folder=tmp_path / "a")))
    assert torch.equal(row["audio"], torch.zeros(4, 1))
    assert (row["labels"], row["video"]) == (["Speech", "Dog"], "x")


def test_wikipedia_gives_text_and_title(tmp_path):
    features = {name: Value("string") for name in ("id", "url", "title", "text")}
    columns = {"id": ["1"], "url": ["u"], "title": ["Cat"], "text": ["A cat is a cat."]}
    folder = as_parquet(tmp_path / "w", "train", features, **columns)
    row = next(iter(hub("wikipedia", folder=folder, prepare={"text": str.upper})))
    assert row == {"text": "A CAT IS A CAT.", "title": "Cat"}


def test_c4_is_read_line_by_line_out_of_its_packed_files(tmp_path):
    (tmp_path / "en").mkdir()
    lines = [{"text": f"page {n}", "timestamp": "2019", "url": "u"} for n in range(3)]
    with gzip.open(tmp_path / "en/c4-validation.00000-of-00008.json.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, lines)))
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: en\n  data_files:\n  - split: validation\n"
        "    path: en/c4-validation.*.json.gz\n---\n"
    )
    found = list(hub("c4", "test", folder=tmp_path))
    assert found == [{"text": f"page {n}"} for n in range(3)]


@pytest.mark.parametrize("kind, label", [("float64", 0.5), ("float64", 1.0), ("int64", None)])
def test_a_label_that_is_no_class_number_is_told_with_its_row(tmp_path, kind, label):
    features = {"sentence": Value("string"), "label": Value(kind)}
    folder = as_parquet(tmp_path / "g", "train", features, sentence=["a"], label=[label])
    with pytest.raises(ValueError, match=rf"label in row 0 of train of glue, got {label}; labels"):
        next(iter(hub("glue", folder=folder)))


def test_glue_gives_text_and_label_ready_for_a_model(tmp_path):
    features = {"sentence": Value("string"), "idx": Value("int32"),
                "label": ClassLabel(names=["negative", "positive"])}  # fmt: skip
    columns = {"sentence": ["good", "bad"], "label": [1, 0], "idx": [0, 1]}
    folder = as_parquet(tmp_path / "g", "validation", features, **columns)

    def ready(text):
        encoded = encode_text([text], 8)
        return {"ids": encoded.ids[0], "mask": encoded.mask[0]}

    rows = hub("glue", "test", folder=folder, prepare={"text": ready})
    ids, mask, labels = next(batches(rows, batch_size=2))
    assert ids.shape == mask.shape == (2, 8) and sorted(labels.tolist()) == [0, 1]


def test_a_copy_without_a_readme_never_mixes_its_parts(tmp_path):
    features = {"sentence": Value("string"), "label": Value("int64")}
    for part in ("cola", "sst2"):
        (tmp_path / "g").mkdir(exist_ok=True)
        as_parquet(tmp_path / "g" / part, "validation", features, sentence=[part], label=[0])
    found = {p: list(hub("glue", "test", folder=tmp_path / "g", config=p)) for p in (None, "cola")}
    assert {part: [row["text"] for row in rows] for part, rows in found.items()} == {
        None: ["sst2"], "cola": ["cola"],
    }  # fmt: skip


def test_another_part_of_a_benchmark_has_columns_of_its_own(tmp_path):
    features = {name: Value("string") for name in ("question", "sentence")}
    folder = as_parquet(tmp_path / "g", "validation", features, question=["Who?"], sentence=["Me."])
    rows = hub("glue", "test", folder=folder, config="qnli", columns={"text": "question"})
    assert list(rows) == [{"text": "Who?"}]


def write_flow(file, flow):
    file.parent.mkdir(parents=True, exist_ok=True)
    size = np.array(flow.shape[1::-1], "<i4").tobytes()
    file.write_bytes(np.float32(202021.25).tobytes() + size + flow.astype("<f4").tobytes())


@pytest.fixture
def film(tmp_path):
    """Two scenes of three and two frames of 4 x 6 pixels."""
    for scene, count in (("alley_1", 3), ("ambush_2", 2)):
        folder = tmp_path / "training/clean" / scene
        folder.mkdir(parents=True)
        for number in range(1, count + 1):
            Image.new("RGB", (6, 4), (number, 0, 0)).save(folder / f"frame_{number:04}.png")
        for number in range(1, count):
            write_flow(
                tmp_path / f"training/flow/{scene}/frame_{number:04}.flo",
                np.full((4, 6, 2), (number, -0.5)),
            )
    return tmp_path


def test_sintel_gives_neighbours_of_one_scene_and_the_motion_between_them(film):
    rows = list(hub("sintel", folder=film))
    assert [row["scene"] for row in rows] == ["alley_1", "alley_1", "ambush_2"]
    first, later = (rows[1][name].getpixel((0, 0))[0] for name in ("earlier", "later"))
    assert (first, later) == (2, 3)
    flow = np.asarray(rows[1]["flow"])
    assert flow.shape == (4, 6, 2) and (flow == (2, -0.5)).all()


def test_frames_and_motion_become_what_a_model_reads(film):
    ready = {"earlier": pixels, "later": pixels, "flow": torch.tensor}
    rows = hub("sintel", folder=film, prepare=ready).remove_columns("scene")
    earlier, later, flow = next(batches(rows, batch_size=2))
    assert earlier.shape == later.shape == (2, 3, 4, 6) and flow.shape == (2, 4, 6, 2)


def test_motion_that_is_torn_is_refused(film):
    file = film / "training/flow/ambush_2/frame_0001.flo"
    for torn in (b"", file.read_bytes()[:-1], b"PIEH" + file.read_bytes()[3:]):
        file.write_bytes(torn)
        with pytest.raises(ValueError, match=r"expected motion in .*frame_0001\.flo"):
            read_flow(file)


def test_motion_that_is_missing_or_of_another_size_is_told_with_its_file(film):
    file = film / "training/flow/ambush_2/frame_0001.flo"
    write_flow(file, np.zeros((3, 6, 2)))
    with pytest.raises(ValueError, match=r"motion \(4, 6, 2\) in .*frame_0001\.flo, as in the"):
        list(hub("sintel", folder=film))
    file.unlink()
    with pytest.raises(ValueError, match=r"motion after a frame in .*flo, but it is not there"):
        list(hub("sintel", folder=film))


def test_sintel_without_its_folder_says_where_it_is_to_be_had(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"It is not on the Hub: get MPI-Sintel-complete"):
        hub("sintel", folder=tmp_path)
    for part in ("clean", "flow"):
        (tmp_path / "training" / part).mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"expected \.flo files in the scenes of"):
        hub("sintel", folder=tmp_path)


@pytest.mark.parametrize("name", [name for name, one in BENCHMARKS.items() if one.repository])
def test_without_a_network_one_sentence_says_how_to_carry_it_here(name):
    with pytest.raises(FileNotFoundError, match=f"expected {name} in .*hf download") as refusal:
        hub(name)
    assert BENCHMARKS[name].repository in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("name, split, said", [
    ("imagenet", "train", "got 'imagenet'. Did you mean 'imagenet-1k'"),
    ("glue", "validation", "expected a split of glue: train, test, got 'validation'"),
    ("wikipedia", "test", "expected a split of wikipedia: train, got 'test'"),
])  # fmt: skip
def test_names_that_do_not_exist_are_refused(name, split, said):
    with pytest.raises(ValueError, match=said):
        hub(name, split)


def test_a_column_that_changed_its_name_is_told(tmp_path):
    features = {"text": Value("string"), "label": Value("int64")}
    folder = as_parquet(tmp_path / "g", "validation", features, text=["a"], label=[0])
    with pytest.raises(
        ValueError, match="column 'sentence' in validation of glue, got text, label"
    ):
        hub("glue", "test", folder=folder)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_card_says_where_it_is_what_it_may_be_used_for_and_how_it_is_read(name):
    lines = benchmark_card(name).splitlines()
    assert lines[0].startswith(f"{name}: ") and lines[-1].startswith(f'the line: hub("{name}", "')
    assert {"where", "columns", "licence"} <= {line.partition(":")[0] for line in lines}


def packed(folder, *files):
    """A validation split of C4, each of its files with so many pages."""
    (folder / "en").mkdir()
    for number, count in enumerate(files):
        lines = "\n".join(json.dumps({"text": f"page {n}"}) for n in range(count))
        name = f"en/c4-validation.{number:05}-of-{len(files):05}.json.gz"
        (folder / name).write_bytes(gzip.compress(lines.encode()))
    return sorted((folder / "en").iterdir())


def cut(raw):
    return raw[:-9]


def turned(raw):
    return raw[:-6] + bytes(6)


def emptied(_raw):
    return b""


@pytest.mark.parametrize("spoil", [cut, turned, emptied])
@pytest.mark.parametrize("number", [0, 1])
def test_a_torn_packed_file_is_named_once(tmp_path, capfd, spoil, number):
    file = packed(tmp_path, 40, 40)[number]
    file.write_bytes(spoil(file.read_bytes()))
    said = rf"expected to read .*{file.name} to its end, but after 0 rows came .*\. Get this file"
    with pytest.raises(ValueError, match=said) as refusal:
        list(hub("c4", "test", folder=tmp_path))
    assert "\n" not in str(refusal.value) and capfd.readouterr().err == ""


def test_a_table_torn_in_the_middle_says_how_many_rows_came(tmp_path, capfd):
    rows = pyarrow.table({"sentence": [f"{n:099}" for n in range(300)], "label": [0] * 300})
    file = tmp_path / "validation-0.parquet"
    pyarrow.parquet.write_table(rows, file, row_group_size=100, use_dictionary=False)
    second = pyarrow.parquet.read_metadata(file).row_group(2).column(0).data_page_offset
    raw = bytearray(file.read_bytes())
    raw[second : second + 300] = bytes(300)
    file.write_bytes(raw)
    with pytest.raises(ValueError, match=r"read .*validation-0\.parquet to .*after [12]00 rows"):
        list(hub("glue", "test", folder=tmp_path))
    assert capfd.readouterr().err == ""


def test_shards_and_columns_are_those_of_the_files(tmp_path):
    packed(tmp_path, 3, 5)
    rows = hub("c4", "test", folder=tmp_path)
    assert rows.num_shards == 2 and len([*rows.shard(2, 1)]) == 5
    assert len([*rows.shuffle(seed=0, buffer_size=4).select_columns(["text"])]) == 8


def test_of_several_columns_those_of_numbers_are_chosen(tmp_path):
    features = {name: Value("string") for name in ("text", "title")}
    folder = as_parquet(tmp_path / "w", "train", features, text=["a"], title=["b"])
    rows = hub("wikipedia", folder=folder, prepare={"text": lambda _text: torch.zeros(3)})
    with pytest.raises(ValueError, match=r"in text, title, but .*rows\.select_columns\(\[\.\.\.\]"):
        next(batches(rows, batch_size=1))
    (texts,) = next(batches(rows.select_columns(["text"]), batch_size=1))
    assert texts.shape == (1, 3)


def test_a_copy_without_the_split_says_which_it_has(tmp_path):
    folder = as_parquet(tmp_path / "g", "train", {"sentence": Value("string")}, sentence=["a"])
    with pytest.raises(FileNotFoundError, match="no split 'validation', only train"):
        hub("glue", "test", folder=folder)
