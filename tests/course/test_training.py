"""The loop learns, can be stopped, and repeats itself exactly; small models leave chance."""

import itertools
import math

import pytest
import torch
from datasets import Dataset, DatasetDict, IterableDataset
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from perceiver_course.kit import samples
from perceiver_course.kit.clips import SHAPES, _is_inside, shapes
from perceiver_course.kit.training import History, accuracy, batches, fit
from perceiver_tutorial.initialisation import initialise, scale_tables
from perceiver_tutorial.perceiver import (
    TINY,
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    PixelStem,
    build,
)


def line(model, x, y):
    return (model(x) - y).square().mean()


@pytest.fixture
def source():
    x = torch.randn(64, 3)
    return batches(x, x @ torch.tensor([[1.0], [-2.0], [0.5]]), batch_size=16)


def test_a_line_is_found(source):
    model = nn.Linear(3, 1)
    history = fit(model, line, source, steps=300, learning_rate=0.05, weight_decay=0.0)
    assert len(history.losses) == 300 and not history.was_interrupted
    assert history.losses[-1] < 1e-3 < history.losses[0]
    assert not model.training


def test_a_history_at_the_end_of_a_cell_is_one_line():
    assert repr(History()) == "0 steps"
    assert repr(History([2.5, 1.0, 0.25])) == "3 steps, the loss from 2.500 to 0.250"


def test_the_same_seed_gives_the_same_model():
    def trained(seed):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        x = torch.ones(8, 3)
        fit(model, line, batches(x, x[:, :1], batch_size=4, seed=1), steps=5, seed=seed)
        return model[0].weight

    assert torch.equal(trained(seed=3), trained(seed=3))
    assert not torch.equal(trained(seed=3), trained(seed=4))


def test_training_leaves_the_random_numbers_outside_alone(source):
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.1))
    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    fit(model, line, source, steps=3)
    assert torch.equal(torch.rand(1), want)


COLUMNS = {"x": torch.arange(12.0).reshape(4, 3), "y": torch.arange(4.0)[:, None]}


def as_set(streamed=False):
    data = Dataset.from_dict({name: column.tolist() for name, column in COLUMNS.items()})
    return data.to_iterable_dataset() if streamed else data.with_format("torch")


def test_batches_are_the_same_of_tensors_of_a_dictionary_and_of_a_set():
    ways = (COLUMNS.values(), [COLUMNS], [as_set()], [as_set()[:]])
    firsts = [list(itertools.islice(batches(*w, batch_size=3, seed=7), 5)) for w in ways]
    assert [len(x) for x, _ in firsts[0]] == [3, 1, 3, 1, 3]
    for other in firsts[1:]:
        for one, two in zip(firsts[0], other, strict=True):
            assert all(map(torch.equal, one, two))


def test_streamed_rows_come_again_in_another_order():
    source = batches(as_set(streamed=True), batch_size=4, seed=1)
    epochs = [next(source)[1].flatten().tolist() for _ in range(4)]
    assert all(sorted(epoch) == [0, 1, 2, 3] for epoch in epochs)
    assert len({*map(tuple, epochs)}) > 1
    again = batches(as_set(streamed=True), batch_size=4, seed=1)
    assert [next(again)[1].flatten().tolist() for _ in range(4)] == epochs


@pytest.mark.parametrize("data, said", [
    (as_set().select([]), "expected rows, got none"),
    (IterableDataset.from_generator(lambda: iter(())), "expected rows, got none"),
    (Dataset.from_dict({"text": ["a", "b"]}), "columns of numbers.* in text"),
    (Dataset.from_dict({"text": ["a"]}).to_iterable_dataset(), "columns of numbers.* in text"),
], ids=["empty", "empty stream", "texts", "streamed texts"])  # fmt: skip
def test_a_set_without_rows_or_of_texts_cannot_be_learned_from(data, said):
    with pytest.raises(ValueError, match=said):
        next(batches(data, batch_size=2))


def test_whoever_gives_all_splits_is_told_to_choose_one():
    with pytest.raises(ValueError, match="expected one split, got all of them: choose train or te"):
        batches(DatasetDict(train=as_set(), test=as_set()), batch_size=2)


@pytest.mark.parametrize("source", [
    as_set(), DataLoader(as_set(), batch_size=3), DataLoader(TensorDataset(*COLUMNS.values()), 3),
    [tuple(COLUMNS.values())],
], ids=["set", "loader of a set", "loader", "list"])  # fmt: skip
def test_the_loop_takes_any_batches_of_tensors_and_begins_them_again(source):
    if isinstance(source, Dataset):
        source = source.with_format("torch").iter(batch_size=3)
        assert len(fit(nn.Linear(3, 1), line, source, steps=5).losses) == 2  # it is used up
    else:
        assert len(fit(nn.Linear(3, 1), line, source, steps=5).losses) == 5


