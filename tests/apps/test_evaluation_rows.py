"""Top-1 over rows: of a set, a table, a stream, a loader; counted as over a folder."""

import json
import shutil

import pytest
from datasets import ClassLabel, Dataset, Features, Value
from datasets import Image as ImageColumn
from PIL import Image
from shaken import shake
from torch import nn
from torch.utils.data import DataLoader
from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

from perceiver_course.recipes import trained
from perceiver_course.sets import load_set
from perceiver_tutorial.apps.cli import main
from perceiver_tutorial.apps.data import BENCHMARKS, own
from perceiver_tutorial.apps.evaluation import evaluate, loop
from perceiver_tutorial.apps.evaluation.rows import Source

pytestmark = pytest.mark.usefixtures("no_network", "empty_cache")
CLASSES = 6
FEATURES = {"image": ImageColumn(), "label": ClassLabel(num_classes=CLASSES)}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    config = DeiTConfig(
        hidden_size=8, num_attention_heads=2, num_hidden_layers=1, intermediate_size=16,
        image_size=32, num_labels=CLASSES,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("tiny")
    shake(DeiTForImageClassificationWithTeacher(config)).save_pretrained(folder)
    return folder


def pictures():
    return [Image.new("RGB", (40, 30), (40 * n, 255 - 20 * n, 9)) for n in range(CLASSES)]


@pytest.fixture
def folder(tmp_path):
    """A picture of each class, in a folder named by its number."""
    for label, picture in enumerate(pictures()):
        (tmp_path / f"mine/{label}").mkdir(parents=True)
        picture.save(tmp_path / f"mine/{label}/a.png")
    return tmp_path / "mine"


@pytest.fixture
def table(tmp_path):
    data = Dataset.from_dict(
        {"image": pictures(), "label": list(range(CLASSES))}, Features(FEATURES)
    )
    data.to_parquet(str(tmp_path / "t.parquet"))
    return tmp_path / "t.parquet"


def counted(report):
    return report.num_pictures, report.num_classes, report.top1, report.top5


def test_a_table_a_set_and_a_stream_are_counted_as_the_folder_is(checkpoint, folder, table):
    wanted = counted(evaluate(checkpoint, folder))
    assert wanted[:2] == (CLASSES, CLASSES) and wanted[3] < CLASSES
    data = Dataset.from_parquet(str(table), cache_dir=str(table.parent / "c")).cast(
        Features(FEATURES)
    )
    ways = [table, own(table)["train"], data, data.with_format("torch"), data.to_iterable_dataset(),
            zip(pictures(), range(CLASSES), strict=True)]  # fmt: skip
    for way in ways:
        report = evaluate(checkpoint, way, batch_size=4)
        assert counted(report) == wanted, way
        assert report.num_left == 0 and not report.problems


def test_a_model_of_the_course_is_judged_on_its_set_and_on_any_batches_of_tensors():
    model, test = trained("digits-fourier"), load_set("digits")["test"]
    first = evaluate(model, test)
    assert first.num_pictures == 450 and 0.93 < first.top1 / 450 <= 1
    assert "labels are classes by class number" in str(first)
    assert "results:" not in str(first) and first.run.model == "PerceiverIO"
    rest = counted(first)
    assert counted(evaluate(model, DataLoader(test, batch_size=64))) == rest
    assert counted(evaluate(model, [(test[:]["image"], test[:]["label"])])) == rest
    assert evaluate(model, test, limit=7).num_pictures == 7
    assert counted(evaluate(model, test[:])) == rest
    assert counted(evaluate(model, load_set("digits"))) == rest  # its test split
    assert evaluate(model, load_set("digits"), split="train", limit=9).num_pictures == 9
    drawn = zip(pictures(), range(CLASSES), strict=True)
    assert {*evaluate(model, drawn).problems.values()} == {
        "expected a tensor of floats, as the model takes it, got a picture"
    }


def test_names_of_classes_find_the_models_own(checkpoint, monkeypatch):
    model = loop.load(checkpoint)
    names = ["f", "e", "d", "c", "b", "a"]
    monkeypatch.setattr(loop, "load", lambda *_: model)
    object.__setattr__(model.config, "class_names", sorted(names))
    features = Features({"image": ImageColumn(), "label": ClassLabel(names=names)})
    turned = Dataset.from_dict({"image": pictures(), "label": list(range(CLASSES))}, features)
    straight = zip(pictures(), reversed(range(CLASSES)), strict=True)
    report = evaluate(checkpoint, turned)
    assert report.order == "by the names that the model gives its classes"
    assert counted(report) == counted(evaluate(checkpoint, straight))


def test_a_broken_row_is_told_and_the_others_are_counted(checkpoint, tmp_path):
    rows = [{"bytes": b"no picture", "path": None}, *pictures()[1:]]
    features = Features({"image": ImageColumn(), "label": Value("int64")})
    labels = [0, 1, 2, 3, 4, 5]
    Dataset.from_dict({"image": rows, "label": labels}, features).to_parquet(
        str(tmp_path / "t.parquet")
    )
    report = evaluate(checkpoint, tmp_path / "t.parquet")
    assert report.num_pictures == 5 and list(report.problems) == ["row 0"]
    assert "no picture which Pillow can open" in report.problems["row 0"]


def test_a_label_that_no_class_has_is_told_and_not_counted(checkpoint):
    report = evaluate(checkpoint, zip(pictures(), [0, 1, 2, 3, 4, 6], strict=True))
    assert report.num_pictures == 5
    assert report.problems == {"row 5": "expected a label from 0 to 5, got 6"}


def test_rows_without_a_label_are_refused(checkpoint):
    with pytest.raises(ValueError, match="columns image and label, got image, without label"):
        evaluate(checkpoint, [{"image": pictures()[0]}])


def test_rows_that_are_refused_leave_no_file_of_results(checkpoint, tmp_path):
    source = Source([{"image": pictures()[0]}], tmp_path / "copy")
    with pytest.raises(ValueError, match="got image, without label"):
        evaluate(checkpoint, source, tmp_path / "r.jsonl")
    assert not [*tmp_path.iterdir()]


def test_a_table_is_gone_on_with_and_rows_in_memory_have_no_place(checkpoint, table, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "class_logits", stopped)
        assert evaluate(checkpoint, table).num_pictures == 0
    report = evaluate(checkpoint, table)
    lines = (table.parent / report.file).read_text().splitlines()
    assert report.num_pictures == CLASSES and len(lines) == 1 + CLASSES
    assert json.loads(lines[1])["picture"] == "row 0"
    with pytest.raises(ValueError, match="expected data that are a place for results"):
        evaluate(checkpoint, [], table.parent / "r.jsonl")


@pytest.mark.parametrize("model, said", [
    (trained("clips"), "expected a classifier of pictures, got PerceiverIO"),
    (nn.Linear(3, 3), "expected a classifier of pictures, got Linear"),
])  # fmt: skip
def test_a_model_without_classes_is_refused(model, said):
    with pytest.raises(ValueError, match=said):
        evaluate(model, [])


def test_the_command_line_takes_tables_and_benchmarks(
    checkpoint, table, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", str(checkpoint), str(table), "--limit", "4"]) == 0
    assert ", 4 pictures of 4 classes in " in capsys.readouterr().out
    assert main(["evaluate", str(checkpoint), "imagenet-1k"]) == 2
    assert "expected imagenet-1k in ILSVRC/imagenet-1k" in capsys.readouterr().out
    assert main(["evaluate", str(checkpoint), str(table), "--split", "dev"]) == 2
    assert "expected a split called train, got 'dev'" in capsys.readouterr().out
    assert main(["evaluate", str(checkpoint), "nowhere"]) == 2
    assert "there is no folder" in capsys.readouterr().out
    assert main(["evaluate", str(checkpoint), str(table), "--limit", "0"]) == 2
    assert "expected limit of at least 1, got 0" in capsys.readouterr().out


def run(*words):
    return main(["evaluate", *map(str, words)])


def test_folders_of_splits_hold_class_folders_each(checkpoint, folder, tmp_path, capsys):
    for name in ("train", "test"):
        shutil.copytree(folder, tmp_path / "both" / name)
    shutil.rmtree(tmp_path / "both/test/0")
    assert run(checkpoint, tmp_path / "both") == 0
    assert ", 5 pictures of 5 classes in " in capsys.readouterr().out  # those to be judged by
    assert run(checkpoint, tmp_path / "both", "--split", "train") == 0
    assert ", 6 pictures of 6 classes in " in capsys.readouterr().out
    assert run(checkpoint, tmp_path / "both", "--split", "dev") == 2
    assert "expected a split called test or train, got 'dev'" in capsys.readouterr().out
    shutil.copytree(folder, tmp_path / "both/eval")
    assert run(checkpoint, tmp_path / "both") == 2
    assert "one folder for the split 'test' in " in capsys.readouterr().out


def test_a_class_may_be_called_like_a_split(checkpoint, tmp_path, capsys):
    picture = Image.new("RGB", (40, 30))
    for name in ("train", "test"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        picture.save(tmp_path / "mine" / name / "a.png")
    assert run(checkpoint, tmp_path / "mine") == 2
    assert "expected 6 subfolders" in capsys.readouterr().out


def test_split_and_limit_are_never_ignored(checkpoint, folder, capsys):
    (folder / "0/b.png").write_bytes((folder / "0/a.png").read_bytes())
    assert run(checkpoint, folder, "--split", "test") == 2
    assert "got none for 'test'. Leave the split out" in capsys.readouterr().out
    assert run(checkpoint, folder, "--limit", "3") == 0
    assert ", 3 pictures of 3 classes in " in capsys.readouterr().out
    assert run(checkpoint, folder, "--limit", "100") == 0
    assert ", 7 pictures of 6 classes in " in capsys.readouterr().out
    with pytest.raises(ValueError, match="several splits for 'test'"):
        evaluate(checkpoint, [], split="test")


def test_two_splits_of_a_table_never_share_their_results(checkpoint, tmp_path):
    for name, colours in (("train", pictures()), ("test", pictures()[::-1])):
        data = {"image": colours, "label": list(range(CLASSES))}
        file = tmp_path / "t" / f"{name}.parquet"
        Dataset.from_dict(data, Features(FEATURES)).to_parquet(str(file))
    files = {evaluate(checkpoint, tmp_path / "t", split=s).file for s in ("train", "test")}
    assert len(files) == 2


@pytest.mark.parametrize("stray", ["notes.csv", "classes.json", "3/more.csv"])
def test_a_stray_table_among_class_folders_changes_nothing(checkpoint, folder, stray):
    wanted = counted(evaluate(checkpoint, folder))
    (folder / stray).write_text("[]" if stray.endswith("json") else "a,b\n1,2\n")
    assert counted(evaluate(checkpoint, folder)) == wanted


def test_names_of_pictures_in_a_table_are_refused_once(checkpoint, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("image,label\na.png,0\nb.png,1\n")
    assert run(checkpoint, tmp_path / "t.csv") == 2
    said = capsys.readouterr().out
    assert said.startswith("expected pictures in column image of ") and said.count("\n") == 1
    assert "a metadata.csv beside the pictures, in a column file_name" in said
    assert [file.name for file in tmp_path.glob("*.jsonl")] == []
    with pytest.raises(ValueError, match=r"or a tensor in row 0, got the text 'a\.png'"):
        evaluate(checkpoint, [("a.png", 0)])


def test_nothing_measured_is_no_success(checkpoint, folder, capsys):
    for file in folder.rglob("*.png"):
        file.write_bytes(b"torn")
    assert run(checkpoint, folder) == 2
    assert "6 could not be read and are not counted" in capsys.readouterr().out


def test_columns_and_a_copy_are_named_in_the_command_line(checkpoint, tmp_path, capsys):
    features = Features({"photo": FEATURES["image"], "breed": FEATURES["label"]})
    rows = Dataset.from_dict({"photo": pictures(), "breed": list(range(CLASSES))}, features)
    rows.to_parquet(str(tmp_path / "t.parquet"))
    assert run(checkpoint, tmp_path / "t.parquet") == 2
    assert "got photo, breed, without image. Say which are meant: --columns" in (
        capsys.readouterr().out
    )
    renamed = ("--columns", "image=photo", "label=breed")
    assert run(checkpoint, tmp_path / "t.parquet", *renamed) == 0
    assert ", 6 pictures of 6 classes in " in capsys.readouterr().out
    assert run(checkpoint, tmp_path / "t.parquet", "--columns", "photo") == 2
    assert "expected columns as OURS=THEIRS, e.g. image=photo, got 'photo'" in (
        capsys.readouterr().out
    )
    (tmp_path / "copy").mkdir()
    (tmp_path / "t.parquet").rename(tmp_path / "copy/validation-0.parquet")
    words = ("imagenet-1k", "--folder", tmp_path / "copy", "--results", tmp_path / "r.jsonl")
    assert run(checkpoint, *words, *renamed) == 0
    assert "6 pictures of 6 classes in imagenet-1k (test)" in capsys.readouterr().out
    assert run(checkpoint, tmp_path / "copy", "--folder", tmp_path) == 2
    assert "expected the name of a benchmark beside a folder" in capsys.readouterr().out


def test_class_folders_have_no_columns(checkpoint, folder, capsys):
    assert run(checkpoint, folder, "--columns", "image=photo") == 2
    assert "expected rows with columns, got " in capsys.readouterr().out


def test_a_benchmark_is_judged_as_it_is_streamed(checkpoint, table, monkeypatch, tmp_path):
    from perceiver_tutorial.apps import data

    def streamed(name, split, **given):
        assert (name, split, given) == ("imagenet-1k", "test", {"folder": None, "columns": None})
        return own(table)["train"]

    monkeypatch.setattr(data, "hub", streamed)
    monkeypatch.chdir(tmp_path)
    report = evaluate(checkpoint, "imagenet-1k", limit=5)
    assert report.num_pictures == 5 and report.file.startswith("imagenet-1k-test-")
    assert "imagenet-1k" in BENCHMARKS


def test_doctor_says_where_sets_are_kept_and_whether_the_hub_answers(
    empty_cache, capsys, monkeypatch
):
    load_set("series", train=10, test=10)
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert f"sets are kept in {empty_cache}: 0.0 MB" in printed
    assert "datasets 5." in printed and "threads of torch: 1" in printed
    assert "the Hub: huggingface.co cannot be reached" in printed
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["doctor"]) == 0
    assert "the Hub: switched off by HF_HUB_OFFLINE" in capsys.readouterr().out
