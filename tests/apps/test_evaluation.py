"""Top-1 and top-5 over a folder: counted as by hand, continued where it stopped."""

import json
import re
from pathlib import Path

import pytest
import torch
from PIL import Image, features
from shaken import shake
from theirs_deit import NARROW
from transformers import (
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    DeiTImageProcessorPil,
    HieraConfig,
    HieraForImageClassification,
)

from perceiver_course.kit.claims import read_claims
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.apps.evaluation import loop
from perceiver_tutorial.apps.evaluation.folder import (
    Folder,
    Labelled,
    class_numbers,
    labelled_pictures,
)
from perceiver_tutorial.apps.evaluation.loop import evaluate
from perceiver_tutorial.apps.evaluation.published import PUBLISHED_ACCURACY, Accuracy
from perceiver_tutorial.apps.evaluation.report import judge
from perceiver_tutorial.apps.evaluation.results import Outcome, Results, Run
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.zoo import build

CLASSES = 7
RUN = Run("model", "0" * 16, "transformers", "folder", "prepared")


def of_class_0(names):
    return Folder([Labelled(name, Path(name), 0) for name in names], {}, "by class number")


def small_deit():
    """transformers', and it prefers no class."""
    config = DeiTConfig(**{**NARROW, "num_labels": CLASSES})
    return shake(DeiTForImageClassificationWithTeacher(config), 1.0)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny-deit")
    small_deit().save_pretrained(folder)
    return folder


def picture(seed):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(0, 256, (3, 4, 3), generator=generator, dtype=torch.uint8)
    return Image.fromarray(coarse.numpy()).resize((90, 70), Image.Resampling.BICUBIC)


@pytest.fixture
def pictures(tmp_path):
    """Three pictures of each class, in folders named by class number."""
    folder = tmp_path / "pictures"
    for label in range(CLASSES):
        (folder / str(label)).mkdir(parents=True)
        for number in range(3):
            picture(10 * label + number).save(folder / str(label) / f"{number}.png")
    return folder


@pytest.fixture
def by_hand(pictures):
    """Every class in the order of its score, by transformers, one picture at a time."""
    model = small_deit()
    imagenet = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    crop = {"height": 64, "width": 64}
    prepare = DeiTImageProcessorPil(size={"shortest_edge": 73}, crop_size=crop, **imagenet)
    ranked = {}
    for file in sorted(pictures.rglob("*.png")):
        pixels = prepare(Image.open(file), return_tensors="pt").pixel_values
        with torch.no_grad():
            scores = model(pixels).logits[0]
        ranked[f"{file.parent.name}/{file.name}"] = scores.argsort(descending=True).tolist()
    return ranked


def right(ranked, first):
    return sum(int(name.split("/")[0]) in order[:first] for name, order in ranked.items())


