"""Pairs against all permutations, the loss against plain loops, counts against small cases."""

import math
from itertools import permutations

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn

from perceiver_course.chapters.extending.model import (
    ClassesAndBoxes,
    DetectionConfig,
    Detections,
    corners,
    detection_loss,
    found_detections,
    hungarian_match,
    judge_detections,
    match,
    matching_costs,
)
from perceiver_tutorial.perceiver import (
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    PatchStem,
    build,
)
from perceiver_tutorial.tracing import walk

pytestmark = pytest.mark.usefixtures("float64")

ENCODER = EncoderConfig(
    num_latents=7,
    latent_channels=12,
    num_blocks=2,
    layers_per_block=1,
    self_heads=3,
    cross_heads=1,
    qk_channels=12,
)
SMALL = DetectionConfig(
    encoder=ENCODER,
    stem=PatchStem(4),
    positions=FourierConfig(2, (6, 5)),
    num_queries=4,
    image_size=(24, 20),
    image_channels=1,
    num_classes=2,
)
CLASSES = torch.tensor([[1, 0, -1], [-1, -1, -1], [2, 2, 0]])
BOXES = torch.tensor([[[0.3, 0.4, 0.2, 0.4], [0.7, 0.5, 0.3, 0.2], [0.5, 0.8, 0.4, 0.1]]]).repeat(
    3, 1, 1
)


def random_answer(pictures=3, queries=5, classes=3):
    boxes = torch.rand(pictures, queries, 4) * 0.5 + 0.2
    return {"classes": torch.randn(pictures, queries, classes + 1), "boxes": boxes}


# --- the model ----------------------------------------------------------------------------------


def test_every_query_is_answered_with_scores_and_a_box():
    model = shake(build(SMALL)).eval()
    answer = model(torch.rand(3, 1, 24, 20))
    assert answer["classes"].shape == (3, 4, 2 + 1)
    assert answer["boxes"].shape == (3, 4, 4)
    assert ((answer["boxes"] > 0) & (answer["boxes"] < 1)).all()


def test_one_query_alone_gets_the_same_answer():
    model, images = shake(build(SMALL)).eval(), torch.rand(2, 1, 24, 20)
    latents, whole = model.encode(images), model(images)
    some = model.decode(latents, images, points=torch.tensor([3, 1]))
    for name, answers in whole.items():
        assert relative_error(some[name], answers[:, [3, 1]]) < EXACT
    chunked = model.decode(latents, images, chunk_size=3)
    assert relative_error(chunked["boxes"], whole["boxes"]) < EXACT


def test_queries_may_be_narrower_than_latents_and_the_stem_may_be_any():
    config = DetectionConfig(
        encoder=ENCODER,
        stem=ConvPoolStem(6, padding="same"),
        positions=FourierConfig(2, (6, 5)),
        num_queries=4,
        image_size=(24, 20),
        query_channels=8,
        decoder=DecoderConfig(num_heads=2),
    )
    assert build(config)(config.example_input(2))["classes"].shape == (2, 4, 92)


def test_a_detector_of_published_size_can_be_walked():
    encoder = EncoderConfig(512, 1024, 8, 6, self_heads=8, cross_heads=1)
    config = DetectionConfig(encoder, PatchStem(16, channels=512), FourierConfig(64, (14, 14)))
    steps = walk(config)
    assert steps["preprocessor"].shape == (1, 196, 512 + 258)
    sizes = {out.key: out.sizes for out in steps["answer"].outputs}
    assert sizes == {"classes": (1, 100, 92), "boxes": (1, 100, 4)}


def test_a_box_is_an_mlp_of_its_row():
    head, rows = shake(ClassesAndBoxes(6, 2)), torch.randn(2, 3, 6)
    first, second, last = (layer for layer in head.box_head if isinstance(layer, nn.Linear))
    hidden = second(first(rows).clamp(min=0)).clamp(min=0)
    assert relative_error(head(rows)["boxes"], 1 / (1 + (-last(hidden)).exp())) < EXACT


# --- pairs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("queries, things", [(5, 3), (3, 3), (4, 1), (2, 4)])
def test_no_permutation_pairs_better(queries, things):
    for _ in range(10):
        costs = torch.randn(queries, things)
        rows, columns = match(costs)
        few, many = min(queries, things), max(queries, things)
        table = costs if queries >= things else costs.T
        best = min(
            sum(table[row, column].item() for column, row in enumerate(chosen))
            for chosen in permutations(range(many), few)
        )
        assert costs[rows, columns].sum().item() == pytest.approx(best, abs=EXACT)
        assert len(rows) == few == len(set(rows.tolist())) == len(set(columns.tolist()))


