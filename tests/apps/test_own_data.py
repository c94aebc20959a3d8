"""Folders, tables and texts of the reader's own: read under our names, bad rows told by number."""

import json
import os
import re
import shutil
import wave
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset, Features, Value
from datasets import Image as ImageColumn
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy

from perceiver_course.kit.training import batches, fit
from perceiver_tutorial.apps.data import own
from perceiver_tutorial.apps.data.rows import sound_of
from perceiver_tutorial.perceiver import encode_text

pytestmark = pytest.mark.usefixtures("no_network", "empty_cache")


def pixels(picture):
    return torch.from_numpy(np.array(picture.convert("RGB"))).movedim(-1, 0) / 255


@pytest.fixture
def pictures(tmp_path):
    """Two splits of two classes, three pictures in each."""
    for split in ("train", "test"):
        for label, name in enumerate(("ant", "bee")):
            folder = tmp_path / "pictures" / split / name
            folder.mkdir(parents=True)
            for number in range(3):
                colour = (60 * number, 200 * label, 9)
                Image.new("RGB", (9, 7), colour).save(folder / f"{number}.png")
    return tmp_path / "pictures"


def write_wave(file, samples, width=2, channels=1):
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(4000)
        opened.writeframes(samples.tobytes())


@pytest.fixture
def sounds(tmp_path):
    """Two classes of two sounds of eight samples."""
    for name in ("hum", "click"):
        for number in range(2):
            samples = np.full(8, 8192 * (number + 1), "<i2")
            write_wave(tmp_path / f"sounds/{name}/{number}.wav", samples)
    return tmp_path / "sounds"


def test_a_folder_of_pictures_has_splits_and_classes(pictures):
    splits = own(pictures, prepare={"image": pixels})
    assert {name: len(split) for name, split in splits.items()} == {"train": 6, "test": 6}
    assert splits["train"].features["label"].names == ["ant", "bee"]
    row = splits["train"][4]
    assert row["label"] == 1 and torch.equal(
        row["image"][:, 0, 0] * 255, torch.tensor([60, 200, 9.0])
    )
    assert own(pictures)["test"][0]["image"].size == (9, 7)


def test_the_loop_learns_from_a_folder_of_pictures(pictures):
    train = own(pictures, prepare={"image": pixels})["train"]
    model = nn.Sequential(nn.Flatten(), nn.Linear(9 * 7 * 3, 2))
    source = batches(train, batch_size=4)
    loss = lambda m, x, y: cross_entropy(m(x), y)  # noqa: E731
    losses = fit(model, loss, source, steps=30, learning_rate=0.02).losses
    assert losses[-1] < 0.3 * losses[0]


def test_a_metadata_file_says_what_pictures_are(pictures):
    flat = pictures / "train" / "ant"
    lines = [json.dumps({"file_name": f"{n}.png", "label": 2 - n}) for n in range(3)]
    (flat / "metadata.jsonl").write_text("\n".join(lines))
    assert own(flat)["train"][:]["label"] == [2, 1, 0]


def test_a_folder_of_sounds_needs_no_codec(sounds):
    train = own(sounds)["train"]
    assert train.features["label"].names == ["click", "hum"]
    row = train[3]
    assert torch.equal(row["audio"], torch.full((8, 1), 0.5)) and row["label"] == 1
    loud = own(sounds, prepare={"audio": lambda samples: 2 * samples})["train"][3]
    assert torch.equal(loud["audio"], torch.ones(8, 1))


@pytest.mark.parametrize("width, kind, silence, loudest", [
    (1, np.uint8, 128, 255), (2, "<i2", 0, 2**15 - 1), (4, "<i4", 0, 2**31 - 1),
])  # fmt: skip
def test_samples_lie_between_minus_one_and_one_and_channels_are_mixed(
    tmp_path, width, kind, silence, loudest
):
    write_wave(tmp_path / "a.wav", np.array([loudest, silence] * 3, kind), width, channels=2)
    found = sound_of((tmp_path / "a.wav").read_bytes())
    assert found.shape == (3, 1) and torch.allclose(found, torch.tensor(0.5), atol=0.005)


