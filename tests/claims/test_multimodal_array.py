"""How three modalities become the one array that multimodal-perceiver reads."""

import math

import pytest
import theirs
import torch
import video
from video import CONFIG, agreed, ours

from perceiver_course import claim
from perceiver_tutorial.perceiver import build, example_input

pytestmark = pytest.mark.usefixtures("no_gradients")

NAMES = ("audio", "image", "label")


@pytest.fixture(scope="module")
def published():
    """The published way in, ours, with weights: it is small."""
    return build(CONFIG).preprocessor


def their_way_in():
    return theirs.published(theirs.MULTIMODAL).perceiver.input_preprocessor


def paddings(part):
    return {name: tuple(row.shape) for name, row in part.items()}


def test_every_modality_is_padded_to_704_channels(published):
    widths = paddings(published.padding)
    assert widths == paddings(their_way_in().padding)
    assert published.num_channels == their_way_in().num_channels
    found = {name: width for name, (_, width) in widths.items()}
    claim("pio.mm.pad-channels", {**found, "width": published.num_channels})


def test_padding_is_one_trainable_row_for_each_modality(published):
    other = video.theirs_with_weights().input_preprocessor
    clip = {name: torch.randn_like(zeros) for name, zeros in example_input(CONFIG).items()}
    same, trains = [], []
    for part, array in ((published, published(clip)), (other, other(clip)[0])):
        for name in ("audio", "image"):
            row = part.padding[name]
            rows = CONFIG.input_rows[name]
            same.append(bool((array[:, rows.start : rows.stop, -row.shape[1] :] == row).all()))
            trains.append(row.requires_grad)
    found = {"trainable": all(trains), "same for all rows": all(same)}
    claim("pio.mm.pad-trainable", {**paddings(other.padding), **found})


def test_all_inputs_are_52097_rows():
    claim("pio.mm.concat-shape", agreed("preprocessor", "input_preprocessor"))


def whose(array, ends):
    """Where the rows of each modality start, told by the learned channels that they end with."""
    is_of = {n: (array[0, :, -row.shape[1] :] == row).all(-1) for n, row in ends.items()}
    assert (torch.stack(list(is_of.values())).sum(0) == 1).all(), "every row is of one modality"
    first = {name: int(rows.nonzero()[0]) for name, rows in is_of.items()}
    assert all(rows[first[n] : first[n] + rows.sum()].all() for n, rows in is_of.items())
    return first


def our_arrays():
    """Our input array and all queries end to end, each with what its rows end with."""
    model = build(CONFIG)
    array = model.preprocessor(example_input(CONFIG))
    asked, ends = model.queries(array, video.FIRST_CHUNK), model.preprocessor.padding
    queries = torch.cat([*asked.values()], dim=1)
    ends = {**ends, "label": model.preprocessor.mask_tokens["label"]}
    return whose(array, ends), whose(queries, model.queries.padding)


def their_arrays():
    """The same of transformers."""
    model = video.theirs_with_weights()
    way_in = model.input_preprocessor
    array, sizes, without = way_in(example_input(CONFIG))
    points = {**video.FIRST_CHUNK, "label": None}
    queries = model.decoder.decoder_query(array, sizes, without, subsampled_points=points)
    ends = {**way_in.padding, "label": way_in.mask["label"]}
    return whose(array, ends), whose(queries, model.decoder.padding)


def test_modalities_stand_in_the_order_of_their_names():
    inputs, queries = our_arrays()
    assert (inputs, queries) == their_arrays()
    assert inputs == {name: rows.start for name, rows in CONFIG.input_rows.items()}
    claim("pio.mm.concat-order", {"first input": inputs, "first query": queries})


def test_the_label_is_the_widest():
    widths = {
        name: agreed(f"preprocessor.parts.{name}", f"input_preprocessor.modalities.{name}")[-1]
        for name in NAMES
    }
    claim("pio.mm.largest-channel", widths)


def test_modalities_stand_along_the_axis_of_inputs(published):
    grids = {name: getattr(part, "index_dims", (1,)) for name, part in published.parts.items()}
    rows = {
        n: agreed(f"preprocessor.parts.{n}", f"input_preprocessor.modalities.{n}") for n in NAMES
    }
    assert {name: math.prod(grid) for name, grid in grids.items()} == {
        n: s[1] for n, s in rows.items()
    }
    whole = ours()["preprocessor"].shape
    axis = next(i for i in range(3) if whole[i] == sum(shape[i] for shape in rows.values()))
    claim("pio.mm.time-axis", {"axis": axis, **grids})