def test_an_early_stop_keeps_what_was_learned(source, capsys):
    model = nn.Linear(3, 1)
    before = model.weight.clone()

    def interrupted():
        yield from itertools.islice(source, 4)
        raise KeyboardInterrupt

    history = fit(model, line, interrupted(), steps=100)
    assert history.was_interrupted and len(history.losses) == 4
    assert not torch.equal(model.weight, before) and not model.training
    assert "stopped after 4 of 100 steps; the model keeps them." in capsys.readouterr().out


def test_a_loss_that_is_no_number_ends_the_training_with_advice(source):
    def broken(model, x, _y):
        return model(x).sum() * float("nan")

    with pytest.raises(FloatingPointError, match=r"got nan. Lower the learning rate"):
        fit(nn.Linear(3, 1), broken, source, steps=3)


def test_only_matrices_shrink():
    model = nn.Linear(3, 1)
    nn.init.ones_(model.weight)
    nn.init.ones_(model.bias)

    def nothing(model, _x):
        return 0.0 * (model.weight.sum() + model.bias.sum())

    fit(model, nothing, batches(torch.zeros(4, 3), batch_size=4), steps=20, weight_decay=0.5)
    assert (model.weight < 1).all() and (model.bias == 1).all()


def test_every_step_follows_the_gradient_of_its_own_batch_only():
    model, x = nn.Linear(1, 1, bias=False), torch.tensor([[0.1]])
    fit(model, lambda model, x: model(x).mean(), batches(x, batch_size=1), steps=3)
    assert torch.equal(model.weight.grad, x)


def test_frozen_weights_stay(source):
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    fit(model, line, source, steps=3)
    assert torch.equal(model[0].weight, before)


def test_every_epoch_has_every_sample_once_in_a_new_order():
    source = batches(torch.arange(10), batch_size=4, seed=2)
    epochs = [torch.cat([next(source)[0] for _ in range(3)]) for _ in range(2)]
    assert all(epoch.sort().values.tolist() == list(range(10)) for epoch in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


@pytest.mark.parametrize("arrays, size, message", [
    ((torch.zeros(3), torch.zeros(4)), 2, r"equally many samples, got \[3, 4\]"),
    ((torch.zeros(0),), 2, r"equally many samples, got \[0\]"),
    ((), 2, r"equally many samples, got \[\]"),
    ((torch.zeros(3),), 0, r"batch_size of at least 1, got 0"),
])  # fmt: skip
def test_batches_that_cannot_be_are_refused(arrays, size, message):
    with pytest.raises(ValueError, match=message):
        batches(*arrays, batch_size=size)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 256])
def test_accuracy_is_the_share_of_right_answers(batch_size):
    scores = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert accuracy(nn.Identity(), scores, torch.tensor([1, 1, 1]), batch_size) == 2 / 3


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("samples, labels", [(3, 2), (2, 3), (0, 0)])
def test_accuracy_needs_a_label_for_each_sample(samples, labels):
    with pytest.raises(ValueError, match=rf"got {samples} samples and {labels} labels"):
        accuracy(nn.Identity(), torch.zeros(samples, 2), torch.zeros(labels, dtype=torch.long))


def test_shapes_take_turns_and_the_same_seed_draws_the_same():
    images, labels = shapes(9, (12, 16), seed=4)
    again, _ = shapes(9, (12, 16), seed=4)
    assert torch.equal(images, again) and not torch.equal(images, shapes(9, (12, 16), seed=5)[0])
    assert images.shape == (9, 3, 12, 16) and labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert images.min() == 0 and images.max() <= 1
    assert (images.flatten(1).max(1).values >= 0.4).all(), "every image holds a bright shape"


def test_shapes_are_what_they_are_called():
    centre, right, up = (torch.tensor([value]) for value in (0.0, 0.8, -0.8))
    assert [bool(_is_inside(name, centre, centre)) for name in SHAPES] == [True] * 4
    assert [bool(_is_inside(name, up, right)) for name in SHAPES] == [False, True, False, False]
    with pytest.raises(ValueError, match=r"expected one of .*, got 'star'"):
        _is_inside("star", centre, centre)