@pytest.mark.parametrize("name, text", [
    ("t.csv", "text,label\nhello,1\nbye,0\n"), ("t.tsv", "text\tlabel\nhello\t1\nbye\t0\n"),
    ("t.jsonl", '{"text": "hello", "label": 1}\n{"text": "bye", "label": 0}\n'),
])  # fmt: skip
def test_a_table_is_read_in_any_format(tmp_path, name, text):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text(text)
    assert own(folder / name)["train"][:] == {"text": ["hello", "bye"], "label": [1, 0]}
    assert own(folder)["train"][1] == {"text": "bye", "label": 0}


def test_files_become_splits_by_their_names(tmp_path):
    for name in ("train-0.csv", "train-1.csv", "my_test.csv", "validation/a.csv"):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).write_text(f"text\n{name}\n")
    (tmp_path / "t" / "README.md").write_text("no table")
    rows = {split: data[:]["text"] for split, data in own(tmp_path / "t").items()}
    assert rows == {
        "train": ["train-0.csv", "train-1.csv"],
        "validation": ["validation/a.csv"],
        "test": ["my_test.csv"],
    }


@pytest.mark.parametrize("files, splits", [
    (("Train.csv", "Val.csv", "TEST.csv"), {"train": 1, "validation": 1, "test": 1}),
    (("training-0.jsonl", "my_dev.jsonl"), {"train": 1, "validation": 1}),
    (("eval/train.csv", "train/test.csv", "other/test.csv"), {"train": 2, "test": 1}),
    (("contest_test_results.csv", "a_testy.csv"), {"train": 2}),
])  # fmt: skip
def test_no_table_for_a_test_is_learned_from(tmp_path, files, splits):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        is_csv = name.endswith("csv")
        (tmp_path / name).write_text("text\nhello\n" if is_csv else '{"text": "hello"}')
    assert {name: len(split) for name, split in own(tmp_path).items()} == splits


def picture_files(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2)).save(folder / name)


@pytest.mark.parametrize("names, classes", [
    (("cat/0.png", "cat/1.png", "dog/0.png", "dog/eval-3.png"), ["cat", "dog"]),
    (("bus/0.png", "car/0.png", "train/0.png", "train/1.png"), ["bus", "car", "train"]),
    (("cat/0.png", "cat/test_1.png"), ["cat"]),
    (("cat/0.png", "cat/.hidden.png"), ["cat"]),
])  # fmt: skip
def test_no_picture_is_lost_to_a_split_that_a_name_resembles(tmp_path, names, classes):
    picture_files(tmp_path, *names)
    (train,) = own(tmp_path).values()
    assert len(train) == sum("hidden" not in name for name in names)
    assert train.features["label"].names == classes


def test_no_sound_is_lost_to_a_split_that_its_name_resembles(sounds):
    (sounds / "hum/1.wav").rename(sounds / "hum/train_horn.wav")
    train = own(sounds)["train"]
    assert train.features["label"].names == ["click", "hum"] and len(train) == 4


def test_pictures_in_splits_without_classes_have_no_label(tmp_path):
    picture_files(tmp_path, "train/0.png", "val/0.png", "val/1.png")
    splits = own(tmp_path)
    assert {name: len(split) for name, split in splits.items()} == {"train": 1, "validation": 2}
    assert splits["train"][0].keys() == {"image"}


def test_a_folder_may_be_called_like_a_pattern(tmp_path):
    picture_files(tmp_path / "sp [x]*", "cat/0.png", "dog/0.png")
    assert len(own(tmp_path / "sp [x]*")["train"]) == 2
    (tmp_path / "sp [x]*/t.csv").write_text("text\nhello\n")
    assert own(tmp_path / "sp [x]*/t.csv")["train"][0] == {"text": "hello"}