def lines_of(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


# -- counting ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, 21, 100])
def test_the_counts_are_those_of_a_plain_loop(checkpoint, pictures, by_hand, batch_size):
    report = evaluate(checkpoint, pictures, batch_size=batch_size, threads=3)
    assert (report.num_pictures, report.num_classes, report.num_left) == (21, CLASSES, 0)
    assert (report.top1, report.top5) == (right(by_hand, 1), right(by_hand, 5))
    assert 0 < report.top1 < report.top5 < 21


def test_the_results_name_the_five_best(checkpoint, pictures, by_hand):
    evaluate(checkpoint, pictures)
    run, *outcomes = lines_of(pictures.parent / f"pictures-{checkpoint.name}.jsonl")
    assert {o["picture"]: o["best"] for o in outcomes} == {k: v[:5] for k, v in by_hand.items()}
    assert run["folder"] == str(pictures) and run["preparation"].startswith("shorter side to 73")


def test_a_subset_is_enough(checkpoint, pictures, by_hand):
    for label in (0, 2, 3, 4):
        for file in (pictures / str(label)).iterdir():
            file.unlink()
        (pictures / str(label)).rmdir()
    report = evaluate(checkpoint, pictures)
    some = {name: order for name, order in by_hand.items() if name[0] in "156"}
    assert (report.num_pictures, report.num_classes) == (9, 3)
    assert (report.top1, report.top5) == (right(some, 1), right(some, 5))


def test_a_folders_own_preparation_is_used(checkpoint, pictures, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for file in checkpoint.iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    DeiTImageProcessorPil(size=64, crop_size=64).save_pretrained(own)
    assert evaluate(own, pictures).run.preparation.startswith("resized to 64 x 64, middle 64 x 64")


def test_a_hiera_is_evaluated_too(pictures, tmp_path):
    sizes = {"embed_dim": 8, "depths": [1, 1, 1, 1], "image_size": [64, 64], "num_labels": CLASSES}
    model = shake(HieraForImageClassification(HieraConfig(**sizes)), 1.0)
    model.save_pretrained(tmp_path / "hiera")
    assert evaluate(tmp_path / "hiera", pictures).num_pictures == 21


def test_the_five_best_are_all_where_there_are_fewer():
    assert loop.five_best(torch.tensor([[0.1, 0.3, 0.2]])) == [[1, 2, 0]]
    assert loop.five_best(torch.arange(9.0)[None]) == [[8, 7, 6, 5, 4]]


def test_nothing_is_best_of_what_is_no_number():
    with pytest.raises(ValueError, match=r"expected numbers in logits, got NaN in 1 of 3"):
        loop.five_best(torch.tensor([[0.1, torch.nan, 0.2]]))


def test_two_heads_are_averaged():
    config = deit.DeiTConfig(8, 2, depth=1, image_size=(16, 16), num_classes=3)
    model, pixels = build(config).eval(), torch.randn(2, 3, 16, 16)
    assert torch.equal(loop.class_logits(model, pixels), model(pixels).logits)


# -- interruption --------------------------------------------------------------------------


@pytest.fixture
def stopping(monkeypatch):
    """Ctrl-C comes while the third batch is looked at."""
    looked = []

    def interrupted(model, pixels):
        looked.append(len(pixels))
        if len(looked) == 3:
            raise KeyboardInterrupt
        return class_logits(model, pixels)

    class_logits = loop.class_logits
    monkeypatch.setattr(loop, "class_logits", interrupted)
    return looked


def test_a_second_start_goes_on_and_counts_nothing_twice(checkpoint, pictures, by_hand, stopping):
    first = evaluate(checkpoint, pictures, batch_size=4)
    assert (first.num_pictures, first.num_left) == (8, 13)
    assert "stopped with 13 pictures left: the same command goes on" in str(first)
    second = evaluate(checkpoint, pictures, batch_size=5)
    assert stopping == [4, 4, 4, 5, 5, 3]
    assert (second.num_pictures, second.num_left) == (21, 0)
    assert (second.top1, second.top5) == (right(by_hand, 1), right(by_hand, 5))
    names = [line["picture"] for line in lines_of(pictures.parent / second.file)[1:]]
    assert sorted(names) == sorted(by_hand)


def test_nothing_is_looked_at_again_when_all_is_done(checkpoint, pictures, monkeypatch):
    done = evaluate(checkpoint, pictures)
    monkeypatch.setattr(loop, "class_logits", None)
    assert evaluate(checkpoint, pictures) == done


def test_half_a_last_line_is_dropped_and_its_picture_looked_at_again(checkpoint, pictures):
    whole = evaluate(checkpoint, pictures, pictures.parent / "r.jsonl")
    file = pictures.parent / "r.jsonl"
    before = file.read_bytes()
    file.write_bytes(before[:-25])
    assert evaluate(checkpoint, pictures, file) == whole
    assert file.read_bytes() == before


def test_a_picture_that_came_later_is_looked_at_and_one_that_went_is_forgotten(
    checkpoint, pictures, by_hand
):
    evaluate(checkpoint, pictures)
    (pictures / "0/0.png").rename(pictures / "0/new.png")
    report = evaluate(checkpoint, pictures)
    assert (report.num_pictures, report.top1) == (21, right(by_hand, 1))


# -- pictures that cannot be read ----------------------------------------------------------


def test_broken_pictures_are_told_at_the_end_and_tried_again(checkpoint, pictures, by_hand):
    good = (pictures / "3/1.png").read_bytes()
    (pictures / "3/1.png").write_bytes(good[:60])
    (pictures / "4/0.png").write_text("no picture")
    Image.new("F", (5, 5)).save(pictures / "5/range.tiff")
    report = evaluate(checkpoint, pictures, batch_size=3)
    assert report.num_pictures == 19 and list(report.problems) == [
        "3/1.png", "4/0.png", "5/range.tiff"
    ]  # fmt: skip
    said = str(report)
    assert "3 could not be read and are not counted:" in said
    assert "  4/0.png: UnidentifiedImageError: cannot identify" in said
    assert "  5/range.tiff: ValueError: expected colours of 8 or 16 bits" in said
    (pictures / "3/1.png").write_bytes(good)
    again = evaluate(checkpoint, pictures)
    kept = {name: order for name, order in by_hand.items() if name != "4/0.png"}
    assert (again.num_pictures, again.top1) == (20, right(kept, 1))
    assert list(again.problems) == ["4/0.png", "5/range.tiff"]


def test_a_batch_of_broken_pictures_ends_nothing(checkpoint, pictures):
    for file in (pictures / "0").iterdir():
        file.write_text("broken")
    assert evaluate(checkpoint, pictures, batch_size=3).num_pictures == 18


def test_many_broken_pictures_are_not_all_shown():
    problems = {f"0/{n}.png": "broken" for n in range(12)}
    said = str(judge(RUN, of_class_0(problems), {}, problems))
    assert said.count("broken") == 10 and "  and 2 more" in said
    assert re.search(r"top-1 +- +-", said)


# -- results of something else -------------------------------------------------------------


def test_results_of_other_weights_are_refused(checkpoint, pictures, tmp_path):
    file = tmp_path / "r.jsonl"
    evaluate(checkpoint, pictures, file)
    shake(small_deit(), 0.9).save_pretrained(tmp_path / "other")
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"expected results of the same run .*model was .*tiny-de"):
        evaluate(tmp_path / "other", pictures, file)
    assert file.read_bytes() == before


def test_results_of_another_folder_are_refused(checkpoint, pictures):
    file = pictures.parent / "r.jsonl"
    evaluate(checkpoint, pictures, file)
    pictures.rename(pictures.parent / "moved")
    with pytest.raises(ValueError, match=r"folder was .*pictures, is .*moved\. Choose another fil"):
        evaluate(checkpoint, pictures.parent / "moved", file)


@pytest.mark.parametrize("content", ["", "something", "some\nlines\n", '{"model": "m"}\n', "[1]\n"])
def test_a_file_of_something_else_is_left_alone(tmp_path, content):
    file = tmp_path / "notes.txt"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"expected results in .*notes.txt, got something else"):
        Results(file, RUN)
    assert file.read_text() == content


