"""Raw data in, one flat input array out: nothing lost, nothing moved to a wrong place."""

import math

import pytest
import torch
from einops import rearrange
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn
from transformers import PerceiverConfig
from transformers.models.perceiver.modeling_perceiver import (
    PerceiverAudioPreprocessor,
    PerceiverImagePreprocessor,
    space_to_depth,
)

from perceiver_tutorial.perceiver.config import (
    Conv1x1Stem,
    ConvPoolStem,
    FourierConfig,
    LearnedConfig,
    PatchStem,
    PixelStem,
)
from perceiver_tutorial.perceiver.multimodal import OneHotPreprocessor
from perceiver_tutorial.perceiver.preprocessors import (
    AudioPreprocessor,
    ConvPreprocessor,
    FlowPreprocessor,
    PixelPreprocessor,
    PointPreprocessor,
    TextPreprocessor,
    VideoPreprocessor,
    flow_patches,
    image_preprocessor,
)
from perceiver_tutorial.perceiver.preprocessors.conv_stem import same_padding
from perceiver_tutorial.positions import FourierPositions, grid_positions

pytestmark = pytest.mark.usefixtures("float64")


def video(frames=4, height=6, width=8):
    return torch.randn(2, frames, 3, height, width)


def test_every_pixel_becomes_a_row_in_reading_order():
    images = torch.randn(2, 3, 4, 5)
    rows = PixelPreprocessor((4, 5))(images)
    assert rows.shape == (2, 20, 3)
    assert torch.equal(rows[1, 2 * 5 + 3], images[1, :, 2, 3])


@pytest.mark.parametrize("size, strides", [((7, 8), (2, 3)), ((6, 6), (1, 4))])
def test_strides_keep_every_nth_pixel_and_the_whole_batch(size, strides):
    images = torch.randn(2, 3, *size)
    pixels = PixelPreprocessor(size, strides=strides)
    kept = images[:, :, :: strides[0], :: strides[1]]
    assert pixels.index_dims == kept.shape[-2:]
    assert torch.equal(pixels(images), rearrange(kept, "b c h w -> b (h w) c"))


def test_strides_over_a_video_skip_frames_too_as_in_transformers():
    frames, strides = video(5, 6, 8), (2, 3, 2)
    theirs = PerceiverImagePreprocessor(
        PerceiverConfig(),
        prep_type="pixels",
        spatial_downsample=2,
        temporal_downsample=2,
        position_encoding_type="fourier",
        fourier_position_encoding_kwargs={"num_bands": 2, "max_resolution": (3, 3, 4)},
    )
    ours = PixelPreprocessor((5, 6, 8), strides=(2, 2, 2))
    assert torch.equal(ours(frames), theirs(frames)[2])
    assert PixelPreprocessor((5, 6, 8), strides=strides)(frames).shape == (2, 3 * 2 * 4, 3)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_1x1_convolution_is_one_linear_map_for_every_pixel(stride):
    images = torch.randn(2, 3, 5, 6)
    part = shake(ConvPreprocessor((5, 6), Conv1x1Stem(7, stride=stride)))
    pixels = rearrange(images[:, :, ::stride, ::stride], "b c h w -> b (h w) c")
    by_hand = pixels @ part.stem.weight[:, :, 0, 0].T + part.stem.bias
    assert relative_error(part(images), by_hand) < EXACT
    assert math.prod(part.index_dims) == by_hand.shape[1]


@pytest.mark.parametrize("stem", [Conv1x1Stem(7), ConvPoolStem(7, padding="same")])
def test_stems_treat_every_frame_of_a_video_like_an_image(stem):
    frames = video(3, 21, 17)
    over_video, over_image = (shake(ConvPreprocessor(s, stem)) for s in ((3, 21, 17), (21, 17)))
    apart = torch.cat([over_image(frame) for frame in frames.unbind(1)], dim=1)
    assert relative_error(over_video(frames), apart) < EXACT
    assert over_video.index_dims == (3, *over_image.index_dims)


def test_patches_of_an_image_are_squares_in_reading_order():
    images = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    rows = VideoPreprocessor((4, 6), (2, 3))(images)
    assert rows.shape == (2, 4, 18)
    patch = images[1, :, 2:4, 3:6]
    assert torch.equal(rows[1, 3], rearrange(patch, "c h w -> (h w c)"))


