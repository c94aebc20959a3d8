"""Every public function, with arguments as they should not be: a correct answer, or a sentence.

The functions are found, not listed. Whoever adds one either sees it tried here as its signature
wants it, adds what it needs to `calls.GIVEN`, or says in `LEFT_OUT` why it is not tried.
"""

import inspect
import re
from pathlib import Path

import pytest
import torch
from calls import GIVEN, given
from hypothesis import given as trying
from hypothesis import strategies as st
from oracle import Refused, assert_fits, assert_same, finite, is_nan, numbers_in, outcome
from publics import functions, publics, rooms_of_pictures, without_door
from strategies import ALIKE, FEW, axes_of, change, example, tensors_in, ways_to_spoil

from perceiver_course.kit import motion

TESTS = Path(__file__).parents[1]
ROOMS = (
    "attention", "doors", "initial", "masks", "positions", "taps", "deit", "hiera", "perceiver",
    "perceiver.losses", "augment", "clips", "motion", "names", "rivals", "scramble",
    "training", "recipes.cat_face", "recipes.clips", "recipes.facts", "recipes.text_masked",
    "distillation.model", "entities.model", "extending.data", "extending.model",
    "feature_maps.data", "feature_maps.model", "flow.model", "hierarchy.model",
    "masked_pretraining.model", "point_clouds.data", "point_clouds.model",
)  # fmt: skip
LEFT_OUT = {
    "inputs.checked": "it takes functions, and is what is tried here",
    "inputs.explained": "so does it",
    "hooks.record": "a context, entered with a model: see test_bad_input_found.py",
    "extending.model.things_found": "it takes what a detector answered: test_detection.py",
    "extending.model.judge_detections": "so does it",
    "training.batches": "any number of arrays: see test_bad_input_found.py",
}
DRAWINGS = ("cells", "charts", "images", "position_pictures", "sound", "token_pictures", "walks")


def draws(name: str) -> bool:
    """Whether test_bad_pictures.py tries a function: it has its own ways to spoil pictures."""
    return name.rpartition(".")[2].startswith(("draw_", "show_"))


BESIDE = [n for n in functions(*DRAWINGS, *rooms_of_pictures()) if not draws(n)]
TRIED = sorted({*functions(*ROOMS), *BESIDE} - set(LEFT_OUT))
pytestmark = pytest.mark.usefixtures("without_shape_checks")


def plain(name: str) -> dict:
    """Arguments that are right."""
    return example(inspect.unwrap(publics()[name]), given(name))


def run(name: str, arguments: dict):
    torch.manual_seed(0)
    return publics()[name](**arguments)


def judge(name: str, arguments: dict) -> None:
    """Fail unless there is a right answer, or a sentence."""
    answer = outcome(lambda: run(name, arguments))
    if answer is Refused:
        return
    assert_fits(answer, inspect.unwrap(publics()[name]), arguments)
    is_clean = not any(x.isnan().any() for x in numbers_in(answer) if not x.is_meta)
    assert is_clean or not finite(arguments) or name in MAY_BE_NAN, "NaN out of numbers"


MAY_BE_NAN = {
    "attention.attention_weights": "without a channel, scores are 0 / 0",
    "feature_maps.model.overlaps": "a class that nobody gave and nobody has",
    "extending.data.gappy_series": "NaN stands in the gaps",
    "extending.data.straight_lines": "a series without any measurement stays one",
}


@pytest.mark.parametrize("name", TRIED)
def test_what_is_given_is_right(name):
    arguments = example(inspect.unwrap(publics()[name]), given(name))
    assert outcome(lambda: run(name, arguments)) is not Refused


@pytest.mark.parametrize("name", TRIED)
@FEW
@trying(data=st.data())
def test_one_argument_is_not_as_it_should_be(name, data):
    function = inspect.unwrap(publics()[name])
    ways = ways_to_spoil(function, plain(name), *FIXED.get(name, ()))
    path, spoil = data.draw(st.sampled_from(ways or [((), dict)]))
    arguments = plain(name)
    judge(name, change({path[0]: None, **arguments} if path else arguments, path, spoil))


FIXED = {"training.fit": ("steps",)}  # what has no end cannot be asked for


@pytest.mark.parametrize("name", [n for n in TRIED if axes_of(publics()[n]) and n not in GIVEN])
@pytest.mark.parametrize("size", [0, 1])
def test_every_axis_in_turn_is_empty_or_of_one(name, size):
    function = inspect.unwrap(publics()[name])
    for axis in axes_of(function):
        judge(name, example(function, {}, {axis: size}))


WITH_TENSORS = [name for name in TRIED if list(tensors_in(plain(name)))]