def overlap_by_hand(some, others):
    (l1, t1, r1, b1), (l2, t2, r2, b2) = corners(some).tolist(), corners(others).tolist()
    shared = max(0, min(r1, r2) - max(l1, l2)) * max(0, min(b1, b2) - max(t1, t2))
    covered = (r1 - l1) * (b1 - t1) + (r2 - l2) * (b2 - t2) - shared
    framed = (max(r1, r2) - min(l1, l2)) * (max(b1, b2) - min(t1, t2))
    return shared / covered - (framed - covered) / framed


def cost_by_hand(scores, box, label, truth):
    likely = math.exp(scores[label]) / sum(math.exp(score) for score in scores.tolist())
    distance = sum(abs(a - b) for a, b in zip(box.tolist(), truth.tolist(), strict=True))
    return -likely + 5 * distance - 2 * overlap_by_hand(box, truth)


def test_costs_are_those_of_plain_loops():
    answer = random_answer()
    costs = matching_costs(answer, CLASSES, BOXES)
    assert costs.shape == (3, 5, 3)
    for sample, thing in ((0, 0), (0, 1), (2, 1)):
        for query in range(5):
            by_hand = cost_by_hand(
                answer["classes"][sample, query],
                answer["boxes"][sample, query],
                CLASSES[sample, thing],
                BOXES[sample, thing],
            )
            assert costs[sample, query, thing].item() == pytest.approx(by_hand, abs=1e-4)


def test_every_thing_gets_a_query_of_its_own_and_absent_ones_get_none():
    samples, queries, things = hungarian_match(random_answer(), CLASSES, BOXES)
    told = list(zip(samples.tolist(), queries.tolist(), things.tolist(), strict=True))
    assert sorted((s, t) for s, _, t in told) == [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]
    assert len({(s, q) for s, q, _ in told}) == len(told)


def test_absent_things_may_stand_anywhere():
    answer = random_answer(1)
    late = hungarian_match(answer, torch.tensor([[-1, 1, 0]]), BOXES[:1, [2, 0, 1]])
    early = hungarian_match(answer, torch.tensor([[1, 0, -1]]), BOXES[:1])
    assert torch.equal(late.queries, early.queries)
    assert torch.equal(late.things, early.things + 1)


def test_more_things_than_queries_are_refused():
    with pytest.raises(ValueError, match=r"at most 2 things in a picture, .* got 3: build"):
        hungarian_match(random_answer(queries=2), CLASSES, BOXES)


# --- the loss -----------------------------------------------------------------------------------


def loss_by_hand(answer, classes, boxes, nothing):
    pairs = list(
        zip(*(part.tolist() for part in hungarian_match(answer, classes, boxes)), strict=True)
    )
    wanted = {(sample, query): int(classes[sample, thing]) for sample, query, thing in pairs}
    surprise = weights = far = 0.0
    pictures, queries, labels = answer["classes"].shape
    for sample in range(pictures):
        for query in range(queries):
            scores = answer["classes"][sample, query].tolist()
            label = wanted.get((sample, query), labels - 1)
            weight = nothing if label == labels - 1 else 1.0
            total = sum(math.exp(score) for score in scores)
            surprise += weight * (math.log(total) - scores[label])
            weights += weight
    for sample, query, thing in pairs:
        box, truth = answer["boxes"][sample, query], boxes[sample, thing]
        far += 5 * sum(abs(a - b) for a, b in zip(box.tolist(), truth.tolist(), strict=True))
        far += 2 * (1 - overlap_by_hand(box, truth))
    return surprise / weights + far / max(1, len(pairs))


@pytest.mark.parametrize("nothing", [0.1, 0.5, 1.0])
def test_the_loss_is_that_of_plain_loops(nothing):
    answer = random_answer()
    by_hand = loss_by_hand(answer, CLASSES, BOXES, nothing)
    loss = detection_loss(answer, CLASSES, BOXES, nothing)
    assert loss.item() == pytest.approx(by_hand, rel=1e-4)


def test_the_order_of_things_and_of_queries_does_not_matter():
    answer = random_answer()
    shuffled = {name: part[:, [3, 1, 4, 0, 2]] for name, part in answer.items()}
    loss = detection_loss(answer, CLASSES, BOXES)
    turned = detection_loss(shuffled, CLASSES[:, [2, 0, 1]], BOXES[:, [2, 0, 1]])
    assert relative_error(loss, turned) < EXACT