@pytest.mark.parametrize("line", ["{}", "?", '{"picture": "a", "best": []}', '{"best": [1]}'])
def test_a_line_that_is_no_outcome_is_named(tmp_path, line):
    results = Results(tmp_path / "r.jsonl", RUN)
    results.add([Outcome("a", [1])])
    with results.file.open("a") as opened:
        opened.write(f"{line}\n")
    with pytest.raises(ValueError, match=r"picture in line 3 of .*Delete that line"):
        Results(tmp_path / "r.jsonl", RUN)


def test_results_need_a_folder(tmp_path):
    with pytest.raises(ValueError, match=r"there is no .*nowhere\. Make it, or"):
        Results(tmp_path / "nowhere/r.jsonl", RUN)


def test_a_place_where_nobody_may_write_is_told(tmp_path, monkeypatch):
    def refused(*_words, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_text", refused)
    with pytest.raises(ValueError, match=r"but Permission denied\. Choose another file with --r"):
        Results(tmp_path / "r.jsonl", RUN)


def test_a_fingerprint_changes_with_any_weight():
    model = torch.nn.BatchNorm1d(3)
    before = loop.fingerprint(model)
    assert before == loop.fingerprint(torch.nn.BatchNorm1d(3)) and len(before) == 16
    model.num_batches_tracked += 1
    assert loop.fingerprint(model) != before


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "facebook/hiera-tiny-224-hf", "facebook/hiera-tiny-224-mae-hf", "deepmind/language-perceiver",
    "deepmind/optical-flow-perceiver", "facebook/hiera_base_16x224", "somebody/vit", "nowhere",
])  # fmt: skip
def test_a_published_model_of_another_kind_is_refused_before_it_is_fetched(name, pictures):
    with pytest.raises(ValueError, match=rf"expected a classifier of pictures, got {name}\. Publi"):
        evaluate(name, pictures)


