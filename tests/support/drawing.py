"""What every picture of the course keeps to, wherever it is drawn."""

import base64
from collections.abc import Callable

import torch
from contrast import too_faint
from matplotlib.figure import Figure
from pixels import same_picture

from perceiver_course.kit.picture import Picture


def assert_well_drawn(draw: Callable[[], Picture], says: str) -> None:
    """A picture says what it shows, is the same each time, and leaves matplotlib's state alone.

    A notebook gets the image with its words, and all letters can be read on their ground.

    Args:
        draw: makes the picture.
        says: a part of its alternative text.
    """
    picture, again = _drawn(draw), _drawn(draw)
    assert says in picture.alt
    assert isinstance(picture.figure, Figure) and picture.figure.canvas.manager is None
    assert picture.png.startswith(b"\x89PNG") and len(picture.png) < 150_000
    assert same_picture(picture.png, again.png), "drawn twice, it differs"
    data, metadata = picture._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == picture.png
    assert data["text/plain"] == repr(picture) == f"picture: {picture.alt}"
    assert metadata == {"image/png": {"alt": picture.alt}}
    assert list(too_faint(picture.figure)) == []  # last: it changes the figure


def _drawn(draw: Callable[[], Picture]) -> Picture:
    torch.manual_seed(0)
    return draw()
