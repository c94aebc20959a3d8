"""Students and their teacher: what they are shown, what was measured, and going on at 12 x 12."""

import json
from dataclasses import replace
from itertools import islice
from statistics import mean

import pytest
import torch

from perceiver_course.chapters.distillation.model import (
    FILE,
    MEASURED,
    NARROW,
    STUDENTS,
    StudentScores,
    fine_tune,
    note,
    score_student,
    students,
    teachers_choices,
)
from perceiver_course.kit.augment import soft_labels
from perceiver_course.kit.recipes.digits_deit import (
    DISTILLED,
    INK,
    PLAIN,
    RECIPES,
    digits_teacher,
    few_labels,
    finer,
    hard_targets,
    labels_only,
    soft_targets,
    taught,
    views,
)
from perceiver_course.kit.recipes.scores import SEEDS, measured
from perceiver_course.recipes import trained
from perceiver_tutorial.deit import DeiTOutput, soft_divergence
from perceiver_tutorial.zoo import build
from tools import distil_digits

WAYS = list(STUDENTS)


def test_few_labels_are_200_of_all_digits_in_three_equal_colours():
    few = few_labels()
    assert few.train_images.shape == (200, 3, 8, 8) and few.test_images.shape == (1597, 3, 8, 8)
    assert torch.equal(few.train_images[:, 0], few.train_images[:, 2])


def test_views_are_new_each_time_and_repeat_with_the_seed():
    few = few_labels()
    images, labels = few.train_images[:4], few.train_labels[:4]
    first, again, other = (
        list(islice(views(images, labels, seed, batch_size=4), 2)) for seed in (0, 0, 1)
    )
    assert torch.equal(first[1][0], again[1][0]) and not torch.equal(first[1][0], other[1][0])
    by_label = [batch[0][batch[1].argsort()] for batch in first]
    assert not torch.allclose(*by_label, atol=0.05)


def test_the_teacher_is_asked_about_the_very_views_that_the_student_sees():
    few, teacher = few_labels(), digits_teacher()
    source = taught(views(few.train_images, few.train_labels, seed=0), teacher)
    plain = views(few.train_images, few.train_labels, seed=0)
    (images, labels, said), (same, wanted) = next(source), next(plain)
    assert torch.equal(images, same)
    assert torch.equal(said, teacher(images))
    assert torch.allclose(labels, soft_labels(wanted, 10, smoothing=0.1))


def test_the_teacher_reads_in_its_own_normalisation_and_at_its_own_size():
    teacher, few = digits_teacher(), few_labels()
    own = trained("digits-teacher")((few.test_images[:9] - INK.mean) / INK.std)
    assert torch.allclose(teacher(few.test_images[:9]), own, atol=1e-4)
    larger = teacher(finer(few.test_images, (12, 12))).argmax(-1)
    assert (larger == teachers_choices()).float().mean() > 0.9


@pytest.mark.parametrize("loss", [labels_only, soft_targets, hard_targets])
def test_a_loss_listens_to_the_teacher_unless_it_is_labels_only(loss):
    model = build(DISTILLED)
    images, labels = torch.rand(4, 3, 8, 8), soft_labels(torch.arange(4), 10)
    one, other = (loss(model, images, labels, 5 * torch.randn(4, 10)) for _ in range(2))
    assert torch.equal(one, other) == (loss is labels_only)


def test_soft_targets_weigh_half_and_half():
    images, said = torch.rand(4, 3, 8, 8), torch.randn(4, 10)
    labels = soft_labels(torch.arange(4), 10, smoothing=0.1)
    model = build(PLAIN)
    logits = model(images).logits
    told = -(labels * logits.log_softmax(-1)).sum(-1).mean()
    want = (told + soft_divergence(logits, said, 3.0)) / 2
    assert torch.isclose(soft_targets(model, images, labels, said), want)


# -- what was measured -----------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_five_seeds_of_this_very_recipe_were_measured(way):
    written = json.loads(FILE.read_text(encoding="utf-8"))[STUDENTS[way]]
    assert written["fingerprint"] == RECIPES[STUDENTS[way]].fingerprint, "tools/distil_digits.py"
    assert sorted(map(int, written["scores"])) == list(SEEDS)
    assert tuple(scores.both for scores in students()[way]) == measured(STUDENTS[way]).scores


@pytest.mark.parametrize("way", NARROW)
def test_the_published_start_was_measured_with_as_many_seeds(way):
    name = NARROW[way]
    written = json.loads(FILE.read_text(encoding="utf-8"))[name]
    assert written["fingerprint"] == MEASURED[name].fingerprint, "tools/distil_digits.py"
    assert sorted(map(int, written["scores"])) == list(SEEDS)
    assert replace(MEASURED[name], config=RECIPES[STUDENTS[way]].config) == RECIPES[STUDENTS[way]]