@pytest.mark.parametrize("name", WITH_TENSORS)
@pytest.mark.parametrize("how", ALIKE)
def test_memory_and_gradients_do_not_matter(name, how):
    function = inspect.unwrap(publics()[name])
    arguments = example(function, given(name))
    plain = run(name, arguments)
    for path in tensors_in(arguments):
        other = change(example(function, given(name)), path, ALIKE[how])
        assert_same(plain, run(name, other))


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_nan_is_seen(name):
    """Either somebody says so, or it is NaN that comes out: never a number."""
    function = inspect.unwrap(publics()[name])
    for path in tensors_in(example(function, given(name))):
        arguments = change(
            example(function, given(name)),
            path,
            lambda x: torch.full_like(x, torch.nan) if x.is_floating_point() else x,
        )
        answer = outcome(lambda arguments=arguments: run(name, arguments))
        assert answer is Refused or finite(arguments) or is_nan(answer), path


ELSEWHERE = {  # room -> the files that try it, within tests/, and why there
    "apps.evaluation": "checkpoints/test_bad_files.py, apps/test_evaluation.py: folders and files",
    "claims": "checkpoints/test_bad_files.py",
    "divergences": "perceiver/test_losses.py, deit/test_distillation.py: losses are their doors",
    "entities.data": "course/test_skirmish.py: what one turn made is what the next one takes",
    "made_from": "floor/test_made_from.py: two whole models",
    "masked_language.model": "perceiver/test_fill_mask.py: a trained model and a text with blanks",
    "receptive": "course/test_receptive.py: it takes a stem",
    "recipes.scores": "checkpoints/test_bad_files.py",
    "samples": "course/test_samples_of_text.py: numbers only, and what comes with packages",
    **dict.fromkeys((*DRAWINGS, *rooms_of_pictures()), "course/test_bad_pictures.py"),
    "checkpoints": "checkpoints/test_bad_files.py, checkpoints/test_broken.py",
    "checkpoints.deit": "checkpoints/test_deit.py: every field of a config.json",
    "checkpoints.hiera": "checkpoints/test_hiera.py: every field of a config.json",
    "checkpoints.perceiver": "checkpoints/test_load.py: every field of a config.json",
    "perceiver.preprocessors": "gates/test_bad_input_parts.py",
    "perceiver.tasks": "gates/test_bad_input_configs.py",
    "speed": "speed/test_speed_up.py: whole models",
    "tracing": "tracing/test_walk.py: whole models, run on the meta device",
}


def test_every_public_function_is_tried_or_said_to_be_left_out():
    """Classes are told apart in test_bad_input_parts.py and test_bad_input_configs.py."""
    routines = [n for n, value in publics().items() if inspect.isroutine(inspect.unwrap(value))]
    known = {*TRIED, *LEFT_OUT}
    rooms = {n: n.rpartition(".")[0] for n in routines if n not in known}
    assert [n for n, room in rooms.items() if room not in ELSEWHERE] == []
    assert set(LEFT_OUT) <= set(routines)


def test_whoever_is_said_to_try_a_room_is_there_and_so_is_the_room():
    assert set(ELSEWHERE) <= {name.rpartition(".")[0] for name in publics()}
    for room, said in ELSEWHERE.items():
        files = re.findall(r"[\w/]+\.py", said)
        assert files and all((TESTS / file).is_file() for file in files), room


UNCHECKED = {  # functions that take tensors and have no door: what they are given was checked
    "a picture, drawn by a notebook's own cell": """
        cycles describe draw_film draw_images draw_keep draw_neighbourhoods draw_pixel_questions
        draw_pixel_rows draw_read_bytes draw_resolutions draw_scores draw_tiles as_shown by_step
        cosine_similarity flow_colours paint picture_of""",
    "a recipe's step, called by its training": """
        clip_loss enlarged finer fine_tune hard_targets hidden_batches imitation_loss labels_only
        small_motions soft_targets taught views""",
    "a step of its chapter, given what the step before made": """
        choose cycles_at doctored fight inflated_kernel inside stretch""",
    "a report on a part that may be wrong in any way": "check_queries in_each",
}


def test_a_function_of_the_course_that_takes_tensors_has_a_door_or_is_said_to_have_none():
    """Explorers are left out: only their own knobs call them."""
    said = {name for names in UNCHECKED.values() for name in names.split()}
    assert without_door() == said


def test_whoever_adds_a_function_without_a_door_is_told(monkeypatch):
    def newcomer(x: torch.Tensor): ...

    newcomer.__module__ = motion.__name__
    monkeypatch.setattr(motion, "newcomer", newcomer, raising=False)
    assert "newcomer" in without_door()


def test_whoever_adds_a_function_is_told(monkeypatch):
    monkeypatch.setitem(publics(), "newroom.function", lambda: None)
    with pytest.raises(AssertionError, match=r"newroom\.function"):
        test_every_public_function_is_tried_or_said_to_be_left_out()
