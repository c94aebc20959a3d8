"""Every recipe keeps its promise for five seeds, and the stored models are what it makes.

Five seeds of all recipes take half an hour. Their scores are stored, with a fingerprint of
the recipe that reached them; here one seed is trained again. `-m seeds` trains all five.
"""

import shutil
from dataclasses import replace
from functools import partial
from inspect import unwrap
from statistics import mean, stdev

import pytest
import torch
from safetensors.torch import load_file, save_file

from perceiver_course.kit.recipes import digits
from perceiver_course.kit.recipes.recipe import FOLDER, read_trained
from perceiver_course.kit.recipes.scores import FILE, SEEDS, measured
from perceiver_course.recipes import RECIPES, trained
from tools import train_models


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def reaches_its_score(name, seed):
    model, history = RECIPES[name].train(seed)
    assert len(history.losses) == RECIPES[name].steps
    assert RECIPES[name].score(model) >= RECIPES[name].at_least


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_new_seed_reaches_the_score(name):
    reaches_its_score(name, seed=SEEDS[0])


@pytest.mark.seeds
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", RECIPES)
def test_every_seed_reaches_the_score(name, seed):
    reaches_its_score(name, seed)


@pytest.mark.parametrize("name", RECIPES)
def test_five_seeds_of_this_very_recipe_were_measured_and_reached_the_score_with_margin(name):
    found, wanted = measured(name), RECIPES[name].at_least
    assert found.fingerprint == RECIPES[name].fingerprint, "measure again: --seeds"
    assert len(found.scores) == len(set(SEEDS)) >= 5
    assert mean(found.scores) - 2 * stdev(found.scores) >= wanted, str(found)
    assert min(found.scores) > wanted


CHANGES = {
    "steps": {"steps": 1},
    "rate": {"learning_rate": 1e-3},
    "tables": {"tables": 0.5},
    "configuration": {"config": RECIPES["digits-learned"].config},
    "one number of it": {"config": replace(RECIPES["digits-fourier"].config, num_classes=9)},
    "data": {"batches": RECIPES["clouds"].batches},
    "size of data": {"batches": partial(RECIPES["digits-fourier"].batches, batch_size=32)},
    "loss": {"loss": RECIPES["clips"].loss},
    "held-out data": {"score": partial(RECIPES["clouds"].score, num_clouds=7)},
    "version": {"version": 2},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_recipe_has_to_be_measured_again(change):
    recipe = RECIPES["digits-fourier"]
    assert replace(recipe, **change).fingerprint != recipe.fingerprint


def test_a_private_function_in_other_words_or_of_another_name_changes_no_fingerprint():
    def _other_name(model, images, labels):
        """The same in a longer way, with a docstring and with other line breaks."""
        logits = model(images)
        return torch.nn.functional.cross_entropy(
            logits,
            labels,
        )

    recipe = RECIPES["digits-fourier"]
    assert replace(recipe, loss=_other_name).fingerprint == recipe.fingerprint


def test_what_is_promised_of_a_recipe_is_no_part_of_its_result():
    recipe = RECIPES["digits-fourier"]
    assert replace(recipe, at_least=0.5).fingerprint == recipe.fingerprint


@pytest.mark.parametrize("name", RECIPES)
def test_all_sizes_of_data_are_seen_by_the_fingerprint(name):
    """A number inside a function of a recipe would change data without its notice."""
    for function in (RECIPES[name].batches, RECIPES[name].score):
        sizes = [c for c in unwrap(function).__code__.co_consts if isinstance(c, int) and c > 7]
        assert not set(sizes) - {1000, 100_000}, "only factors of seeds may stand there"


def test_what_was_not_measured_comes_with_the_command_that_does(tmp_path):
    with pytest.raises(KeyError, match=r"train_models.py --seeds digits-fourier"):
        measured("digits-fourier", tmp_path / "none.json")


@pytest.mark.parametrize("name", RECIPES)
def test_the_stored_model_scores_what_its_recipe_promises(name):
    assert RECIPES[name].score(trained(name)) >= RECIPES[name].at_least


def test_every_stored_file_has_a_recipe_and_is_small():
    files = {path.stem: path.stat().st_size for path in FOLDER.iterdir()}
    assert files.keys() == RECIPES.keys()
    assert max(files.values()) < 2_000_000


def test_a_misspelt_model_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match=r"Did you mean 'digits-fourier'"):
        trained("digits-furier")


def test_missing_weights_come_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python tools/train_models.py digits-fourier"):
        read_trained("digits-fourier", RECIPES, tmp_path)


@pytest.fixture
def short(monkeypatch):
    """Cut a recipe to two steps and another promise."""

    def cut(at_least):
        recipe = replace(RECIPES["digits-fourier"], steps=2, at_least=at_least)
        monkeypatch.setitem(digits.RECIPES, "digits-fourier", recipe)
        return recipe

    return cut


def test_a_seed_makes_the_same_model_again_and_the_tool_stores_it(short, tmp_path, capsys):
    recipe = short(at_least=0.0)
    assert train_models.main(["digits-fourier"], tmp_path) == 0
    assert capsys.readouterr().out.startswith("digits-fourier")
    stored = load_file(tmp_path / "digits-fourier.safetensors")
    again = recipe.train()[0].state_dict()
    assert all(torch.equal(stored[key], again[key]) for key in again)
    other = recipe.train(seed=1)[0].state_dict()
    assert not all(torch.equal(stored[key], other[key]) for key in other)


def test_a_model_that_is_not_good_enough_replaces_nothing(short, tmp_path):
    short(at_least=1.0)
    before = tmp_path / "digits-fourier.safetensors"
    save_file({"kept": torch.ones(1)}, before)
    with pytest.raises(RuntimeError, match=r"expected at least 1.0"):
        train_models.main(["digits-fourier"], tmp_path)
    assert load_file(before).keys() == {"kept"}


def test_the_tool_measures_seeds_and_keeps_what_it_knew(short, tmp_path, capsys):
    recipe = short(at_least=0.0)
    file = tmp_path / "seeds.json"
    shutil.copy(FILE, file)
    assert train_models.main(["--seeds", "digits-fourier"], tmp_path, file) == 0
    assert " ± " in capsys.readouterr().out
    assert measured("digits-fourier", file).fingerprint == recipe.fingerprint
    assert measured("cat-face", file) == measured("cat-face")


def test_a_seed_that_fails_is_not_written_down(short, tmp_path):
    short(at_least=1.0)
    with pytest.raises(RuntimeError, match=r"a seed of digits-fourier scores"):
        train_models.main(["--seeds", "digits-fourier"], tmp_path, tmp_path / "seeds.json")
    assert not [*tmp_path.iterdir()]


def test_the_tool_names_the_recipes_it_knows(capsys):
    assert train_models.main(["nonsense"]) == 2
    said = capsys.readouterr().out
    assert said.startswith("no recipe for nonsense; there are ") and "digits-fourier" in said
