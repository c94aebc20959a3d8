"""From a pre-training to a classifier, and what the comparison of the two is made of."""

import json
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from theirs_hiera import NARROW
from tolerances import EXACT
from torch import nn
from transformers import HieraConfig, HieraForPreTraining, HieraModel

from perceiver_course.chapters.masked_pretraining import model
from perceiver_course.chapters.masked_pretraining.model import (
    borrowed_means,
    new_classifier,
    taught_classifier,
    tuned,
)
from perceiver_course.kit.recipes import digits_hiera as recipe
from perceiver_course.kit.recipes.scores import Notes
from perceiver_course.kit.rivals import linear_probe
from perceiver_course.kit.training import accuracy
from perceiver_course.recipes import RECIPES
from perceiver_tutorial import hiera
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.hiera import (
    HieraMAEConfig,
    classifier_from,
    mask_of,
    random_units,
    reroll,
    tube_units,
    xavier,
)
from perceiver_tutorial.zoo import build
from tests.hiera.test_mae import mae
from tests.hiera.test_model import BOTH, TINY, VIDEO, images
from tools import compare_pretraining

# -- the encoder goes along ----------------------------------------------------------------------


@BOTH
def test_all_weights_of_the_encoder_go_along_and_are_copies(config):
    before = mae(config)
    after = classifier_from(before, num_classes=7)
    own = before.encoder.state_dict()
    moved = after.encoder.state_dict()
    assert own.keys() == moved.keys()
    assert all(torch.equal(own[name], moved[name]) for name in own)
    after.encoder.positions.requires_grad_(False)
    nn.init.zeros_(next(after.encoder.stages.parameters()))
    assert next(before.encoder.stages.parameters()).abs().sum() > 0
    assert after(images(config)).shape == (2, 7)


def test_a_classifier_pools_once_more_than_its_pretraining():
    before = mae(TINY)
    after, raw = classifier_from(before, None).eval(), images(TINY)
    assert (before.config.encoder.num_pools, after.config.num_pools) == (2, 3)
    learned, now = before.encoder(raw), after.encoder(raw)
    grid = TINY.grid
    for stage in range(3):
        old = reroll(learned[stage], TINY.grid_after(stage, grid), TINY.pools_after(stage))
        new = reroll(now[stage], TINY.grid_after(stage, grid), TINY.pools_after(stage))
        assert torch.equal(old, new), "nothing changes before the stage that pools no longer"
    assert (learned[3].shape[1], now[3].shape[1]) == (24, 6)


@pytest.mark.usefixtures("float64")
def test_transformers_moves_the_same_weights(tmp_path):
    theirs = shake(HieraForPreTraining(HieraConfig(**NARROW, num_query_pool=2)), 1.0)
    theirs.save_pretrained(tmp_path)
    whole = HieraModel.from_pretrained(tmp_path, num_query_pool=3).eval()
    ours = classifier_from(load(tmp_path), None).eval()
    raw = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        wanted = whole(raw).last_hidden_state
        assert relative_error(ours.encoder(raw)[-1], wanted) < EXACT


def test_a_start_that_keeps_signals_alive():
    model = build(HieraMAEConfig(replace(TINY, num_pools=2)))
    xavier(model)
    maps = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    for module in maps:
        out, ins = module.weight.flatten(1).shape
        assert module.weight.abs().max() <= (6 / (ins + out)) ** 0.5
        assert module.weight.std().item() == pytest.approx((2 / (ins + out)) ** 0.5, rel=0.25)
    norms = [m for m in model.modules() if isinstance(m, nn.LayerNorm)]
    assert all(not m.bias.any() for m in (*maps, *norms))


# -- masks and targets -----------------------------------------------------------------------------


def test_a_ratio_can_be_given_for_one_call():
    model, raw = mae(TINY), images(TINY)
    for ratio, kept in ((0.2, 4), (0.5, 3), (0.8, 1)):
        assert model.choose_units(raw, mask_ratio=ratio).shape == (2, kept)
        seen = model.reconstruct(raw, mask_ratio=ratio).seen.float().mean()
        assert seen.item() == pytest.approx(kept / 6)
    assert model(raw, mask_ratio=0.5).shape == (2, 24, 768)
    with pytest.raises(ValueError, match=r"at least one hidden mask unit"):
        model.loss(raw, mask_ratio=0.0)


