"""Top-1 over rows: of a set, a table, a stream, a loader; counted as over a folder."""

import json

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


def test_a_benchmark_is_judged_as_it_is_streamed(checkpoint, table, monkeypatch, tmp_path):
    from perceiver_tutorial.apps import data

    def streamed(name, split):
        assert (name, split) == ("imagenet-1k", "test")
        return own(table)["train"]

    monkeypatch.setattr(data, "hub", streamed)
    monkeypatch.chdir(tmp_path)
    report = evaluate(checkpoint, "imagenet-1k", limit=5)
    assert report.num_pictures == 5 and report.file.startswith("imagenet-1k-")
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