def test_one_picture_and_one_sound_are_data(tmp_path, sounds):
    picture_files(tmp_path, "one.png")
    assert own(tmp_path / "one.png")["train"][0]["image"].size == (3, 2)
    assert own(sounds / "hum/0.wav")["train"][0]["audio"].shape == (8, 1)


def test_a_text_becomes_the_columns_that_a_model_reads(tmp_path):
    (tmp_path / "lines.txt").write_text("one\ntwo\n")

    def ready(text):
        encoded = encode_text([text], 8)
        return {"ids": encoded.ids[0], "mask": encoded.mask[0]}

    train = own(tmp_path / "lines.txt", prepare={"text": ready})["train"]
    ids, mask = next(batches(train, batch_size=2))
    assert ids.shape == mask.shape == (2, 8) and mask.sum() == 10


def test_columns_go_by_our_names_and_names_of_classes_are_numbered(tmp_path):
    table = {"what": ["x", "y", "z"], "species": ["cat", "bat", "cat"], "more": [1, 2, 3]}
    Dataset.from_dict(table).to_parquet(str(tmp_path / "t.parquet"))
    train = own(tmp_path / "t.parquet", columns={"text": "what", "label": "species"})["train"]
    assert train[:] == {"text": ["x", "y", "z"], "label": [1, 0, 1]}


def test_columns_are_chosen_removed_and_renamed_under_our_names(pictures, tmp_path):
    (tmp_path / "t.csv").write_text("review,stars,class\ngood,2,1\nbad,0,0\n")
    train = own(tmp_path / "t.csv", columns={"text": "review", "label": "stars"})["train"]
    assert train.column_names == ["text", "label", "_row"]
    assert train.select_columns(["text"])[:] == {"text": ["good", "bad"]}
    assert train.remove_columns("_row")[1] == {"text": "bad", "label": 0}
    assert train.rename_column("text", "words")[0] == {"words": "good", "label": 2}
    assert train["label"][:] == [2, 0] and train[:0] == {}
    twice = own(tmp_path / "t.csv", columns={"stars": "class", "class": "stars", "label": "class"})
    assert twice["train"][0] == {"stars": 1, "class": 2, "label": 1}
    (pictures / "train/ant/1.png").write_bytes(b"\x89PNG no more")
    chosen = own(pictures, prepare={"image": pixels})["train"].select_columns(["image"])
    assert next(batches(chosen.select([0, 2]), batch_size=2))[0].shape == (2, 3, 7, 9)
    with pytest.raises(ValueError, match=r"good image in a row of train of .*no picture which"):
        chosen[1]


def test_a_column_that_is_prepared_keeps_its_name(pictures):
    train = own(pictures, prepare={"image": pixels})["train"]
    with pytest.raises(ValueError, match=r"expected 'image' in train of .*got 'photo'\. Name"):
        train.rename_column("image", "photo")[0]


def test_rows_that_were_written_before_are_read_again(tmp_path):
    (tmp_path / "t.csv").write_text("text,_row\nhello,7\n")
    assert own(tmp_path / "t.csv")["train"][:] == {"text": ["hello"]}


def test_a_broken_picture_is_told_with_its_row_when_it_is_read(pictures):
    torn = (pictures / "train/ant/2.png").read_bytes()[:45]
    (pictures / "train/ant/1.png").write_bytes(b"\x89PNG no more")
    (pictures / "train/ant/2.png").write_bytes(torn)
    train = own(pictures)["train"]
    assert train[0]["label"] == 0
    with pytest.raises(ValueError, match=r"good image in row 1 of train of .*no picture which"):
        train[1]
    with pytest.raises(ValueError, match=r"good image in row 2 of train of .*truncated"):
        train[2:4]


