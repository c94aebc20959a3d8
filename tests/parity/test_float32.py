"""In float32, in which models are used, every one of them answers as transformers' does."""

import pytest
import theirs
import theirs_deit
import theirs_hiera
import torch
from shaken import relative_error
from tolerances import SMOKE
from transformers import (
    DeiTForImageClassificationWithTeacher,
    DeiTForMaskedImageModeling,
    HieraForImageClassification,
    HieraForPreTraining,
    ViTForImageClassification,
)

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.masks import mask_of


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


def twin(model, folder, **options):
    """Ours, from what theirs saved."""
    model.save_pretrained(folder)
    return load(folder, **options)


@pytest.mark.parametrize("architecture", theirs.SEVEN, ids=lambda kind: kind.__name__)
def test_every_perceiver(architecture, tmp_path):
    model, given = theirs.tiny(architecture), theirs.tiny_input(architecture)
    raw, wanted = given["inputs"], model(**given).logits
    size = {theirs.FOURIER: (12, 10), theirs.CONV: (64, 48)}.get(architecture)
    ours = twin(model, tmp_path, image_size=size)
    if architecture is theirs.MULTIMODAL:
        points = {**given["subsampled_output_points"], "label": torch.tensor([0])}
        found = ours.decode(ours.encode(raw), raw, points=points)
        assert max(relative_error(found[name], wanted[name]) for name in wanted) < SMOKE
    elif architecture is theirs.MASKED_LANGUAGE:  # theirs answers for bytes that are not there
        assert relative_error(ours(raw), wanted[:, : raw.shape[1]]) < SMOKE
    else:
        assert relative_error(ours(raw), wanted) < SMOKE


def test_hiera(tmp_path):
    model, raw = theirs_hiera.narrow(HieraForImageClassification), theirs_hiera.images()
    assert relative_error(twin(model, tmp_path)(raw), model(raw).logits) < SMOKE


def test_pretraining_of_hiera(tmp_path):
    model, raw = theirs_hiera.narrow(HieraForPreTraining), theirs_hiera.images()
    noise = torch.rand(1, 49)
    mask = mask_of(noise.argsort(1)[:, : int(49 * 0.4)].sort(1).values, (7, 7))
    wanted, ours = model(raw, noise=noise), twin(model, tmp_path)
    assert relative_error(ours(raw, mask), wanted.logits) < SMOKE
    assert relative_error(ours.loss(raw, mask), wanted.loss) < SMOKE


@pytest.mark.parametrize("distilled", [True, False])
def test_deit(distilled, tmp_path):
    raw = theirs_deit.images()
    model = theirs_deit.narrow(
        DeiTForImageClassificationWithTeacher if distilled else ViTForImageClassification
    )
    assert relative_error(twin(model, tmp_path)(raw).logits, model(raw).logits) < SMOKE


def test_pretraining_of_deit(tmp_path):
    model, raw = theirs_deit.narrow(DeiTForMaskedImageModeling), theirs_deit.images()
    mask = torch.rand(2, 16) < 0.5
    wanted = model(raw, bool_masked_pos=~mask)
    assert relative_error(twin(model, tmp_path)(raw, mask), wanted.reconstruction) < SMOKE