def test_pictures_without_things_teach_to_see_nothing():
    answer = random_answer()
    answer["classes"].requires_grad_()
    loss = detection_loss(answer, torch.full((3, 3), -1), torch.zeros(3, 3, 4))
    loss.backward()
    assert loss.item() == pytest.approx(
        -answer["classes"].log_softmax(-1)[..., -1].mean().item(), rel=1e-5
    )
    assert (answer["classes"].grad[..., -1] < 0).all()
    none = detection_loss(answer, torch.zeros(3, 0).long(), torch.zeros(3, 0, 4))
    assert relative_error(none, loss) < EXACT


def test_a_perfect_answer_costs_next_to_nothing():
    wanted = torch.cat([CLASSES, torch.full((3, 2), -1)], dim=1).where(
        torch.cat([CLASSES >= 0, torch.zeros(3, 2).bool()], dim=1), torch.tensor(3)
    )
    logits = 30 * nn.functional.one_hot(wanted, 4).float()
    boxes = torch.cat([BOXES, torch.rand(3, 2, 4)], dim=1)
    assert detection_loss({"classes": logits, "boxes": boxes}, CLASSES, BOXES).item() < 1e-4


# --- what counts --------------------------------------------------------------------------------


def things(classes, boxes):
    number = len(classes)
    return Detections(
        torch.tensor(classes, dtype=torch.long),
        torch.tensor(boxes).reshape(-1, 4),
        torch.ones(number),
    )


def test_queries_that_rather_see_nothing_find_nothing():
    logits = torch.tensor([[[2.0, 0.0, 1.0], [0.0, 1.0, 3.0], [0.0, 4.0, 0.0]]])
    boxes = torch.rand(1, 3, 4)
    (found,) = found_detections({"classes": logits, "boxes": boxes})
    assert found.classes.tolist() == [0, 1] and found.queries.tolist() == [0, 2]
    assert torch.equal(found.boxes, boxes[0, [0, 2]])
    assert found.scores[0].item() == pytest.approx(math.exp(2) / (math.exp(2) + 1 + math.exp(1)))


NEAR, FAR = [0.31, 0.4, 0.2, 0.4], [0.7, 0.9, 0.3, 0.2]


@pytest.mark.parametrize("found, hits", [
    (things([1, 0], BOXES[0, :2].tolist()), 2),
    (things([0, 1], BOXES[0, :2].tolist()), 0),  # right boxes, wrong classes
    (things([1], [NEAR]), 1),
    (things([1, 1], [NEAR, NEAR]), 1),  # found twice, right once
    (things([0], [FAR]), 0),
    (things([], []), 0),
])  # fmt: skip
def test_hits_are_counted_once_and_only_with_their_class_and_enough_overlap(found, hits):
    judged = judge_detections([found], CLASSES[:1], BOXES[:1])
    assert (judged.hits, judged.found, judged.things) == (hits, len(found.classes), 2)
    assert judged.precision == pytest.approx(hits / max(1, len(found.classes)))
    assert judged.recall == hits / 2
    assert judged.f1 == pytest.approx(2 * hits / (len(found.classes) + 2))


def test_pairs_are_chosen_so_that_hits_are_most():
    """Either found box hits the first thing, only one of them the second."""
    truth = torch.tensor([[[0.4, 0.5, 0.4, 0.4], [0.5, 0.5, 0.4, 0.4]]])
    found = things([0, 0], [[0.43, 0.5, 0.4, 0.4], [0.37, 0.5, 0.4, 0.4]])
    judged = judge_detections([found], torch.tensor([[0, 0]]), truth)
    assert judged.hits == 2


def test_where_nothing_is_and_nothing_is_found_nothing_is_divided_by_zero():
    judged = judge_detections([things([], [])], CLASSES[1:2], BOXES[1:2])
    assert (judged.precision, judged.recall, judged.f1, judged.overlap) == (0, 0, 0, 0)
    assert judge_detections([], CLASSES[:0], BOXES[:0]).f1 == 0


def test_the_threshold_is_the_readers():
    found = [things([1], [NEAR])]
    assert judge_detections(found, CLASSES[:1], BOXES[:1], at_least=0.95).hits == 0
    assert judge_detections(found, CLASSES[:1], BOXES[:1], at_least=0.9).hits == 1


def test_a_truth_for_each_picture_is_wanted():
    with pytest.raises(ValueError, match=r"expected truth for 1 pictures, got it for 3"):
        judge_detections([things([], [])], CLASSES, BOXES)