def test_patches_are_transformers_space_to_depth():
    frames = video(4, 6, 8)
    ours = VideoPreprocessor((4, 6, 8), (2, 3, 2))(frames)
    theirs = space_to_depth(frames[:, :, :, :, :], temporal_block_size=2, spatial_block_size=2)
    same_blocks = VideoPreprocessor((4, 6, 8), (2, 2, 2))(frames)
    assert torch.equal(same_blocks, theirs.flatten(1, 3))
    assert ours.shape == (2, 2 * 2 * 4, 3 * 2 * 3 * 2)


def test_patches_may_go_through_a_linear_map():
    frames = video(2, 4, 6)
    stem = shake(VideoPreprocessor((2, 4, 6), (2, 1, 1), channels=5))
    plain = VideoPreprocessor((2, 4, 6), (2, 1, 1))(frames)
    assert relative_error(stem(frames), stem.linear(plain)) < EXACT
    assert stem.num_channels == 5


def test_patches_that_do_not_tile_are_refused():
    with pytest.raises(ValueError, match=r"patches of \(2, 5\) do not tile a picture of \(4, 6\)"):
        VideoPreprocessor((4, 6), (2, 5))


def test_flow_patches_hold_the_neighbourhood_of_every_pixel():
    frames = torch.randn(2, 2, 3, 5, 6)
    patches = flow_patches(frames)
    assert patches.shape == (2, 2, 27, 5, 6)
    assert torch.equal(patches[:, :, 12:15], frames)
    above_left = patches[1, 0, 0:3, 2, 3]
    assert torch.equal(above_left, frames[1, 0, :, 1, 2])
    assert not patches[:, :, :9, 0].any(), "above the first row is black"


@pytest.mark.parametrize(
    "length, padding", [(224, (2, 3)), (112, (2, 3)), (55, (3, 3)), (3, (3, 3))]
)
def test_same_padding_gives_half_the_length_rounded_up(length, padding):
    assert same_padding(length, kernel=7, stride=2) == padding
    assert (length + sum(padding) - 7) // 2 + 1 == math.ceil(length / 2)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("size", [(64, 48), (53, 70)])
def test_any_number_of_conv_layers_each_makes_the_picture_four_times_smaller(num_layers, size):
    stem = ConvPoolStem(5, num_layers, padding="same")
    part = ConvPreprocessor(size, stem).eval()
    wanted = size
    for _ in range(num_layers):
        wanted = tuple(math.ceil(math.ceil(n / 2) / 2) for n in wanted)
    assert stem.cells(size) == part.index_dims == wanted
    assert part(torch.randn(2, 3, *size)).shape == (2, math.prod(wanted), 5)


def test_the_published_stem_has_56_rows_in_deepmind_and_55_in_transformers():
    assert ConvPoolStem(64, padding="same").cells((224, 224)) == (56, 56)
    assert ConvPoolStem(64, padding="transformers").cells((224, 224)) == (55, 55)


@pytest.mark.parametrize("size", [(64, 48), (53, 70)])
def test_cells_are_counted_right_for_the_paddings_of_transformers_too(size):
    part = ConvPreprocessor(size, ConvPoolStem(5, padding="transformers")).eval()
    assert part(torch.randn(1, 3, *size)).shape[1] == math.prod(part.index_dims)


@pytest.mark.usefixtures("without_shape_checks")
def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match=r"expected padding as Literal\['same', 'transformers'\]"):
        ConvPoolStem(5, padding="valid")


def test_a_picture_that_layers_would_use_up_is_refused():
    with pytest.raises(ValueError, match=r"3 layers leave nothing of a picture of \(20, 20\)"):
        ConvPreprocessor((20, 20), ConvPoolStem(5, num_layers=3, padding="transformers"))


def test_audio_patches_are_neighbouring_samples():
    sound = torch.randn(2, 12, 1)
    rows = AudioPreprocessor(12, samples_per_patch=4)(sound)
    assert torch.equal(rows[1, 2], sound[1, 8:12, 0])
    theirs = PerceiverAudioPreprocessor(
        PerceiverConfig(),
        samples_per_patch=4,
        fourier_position_encoding_kwargs={"num_bands": 2, "max_resolution": (12,)},
    )
    assert torch.equal(rows, theirs(sound)[2])