def test_the_digits_are_split_once_and_for_all():
    digits = samples.digits()
    assert digits.train_images.shape == (1347, 1, 8, 8) and digits.test_images.shape == (
        450,
        1,
        8,
        8,
    )
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    assert torch.bincount(digits.test_labels).min() >= 43
    assert torch.equal(digits.test_labels, samples.digits().test_labels)


def test_the_cat_is_there():
    assert samples.cat().size == (451, 300)


def test_weights_keep_the_size_of_what_flows_through_them():
    model = nn.ModuleList([nn.Linear(400, 300), nn.Conv2d(16, 8, 5), nn.Embedding(500, 40)])
    initialise(model)
    linear, convolution, embedding = model
    assert linear.weight.std().item() == pytest.approx(1 / 20, rel=0.05)
    assert convolution.weight.std().item() == pytest.approx(1 / 20, rel=0.05)
    assert embedding.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not linear.bias.any() and not convolution.bias.any()


@pytest.mark.usefixtures("without_shape_checks")
def test_a_tiny_perceiver_tells_shapes_apart():
    torch.manual_seed(0)
    model = build(
        ImageClassifierConfig(
            encoder=EncoderConfig(8, 32, 1, 2, 4, 1),
            stem=PixelStem(),
            positions=FourierConfig(num_bands=4, max_resolution=(12, 12)),
            image_size=(12, 12),
            num_classes=len(SHAPES),
        )
    )
    source = batches(*shapes(2000, (12, 12)), batch_size=64)
    fit(model, classification, source, steps=150, learning_rate=5e-3)
    images, labels = shapes(400, (12, 12), seed=1)
    assert accuracy(model, images, labels) > 0.55, (
        "chance is 0.25; eight seeds gave from 0.72 to 0.92"
    )


def classification(model, images, labels):
    return cross_entropy(model(images), labels)


def test_tables_are_spread_and_nothing_else_is_touched():
    model = build(TINY["deepmind/language-perceiver"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    scale_tables(model, 0.5)
    changed = {
        name: float(value.std())
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == pytest.approx(dict.fromkeys(changed, 0.5))
    assert set(changed) == {
        "preprocessor.embeddings.weight",
        "preprocessor.position_embeddings.weight",
        "encoder.latents",
        "queries.table",
        "postprocessor.embeddings.weight",
    }


# --- learning rate and clipping -----------------------------------------------------------------


def written_out(steps):
    """A warm-up over the first twentieth, and a cosine from 1 to 0 over all of it."""
    warm_up = max(1, steps // 20)
    cosine = [(1 + math.cos(math.pi * done / steps)) / 2 for done in range(steps)]
    rates = [min(1, (done + 1) / warm_up) * share for done, share in enumerate(cosine)]
    return torch.tensor(rates, dtype=torch.float64)


def rates(steps):
    """How far a weight goes in every step: of an even gradient Adam makes its rate (up to 1e-8)."""
    model, seen = nn.Linear(1, 1, bias=False).double(), []

    def even(model, _):
        seen.append(model.weight.item())
        return model.weight.sum()

    source = itertools.repeat((torch.zeros(1),))
    fit(model, even, source, steps=steps, learning_rate=0.1, weight_decay=0.0)
    return -torch.tensor([*seen, model.weight.item()], dtype=torch.float64).diff() / 0.1


@pytest.mark.parametrize("steps", [1, 19, 20, 60, 200])
def test_the_rate_warms_up_over_a_twentieth_and_follows_a_cosine_to_zero(steps):
    torch.testing.assert_close(rates(steps), written_out(steps), rtol=1e-7, atol=1e-11)


def test_every_step_learns_something_and_the_highest_rate_ends_the_warm_up():
    found = rates(100)
    assert found.min() > 0 and found.argmax() == 4
    assert 0.99 < found.max() <= 1 and found[-1] < 1e-3


class Sloping(nn.Module):
    """Two weights, and a loss whose gradient is what one wants."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))


@pytest.mark.parametrize("slope, arrives", [
    ((60.0, 80.0), (0.6, 0.8)), ((0.5, -100.0), (0.005, -1.0)), ((0.3, 0.4), (0.3, 0.4)),
], ids=["of length 100", "of unequal weights", "shorter than 1"])  # fmt: skip
def test_a_gradient_is_shortened_to_1_and_points_where_it_did(slope, arrives):
    model, (one, other) = Sloping(), slope
    source = itertools.repeat((torch.zeros(1),))
    fit(model, lambda model, _: (one * model.one + other * model.other).sum(), source, steps=1)
    got = model.one.grad.item(), model.other.grad.item()
    assert got == pytest.approx(arrives, rel=1e-4)
