"""What the explorer of modalities tells is what the real machine has, part by part."""

import pytest
import torch

from perceiver_course.explorers.modalities import KNOBS, _config, machine, measure, modalities
from perceiver_course.kit.formulas import encoder_flops, layer_flops
from perceiver_tutorial import perceiver
from perceiver_tutorial.tracing import cost, walk

PUBLISHED = perceiver.PUBLISHED["deepmind/multimodal-perceiver"]
ALL = ("audio", "image", "label")


def changed(patch_size=4, num_bands=32, num_latents=784):
    return _config(patch_size, num_bands, num_latents)


@pytest.mark.parametrize("names, chunks, config, inputs, channels, queries", [
    (ALL, 128, PUBLISHED, 52_097, 704, 6_288),
    (ALL, 1, changed(patch_size=2), 1920 + 16 * 112**2 + 1, 704, 804_737),
    (ALL, 16, changed(patch_size=8, num_bands=64), 1920 + 16 * 28**2 + 1, 704, 50_297),
    (("audio", "image"), 128, changed(num_latents=64), 52_096, 405, 6_287),
    (("image",), 128, changed(patch_size=16, num_bands=1), 16 * 14**2, 3 * 16**2 + 9 + 4, 6_272),
    (("audio",), 1, PUBLISHED, 1920, 16 + 385 + 4, 1920),
    (("label",), 16, PUBLISHED, 1, 704, 1),
])  # fmt: skip
def test_arrays_and_costs_are_those_of_the_formulas(
    names, chunks, config, inputs, channels, queries
):
    sizes = measure(config, names, chunks)
    arrays, held, flops = sizes.arrays, sizes.array_bytes, sizes.flops
    latents, width = config.encoder.num_latents, config.encoder.latent_channels
    assert arrays["input array"] == (inputs, channels)
    assert arrays["latents"] == (latents, width)
    assert arrays["queries"][0] == arrays["output array"][0] == queries
    few = encoder_flops(config.encoder, inputs, channels)
    assert {name: flops[name] for name in few} == few
    plain = sum(layer_flops(inputs, inputs, channels, channels).values())
    assert flops["all read all"] == 8 * plain
    assert sum(sizes.rows.values()) == inputs
    assert {sum(widths) for widths in sizes.widths.values()} == {channels}
    for name in ("reading", "thinking", "answering"):
        counted = {"reading": "encoder.cross.0", "thinking": "encoder.blocks.0.0"}
        step = sizes.spent[counted.get(name, "decoder")]
        assert step.map_bytes == held[f"map of {name}"]


def test_the_start_is_the_published_machine():
    start = {name: knob.start for name, knob in KNOBS.items()}
    config = _config(start["patch_size"], start["num_bands"], start["num_latents"])
    assert config == PUBLISHED
    sizes = measure(config, start["modalities"], start["chunks"])
    assert sizes.arrays["input array"] == (52_097, 704)
    assert sizes.walked.parameters == walk(PUBLISHED).parameters
    points = {"audio": torch.arange(15), "image": torch.arange(6272), "label": torch.arange(1)}
    counted = cost(PUBLISHED, points=points)
    assert sizes.spent.total == counted.total
    assert sizes.flops["answering"] == 128 * (
        counted["decoder"].flops + counted["postprocessor"].flops
    )


def test_what_is_left_out_is_not_in_the_machine():
    whole, some = machine(PUBLISHED, ALL), machine(PUBLISHED, ("audio",))
    assert {name.split(".")[2] for name, _ in some.named_parameters() if ".parts." in name} == {
        "audio"
    }
    assert len(list(some.parameters())) < len(list(whole.parameters()))


def test_another_number_is_noticed():
    """What the comparison above would say of a machine that is a little different."""
    right = measure(PUBLISHED, ALL, 128)
    wrong = (
        measure(changed(num_latents=768), ALL, 128),
        measure(changed(patch_size=8), ALL, 128),
        measure(PUBLISHED, ("audio", "image"), 128),
        measure(PUBLISHED, ALL, 127),
    )
    for other in wrong:
        assert other.flops != right.flops
        assert other.arrays != right.arrays


def test_bands_cost_nothing_while_the_label_decides_the_width():
    for names, is_free in ((ALL, True), (("image",), False)):
        few, more = (measure(changed(num_bands=n), names, 128) for n in (1, 64))
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
    sizes = measure(changed(patch_size=patch_size), ALL, 128)
    assert (sizes.array_bytes["map if all read all"] <= 16 * 2**30) == (fits == "would fit")
    assert f"reading all {fits}" in explorer.picture.alt


def test_no_modality_at_all_is_told_in_a_sentence():
    explorer = modalities()
    explorer.turn(modalities=())
    assert explorer.picture.alt.startswith("No modality is chosen: there is no array")
    with pytest.raises(ValueError, match=r"one modality, got none\. Choose of audio"):
        measure(PUBLISHED, ())