def test_a_folder_without_a_classifier_is_refused():
    config = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (64, 64), num_classes=None)
    with pytest.raises(ValueError, match="expected a classifier of pictures, got here"):
        loop._num_classes(build(config), "here")


def test_a_classifier_of_texts_is_refused():
    config = perceiver.TextClassifierConfig(ENCODER, num_classes=3, input_channels=14, max_bytes=9)
    with pytest.raises(ValueError, match=r"expected a model that takes a photograph, .* text\."):
        loop._preparation("here", build(config))


def test_fidelity_can_be_chosen(checkpoint, pictures, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(loop, "load", lambda name, f: asked.append((name, f)) or load(name))
    file = tmp_path / "r.jsonl"
    assert evaluate(checkpoint, pictures, file, fidelity="deepmind").run.fidelity == "deepmind"
    assert asked == [(str(checkpoint), "deepmind")]
    with pytest.raises(ValueError, match="fidelity was deepmind, is transformers"):
        evaluate(checkpoint, pictures, file)


def test_a_folder_is_checked_before_a_model_is_fetched(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        evaluate("facebook/deit-tiny-patch16-224", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="expected a subfolder for each class"):
        evaluate("facebook/deit-tiny-patch16-224", tmp_path)


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"threads": 0}])
def test_nothing_at_a_time_is_refused(options, pictures):
    with pytest.raises(ValueError, match="of at least 1, got 0"):
        evaluate("facebook/deit-tiny-patch16-224", pictures, **options)


SYNSETS = [f"n{n:08}" for n in range(1000)]


@pytest.mark.parametrize("names, numbers", [
    (SYNSETS, list(range(1000))),
    (["281", "7", "999"], [281, 7, 999]),
    (["007", "281"], [7, 281]),
])  # fmt: skip
def test_subfolders_stand_for_classes(names, numbers):
    assert class_numbers(names, 1000)[0] == numbers


AS_IMAGEFOLDER_NUMBERS = ["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9"]


@pytest.mark.parametrize("names, known, numbers", [
    (AS_IMAGEFOLDER_NUMBERS, AS_IMAGEFOLDER_NUMBERS, list(range(12))),
    (["11", "2"], AS_IMAGEFOLDER_NUMBERS, [3, 4]),
    (["0", "180", "270", "90"], ["0", "180", "270", "90"], [0, 1, 2, 3]),
    (["90"], ["0", "90", "180", "270"], [1]),
    (["dog", "ant"], ["ant", "bee", "dog"], [2, 0]),
])  # fmt: skip
def test_folders_named_like_classes_go_by_name_and_some_are_enough(names, known, numbers):
    said = "by the names that the model gives its classes"
    assert class_numbers(names, len(known), known) == (numbers, said)


def test_folders_with_other_names_go_by_order_and_the_report_says_so():
    numbers, said = class_numbers(["0", "180", "270", "90"], 4)
    assert numbers == [0, 1, 2, 3]
    assert said == "in the order of their names as strings: 0 is class 0, 180 is class 1, ..."
    _, said = class_numbers(["cat", "dog", "own"], 3, ["cat", "dog", "owl"])
    assert said.endswith("cat is class 0, dog is class 1, ...; own is no name of a class")


def test_a_stranger_among_numbers_that_are_names_is_told_in_the_report():
    numbers, said = class_numbers(["0", "1", "2", "3"], 4, ["0", "1", "10", "2"])
    assert (numbers, said) == ([0, 1, 2, 3], "by class number; 3 is no name of a class")
    assert class_numbers(["0", "1"], 2, ["cat", "dog"])[1] == "by class number"


def test_a_name_of_two_classes_is_refused():
    with pytest.raises(ValueError, match=r"named like one class each, got crane, which the model"):
        class_numbers(["ant", "crane"], 3, ["crane", "crane", "ant"])


