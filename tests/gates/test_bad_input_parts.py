"""Every public module, called as it should not be: a right answer, or a sentence."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from calls import Scores, images, model
from hypothesis import given
from hypothesis import strategies as st
from oracle import Refused, assert_same, finite, is_nan, numbers_in, outcome
from publics import publics
from strategies import ALIKE, FEW, NOT_NUMBERS, ODD, SPOILT, change, tensors_in
from torch import Tensor, nn

from perceiver_course.chapters.entities.model import RowScorer
from perceiver_course.chapters.extending.model import LogSpectrum
from perceiver_course.chapters.perceiver_io import exercises
from perceiver_course.chapters.point_clouds.model import DistanceHistogram, PointNet
from perceiver_tutorial import attention, deit, drop_path, hooks, positions
from perceiver_tutorial.perceiver import preprocessors as p

KEEP = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
torch.manual_seed(5)
ROWS, OTHERS, IDS = torch.rand(2, 5, 6), torch.rand(2, 3, 4), torch.randint(0, 262, (2, 5))
NOTES = deit.TeacherNotes(deit.Teacher(Scores()), images(6, 8))
MODULES: dict[str, tuple[Callable[..., Any], dict[str, Tensor]]] = {
    "attention.MultiHeadAttention": (
        attention.MultiHeadAttention(4, 6, num_heads=2),
        {"asking": OTHERS, "read": ROWS, "mask": KEEP[:, None]},
    ),
    "attention.MLP": (attention.MLP(6), {"x": ROWS}),
    "attention.SelfAttend": (attention.SelfAttentionLayer(6, num_heads=2), {"x": ROWS}),
    "attention.CrossAttend": (
        attention.CrossAttentionLayer(4, 6, num_heads=2),
        {"asking": OTHERS, "read": ROWS, "mask": KEEP[:, None]},
    ),
    "deit.Teacher": (deit.Teacher(nn.Flatten()), {"images": images(6, 8)}),
    "deit.TeacherNotes": (NOTES, {"numbers": torch.tensor([1, 0]), "images": images(6, 8).flip(0)}),
    "drop_path.DropPath": (drop_path.DropPath(0.5), {"branch": ROWS}),
    "perceiver.preprocessors.AddedPositions": (
        p.AddedPositions(p.Conv1x1((6, 8), 4), positions.LearnedPositions((6, 8), 4)),
        {"raw": images(6, 8)},
    ),
    "perceiver.preprocessors.AppendedPositions": (
        p.AppendedPositions(p.PixelPreprocessor((6, 8)), positions.FourierPositions((6, 8), 3)),
        {"raw": images(6, 8)},
    ),
    "perceiver.preprocessors.AudioPatches": (
        p.AudioPreprocessor(20, 4), {"sound": torch.rand(2, 20, 1)}
    ),
    "perceiver.preprocessors.ByteEmbedding": (p.TextPreprocessor(4, max_bytes=9), {"ids": IDS}),
    "perceiver.preprocessors.Conv1x1": (p.Conv1x1((6, 8), 4), {"picture": images(6, 8)}),
    "perceiver.preprocessors.ConvPool": (p.ConvPool((16, 24), 4), {"picture": images(16, 24)}),
    "perceiver.preprocessors.Embedded": (p.Embedded(p.PointPreprocessor(6), 4), {"raw": ROWS}),
    "perceiver.preprocessors.OneHotLabel": (p.OneHotPreprocessor(5), {"label": torch.eye(5)[:2]}),
    "perceiver.preprocessors.Patches": (p.VideoPreprocessor((6, 8), (2, 2)), {"picture": images(6, 8)}),
    "perceiver.preprocessors.Pixels": (p.PixelPreprocessor((6, 8)), {"picture": images(6, 8)}),
    "perceiver.preprocessors.Points": (p.PointPreprocessor(4, 3, (8, 8)), {"points": ROWS}),
    "point_clouds.model.DistanceHistogram": (DistanceHistogram(4), {"points": torch.rand(2, 5, 3)}),
    "extending.model.LogSpectrum": (LogSpectrum(), {"sounds": torch.rand(2, 16, 1)}),
    "point_clouds.model.PointNet": (
        PointNet(4, width=8), {"points": torch.rand(2, 5, 3), "mask": KEEP}
    ),
    "entities.model.RowScorer": (
        RowScorer(6, sees_mean=True, channels=8), {"rows": ROWS, "mask": KEEP}
    ),
}  # fmt: skip
WAYS = {**SPOILT, **NOT_NUMBERS}
NO_INPUT = {"positions.FourierPositions", "positions.LearnedPositions", "taps.Tap"}
ELSEWHERE = {"perceiver.PerceiverIO", "deit.DeiT", "deit.DeiTMaskedImage", "hiera.Hiera",
             "hiera.HieraMAE", "feature_maps.model.HieraSegmenter",
             "feature_maps.model.TopDownSum", "extending.model.ClassesAndBoxes",
             "extending.exercises.MoveList"}  # fmt: skip
pytestmark = pytest.mark.usefixtures("without_shape_checks")


def run(name: str, arguments: dict[str, Any]) -> Any:
    torch.manual_seed(0)
    with torch.no_grad():
        return MODULES[name][0](**arguments)


@pytest.mark.parametrize("name", MODULES)
@FEW
@given(data=st.data())
def test_one_argument_is_not_as_it_should_be(name, data):
    plain = MODULES[name][1]
    path = data.draw(st.sampled_from(list(tensors_in(plain))))
    arguments = change(plain, path, WAYS[data.draw(st.sampled_from(list(WAYS)))])
    answer = outcome(lambda: run(name, arguments))
    if answer is not Refused:
        is_clean = not any(x.isnan().any() for x in numbers_in(answer) if not x.is_meta)
        assert is_clean or not finite(arguments)


@pytest.mark.parametrize("name", MODULES)
def test_memory_gradients_and_nan(name):
    plain = MODULES[name][1]
    for path in tensors_in(plain):
        for way in ALIKE.values():
            assert_same(run(name, plain), run(name, change(plain, path, way)))
        arguments = change(plain, path, NOT_NUMBERS["all NaN"])
        answer = outcome(lambda arguments=arguments: run(name, arguments))
        assert answer is Refused or finite(arguments) or is_nan(answer), path


BUILDERS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "attention": (attention.MultiHeadAttention, {"query_channels": 4, "num_heads": 2}),
    "MLP": (attention.MLP, {"channels": 4, "widening_factor": 2, "activation": "gelu"}),
    "drop path": (drop_path.DropPath, {"probability": 0.5}),
    "places": (positions.FourierPositions, {"index_dims": (2, 3), "num_bands": 2}),
    "table": (positions.LearnedPositions, {"index_dims": (2, 3), "channels": 2}),
    "bytes": (p.TextPreprocessor, {"num_channels": 2, "max_bytes": 3, "vocabulary": 5}),
    "patches": (p.VideoPreprocessor, {"size": (4, 6), "patch_size": (2, 2)}),
    "pixels": (p.PixelPreprocessor, {"size": (4, 6), "strides": (2, 2)}),
    "points": (p.PointPreprocessor, {"num_features": 2, "num_bands": 2, "max_resolution": (4, 4)}),
    "point net": (PointNet, {"num_classes": 2, "width": 4}),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDERS)
@FEW
@given(data=st.data())
def test_a_size_is_not_as_it_should_be(name, data):
    build, sizes = BUILDERS[name]
    which, odd = data.draw(st.sampled_from(list(sizes))), data.draw(st.sampled_from(ODD))
    outcome(lambda: build(**{**sizes, which: odd}), " ", ".")


def test_every_public_module_is_tried():
    modules = {n for n, v in publics().items() if isinstance(v, type) and issubclass(v, nn.Module)}
    assert (
        modules - {"perceiver_io.exercises.Dummy"}
        == (set(MODULES) - {"deit.TeacherNotes"}) | NO_INPUT | ELSEWHERE
    )


def test_what_has_no_input_has_none():
    assert hooks.HookPoint("batch")(3) == 3
    assert positions.LearnedPositions((2, 3), 4)().shape == (6, 4)
    assert model("deit") and exercises.Dummy(2, 3)