@pytest.mark.parametrize("way", WAYS)
def test_one_head_has_no_second_opinion(way):
    has_two = RECIPES[STUDENTS[way]].config.config.has_two_heads
    for scores in students()[way]:
        assert (scores.distillation_head is not None) == (scores.cosine_out is not None) == has_two
        assert has_two or scores.both == scores.class_head


def test_a_stored_student_is_scored_by_hand():
    model, few = trained("digits-deit-token"), few_labels()
    scores = score_student(model)
    with torch.no_grad():
        answer = model(few.test_images)
    reads, says = answer.logits.argmax(-1).tolist(), teachers_choices().tolist()
    truth = few.test_labels.tolist()
    trios = list(zip(reads, says, truth, strict=True))
    assert scores.both == pytest.approx(mean(read == true for read, _, true in trios), abs=1e-6)
    assert scores.as_teacher == pytest.approx(mean(read == s for read, s, _ in trios), abs=1e-6)
    errors = [(read, s) for read, s, true in trios if s != true]
    assert scores.same_errors == pytest.approx(mean(read == s for read, s in errors), abs=1e-6)
    assert -1 <= scores.cosine_in <= 1 and -1 <= scores.cosine_out <= 1


def test_what_was_not_measured_comes_with_the_command_that_does(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python tools/distil_digits.py"):
        students(tmp_path / "none.json")


def test_scores_of_a_changed_recipe_replace_the_old_ones(tmp_path, monkeypatch):
    name, file = "digits-deit", tmp_path / "scores.json"
    scores = StudentScores(0.9, 0.9, None, 0.8, 0.1, None, None)
    note(name, 1, scores, file)
    note(name, 2, scores, file)
    assert sorted(json.loads(file.read_text())[name]["scores"]) == ["1", "2"]
    monkeypatch.setitem(MEASURED, name, replace(RECIPES[name], steps=1))
    note(name, 3, scores, file)
    assert list(json.loads(file.read_text())[name]["scores"]) == ["3"]


def test_the_tool_measures_all_and_writes_the_seeds_down_too(tmp_path, monkeypatch, capsys):
    for name in (*STUDENTS.values(), *NARROW.values()):
        monkeypatch.setitem(MEASURED, name, replace(MEASURED[name], steps=1))
    monkeypatch.setattr(distil_digits, "SEEDS", (1, 2))
    files = tmp_path / "scores.json", tmp_path / "seeds.json"
    assert distil_digits.main([], *files) == 0
    found = students(files[0])
    assert [len(of) for of in found.values()] == [2] * len(STUDENTS)
    for way, name in STUDENTS.items():
        assert measured(name, files[1]).scores == tuple(scores.both for scores in found[way])
    narrow = students(files[0], NARROW)
    assert [*narrow] == ["labels only", "soft"] and [len(of) for of in narrow.values()] == [2, 2]
    lines = capsys.readouterr().out.count("seed 2  StudentScores(")
    assert lines == len(STUDENTS) + len(NARROW)


def test_the_tool_measures_one(tmp_path, monkeypatch):
    monkeypatch.setitem(MEASURED, "digits-deit", replace(RECIPES["digits-deit"], steps=1))
    file = tmp_path / "scores.json"
    assert distil_digits.main(["digits-deit", "4"], file, tmp_path / "none.json") == 0
    assert list(json.loads(file.read_text())) == ["digits-deit"]


# -- larger pictures -------------------------------------------------------------------------


def test_finer_digits_are_the_same_digits():
    images = few_labels().test_images[:5]
    assert finer(images).shape == (5, 3, 12, 12)
    assert torch.allclose(finer(images).mean((1, 2, 3)), images.mean((1, 2, 3)), atol=0.02)


def test_a_student_goes_on_at_a_higher_resolution_and_still_has_both_heads():
    small = trained("digits-deit-token")
    before = [p.clone() for p in small.parameters()]
    larger, history = fine_tune(small, (12, 10), steps=2)
    assert larger.config.image_size == (12, 10) and len(history.losses) == 2
    answer = larger(torch.rand(2, 3, 12, 10))
    assert isinstance(answer, DeiTOutput) and answer.distillation_logits is not None
    assert all(torch.equal(a, b) for a, b in zip(before, small.parameters(), strict=True))
    moved = larger.distillation_head.weight - small.distillation_head.weight
    assert moved.abs().sum() > 0


@pytest.mark.slow
def test_fine_tuning_with_a_teacher_reads_better_than_resizing_alone():
    torch.set_num_threads(1)
    small, few = trained("digits-deit-token"), few_labels()
    images = finer(few.test_images)

    def right(model):
        with torch.no_grad():
            reads = model(images).logits.argmax(-1)
        return (reads == few.test_labels).float().mean().item()

    barely, longer = (fine_tune(small, (12, 12), steps=steps)[0] for steps in (1, 120))
    assert right(longer) > right(barely)
