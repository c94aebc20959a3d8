"""What is said about how multimodal-perceiver is asked, and what becomes of its answers."""

import math

import pytest
import theirs
import torch
import video
from video import CONFIG, FIRST_CHUNK, agreed, ours

from perceiver_course import claim
from perceiver_tutorial.perceiver import build, example_input

pytestmark = pytest.mark.usefixtures("no_gradients")

ASKED = {"image": "image.decoder", "audio": "audio", "label": "label.decoder"}
VIDEO = (CONFIG.image.num_frames, *CONFIG.image.image_size)


@pytest.fixture(scope="module")
def model():
    """Our published model without weights."""
    with torch.device("meta"):
        return build(CONFIG)


def their_decoder():
    return theirs.published(theirs.MULTIMODAL).perceiver.decoder


def queries_of(name):
    module = f"decoder.modalities.{ASKED[name]}.output_position_encodings"
    return agreed(f"queries.parts.{name}", module)


# -- questions -----------------------------------------------------------------------------


def test_there_is_a_question_for_each_pixel_not_for_each_colour(model):
    pixels = len(model.queries.parts["image"].all_points(torch.zeros(1, 1, 1)))
    assert pixels == math.prod(their_decoder().modalities["image"].output_shape[1:])
    colours = pixels * ours()["postprocessor.parts.image"].shape[-1]
    claim("pio.mm.query-total", {"queries": pixels, "with colours": colours})


def test_the_first_chunk_asks_for_28_rows_of_pixels():
    frames, rows, columns = torch.unravel_index(FIRST_CHUNK["image"], VIDEO)
    assert (len(rows.unique()), len(columns.unique()), len(frames.unique())) == (28, 224, 1)
    assert torch.equal(rows * 224 + columns, FIRST_CHUNK["image"])
    claim("pio.mm.query-chunk", queries_of("image")[1])


def test_image_queries_have_195_channels():
    claim("pio.mm.image-query", queries_of("image"))


def test_the_first_chunk_asks_for_15_patches_of_sound():
    queries = queries_of("audio")[1]
    samples = agreed("postprocessor.parts.audio", "output_postprocessor.modalities.audio")[1]
    claim("pio.mm.audio-chunk", {"queries": queries, "samples": samples})


def test_audio_queries_have_385_channels():
    claim("pio.mm.audio-query", queries_of("audio"))


def test_the_label_is_one_question_and_needs_no_choice(model):
    known = model.queries.all_points(torch.zeros(1, 1, 1))["label"]
    assert len(known) == queries_of("label")[1]
    answer = agreed("postprocessor.parts.label", "output_postprocessor.modalities.label")
    claim("pio.mm.label-subsample", {"queries": len(known), "answer": answer})


def test_the_question_for_the_label_is_learned(model):
    learned = model.queries.parts["label"].table
    table = (
        their_decoder().modalities["label"].decoder.output_position_encodings.position_embeddings
    )
    assert learned.shape == table.shape
    trains = [isinstance(one, torch.nn.Parameter) for one in (learned, table)]
    claim("pio.mm.label-query", {"shape": queries_of("label"), "trainable": all(trains)})


def test_without_chosen_points_transformers_fails_and_ours_answers_all(model):
    clip = theirs.tiny_input(theirs.MULTIMODAL)["inputs"]
    with pytest.raises(RuntimeError) as error:
        theirs.tiny(theirs.MULTIMODAL)(clip)
    array = torch.zeros(ours()["preprocessor"].shape, device="meta")
    asked = their_decoder().modalities["image"].decoder_query(array)
    whole = model.queries.parts["image"](array)
    assert whole.shape[1] == math.prod(VIDEO)
    found = {
        "without it": error.type.__name__,
        "channels of their image queries": asked.shape[-1],
        "channels of ours": whole.shape[-1],
    }
    claim("pio.mm.subsampling-required", found)


def test_all_questions_are_padded_to_1026_channels(model):
    padding = {n: row.shape[1] for n, row in model.queries.padding.items()}
    assert padding == {n: row.shape[1] for n, row in their_decoder().padding.items()}
    assert model.queries.num_channels == their_decoder().num_query_channels
    claim("pio.mm.query-pad", {**padding, "width": model.queries.num_channels})


def test_all_questions_of_a_chunk_are_6288_rows():
    name = "decoder.decoder.decoding_cross_attention.attention.self.layernorm1"
    claim("pio.mm.query-shape", agreed("decoder.cross.norm_q", name))


# -- answers -------------------------------------------------------------------------------


def test_the_decoder_answers_in_the_width_of_the_questions(model):
    cross = "decoder.decoder.decoding_cross_attention"
    found = {
        "output": agreed("decoder.cross", cross),
        "context": agreed("decoder.cross.attention.context", f"{cross}.attention.self"),
        "heads": theirs.decoding(their_decoder()).attention.self.num_heads,
    }
    assert model.decoder.cross.attention.num_heads == found["heads"]
    claim("pio.mm.cross-out", found)


def test_a_linear_map_narrows_the_answers():
    name = "decoder.decoder.final_layer"
    claim("pio.mm.linear-512", agreed("decoder.final", name))


def test_answers_are_taken_apart_by_modality():
    split = {s.key: s.sizes for s in ours()["decoder"].outputs}
    model = theirs.published(theirs.MULTIMODAL).perceiver.output_postprocessor
    came = theirs.passing(video.run_theirs, **model.modalities)
    assert split == {name: tuple(rows.shape) for name, rows in came.items()}
    claim("pio.mm.split", split)


def post(name):
    return agreed(f"postprocessor.parts.{name}", f"output_postprocessor.modalities.{name}")


def test_a_pixel_becomes_three_colours():
    claim("pio.mm.image-post", post("image"))


def test_a_patch_becomes_16_samples():
    inside = "output_postprocessor.modalities.audio.classifier"
    patches = agreed("postprocessor.parts.audio.linear", inside)
    assert math.prod(patches) == math.prod(post("audio"))
    claim("pio.mm.audio-post", post("audio"))


def test_the_label_goes_through_a_linear_map_first():
    inside = "output_postprocessor.modalities.label.classifier"
    scores = agreed("postprocessor.parts.label.linear", inside)
    assert scores[:1] + scores[2:] == post("label")
    claim("pio.mm.label-post", post("label"))


def test_the_table_of_the_paper_counts_less_sound_than_there_is(model):
    raw = example_input(CONFIG)
    outputs = {n: len(p) for n, p in model.queries.all_points(torch.zeros(1, 1, 1)).items()}
    assert outputs == CONFIG.num_outputs
    assert outputs["audio"] * CONFIG.audio.samples_per_patch == raw["audio"].shape[1]
    inputs = agreed("preprocessor", "input_preprocessor")[1]
    claim("pio.mm.table5-counts", {"inputs": inputs, "outputs": sum(outputs.values())})