def test_raw_audio_and_stereo():
    stereo = torch.randn(2, 12, 2)
    assert torch.equal(AudioPreprocessor(12, 1, in_channels=2)(stereo), stereo)
    rows = AudioPreprocessor(12, 3, in_channels=2)(stereo)
    assert torch.equal(rows[0, 1], stereo[0, 3:6].flatten())


def test_a_sound_that_patches_do_not_fill_is_refused():
    with pytest.raises(ValueError, match=r"12 samples are no whole number of patches of 5"):
        AudioPreprocessor(12, 5)


def test_a_label_is_one_row():
    label = torch.eye(7)[:2]
    assert torch.equal(OneHotPreprocessor(7)(label), label[:, None])


def test_a_byte_is_the_sum_of_its_row_and_that_of_its_place():
    text = shake(TextPreprocessor(6, max_bytes=9))
    ids = torch.randint(0, 262, (2, 5))
    by_hand = text.embeddings.weight[ids] + text.position_embeddings.weight[:5]
    assert torch.equal(text(ids), by_hand)


def test_a_pair_of_frames_is_54_colours_for_each_pixel_and_one_linear_map():
    patches = torch.randn(2, 2, 27, 4, 5)
    part = shake(FlowPreprocessor((4, 5), channels=7))
    colours = torch.cat([patches[:, 0], patches[:, 1]], dim=1)
    by_hand = part.linear(rearrange(colours, "b c h w -> b (h w) c"))
    assert relative_error(part(patches), by_hand) < EXACT


def test_appended_positions_leave_both_parts_as_they_were():
    where, images = FourierPositions((4, 5), 3), torch.randn(2, 3, 4, 5)
    both = PixelPreprocessor((4, 5), where)
    rows = both(images)
    assert rows.shape[-1] == both.num_channels == 17
    assert torch.equal(rows[..., :3], PixelPreprocessor((4, 5))(images))
    assert torch.equal(rows[1, :, 3:], where())


STEMS = [PixelStem(), PixelStem(3), Conv1x1Stem(5), PatchStem(2), PatchStem(4, 6), ConvPoolStem(5)]


@pytest.mark.parametrize("stem", STEMS, ids=str)
@pytest.mark.parametrize("positions", [FourierConfig(2, (8, 12)), LearnedConfig(4, 6)], ids=str)
def test_any_stem_goes_with_any_positions(stem, positions):
    part, cells = image_preprocessor((8, 12), stem, positions).eval(), stem.cells((8, 12))
    rows = part(torch.randn(2, 3, 8, 12))
    assert rows.shape[1:] == (math.prod(cells), part.num_channels)
    assert part.index_dims == part.positions.index_dims == cells


def as_points(images):
    """Every pixel as (y, x, red, green, blue)."""
    colours = rearrange(images, "b c h w -> b (h w) c")
    grid = grid_positions(images.shape[-2:]).expand(len(images), -1, -1)
    return torch.cat([grid, colours], dim=-1)


def test_an_image_is_a_set_of_points():
    images = torch.randn(2, 3, 4, 5)
    as_image = PixelPreprocessor((4, 5), FourierPositions((4, 5), 3))(images)
    as_set = PointPreprocessor(3, num_bands=3, max_resolution=(4, 5))(as_points(images))
    assert relative_error(as_set, as_image) < EXACT


def test_points_of_two_samples_have_places_of_their_own():
    points = torch.randn(2, 6, 5)
    read = PointPreprocessor(2, num_bands=4, max_resolution=(9, 9, 9))
    apart = torch.cat([read(points[:1]), read(points[1:])])
    assert torch.equal(read(points), apart)
    assert read(points).shape == (2, 6, read.num_channels) == (2, 6, 2 + 27)


def test_a_set_without_positions_is_taken_as_it_is():
    entities = torch.randn(2, 6, 5)
    assert torch.equal(PointPreprocessor(5)(entities), entities)


def test_a_point_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match=r"a point needs features, coordinates .* or both"):
        PointPreprocessor(0)


# What somebody is likely to get wrong, and what is said.

IMAGES, VIDEOS = PixelPreprocessor((12, 10)), PixelPreprocessor((4, 12, 10))
TEXT, SOUND, LABEL = (
    TextPreprocessor(6, max_bytes=9),
    AudioPreprocessor(12, 4),
    OneHotPreprocessor(7),
)
CLOUD = PointPreprocessor(2, num_bands=4, max_resolution=(9, 9, 9))

