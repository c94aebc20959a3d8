"""DeepMind's own JAX code, random weights, true outputs: we give the same numbers."""

import pytest
import torch
from meta import GOLDEN as FOLDER
from meta import read_golden
from shaken import relative_error
from tolerances import GOLDEN

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.perceiver import flow_patches

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")


def golden(family: str, fidelity="deepmind"):
    """The model with DeepMind's weights, the inputs, and the outputs."""
    values = read_golden(family)
    inputs, outputs = (
        {key[3:]: value for key, value in values.items() if key.startswith(kind)}
        for kind in ("i::", "o::")
    )
    return load(FOLDER / f"{family}.npz", fidelity=fidelity), inputs, outputs


@pytest.mark.parametrize("family", ["fourier", "learned", "conv"])
def test_image_classification(family):
    model, given, want = golden(family)
    logits = model(given["im"].movedim(-1, 1))
    assert relative_error(logits, want["logits"]) < GOLDEN[family]["logits"]


def test_masked_language_modelling_and_its_masked_rows():
    model, given, want = golden("mlm")
    mask = given["m"].bool()
    assert not mask.all()
    assert relative_error(model(given["x"], mask=mask), want["logits"]) < GOLDEN["mlm"]["logits"]


def test_optical_flow_from_two_frames():
    model, given, want = golden("flow")
    patches = flow_patches(given["im"].movedim(-1, 2))
    assert torch.equal(patches.movedim(2, -1), given["patches"])
    assert relative_error(model(patches), want["flow"]) < GOLDEN["flow"]["flow"]


def test_multimodal_autoencoding_at_some_points():
    model, given, want = golden("multimodal")
    label = torch.rand(2, 7)  # always masked: any label gives the same
    raw = {"image": given["images"].movedim(-1, 2), "audio": given["audio"], "label": label}
    points = {"image": given["si"], "audio": given["sa"], "label": torch.tensor([0])}
    answers = model.decode(model.encode(raw), raw, points=points)
    assert answers.keys() == want.keys()
    for name, answer in answers.items():
        assert relative_error(answer, want[name]) < GOLDEN["multimodal"][name]


@pytest.mark.parametrize(
    "family, least_error", [("fourier", 5e-5), ("learned", 1e-1), ("conv", 1e-2)]
)
def test_the_two_implementations_really_differ(family, least_error):
    model, given, want = golden(family, fidelity="transformers")
    assert relative_error(model(given["im"].movedim(-1, 1)), want["logits"]) > least_error