def test_a_mask_has_its_ratio_already():
    mask = mask_of(random_units(2, TINY.units, 0.5), TINY.units)
    with pytest.raises(ValueError, match=r"mask or mask_ratio, got both \(mask_ratio=0\.7\)"):
        mae(TINY).loss(images(TINY), mask, mask_ratio=0.7)


@pytest.mark.parametrize("ratio", [1.0, -0.1, 60.0])
def test_a_share_that_is_none_is_refused_at_once(ratio):
    with pytest.raises(ValueError, match=rf"mask_ratio from 0 to below 1, got {ratio}"):
        HieraMAEConfig(replace(TINY, num_pools=2), mask_ratio=ratio)


def test_a_picture_has_no_tubes():
    with pytest.raises(ValueError, match=r"\(frames, height, width\), got \(7, 7\)\. A picture"):
        tube_units(1, (7, 7), 0.6)


@pytest.mark.parametrize("config, size", [(TINY, (6, 32, 64)), (VIDEO, (32, 64))])
def test_sizes_with_other_axes_are_refused(config, size):
    with pytest.raises(ValueError, match=rf"a size with {len(config.input_size)} axes.* got \("):
        config.grid_of(size)


@BOTH
def test_borrowed_means_are_what_a_silent_model_would_be_drawn_as(config):
    model, raw = mae(config), images(config)
    model.predict = lambda *_: torch.zeros_like(hiera.targets.patches(raw, model.config.encoder))
    drawn = model.reconstruct(raw).predicted
    assert torch.equal(borrowed_means(raw, model.config.encoder), drawn)


# -- the probe -------------------------------------------------------------------------------------


def test_a_probe_finds_what_is_linear_at_any_scale():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat(40)
    features = torch.randn(120, 5, generator=generator) + 4 * torch.eye(3, 5)[labels]
    odd = features * torch.tensor([1e-3, 1.0, 1e3, 1.0, 1.0]) + 100
    for some in (features, odd):
        probe = linear_probe(some[:60], labels[:60], num_classes=3)
        assert accuracy(probe, some[60:], labels[60:]) > 0.95
        again = linear_probe(some[:60], labels[:60], num_classes=3)
        assert torch.equal(probe.weight, again.weight)


def test_the_unit_in_which_a_channel_is_measured_changes_no_score():
    generator = torch.Generator().manual_seed(0)
    features, labels = torch.randn(30, 4, generator=generator), torch.arange(3).repeat(10)
    other = features * torch.tensor([1e3, 1.0, 1e-2, 10.0]) + torch.tensor([5.0, 0.0, -1.0, 70.0])
    scores, same = (linear_probe(some, labels, 3)(some) for some in (features, other))
    assert (scores - same).abs().max() < 0.01 * scores.abs().max()


def test_a_probe_leaves_no_gradient_behind():
    features = torch.randn(6, 4)
    linear_probe(features, torch.tensor([0, 1] * 3), num_classes=2)
    assert features.grad is None and not features.requires_grad


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("samples, labels", [(4, 3), (1, 1)])
def test_a_probe_wants_a_label_for_each_of_several_samples(samples, labels):
    with pytest.raises(ValueError, match=rf"got {samples} samples and {labels} labels"):
        linear_probe(torch.rand(samples, 2), torch.zeros(labels, dtype=torch.long), 2)


# -- the recipe ------------------------------------------------------------------------------------


def test_few_labels_are_as_many_of_each_and_none_of_them_held_out():
    digits = recipe.enlarged_digits()
    chosen, labels = recipe.few(50, seed=3)
    assert chosen.shape == (50, 3, 32, 32) and labels.bincount().tolist() == [5] * 10
    known = {picture.numpy().tobytes() for picture in digits.train_images}
    assert all(picture.numpy().tobytes() in known for picture in chosen)
    assert not torch.equal(recipe.few(50, seed=4)[0], chosen)
    assert len(digits.test_images) == 450


def test_views_move_digits_and_keep_the_paper():
    digits = recipe.enlarged_digits()
    (some,) = next(recipe.views(digits.train_images, batch_size=16, seed=0))
    (again,) = next(recipe.views(digits.train_images, batch_size=16, seed=0))
    assert torch.equal(some, again)
    paper = digits.train_images.min()
    assert some.min().item() == pytest.approx(paper.item(), abs=1e-5)
    corners = some[:, :, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners - paper).abs().median() < 1e-5