def test_names_that_are_no_classes_are_told_where_there_are_too_few_of_them():
    with pytest.raises(
        ValueError, match=r"Got 2: bird, cat\. The model has no class called bird\."
    ):
        class_numbers(["bird", "cat"], 3, ["ant", "bee", "cat"])


def test_folders_counted_from_1_are_refused_and_told_why():
    with pytest.raises(ValueError, match=r"Got 3: 1, 2, 3\. They seem to be counted from 1\."):
        class_numbers(["1", "2", "3"], 3)


@pytest.mark.parametrize("names", [
    SYNSETS[:999], [*SYNSETS, "n99999999"], ["tabby"], ["1", "cat"], ["1", "01"],
    [str(n) for n in range(1, 1001)],
])  # fmt: skip
def test_subfolders_that_stand_for_nothing_are_refused(names):
    with pytest.raises(ValueError, match=r"expected 1,000 subfolders, .*or by its class number"):
        class_numbers(names, 1000)


def test_only_pictures_are_pictures(pictures):
    (pictures / "0/notes.txt").write_text("x")
    (pictures / "0/.hidden.png").write_text("x")
    (pictures / ".git").mkdir()
    (pictures / "0/deeper").mkdir()
    (pictures / "0/.thumbnails").mkdir()
    (pictures / "0/deeper/elsewhere").symlink_to(pictures / "1", target_is_directory=True)
    (pictures / "classes.csv").write_text("0,cat")
    picture(1).save(pictures / "0/deeper/X.JPEG")
    found = labelled_pictures(pictures, CLASSES)
    assert [p.name for p in found.pictures if p.label == 0] == [
        "0/0.png", "0/1.png", "0/2.png", "0/deeper/X.JPEG"
    ]  # fmt: skip
    assert len(found.pictures) == 22
    assert found.left_out == {
        ".git": "hidden", "classes.csv": "in no class's folder", "0/.hidden.png": "hidden",
        "0/.thumbnails": "hidden", "0/notes.txt": "no picture that Pillow can open",
        "0/deeper/elsewhere": "a link to a folder",
    }  # fmt: skip


WRITTEN_AS = {
    "a.png": "PNG", "a.jpg": "JPEG", "a.jfif": "JPEG", "a.avif": "AVIF", "a.ppm": "PPM",
    "a.jp2": "JPEG2000", "a.bmp": "BMP", "a.gif": "GIF", "a.tif": "TIFF", "a.webp": "WEBP",
    "no-ending": "PNG", "a.picture": "JPEG",
}  # fmt: skip


def test_all_that_pillow_opens_is_counted_and_the_rest_is_named(checkpoint, tmp_path):
    missing = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}
    kinds = {n: k for n, k in WRITTEN_AS.items() if features.check(missing.get(k, "jpg"))}
    (tmp_path / "p/0").mkdir(parents=True)
    for name, kind in kinds.items():
        picture(1).save(tmp_path / "p/0" / name, format=kind)
    (tmp_path / "p/0/a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(99))
    report = evaluate(checkpoint, tmp_path / "p")
    assert report.num_pictures == len(kinds) >= 9
    assert report.left_out == {"0/a.heic": "no picture that Pillow can open"}
    assert "1 other files are not counted:\n  0/a.heic: no picture" in str(report)


@pytest.fixture
def grey_folders(tmp_path):
    """One picture in each of the folders 0 to 11, the brighter the higher the name's number."""
    for number in range(12):
        (tmp_path / f"grey/{number}").mkdir(parents=True)
        Image.new("RGB", (90, 70), (20 * number,) * 3).save(tmp_path / f"grey/{number}/a.png")
    return tmp_path / "grey"


@pytest.mark.parametrize("labels, top1, said", [
    (AS_IMAGEFOLDER_NUMBERS, 12, "by the names that the model gives its classes"),
    ([str(n) for n in range(12)], 12, "by the names that the model gives its classes"),
    ([f"LABEL_{n}" for n in range(12)], 2, "by class number"),
])  # fmt: skip
def test_a_classifier_that_knows_every_class_by_name_is_always_right(
    grey_folders, tmp_path, monkeypatch, labels, top1, said
):
    sizes = {name: size for name, size in NARROW.items() if name != "num_labels"}
    config = DeiTConfig(**sizes, id2label=dict(enumerate(labels)))
    small = DeiTForImageClassificationWithTeacher(config)
    small.save_pretrained(tmp_path / "model")
    called = AS_IMAGEFOLDER_NUMBERS if "LABEL_0" in labels else labels

    def by_brightness(_, pixels):
        greys = (pixels[:, 0].mean((1, 2)) * 0.229 + 0.485) * 255 / 20
        return -(greys[:, None] - torch.tensor([[float(name) for name in called]])).abs()

    monkeypatch.setattr(loop, "class_logits", by_brightness)
    report = evaluate(tmp_path / "model", grey_folders)
    assert (report.top1, report.num_pictures) == (top1, 12)
    assert report.order == said and f"labels are classes {said}" in str(report)


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "0").mkdir()
    with pytest.raises(
        ValueError,
        match=r"expected pictures in the subfolders .*none that Pillow can open, and 0 other",
    ):
        labelled_pictures(tmp_path, 10)


