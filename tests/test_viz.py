"""Every picture says what it shows, is the same each time, and comes without matplotlib's state."""

import base64

import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from tiny import CONFIGS, IMAGES

from perceiver_tutorial import viz
from perceiver_tutorial.positions import fourier_features, grid_positions
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.viz.display import describe

FEATURES = fourier_features(grid_positions((6, 8)), 3, (6, 8))
PICTURES = {
    "images": lambda: viz.draw_images(torch.rand(3, 3, 6, 8), ["a", "b", "c"]),
    "one grey image": lambda: viz.draw_images(torch.rand(1, 1, 6, 8), [""]),
    "pixel rows": lambda: viz.draw_pixel_rows(torch.rand(3, 6, 8)),
    "photographs": lambda: viz.draw_photographs(
        [Image.new("RGB", (40, 30)), Image.new("RGB", (20, 20))], ["whole", "cropped"]
    ),
    "attention": lambda: viz.draw_attention(
        torch.rand(3, 6, 8), torch.rand(2, 6, 8), ["latent 0", "latent 1"]
    ),
    "bands": lambda: viz.draw_bands(FEATURES, (6, 8), (0, 1, 5)),
    "similarity": lambda: viz.draw_similarity(FEATURES, (6, 8), (2, 3)),
    "losses": lambda: viz.draw_losses([3.0, 2.0, 1.5, 1.2] * 10),
    "bars": lambda: viz.draw_bars({"a": 10, "b": 12000}, "sizes", "numbers"),
    "walk": lambda: viz.draw_walk(walk(IMAGES)),
    "walk of several modalities": lambda: viz.draw_walk(walk(CONFIGS["multimodal"])),
}
SAID = {
    "images": "3 images of 6 by 8 pixels: a, b, c.",
    "one grey image": "1 image of 6 by 8 pixels.",
    "pixel rows": "first 12 of its 48 pixels as rows of red, green and blue.",
    "photographs": "at one scale: whole, 40 by 30 pixels; cropped, 20 by 20 pixels.",
    "attention": "over it where attention goes: latent 0, latent 1.",
    "bands": "Channels 0, 1, 5 of the position encoding over a grid of 6 by 8 cells.",
    "similarity": "the position of row 2, column 3 and every other of 6 by 8 cells",
    "losses": "training loss, over 40 steps: it falls from left to right.",
    "bars": "Bars, sizes, in numbers: a 10, b 1.2e+04.",
    "walk": "raw 3 x 8 x 10; input array 80 x 25; read once, think 6 times; latents 7 x 12; "
    "decode with queries 1 x 12; output array 1 x 12; answer 4.",
    "walk of several modalities": "raw image 3 x 3 x 8 x 4, audio 20 x 1, label 5",
}  # fmt: skip


@pytest.fixture(params=PICTURES)
def name(request):
    torch.manual_seed(0)
    return request.param


def test_a_picture_says_what_it_shows(name):
    assert SAID[name] in PICTURES[name]().alt


def test_the_same_input_gives_the_same_bytes(name):
    torch.manual_seed(0)
    first = PICTURES[name]().png
    torch.manual_seed(0)
    assert PICTURES[name]().png == first
    assert first.startswith(b"\x89PNG") and len(first) < 150_000


def test_a_notebook_gets_the_image_its_words_and_its_alternative_text(name):
    picture = PICTURES[name]()
    data, metadata = picture._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == picture.png
    assert data["text/plain"] == repr(picture) == f"picture: {picture.alt}"
    assert metadata == {"image/png": {"alt": picture.alt}}


def test_a_picture_holds_a_figure_of_its_own(name):
    figure = PICTURES[name]().figure
    assert isinstance(figure, Figure) and figure.canvas.manager is None


def test_a_picture_can_be_saved(tmp_path):
    picture = PICTURES["bars"]()
    picture.save(tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes() == picture.png


def test_a_walk_without_its_inside_does_not_count_what_it_did_not_see():
    assert "; encode; latents" in viz.draw_walk(walk(IMAGES, depth=1)).alt


def test_a_loss_that_rises_is_not_said_to_fall():
    assert "it falls" not in viz.draw_losses([1.0, 2.0, 3.0]).alt


@pytest.mark.parametrize("tensor, words", [
    (torch.zeros(1, 3, 224, 224), "float32 (1, 3, 224, 224)"),
    (torch.tensor([[1, 2]]), "int64 (1, 2) [[1, 2]]"),
    (torch.tensor([True]), "bool (1,) [True]"),
    (torch.arange(100), "int64 (100,)"),
    (torch.zeros(2, device="meta"), "float32 (2,) without values"),
])  # fmt: skip
def test_a_tensor_is_described_by_kind_and_shape(tensor, words):
    assert describe(tensor) == words


@pytest.fixture
def shell():
    """An IPython without a notebook around it."""
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_tensors_are_shown_by_shape_and_images_as_pictures(shell):
    viz.show_tensors()
    shown, _ = shell.display_formatter.format(torch.rand(2, 3, 8, 9))
    assert shown["text/plain"] == "float32 (2, 3, 8, 9)"
    assert shown["image/png"].startswith(b"\x89PNG")


@pytest.mark.parametrize("tensor", [
    torch.rand(5, 6), torch.rand(3, 4, 4), torch.zeros(1, 3, 8, 8, device="meta"), torch.arange(9),
])  # fmt: skip
def test_what_is_no_image_stays_text(shell, tensor):
    viz.show_tensors()
    shown, _ = shell.display_formatter.format(tensor)
    assert list(shown) == ["text/plain"]


def test_outside_a_notebook_there_is_nothing_to_register_with():
    with pytest.raises(RuntimeError, match=r"works in a notebook or in IPython, not in plain Py"):
        viz.show_tensors()