def test_a_torn_sound_is_told_with_its_row(sounds):
    whole = (sounds / "hum/0.wav").read_bytes()
    for torn in (whole[:-3], whole[:20], whole.replace(b"fmt ", b"what")):
        (sounds / "hum/0.wav").write_bytes(torn)
        with pytest.raises(ValueError, match=r"good audio in row 2 of train of .*WAV file that"):
            own(sounds)["train"][2]


def test_a_compressed_sound_without_its_codec_is_told(sounds):
    (sounds / "hum/0.wav").write_bytes(b"fLaC" + bytes(50))
    with pytest.raises(ValueError, match=r"row 2 of .*torchcodec opens it \(pip install"):
        own(sounds)["train"][2]


@pytest.mark.parametrize("label, got", [("2", "2"), ("-1", "-1"), ("0.5", "0.5"), ("", "nan")])
def test_a_label_out_of_range_is_told_with_its_row(tmp_path, label, got):
    (tmp_path / "t.csv").write_text(f"text,label\na,0\nb,1\nc,{label}\n")
    with pytest.raises(ValueError, match=rf"class from 0 to 1 in row 2 of train of .*got {got}\."):
        own(tmp_path / "t.csv", num_classes=2)


@pytest.mark.parametrize("labels, row, got", [
    (["[0]", "[1]"], 0, "[0]"), (["0", "[1]"], 1, "[1]"), (["0", '{"a": 1}'], 1, "{'a': 1}"),
    (["0", '"cat"'], 1, "'cat'"), (["0", "null"], 1, "nan"), (["null", "null"], 0, "nan"),
    (['"cat"', "null"], 1, "nan"),
])  # fmt: skip
def test_a_label_that_is_no_number_is_told_with_its_row(tmp_path, labels, row, got):
    lines = [f'{{"text": "a", "label": {label}}}' for label in labels]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=rf"a class .*in row {row} of .*, got {re.escape(got)}\."):
        own(tmp_path / "t.jsonl")


def test_whole_labels_become_class_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\na,1.0\nb,0.0\n")
    labels = own(tmp_path / "t.csv", num_classes=2)["train"][:]["label"]
    assert labels == [1, 0] and all(isinstance(label, int) for label in labels)


def test_a_missing_column_is_told_with_those_there_are(tmp_path):
    (tmp_path / "t.csv").write_text("text,label\na,0\n")
    with pytest.raises(ValueError, match=r"column 'words' in train of .*got text, label\. Say"):
        own(tmp_path / "t.csv", columns={"text": "words"})


def test_what_is_prepared_for_no_column_is_told(pictures):
    with pytest.raises(ValueError, match=r"prepare for columns of .*image, label, got it for 'im'"):
        own(pictures, prepare={"im": pixels})


@pytest.mark.parametrize("name, content, said", [
    ("t.csv", b"", "No columns to parse"), ("t.csv", b"text,label\n", "there is no row in it"),
    ("t.parquet", b"no parquet", "footer"), ("t.jsonl", b'{"text": ', "JSON"),
])  # fmt: skip
def test_a_file_without_rows_is_refused_in_one_sentence(tmp_path, capfd, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"expected to read .*{name} as .*{said}") as refusal:
        own(tmp_path / name)
    assert "\n" not in str(refusal.value) and "".join(capfd.readouterr()) == ""


def test_an_empty_folder_and_no_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="got 0 other files"):
        own(tmp_path)
    (tmp_path / "notes.odt").touch()
    with pytest.raises(ValueError, match=r"expected pictures, WAV files.*got 1 other files"):
        own(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no .*nowhere"):
        own(tmp_path / "nowhere")


def test_what_cannot_be_read_leaves_no_rows_in_the_cache(tmp_path, empty_cache):
    features = Features({"image": ImageColumn(), "label": Value("int64")})
    rows = {"image": [Image.new("L", (2, 2))] * 2, "label": [0, 1]}
    Dataset.from_dict(rows, features).to_parquet(str(tmp_path / "t.parquet"))
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[:200] + bytes(len(whole) - 208) + whole[-8:])
    with pytest.raises(ValueError, match="expected to read"):
        own(tmp_path / "t.parquet")
    assert [*empty_cache.rglob("*.arrow")] == []
    (tmp_path / "t.parquet").write_bytes(whole)
    assert own(tmp_path / "t.parquet")["train"][1]["label"] == 1


