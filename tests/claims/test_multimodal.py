"""What is said about the way into multimodal-perceiver, tried on our code and transformers'."""

import pytest
import theirs
import torch
import transformers
import video
from transformers.models.perceiver import modeling_perceiver as modeling
from video import CONFIG, agreed, ours

from perceiver_course import claim
from perceiver_tutorial.perceiver import build, example_input
from perceiver_tutorial.perceiver.preprocessors import VideoPreprocessor
from perceiver_tutorial.positions import FourierPositions

pytestmark = pytest.mark.usefixtures("no_gradients")


@pytest.fixture(scope="module")
def published():
    """The published way in, ours, with weights: it is small."""
    return build(CONFIG).preprocessor


def their_way_in():
    return theirs.published(theirs.MULTIMODAL).perceiver.input_preprocessor


# -- the task ------------------------------------------------------------------------------


def test_the_names_still_exist_and_cannot_be_trained():
    names = ("PerceiverForMultimodalAutoencoding", "PerceiverMultimodalPreprocessor")
    model = theirs.tiny(theirs.MULTIMODAL)
    with pytest.raises(NotImplementedError) as error:
        model(**theirs.tiny_input(theirs.MULTIMODAL), labels=torch.tensor([0, 1]))
    found = {
        "at top level": [name for name in names if hasattr(transformers, name)],
        "in the module": [
            name for name in names if hasattr(modeling, name) and not hasattr(transformers, name)
        ],
        "with labels": error.type.__name__,
    }
    claim("pio.mm.class", found)


def test_there_are_frames_sound_and_one_of_700_labels():
    raw = example_input(CONFIG)
    assert set(raw) == set(their_way_in().modalities)
    classes = agreed("postprocessor.parts.label", "output_postprocessor.modalities.label")[-1]
    claim("pio.mm.dataset", {"modalities": sorted(raw), "classes": classes})


# -- the moving picture --------------------------------------------------------------------


def test_a_video_has_16_frames_of_224_by_224():
    shape = ours()["raw"].outputs[0].sizes
    frames, side = (
        shape[1],
        4 * their_way_in().modalities["image"].position_embeddings.max_resolution[1],
    )
    assert (shape[1], *shape[-2:]) == (frames, side, side)
    claim("pio.mm.image-input", shape)


def test_a_video_becomes_50176_patches_of_243_channels():
    shape = agreed("preprocessor.parts.image", "input_preprocessor.modalities.image")
    claim("pio.mm.image-preprocessed", shape)


def test_patches_are_space_to_depth_with_colours_running_fastest():
    frames = torch.randn(1, 16, 3, 224, 224)
    folded = modeling.space_to_depth(frames, temporal_block_size=1, spatial_block_size=4)
    ours = VideoPreprocessor((16, 224, 224), patch_size=(1, 4, 4))(frames)
    assert torch.equal(folded.flatten(1, 3), ours)
    block = frames[0, 3, :, 8:12, 4:8]
    is_fastest = torch.equal(folded[0, 3, 2, 1], block.permute(1, 2, 0).flatten())
    claim("pio.mm.space-to-depth", {"shape": folded.shape, "colour fastest": is_fastest})


def test_positions_of_patches_have_three_axes(published):
    where = their_way_in().modalities["image"].position_embeddings
    table = published.parts["image"].positions()
    grid = table.unflatten(0, CONFIG.image.positions.max_resolution)
    axes = [bool((grid != grid.roll(1, dims=axis)).any()) for axis in range(grid.ndim - 1)]
    assert where.num_dimensions == sum(axes)
    found = {"axes": sum(axes), "channels": table.shape[-1], "max_resolution": where.max_resolution}
    claim("pio.mm.image-2d-fourier", found)


def test_the_387_channels_of_the_paper_would_take_64_bands(published):
    bands = their_way_in().modalities["image"].position_embeddings.num_bands
    channels = published.parts["image"].positions.num_channels
    twice = FourierPositions((2, 2, 2), num_bands=2 * bands).num_channels
    claim(
        "pio.mm.paper-387", {"bands": bands, "channels": channels, f"with {2 * bands} bands": twice}
    )


# -- the sound -----------------------------------------------------------------------------


def test_sound_has_1920_samples_for_each_frame():
    shape = ours()["raw"].outputs[1].sizes
    assert shape[1] == their_way_in().modalities["audio"].position_embeddings.max_resolution[0]
    found = {"shape": shape, "samples per frame": shape[1] // CONFIG.image.num_frames}
    claim("pio.mm.audio-input", found)


def test_sound_becomes_1920_patches_of_401_channels():
    shape = agreed("preprocessor.parts.audio", "input_preprocessor.modalities.audio")
    claim("pio.mm.audio-preprocessed", shape)


def test_positions_are_appended_to_patches_of_raw_samples(published):
    sound = torch.randn(1, CONFIG.audio.num_samples, 1)
    array = their_way_in().modalities["audio"](sound)[0]
    torch.testing.assert_close(array, published.parts["audio"](sound))
    raw = array[..., : CONFIG.audio.samples_per_patch]
    is_raw = torch.equal(raw.flatten(), sound.flatten())
    positions = array.shape[-1] - raw.shape[-1]
    claim("pio.mm.audio-raw-concat", {"raw": raw.shape, "is raw": is_raw, "positions": positions})


# -- the label -----------------------------------------------------------------------------


def test_a_label_becomes_one_row_without_positions(published):
    label = torch.randn(1, CONFIG.label.num_classes)
    array = published.parts["label"](label)
    assert torch.equal(array, their_way_in().modalities["label"](label)[0])
    assert torch.equal(array[:, 0], label)
    claim("pio.mm.label-input", {"raw": label.shape, "array": array.shape})


def is_unheard(answer, training):
    """Whether two different labels give the same answer."""
    labels = torch.zeros(2, 5), torch.eye(5)[[1, 3]]
    first, second = (answer(label, training) for label in labels)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_label_never_matters():
    model, raw = video.small(), video.small_raw()
    other = theirs.tiny(theirs.MULTIMODAL, attention_probs_dropout_prob=0.0)
    clip = theirs.tiny_input(theirs.MULTIMODAL)

    def our_answer(label, training):
        return model.train(training)({**raw, "label": label})

    def their_answer(label, training):
        return other.train(training)(
            {**clip["inputs"], "label": label},
            subsampled_output_points=clip["subsampled_output_points"],
        ).logits

    probability = their_way_in().mask_probs["label"]
    assert build(CONFIG).preprocessor.mask_probabilities["label"] == probability
    found = {
        mode: is_unheard(our_answer, training) and is_unheard(their_answer, training)
        for mode, training in {"same in evaluation": False, "same in training": True}.items()
    }
    claim("pio.mm.label-zeros", {"mask probability": probability, **found})
