"""What is said about multimodal-perceiver as a whole: latents, chunks, parameters, operations."""

import pytest
import theirs
import torch
import video
from measured import MULTIMODAL
from shaken import relative_error
from video import CHUNKS, CONFIG, FIRST_CHUNK, PIXELS, agreed, ours

from perceiver_course import claim
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.perceiver import build
from perceiver_tutorial.tracing import cost

pytestmark = pytest.mark.usefixtures("no_gradients")

PIECES = 6


@pytest.fixture
def pair(tmp_path):
    """One tiny model twice: transformers', and ours with its weights."""
    other = theirs.tiny(theirs.MULTIMODAL)
    other.save_pretrained(tmp_path)
    return other, load(tmp_path)


def runs_of(module):
    """A list that grows with every run of a module."""
    runs = []
    module.register_forward_hook(lambda *_: runs.append(1))
    return runs


# -- latents -------------------------------------------------------------------------------


def test_there_are_784_latents():
    claim("pio.mm.latents", agreed("encoder", "encoder"))


def test_the_latents_think_in_one_block_of_eight_layers():
    encoder, sizes = theirs.published(theirs.MULTIMODAL).perceiver.encoder, CONFIG.encoder
    reading = encoder.cross_attention.attention.self
    found = {
        "blocks": sizes.num_blocks,
        "self-attention layers": len(encoder.self_attends),
        "heads": encoder.self_attends[0].attention.self.num_heads,
        "cross heads": reading.num_heads,
        "cross width": reading.query.out_features,
    }
    assert ours()["encoder.blocks.0.0"].runs == found["blocks"] * found["self-attention layers"]
    assert ours()["encoder.blocks.0.0.attention.weights"].shape[1] == found["heads"]
    assert ours()["encoder.cross.0.attention.weights"].shape[1] == found["cross heads"]
    assert ours()["encoder.cross.0.attention.q_proj"].shape[-1] == found["cross width"]
    claim("pio.mm.layers-heads", found)


def hears(answer, clip, name, other):
    """Whether the answer about one modality changes with another one."""
    changed = {**clip, other: clip[other].flip(0)}
    return not torch.equal(answer(clip)[name], answer(changed)[name])


def test_one_array_of_latents_carries_all_modalities(pair):
    other, model = pair
    tiny = theirs.tiny_input(theirs.MULTIMODAL)
    points = tiny["subsampled_output_points"]
    answers = (model, lambda clip: other(clip, subsampled_output_points=points).logits)
    size = (CONFIG.encoder.num_latents, CONFIG.encoder.latent_channels)
    with torch.device("meta"):
        published = build(CONFIG)
    counts = {
        sum(p.shape == size for p in whole.parameters())
        for whole in (published, theirs.published(theirs.MULTIMODAL))
    }
    found = {
        f"{one} hears {another}": all(hears(a, tiny["inputs"], one, another) for a in answers)
        for one, another in (("image", "audio"), ("audio", "image"))
    }
    claim("pio.mm.latents-shared", {"latent arrays": min(counts), **found})
    assert len(counts) == 1


# -- chunks --------------------------------------------------------------------------------


def pieces_of(pixels, patches):
    """Points for one chunk after another, as DeepMind's notebook cuts them."""
    cut = zip(torch.arange(pixels).chunk(PIECES), torch.arange(patches).chunk(PIECES), strict=True)
    return [{"image": image, "audio": audio, "label": None} for image, audio in cut]


def end_to_end(answers, size):
    """The video with colours last, and the sound, put together as the notebook does it."""
    pixels = torch.cat([answer["image"] for answer in answers], dim=1)
    sound = torch.cat([answer["audio"] for answer in answers], dim=1)
    return pixels.reshape(len(pixels), *size, 3), sound[..., None]


def test_decoding_in_chunks_saves_memory_and_changes_nothing(pair):
    other, model = pair
    clip = theirs.tiny_input(theirs.MULTIMODAL)["inputs"]
    pieces = pieces_of(2 * 12 * 16, 96 // 16)
    once, often = runs_of(model.encoder), runs_of(other.perceiver.encoder)
    latents = model.encode(clip)
    whole = model.decode(latents, clip)
    in_chunks = model.decode(latents, clip, chunk_size=2 * 12 * 16 // PIECES)
    answers = [other(clip, subsampled_output_points=points).logits for points in pieces]
    assert len(often) == PIECES
    picture, sound = end_to_end(answers, (2, 12, 16))
    errors = [
        relative_error(in_chunks["image"], whole["image"]),
        relative_error(picture, whole["image"].movedim(2, -1)),
        relative_error(sound[..., 0], whole["audio"]),
    ]
    assert CONFIG.num_outputs["image"] == CHUNKS * PIXELS
    found = {"chunks": CHUNKS, "encoded": len(once), "same": max(errors) < 1e-5}
    claim("pio.mm.chunks", found)


def one_published_answer():
    """What the published models, ours and theirs, answer to one chunk: no numbers, only shapes."""
    shapes = {
        name: agreed(f"postprocessor.parts.{name}", f"output_postprocessor.modalities.{name}")
        for name in ("image", "audio")
    }
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_chunks_put_together_are_the_whole_video(pair):
    other, model = pair
    clip = theirs.tiny_input(theirs.MULTIMODAL)["inputs"]
    pieces = pieces_of(2 * 12 * 16, 96 // 16)
    answers = [other(clip, subsampled_output_points=points).logits for points in pieces]
    picture, sound = end_to_end(answers, (2, 12, 16))
    whole = model(clip)
    errors = [
        relative_error(picture, whole["image"].movedim(2, -1)),
        relative_error(sound[..., 0], whole["audio"]),
    ]
    size = (CONFIG.image.num_frames, *CONFIG.image.image_size)
    published, audio = end_to_end([one_published_answer()] * CHUNKS, size)
    found = {"image": published.shape, "audio": audio.shape, "same": max(errors) < 1e-5}
    claim("pio.mm.concat-reconstruction", found)


# -- cost ----------------------------------------------------------------------------------


def test_the_model_has_20_million_parameters():
    walked, sizes = ours(), CONFIG.encoder
    latents = sizes.num_latents * sizes.latent_channels
    found = {
        "all": walked.parameters,
        "preprocessor": walked["preprocessor"].parameters,
        "latents": latents,
        "encoder": walked["encoder"].parameters - latents,
        "decoder": walked["queries"].parameters + walked["decoder"].parameters,
        "postprocessor": walked["postprocessor"].parameters,
    }
    model = theirs.published(theirs.MULTIMODAL).perceiver
    assert model.num_parameters() == found["all"]
    others = (model.input_preprocessor, model.embeddings, model.encoder, model.decoder)
    counts = [sum(p.numel() for p in part.parameters()) for part in others]
    assert counts == [found[n] for n in ("preprocessor", "latents", "encoder", "decoder")]
    claim("pio.mm.params", found)


def test_decoding_costs_more_than_six_trillion_operations():
    model = cost(MULTIMODAL, points=FIRST_CHUNK, depth=1)
    encoder, decoder = (model[part].gflop for part in ("encoder", "decoder"))
    path = "PerceiverForMultimodalAutoencoding.perceiver"
    counted = video.their_gflop()
    assert [counted[f"{path}.{part}"] for part in ("encoder", "decoder")] == [encoder, decoder]
    found = {
        "encoder": encoder,
        "decoder": decoder,
        "tera if encoded once": round((encoder + CHUNKS * decoder) / 1000, 4),
        f"tera if encoded {CHUNKS} times": round(CHUNKS * (encoder + decoder) / 1000, 4),
    }
    claim("pio.mm.flops", found)