# -- beside the published figure -----------------------------------------------------------


def test_the_report_stands_beside_what_was_published():
    best = {"a": [0], "b": [1, 0], "c": [1, 2, 3, 4, 5]}
    report = judge(RUN, of_class_0(best), best, {}, Accuracy(72.2, 91.1), "r.jsonl")
    lines = str(report).splitlines()
    assert lines[0] == "model, 3 pictures of 1 classes in folder"
    assert lines[1:] == [
        "prepared: prepared",
        "labels are classes by class number",
        "       here             published",
        "top-1   33.3 % ± 27.2   72.2 %",
        "top-5   66.7 % ± 27.2   91.1 %",
        "± is one standard error: how far chance moves a share of so many pictures",
        "results: r.jsonl",
    ]
    assert "top-5   66.7 % ± 27.2   -" in str(judge(RUN, of_class_0(best), best, {}))


def test_every_published_classifier_has_its_figure():
    families = {**perceiver.PUBLISHED, **hiera.PUBLISHED, **deit.PUBLISHED}
    classifiers = {name for name, config in families.items()
                   if getattr(config, "num_classes", None) == 1000}  # fmt: skip
    assert set(PUBLISHED_ACCURACY) == classifiers


CLAIMED = {
    "pio.img-learned.top1": ["deepmind/vision-perceiver-learned"],
    "pio.img-fourier.top1": ["deepmind/vision-perceiver-fourier"],
    "pio.img-conv.top1": ["deepmind/vision-perceiver-conv"],
    "hiera.mae-accuracy": [name for name in PUBLISHED_ACCURACY if "hiera" in name],
    **{f"deit.table-{size}-acc": [f"facebook/deit-{size}-patch16-224"]
       for size in ("tiny", "small", "base")},
    **{f"deit.table-{size}-distilled-acc": [f"facebook/deit-{size}-distilled-patch16-224"]
       for size in ("tiny", "small", "base")},
    "deit.table-base-384-acc": ["facebook/deit-base-patch16-384"],
    "deit.table-base-distilled-384-acc": ["facebook/deit-base-distilled-patch16-384"],
}  # fmt: skip


def test_the_figures_are_those_of_the_ledger():
    assert sorted(PUBLISHED_ACCURACY) == sorted(n for names in CLAIMED.values() for n in names)
    for claim_id, names in CLAIMED.items():
        entry = read_claims()[claim_id]
        said = re.findall(r"\d\d\.\d", f"{entry.claim} {entry.truth}")
        figures = [str(f) for name in names for f in PUBLISHED_ACCURACY[name] if f is not None]
        assert [f for f in figures if f not in said] == [], claim_id


def test_a_published_name_is_judged_beside_its_figure(checkpoint, pictures, monkeypatch):
    small = load(checkpoint, image_size=(224, 224))
    monkeypatch.setattr(loop, "load", lambda *_: small)
    report = evaluate("facebook/deit-tiny-patch16-224", pictures)
    assert report.published == Accuracy(72.2, 91.1)
    assert report.file == str(pictures.parent / "pictures-deit-tiny-patch16-224.jsonl")
    assert report.run.preparation.startswith("shorter side to 256, middle 224 x 224")