def test_a_changed_folder_is_read_anew(pictures):
    assert len(own(pictures)["train"]) == 6
    (pictures / "train/ant/0.png").unlink()
    assert len(own(pictures)["train"]) == 5


@pytest.mark.parametrize("spoil", [Path.unlink, *(
    partial(Path.write_text, data=text) for text in ("torn", "{}", "[]", "")
)])  # fmt: skip
@pytest.mark.parametrize("pattern", ["*.arrow", "dataset_info.json"])
def test_rows_that_somebody_spoilt_in_the_cache_are_read_again(
    tmp_path, empty_cache, spoil, pattern
):
    (tmp_path / "t.csv").write_text("text,label\nhello,1\n")
    own(tmp_path / "t.csv")
    (file,) = empty_cache.rglob(pattern)
    spoil(file)
    assert own(tmp_path / "t.csv")["train"][0] == {"text": "hello", "label": 1}


def test_what_a_killed_run_left_goes_in_time(tmp_path, empty_cache):
    (tmp_path / "t.csv").write_text("text\nhello\n")
    left = [empty_cache / "own" / name for name in (".unfinished-a", "csv/b/0.0.0/c.incomplete")]
    for folder in (*left, empty_cache / "own/csv/b/0.0.0/new.incomplete"):
        folder.mkdir(parents=True)
    for folder in left:
        os.utime(folder, (0, 0))
    own(tmp_path / "t.csv")
    assert [folder.name for folder in empty_cache.rglob("*.incomplete")] == ["new.incomplete"]
    assert not any(folder.exists() for folder in left)


def test_a_metadata_file_above_the_splits_is_refused(pictures):
    (pictures / "metadata.csv").write_text("file_name,label\ntrain/ant/0.png,1\n")
    with pytest.raises(ValueError, match=r"expected metadata\.csv in each of .*got it above them"):
        own(pictures)


def test_a_class_without_files_is_named(pictures, tmp_path):
    shutil.rmtree(pictures / "test/ant")
    (pictures / "test/ant").mkdir()  # it has pictures to learn from
    assert own(pictures)["test"].features["label"].names == ["ant", "bee"]
    (pictures / "train/cat").mkdir()
    with pytest.raises(ValueError, match=r"files of every class, got none in .*train.cat\. Fill"):
        own(pictures)
    picture_files(tmp_path / "flat", "ant/0.png", "bee/0.png")
    (tmp_path / "flat/.hidden").mkdir()
    assert len(own(tmp_path / "flat")["train"]) == 2
    (tmp_path / "flat/asp").mkdir()
    with pytest.raises(ValueError, match=r"got none in .*flat.asp\."):
        own(tmp_path / "flat")


def test_a_cache_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("text\nhello\n")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "t.csv"))
    with pytest.raises(OSError, match="Set HF_DATASETS_CACHE to a folder of your own"):
        own(tmp_path / "t.csv")


@pytest.mark.parametrize("spoilt", [b"", b"no table"])
def test_of_several_tables_the_torn_one_is_named_once(tmp_path, capfd, spoilt):
    for number in range(2):
        Dataset.from_dict({"x": [1, 2]}).to_parquet(str(tmp_path / f"{number}.parquet"))
    (tmp_path / "1.parquet").write_bytes(spoilt)
    with pytest.raises(ValueError, match=r"expected to read .*1\.parquet as parquet, but .*\w\.$"):
        own(tmp_path)
    assert capfd.readouterr().err == ""
