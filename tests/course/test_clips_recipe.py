"""What the clips' autoencoder is taught with, how it is scored, and what other weights reached."""

import json

import pytest
import torch

from perceiver_course.chapters.multimodal import model
from perceiver_course.kit.clips import clips
from perceiver_course.kit.recipes import clips as recipe
from perceiver_course.kit.recipes.clips import CLIPS, ClipScores, clip_batches, half_hidden
from perceiver_tutorial.perceiver import build
from tools import trade_clips


def test_films_are_always_read_labels_half_the_time_and_sounds_two_times_in_three():
    mask = half_hidden(4000, torch.Generator().manual_seed(0))
    shares = {name: mask[:, rows].float() for name, rows in CLIPS.input_rows.items()}
    assert all((share == share[:, :1]).all() for share in shares.values()), "whole or not at all"
    assert shares["image"].all()
    assert shares["label"].mean().item() == pytest.approx(1 / 2, abs=0.03)
    assert shares["audio"].mean().item() == pytest.approx(2 / 3, abs=0.03)


def test_a_seed_gives_the_same_batches_again():
    first, again, other = (next(clip_batches(seed)) for seed in (3, 3, 4))
    assert torch.equal(first[0]["image"], again[0]["image"])
    assert torch.equal(first[1]["image"], again[1]["image"]) and torch.equal(first[2], again[2])
    assert not torch.equal(first[1]["image"], other[1]["image"])


def test_the_score_is_that_of_clips_no_training_sees():
    taught = {clip.numpy().tobytes() for seed in range(2) for clip in clips(300, seed + 1).image}
    assert not taught & {clip.numpy().tobytes() for clip in recipe.held_out_clips().image}


def knowing(error):
    """Gives back what it should, with an error; hums another clip's hum where it hears none."""

    def decode(mask, raw, **_points):
        hears = mask[0, CLIPS.input_rows["audio"][0]]
        sound = raw["audio"][..., 0] if hears else raw["audio"][..., 0].roll(1, 0)
        return {"image": raw["image"] + error, "audio": sound + error, "label": raw["label"]}

    model = build(CLIPS)
    model.encode, model.decode = lambda _raw, mask: mask, decode
    return model


def test_scores_are_decibels_and_shares():
    scores = recipe.score_clips(knowing(0.1))
    assert scores.video == pytest.approx(20.0, abs=0.01)
    assert scores.sound == pytest.approx(20 + 6.02, abs=0.01)
    assert scores.label == 1.0
    assert scores.pitch < 0.5


def test_a_poor_picture_counts_for_nothing_however_many_labels_are_named():
    assert recipe.clip_score(knowing(0.1)) == 0.0
    assert recipe.clip_score(knowing(0.01)) == 1.0


def test_an_untrained_model_can_be_scored():
    scores = recipe.score_clips(build(CLIPS).eval())
    assert scores.video < 15 and scores.label < 0.5


# -- the trade-off ---------------------------------------------------------------------------


def test_other_weights_were_measured_with_this_very_recipe():
    written = json.loads(model.FILE.read_text(encoding="utf-8"))
    assert written["fingerprint"] == recipe.RECIPES["clips"].fingerprint, "tools/trade_clips.py"
    assert {float(weight) for weight in written["scores"]} == set(model.LABEL_WEIGHTS)
    seeds = {str(seed) for seed in model.SEEDS}
    assert all(set(of_seed) == seeds for of_seed in written["scores"].values())


def test_too_light_a_label_is_lost_and_too_heavy_a_one_costs_the_film():
    light, chosen, heavy = model.traded().values()
    assert light.label < chosen.label - 0.2
    assert heavy.video < chosen.video - 2


def test_scores_are_noted_beside_others_of_the_same_recipe(tmp_path, monkeypatch, capsys):
    file = tmp_path / "trade.json"
    monkeypatch.setattr(trade_clips, "trade", lambda weight, seed: ClipScores(20, 10, weight, seed))
    assert trade_clips.main(["0.5", "1"], file) == trade_clips.main(["0.5", "2"], file) == 0
    assert trade_clips.main(["0.1", "1"], file) == 0
    assert capsys.readouterr().out.startswith("0.5      seed 1")
    found = model.traded(file)
    assert list(found) == [0.1, 0.5]
    assert found[0.5] == ClipScores(20, 10, 0.5, 1.5)


def test_scores_of_another_recipe_are_not_kept(tmp_path):
    file = tmp_path / "trade.json"
    file.write_text('{"fingerprint": "old", "scores": {"9": {"1": [1, 1, 1, 1]}}}')
    model.note(0.5, 1, ClipScores(20, 10, 1, 1), file)
    assert list(model.traded(file)) == [0.5]


def test_what_was_not_measured_comes_with_the_command_that_does(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python tools/trade_clips.py"):
        model.traded(tmp_path / "none.json")
