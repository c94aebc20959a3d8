"""A picture machine answers at any place; between the places it knows, if its pitches are slow."""

from itertools import repeat

import pytest
import torch
from torch.nn.functional import mse_loss

from perceiver_course.chapters.decoders.model import picture_autoencoder
from perceiver_course.kit import samples
from perceiver_course.kit.training import fit
from perceiver_tutorial.perceiver import DecoderConfig, EncoderConfig, FourierConfig
from perceiver_tutorial.perceiver.queries import GridQueries

ENCODER = EncoderConfig(
    num_latents=32,
    latent_channels=48,
    num_blocks=1,
    layers_per_block=1,
    self_heads=4,
    cross_heads=1,
)
DECODER = DecoderConfig(query_residual=False, num_heads=4)
SLOW, FAST = ((12, 12), (32, 32))


def machine(pitches, image_size=(32, 32), decoder=DECODER):
    return picture_autoencoder(ENCODER, FourierConfig(8, pitches), image_size, decoder).eval()


def asked_on(model, image, grid, pitches):
    """The answer of a model that was asked on another grid than the one it read."""
    array = model.preprocessor(image)
    rows = model.decoder(GridQueries(grid, 8, pitches)(array), model.encoder(array))
    return model.postprocessor(rows).unflatten(1, grid).movedim(-1, 1)


def test_the_answer_has_the_shape_of_the_picture():
    image = torch.rand(2, 3, 6, 10)
    with torch.no_grad():
        assert machine((4, 5), (6, 10))(image).shape == image.shape


def test_the_answer_is_no_question_unless_the_decoder_is_told_to_add_it():
    configs = {machine(SLOW, decoder=d).decoder.cross.query_residual for d in (None, DECODER)}
    assert configs == {False}
    assert machine(SLOW, decoder=DecoderConfig()).decoder.cross.query_residual


def test_places_of_a_grid_are_among_those_of_a_grid_twice_as_fine():
    model, image = machine(SLOW), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        fine = asked_on(model, image, (64, 64), SLOW)
        assert torch.allclose(fine[..., ::2, ::2], model(image), atol=1e-5)


def trained(seed, pitches):
    """How far off the known and the new pixels of the cat's eye are, and copies of neighbours."""
    eye = samples.cats_eye(64)
    seen = eye[..., ::2, ::2]
    torch.manual_seed(seed)
    model = machine(pitches)
    loss = lambda model, image: mse_loss(model(image), image)  # noqa: E731
    fit(model, loss, repeat((seen,)), steps=500, learning_rate=1e-2)
    with torch.no_grad():
        fine = asked_on(model, seen, (64, 64), pitches)
    unseen = torch.ones(64, 64, dtype=torch.bool)
    unseen[::2, ::2] = False
    copies = seen.repeat_interleave(2, -1).repeat_interleave(2, -2)
    known, new, copied = (
        (guess - eye)[..., where].square().mean().sqrt().item()
        for guess, where in ((fine, ~unseen), (fine, unseen), (copies, unseen))
    )
    return known, new, copied


@pytest.fixture
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize("seed", range(5))
def test_slow_pitches_can_be_asked_between_the_pixels(seed):
    known, new, copied = trained(seed, SLOW)
    assert known < 0.05
    assert new < 0.9 * copied


@pytest.mark.slow
@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize("seed", range(5))
def test_the_fastest_pitches_cannot(seed):
    known, new, copied = trained(seed, FAST)
    assert known < 0.05
    assert new > copied