MISTAKES = {
    "channels last": (
        IMAGES, torch.zeros(2, 12, 10, 3),
        r"expected images \[batch, 3, 12, 10\], got \[2, 12, 10, 3\]. Colours come before height "
        r"and width: rearrange\(x, 'b h w c -> b c h w'\)",
    ),
    "channels last in a video": (
        VIDEOS, torch.zeros(2, 4, 12, 10, 3),
        r"got \[2, 4, 12, 10, 3\]. Colours come .* 'b t h w c -> b t c h w'",
    ),
    "wrong size": (
        IMAGES, torch.zeros(2, 3, 10, 12),
        r"got \[2, 3, 10, 12\]. Resize them to \(12, 10\), or build a model",
    ),
    "no batch": (
        IMAGES, torch.zeros(3, 12, 10),
        r"got \[3, 12, 10\]. One of them is a batch of one: add an axis with x\[None\]",
    ),
    "wrong rank": (
        IMAGES, torch.zeros(120, 3), r"got \[120, 3\]. Expected 4 axes: batch, colours, height",
    ),
    "empty batch": (
        IMAGES, torch.zeros(0, 3, 12, 10), r"got \[0, 3, 12, 10\]. The batch is empty: give",
    ),
    "8-bit image": (
        IMAGES, torch.zeros(2, 3, 12, 10, dtype=torch.uint8),
        r"expected images \[batch, 3, 12, 10\], got uint8 numbers. .* x / 255 for 8-bit colours",
    ),
    "float ids": (
        TEXT, torch.zeros(2, 5), r"expected ids \[batch, bytes\], got float32 .*: x.long\(\)",
    ),
    "ids out of range": (
        TEXT, torch.tensor([[5, 262]]),
        r"expected ids from 0 to 261, got 5 to 262. A byte's id is the byte \+ 6",
    ),
    "negative ids": (TEXT, torch.tensor([[-1, 7]]), r"expected ids from 0 to 261, got -1 to 7"),
    "text too long": (
        TEXT, torch.zeros(1, 10, dtype=torch.long), r"expected from 1 to 9 bytes, got 10. Cut",
    ),
    "no text": (TEXT, torch.zeros(1, 0, dtype=torch.long), r"expected from 1 to 9 bytes, got 0"),
    "mono without a channel": (
        SOUND, torch.zeros(2, 12), r"expected sounds \[batch, 12, 1\], got \[2, 12\]",
    ),
    "wrong length": (SOUND, torch.zeros(2, 13, 1), r"got \[2, 13, 1\]. Cut or pad the sound"),
    "class numbers": (
        LABEL, torch.zeros(2, 9), r"got \[2, 9\]. Class numbers become rows with one_hot\(",
    ),
    "points without features": (
        CLOUD, torch.zeros(2, 6, 3), r"got \[2, 6, 3\]. A point is 3 coordinates, then 2 features",
    ),
}  # fmt: skip


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("part, raw, message", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_what_was_expected_what_came_and_what_to_do(part, raw, message):
    with pytest.raises(ValueError, match=message):
        part(raw)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("raw", [[[1, 2]], "text", None], ids=["list", "text", "None"])
def test_what_is_no_tensor_is_refused_by_kind(raw):
    with pytest.raises(TypeError, match=rf"expected ids .*, got {type(raw).__name__}. Make it a"):
        TEXT(raw)


@pytest.mark.usefixtures("without_shape_checks")
def test_frames_that_are_no_pair_are_refused():
    with pytest.raises(
        ValueError, match=r"expected frame pairs .* torch.stack\(\[earlier, later\]"
    ):
        flow_patches(torch.zeros(1, 3, 3, 8, 8))


def test_gradients_reach_the_raw_image():
    images = torch.randn(1, 3, 12, 10, requires_grad=True)
    IMAGES(images).sum().backward()
    assert torch.equal(images.grad, torch.ones_like(images))


def test_a_preprocessor_is_a_module_with_the_width_it_says():
    for part in (IMAGES, VIDEOS, TEXT, SOUND, LABEL, CLOUD):
        assert isinstance(part, nn.Module) and part.num_channels > 0