def test_a_new_classifier_follows_its_seed():
    first, again, other = (new_classifier(seed) for seed in (1, 1, 2))
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, other.head.weight)
    published = new_classifier(1, wide=False).encoder.patches.projection
    assert published.bias.unique().tolist() == pytest.approx([0.02])


def test_a_model_that_was_told_is_probed_and_tuned():
    told = new_classifier(0)
    before = told.head.weight.clone()
    assert 0 <= tuned(told, 20, steps=1) <= 1
    assert not torch.equal(told.head.weight, before)
    features = nn.Sequential(nn.AvgPool2d(4), nn.Flatten())
    assert recipe.probed(features, 50) > 0.7


def test_a_taught_classifier_begins_with_what_the_probe_says():
    model = mae_of_digits()
    features, classifier = classifier_from(model, None), taught_classifier(model, 20, seed=1)
    raw = recipe.enlarged_digits().test_images[:5]
    with torch.no_grad():
        wanted = recipe.probe(features, 20, seed=1)(features(raw))
        assert torch.allclose(classifier.eval()(raw), wanted, atol=1e-5)


def mae_of_digits():
    torch.manual_seed(0)
    return build(recipe.WideStart(recipe.PRETRAINING)).eval()


# -- the comparison -------------------------------------------------------------------------------


def test_ways_to_use_few_labels_were_compared_with_this_very_recipe():
    written = json.loads(model.FILE.read_text(encoding="utf-8"))
    assert written["fingerprint"] == RECIPES["digits-mae"].fingerprint, "compare_pretraining.py"
    seeds = {str(seed) for seed in model.SEEDS}
    assert len(seeds) >= 5
    assert all(set(of_seed) == seeds for of_seed in written["scores"].values())


def test_all_ways_get_the_same_digits_and_steps_and_are_named(monkeypatch):
    probes, tunings = [], []

    def tune(_model, labels, seed, *, steps, **_more):
        tunings.append((labels, seed, steps))
        return 0.75

    monkeypatch.setattr(model, "probed", lambda _model, *how: probes.append(how) or 0.25)
    monkeypatch.setattr(model, "tuned", tune)
    torch.manual_seed(0)
    found = dict(model.compare(build(recipe.PRETRAINING), seed=3))
    assert probes == [(10, 3)] * 2 + [(50, 3)] * 2
    wanted = [(labels, 3, steps) for labels in (10, 50) for steps in (100, 300)]
    assert tunings == [one for one in wanted for _ in model.TUNED]
    assert len(found) == 16
    assert found["50 labels, probe, random features"] == 0.25
    assert found["10 labels, 300 steps, probe, then all"] == 0.75


def test_the_tool_measures_the_seeds_that_are_asked_for(monkeypatch, tmp_path, capsys):
    short = replace(RECIPES["digits-mae"], steps=1)
    monkeypatch.setitem(recipe.RECIPES, "digits-mae", short)
    monkeypatch.setattr(model, "probed", lambda *_: 0.5)
    monkeypatch.setattr(model, "tuned", lambda *_, **_more: 0.75)
    file = tmp_path / "few.json"
    assert compare_pretraining.main(["4"], file) == compare_pretraining.main(["2"], file) == 0
    assert capsys.readouterr().out.startswith("seed 4  10 labels, probe, random features")
    probed, tuned = (model.compared(10, steps, file) for steps in (None, 300))
    assert probed == {way: [0.5, 0.5] for way in model.PROBED.values()}
    assert tuned == {way: [0.75, 0.75] for way in model.TUNED.values()}


# -- scores that are written down ------------------------------------------------------------------


def test_notes_keep_what_belongs_to_one_fingerprint(tmp_path):
    notes = Notes(tmp_path / "n.json", "one", "python tool.py")
    notes.write("a", 1, [0.5, 1])
    notes.write("a", 2, [0.25])
    notes.write("b", 1, [0.123456])
    assert notes.read() == {"a": [[0.5, 1], [0.25]], "b": [[0.1235]]}
    replace(notes, fingerprint="two").write("c", 1, [1.0])
    assert notes.read() == {"c": [[1.0]]}
    assert json.loads(notes.file.read_text())["fingerprint"] == "two"


def test_missing_notes_come_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Measure them: python tool\.py"):
        Notes(tmp_path / "none.json", "one", "python tool.py").read()
