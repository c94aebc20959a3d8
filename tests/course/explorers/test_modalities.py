"""What the explorer of modalities tells is what the real machine has, part by part."""

import pytest
import torch

from perceiver_course.explorers.modalities import KNOBS, MultimodalSizes, _config, modalities
from perceiver_tutorial import perceiver
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.model import PerceiverIO
from perceiver_tutorial.perceiver.multimodal import (
    MultimodalDecoder,
    MultimodalPostprocessor,
    MultimodalPreprocessor,
    MultimodalQueries,
)
from perceiver_tutorial.tracing import cost, walk

PUBLISHED = perceiver.PUBLISHED["deepmind/multimodal-perceiver"]
ALL = ("audio", "image", "label")


def changed(patch_size=4, num_bands=32, num_latents=784):
    return _config(patch_size, num_bands, num_latents)


def machine(config, names):
    """A real model of the same parts, without those of the other modalities."""
    whole = perceiver.build(config)
    ins, asks, outs = (
        {name: part.parts[name] for name in names}
        for part in (whole.preprocessor, whole.queries, whole.postprocessor)
    )
    preprocessor = MultimodalPreprocessor(ins, config.input_padding, {})
    queries = MultimodalQueries(asks, config.query_padding)
    latent_channels = config.encoder.latent_channels
    decoder = MultimodalDecoder(
        config.decoder,
        queries.num_channels,
        latent_channels,
        output_channels=config.output_channels,
    )
    return PerceiverIO(
        preprocessor,
        PerceiverEncoder(config.encoder, preprocessor.num_channels),
        queries,
        decoder,
        MultimodalPostprocessor(outs),
    )


@pytest.mark.parametrize("names, chunks, config", [
    (ALL, 128, PUBLISHED),
    (ALL, 1, changed(patch_size=2)),
    (ALL, 16, changed(patch_size=8, num_bands=64)),
    (("audio", "image"), 128, changed(num_latents=64)),
    (("image",), 128, changed(patch_size=16, num_bands=1)),
    (("audio",), 1, PUBLISHED),
    (("label",), 16, PUBLISHED),
])  # fmt: skip
def test_every_number_is_that_of_the_real_machine(names, chunks, config):
    sizes = MultimodalSizes(config, names, chunks)
    with torch.device("meta"):
        model = machine(config, names).eval()
        raw = {name: config.example_input()[name] for name in names}
    points = {name: torch.arange(count) for name, count in sizes.questions.items()}
    steps, spent = walk(model, raw, points=points, depth=3), cost(model, raw, points=points)
    arrays, held = sizes.arrays, sizes.array_bytes
    assert steps["preprocessor"].shape == (1, *arrays["input array"])
    assert steps["encoder"].shape == (1, *arrays["latents"])
    assert steps["decoder.cross"].shape == (1, *arrays["queries"])
    answers = [one.sizes for one in steps["decoder"].outputs]
    assert (sum(rows for _, rows, _ in answers), answers[0][2]) == arrays["output array"]
    assert spent.total.parameters == sizes.parameters
    flops = sizes.flops
    assert spent["encoder.cross.0"].flops == flops["reading"]
    assert spent["encoder.blocks.0.0"].flops == flops["thinking"]
    answered = spent["decoder"].flops + spent["postprocessor"].flops
    assert chunks * answered == flops["answering"]
    assert spent["encoder.cross.0"].map_bytes == held["map of reading"]
    assert spent["encoder.blocks.0.0"].map_bytes == held["map of thinking"]
    assert spent["decoder"].map_bytes == held["map of answering"]


def test_the_start_is_the_published_machine():
    start = {name: knob.start for name, knob in KNOBS.items()}
    config = _config(start["patch_size"], start["num_bands"], start["num_latents"])
    assert config == PUBLISHED
    sizes = MultimodalSizes(config, start["modalities"], start["chunks"])
    assert sizes.arrays["input array"] == (52_097, 704)
    assert sizes.parameters == walk(PUBLISHED).parameters
    assert sizes.questions == {"audio": 15, "image": 6272, "label": 1}


def test_another_number_is_noticed():
    """What the comparison above would say of a machine that is a little different."""
    right = MultimodalSizes(PUBLISHED, ALL, 128)
    wrong = (
        MultimodalSizes(changed(num_latents=768), ALL, 128),
        MultimodalSizes(changed(patch_size=8), ALL, 128),
        MultimodalSizes(PUBLISHED, ("audio", "image"), 128),
        MultimodalSizes(PUBLISHED, ALL, 127),
    )
    for other in wrong:
        assert other.flops != right.flops
        assert other.arrays != right.arrays


def test_bands_cost_nothing_while_the_label_decides_the_width():
    for names, is_free in ((ALL, True), (("image",), False)):
        few, more = (MultimodalSizes(changed(num_bands=n), names, 128) for n in (1, 64))
        assert (few.flops["reading"] == more.flops["reading"]) == is_free


def test_without_the_label_everybody_becomes_narrower():
    explorer = modalities()
    assert "52,097 x 704: the label decides the width; 65 of 100" in explorer.picture.alt
    explorer.turn(modalities=("audio", "image"))
    assert "52,096 x 405: the audio decides the width; 39 of 100" in explorer.picture.alt
    explorer.turn(modalities=("image",))
    assert "50,176 x 247: the image decides the width; 2 of 100" in explorer.picture.alt


@pytest.mark.parametrize("patch_size, fits", [(2, "would NOT fit"), (4, "would fit")])
def test_what_fits_is_said_as_it_is(patch_size, fits):
    explorer = modalities()
    explorer.turn(patch_size=patch_size)
    sizes = MultimodalSizes(changed(patch_size=patch_size), ALL, 128)
    assert (sizes.array_bytes["map if all read all"] <= 16 * 2**30) == (fits == "would fit")
    assert f"reading all {fits}" in explorer.picture.alt


def test_no_modality_at_all_is_told_in_a_sentence():
    explorer = modalities()
    explorer.turn(modalities=())
    assert explorer.picture.alt.startswith("No modality is chosen: there is no array")
    with pytest.raises(ValueError, match=r"one modality, got none\. Choose of audio"):
        MultimodalSizes(PUBLISHED, ())
