"""The whole machine: built from its configuration, encoding once, decoding as often as wanted."""

import inspect
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import EXACT
from torch import nn

from perceiver_tutorial import perceiver
from perceiver_tutorial.perceiver import PUBLISHED, TEXT_CLASSIFIER, PerceiverIO, build
from perceiver_tutorial.perceiver.decoder import AverageDecoder, PerceiverDecoder
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.entrances import split_points
from perceiver_tutorial.perceiver.parts import Queries
from perceiver_tutorial.perceiver.postprocessors import ClassificationHead, LinearHead
from perceiver_tutorial.perceiver.preprocessors import PointPreprocessor
from perceiver_tutorial.perceiver.queries import (
    GridQueries,
    InputQueries,
    LearnedQueries,
    NoQueries,
    PlaceQueries,
)
from perceiver_tutorial.perceiver.tiny import ENCODER, IMAGES

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

PARAMETERS = {
    "deepmind/language-perceiver": 201_108_230,
    "deepmind/vision-perceiver-learned": 62_255_848,
    "deepmind/vision-perceiver-fourier": 48_440_627,
    "deepmind/vision-perceiver-conv": 48_646_522,
    "deepmind/optical-flow-perceiver": 41_057_134,
    "deepmind/multimodal-perceiver": 19_858_855,
}
ANSWERS = {
    "fourier images": (2, 4),
    "learned images": (2, 4),
    "conv images": (2, 4),
    "averaged images": (2, 4),
    "patch images": (2, 4),
    "masked language": (2, 9, 262),
    "text classes": (2, 3),
    "optical flow": (2, 6, 8, 2),
}


def shaken(name: str) -> PerceiverIO:
    return shake(build(CONFIGS[name]))


def same(ours, theirs) -> bool:
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    return relative_error(ours, theirs) < EXACT


@pytest.mark.parametrize("name, count", PARAMETERS.items())
def test_published_models_have_exactly_their_parameters(name, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in build(name).parameters()) == count
    assert set(PUBLISHED) == set(PARAMETERS)


def test_there_is_a_tiny_one_of_each_published_design():
    assert set(perceiver.TINY) == set(PUBLISHED)
    for name, config in perceiver.TINY.items():
        published = PUBLISHED[name]
        assert type(config) is type(published)
        if isinstance(config, perceiver.ImageClassifierConfig):
            assert type(config.stem) is type(published.stem)
            assert type(config.positions) is type(published.positions)


def test_the_text_classifier_has_exactly_its_parameters():
    with torch.device("meta"):
        assert sum(p.numel() for p in build(TEXT_CLASSIFIER).parameters()) == 206_098_690


@pytest.mark.parametrize("name, shape", ANSWERS.items())
def test_answers_have_the_shape_of_the_task(name, shape):
    assert shaken(name)(raw_for(CONFIGS[name])).shape == shape


def test_a_multimodal_answer_has_the_shapes_of_what_came_in():
    raw = raw_for(CONFIGS["multimodal"])
    answer = shaken("multimodal")(raw)
    assert answer["image"].shape == raw["image"].shape
    assert answer["audio"].shape == raw["audio"].shape[:2]
    assert answer["label"].shape == raw["label"].shape


@pytest.mark.parametrize("name", CONFIGS)
def test_forward_is_encode_then_decode(name):
    model, raw = shaken(name), raw_for(CONFIGS[name])
    assert same(model.decode(model.encode(raw), raw), model(raw))


@pytest.mark.parametrize("chunk_size", [1, 5, 1000])
@pytest.mark.parametrize("name", CONFIGS)
def test_decoding_in_chunks_equals_decoding_at_once_and_never_encodes_again(name, chunk_size):
    model, raw = shaken(name), raw_for(CONFIGS[name])
    encodings = []
    model.encoder.register_forward_hook(lambda *_: encodings.append(1))
    latents = model.encode(raw)
    in_chunks = model.decode(latents, raw, chunk_size=chunk_size)
    assert len(encodings) == 1
    assert same(in_chunks, model(raw))


@pytest.mark.parametrize("name", ["masked language", "optical flow"])
def test_some_points_are_rows_of_the_whole_answer(name):
    model, raw = shaken(name), raw_for(CONFIGS[name])
    whole = model(raw)
    rows = whole.flatten(1, -2) if whole.ndim == 4 else whole
    points = torch.tensor([4, 0, 7, 4])
    some = model.decode(model.encode(raw), raw, points=points, chunk_size=3)
    assert same(some, rows[:, points])


def test_only_the_modalities_asked_for_are_decoded():
    model, raw = shaken("multimodal"), raw_for(CONFIGS["multimodal"])
    latents, whole = model.encode(raw), model(raw)
    points = {"image": torch.tensor([95, 3]), "label": torch.tensor([0])}
    some = model.decode(latents, raw, points=points)
    assert set(some) == {"image", "label"}
    flat = whole["image"].movedim(2, -1).flatten(1, 3)
    assert same(some["image"], flat[:, [95, 3]])
    assert same(some["label"], whole["label"])


def test_samples_do_not_see_each_other():
    model, raw = shaken("fourier images"), raw_for(IMAGES, batch_size=3)
    apart = torch.cat([model(one[None]) for one in raw])
    assert relative_error(model(raw), apart) < EXACT


def test_masking_bytes_equals_never_having_had_them():
    model, raw = shaken("text classes"), raw_for(CONFIGS["text classes"])
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[:, 6:] = False
    assert same(model(raw, mask=mask), model(raw[:, :6]))


def test_a_mask_matters_for_its_own_sample_only():
    model, raw = shaken("text classes"), raw_for(CONFIGS["text classes"])
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[1, 4:] = False
    both, whole = model(raw, mask=mask), model(raw)
    assert same(both[:1], whole[:1]) and not same(both[1:], whole[1:])


def test_deepmind_silences_queries_of_bytes_that_are_not_kept():
    config = perceiver.with_fidelity(CONFIGS["masked language"], "deepmind")
    model, raw = shake(build(config)), raw_for(config)
    mask = torch.ones(2, 9, dtype=torch.bool)
    mask[0, 7:] = False
    silent = model.decoder.cross.attention.out_proj.bias
    nothing_read = silent + model.decoder.cross.mlp(
        model.decoder.cross.norm_mlp(silent[None, None])
    )
    answer = model(raw, mask=mask)
    assert relative_error(answer[0, 7], model.postprocessor(nothing_read)[0, 0]) < EXACT
    assert relative_error(answer[0, 7], answer[0, 8]) < EXACT
    decoded = model.decode(model.encode(raw, mask), raw, chunk_size=4, mask=mask)
    assert same(decoded, answer)


def set_reader() -> PerceiverIO:
    """Points of three coordinates and two features, answered one by one."""
    points = PointPreprocessor(2, num_bands=3, max_resolution=(9, 9, 9))
    width = points.num_channels
    return shake(
        PerceiverIO(
            preprocessor=points,
            encoder=PerceiverEncoder(ENCODER, width),
            queries=InputQueries(width),
            decoder=PerceiverDecoder(perceiver.DecoderConfig(), width, 12),
            postprocessor=LinearHead(width, 4),
        )
    )


def test_the_order_of_points_changes_nothing_but_the_order_of_answers():
    model, cloud = set_reader(), torch.randn(2, 8, 5)
    order = torch.randperm(8)
    assert relative_error(model(cloud[:, order]), model(cloud)[:, order]) < EXACT


def test_two_samples_with_places_of_their_own_equal_two_calls():
    model, cloud = set_reader(), torch.randn(2, 8, 5)
    apart = torch.cat([model(cloud[:1]), model(cloud[1:])])
    assert relative_error(model(cloud), apart) < EXACT


def test_points_that_are_not_kept_are_as_good_as_absent():
    model, cloud = set_reader(), torch.randn(2, 8, 5)
    mask = torch.ones(2, 8, dtype=torch.bool)
    mask[:, 5:] = False
    assert relative_error(model(cloud, mask=mask)[:, :5], model(cloud[:, :5])) < EXACT


def first_perceiver(config: perceiver.EncoderConfig, input_channels: int) -> PerceiverIO:
    width = config.latent_channels
    return PerceiverIO(
        preprocessor=PointPreprocessor(input_channels),
        encoder=PerceiverEncoder(config, input_channels),
        queries=NoQueries(width),
        decoder=AverageDecoder(),
        postprocessor=ClassificationHead(width, 4),
    )


def test_the_first_perceiver_averages_its_latents():
    model = shake(first_perceiver(ENCODER, 6))
    raw = torch.randn(2, 20, 6)
    latents = model.encode(raw)
    by_hand = model.postprocessor.linear(latents.mean(1))
    assert relative_error(model(raw), by_hand) < EXACT
    assert same(model.decode(latents, raw, chunk_size=3), model(raw))


@pytest.mark.parametrize(
    "reads, blocks", [((0, 1, 1), (0, 0, 0)), ((0, 0), (0, 1, 1)), ((0,), None)]
)
def test_a_schedule_is_the_same_as_calling_its_modules_by_hand(reads, blocks):
    config = replace(ENCODER, cross_schedule=reads, block_schedule=blocks)
    encoder = shake(PerceiverEncoder(config, input_channels=6))
    array = torch.randn(2, 20, 6)
    latents = encoder.latents.expand(2, -1, -1)
    for turn in range(config.num_blocks):
        if turn < len(reads):
            latents = encoder.cross[reads[turn]](latents, array)
        for layer in encoder.blocks[(blocks or (0, 0, 0))[turn]]:
            latents = layer(latents)
    assert relative_error(encoder(array), latents) < EXACT
    assert len(encoder.cross) == len({*reads}) and len(encoder.blocks) == len({*(blocks or (0,))})


def test_more_passes_through_the_same_block_cost_no_parameters():
    def count(num_blocks):
        encoder = PerceiverEncoder(replace(ENCODER, num_blocks=num_blocks), 6)
        return sum(p.numel() for p in encoder.parameters())

    assert count(1) == count(8)


def test_embeddings_are_shared_between_the_way_in_and_the_way_out():
    model = build(CONFIGS["masked language"])
    assert model.postprocessor.embeddings.weight is model.preprocessor.embeddings.weight
    names = [name for name, _ in model.named_parameters()]
    assert "postprocessor.embeddings.weight" not in names


def test_a_label_that_is_always_masked_never_matters():
    model, raw = shaken("multimodal"), raw_for(CONFIGS["multimodal"])
    other = {**raw, "label": torch.randn_like(raw["label"])}
    assert torch.equal(model.encode(raw), model.encode(other))


@pytest.mark.parametrize("probability, masked", [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_masking_replaces_that_share_of_a_modality_by_its_token(probability, masked):
    config = CONFIGS["multimodal"]
    config = replace(config, audio=replace(config.audio, mask_probability=probability))
    model = shake(build(config))
    raw = raw_for(config, batch_size=400)
    sounds = model.preprocessor(raw)[:, :5]
    share = (sounds == model.preprocessor.mask_tokens["audio"]).all(-1).float().mean()
    assert share == pytest.approx(masked, abs=0.06)


def test_modalities_stand_in_the_order_of_their_names_padded_to_one_width():
    model, raw = shaken("multimodal"), raw_for(CONFIGS["multimodal"])
    array = model.preprocessor(raw)
    audio, image = (model.preprocessor.parts[name] for name in ("audio", "image"))
    assert torch.equal(array[:, :5, : audio.num_channels], audio(raw["audio"]))
    assert torch.equal(array[:, 5:11, : image.num_channels], image(raw["image"]))
    assert array.shape[1:] == (5 + 6 + 1, max(audio.num_channels, image.num_channels) + 4)
    padding = model.preprocessor.padding["audio"]
    assert torch.equal(array[1, 3, audio.num_channels :], padding[0])


def test_the_same_weights_read_images_of_another_size():
    model = shaken("fourier images")
    larger = perceiver.resized(model, (10, 16))
    assert larger(torch.randn(2, 3, 10, 16)).shape == (2, 4)
    assert larger.preprocessor.positions.num_channels == model.preprocessor.positions.num_channels
    assert same(perceiver.resized(larger, (8, 10))(raw := raw_for(IMAGES)), model(raw))


def test_a_learned_table_is_stretched_over_the_new_grid():
    model = shaken("learned images")
    table = perceiver.resized(model, (16, 20)).preprocessor.positions.table
    assert table.shape == (320, 5)
    assert relative_error(table.mean(0), model.preprocessor.positions.table.mean(0)) < 0.2


# What somebody is likely to get wrong.


def test_a_misspelt_name_is_answered_with_the_nearest():
    name = "vision-perceiver-fourier"
    message = rf"expected a published Perceiver, got '{name}'. Did you mean 'deepmind/{name}'\?"
    with pytest.raises(ValueError, match=message):
        build(name)


def test_only_image_classifiers_are_resized():
    with pytest.raises(ValueError, match=r"expected an image classifier .*, got TextClassifierCon"):
        perceiver.resized(shaken("text classes"), (8, 8))


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_configuration_is_refused():
    with pytest.raises(TypeError, match=r"expected a configuration, got int. Published names go"):
        build(3)


@pytest.mark.parametrize("change, message", [
    ({"latent_channels": 13}, r"latent_channels=13 does not split over self_heads=2"),
    ({"cross_heads": 5}, r"latent_channels=12 does not split over cross_heads=5"),
    ({"cross_schedule": ()}, r"cross_schedule=\(\) names 0 cross-attention layers; exp"),
    ({"cross_schedule": (0, 1, 1, 1)}, r"=.* names 4 cross-attention layers; expected from 1 to"),
    ({"cross_schedule": (0, 2)}, r"cross_schedule=\(0, 2\) skips a number: expected 0, 1, 2 ..."),
    ({"block_schedule": (0, 1)}, r"block_schedule=\(0, 1\) names 2 passes; expected num_blocks=3"),
    ({"block_schedule": (1, 1, 1)}, r"block_schedule=\(1, 1, 1\) skips a number"),
])  # fmt: skip
def test_an_encoder_that_cannot_be_built_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(ENCODER, **change)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("mask, message", [
    (torch.ones(2, 9), r"expected mask as True and False of shape \[2, 9\], got torch.float32. "
                       r"True stays: attention_mask.bool\(\)"),
    (torch.ones(2, 8, dtype=torch.bool), r"shape \[2, 9\] \(batch, inputs\), got \[2, 8\]"),
])  # fmt: skip
def test_a_mask_of_the_wrong_kind_or_shape_is_refused(mask, message):
    model, raw = shaken("text classes"), raw_for(CONFIGS["text classes"])
    with pytest.raises(ValueError, match=message):
        model(raw, mask=mask)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("points, message", [
    (torch.tensor([48]), r"expected points from 0 to 47, got 48 to 48"),
    (torch.tensor([-1, 3]), r"expected points from 0 to 47, got -1 to 3"),
    (torch.tensor([0.5]), r"expected points as a row of whole numbers, got .*Write torch.tensor"),
    (torch.tensor([[0]]), r"expected points as a row of whole numbers"),
    ({"image": torch.tensor([0])}, r"expected points as one tensor, got dict"),
])  # fmt: skip
def test_points_that_do_not_exist_are_refused(points, message):
    model, raw = shaken("optical flow"), raw_for(CONFIGS["optical flow"])
    with pytest.raises(ValueError, match=message):
        model.decode(model.encode(raw), raw, points=points)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("points, message", [
    (torch.tensor([0]), r"expected points as a dictionary of audio, image, label, got Tensor"),
    ({"video": torch.tensor([0])}, r"no outputs are called video; there are audio, image, label"),
    ({"label": torch.tensor([1])}, r"expected points from 0 to 0, got 1 to 1"),
])  # fmt: skip
def test_points_of_modalities_that_do_not_exist_are_refused(points, message):
    model, raw = shaken("multimodal"), raw_for(CONFIGS["multimodal"])
    with pytest.raises(ValueError, match=message):
        model.decode(model.encode(raw), raw, points=points)


@pytest.mark.parametrize("size", [0, -3])
def test_a_chunk_holds_at_least_one_output(size):
    with pytest.raises(ValueError, match=rf"expected chunk_size of at least 1, got {size}"):
        list(split_points(torch.arange(3), size))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("change, error, message", [
    (lambda raw: {k: raw[k] for k in ("image", "label")}, ValueError,
     r"expected the modalities audio, image, label, got image, label: audio is missing"),
    (lambda raw: {**raw, "text": raw["label"]}, ValueError, r"text is unknown"),
    (lambda _: {}, ValueError, r"got none: audio is missing, image is missing, label is missing"),
    (lambda raw: raw["image"], TypeError, r"expected a dictionary with audio, image, label, got"),
])  # fmt: skip
def test_a_missing_or_unknown_modality_is_named(change, error, message):
    with pytest.raises(error, match=message):
        shaken("multimodal")(change(raw_for(CONFIGS["multimodal"])))


@pytest.mark.parametrize("method", [PerceiverIO.forward, PerceiverIO.encode, PerceiverIO.decode])
def test_no_method_swallows_what_it_does_not_know(method):
    kinds = {p.kind for p in inspect.signature(method).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds


def test_learned_queries_answer_the_points_asked_for():
    ask, array = LearnedQueries(6, 5), torch.randn(2, 9, 3)
    assert torch.equal(ask(array, torch.tensor([4, 1])), ask(array)[:, [4, 1]])
    assert ask.all_points(array).tolist() == list(range(6))


def test_putting_parts_together_changes_none_of_their_weights():
    trained = shake(build(IMAGES))
    kept = {name: value.clone() for name, value in trained.state_dict().items()}
    pooled = PerceiverIO(
        trained.preprocessor,
        trained.encoder,
        NoQueries(12),
        AverageDecoder(),
        ClassificationHead(12, 4),
    )
    assert all(torch.equal(value, kept[name]) for name, value in trained.state_dict().items())
    assert pooled.encoder is trained.encoder


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_built_starts_as_initialise_starts_it(name):
    """Biases of linear maps are 0, and no weight keeps what torch gives a layer by itself."""
    model = build(CONFIGS[name])
    maps = [m for m in model.modules() if isinstance(m, nn.Linear)]
    assert maps and not any(m.bias is not None and m.bias.any() for m in maps)
    for m in maps:
        assert m.weight.abs().max() <= (3 / m.in_features) ** 0.5
    largest = max(m.weight.abs().max() * m.in_features**0.5 for m in maps)
    assert largest > 1.2, "torch's own start ends at 1"


@pytest.mark.parametrize("name", CONFIGS)
def test_decoding_preprocesses_only_for_queries_that_are_the_inputs(name):
    model, raw, calls = shaken(name), raw_for(CONFIGS[name]), []
    model.preprocessor.register_forward_hook(lambda *_: calls.append(1))
    latents = model.encode(raw)
    assert len(calls) == 1
    answer = model.decode(latents, raw, chunk_size=3)
    again = isinstance(model.queries, InputQueries)
    assert len(calls) == 1 + again and again == model.queries.are_inputs
    assert same(answer, model(raw))


def test_decoding_draws_no_other_mask():
    config = replace(
        CONFIGS["multimodal"], image=replace(CONFIGS["multimodal"].image, mask_probability=0.5)
    )
    model, raw = shake(build(config)), raw_for(config)
    latents, before = model.encode(raw), torch.get_rng_state()
    model.decode(latents, raw)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", CONFIGS)
def test_inputs_are_counted_as_they_are_made(name):
    preprocessor, raw = build(CONFIGS[name]).preprocessor, raw_for(CONFIGS[name])
    assert preprocessor.num_inputs(raw) == preprocessor(raw).shape[1]


def test_a_preprocessor_that_does_not_count_its_inputs_is_run_again():
    class Halves(nn.Module):
        num_channels = 3

        def forward(self, raw):
            return raw / 2

    decoder = PerceiverDecoder(perceiver.DecoderConfig(), 5, 12)
    encoder, queries = PerceiverEncoder(ENCODER, 3), PlaceQueries(9, 5)
    model = PerceiverIO(Halves(), encoder, queries, decoder, LinearHead(5, 2))
    raw = torch.randn(2, 6, 3)
    assert model(raw).shape == (2, 6, 2)
    assert same(model.decode(model.encode(raw), raw), model(raw))


@pytest.mark.parametrize("kind", [LearnedQueries, PlaceQueries, InputQueries, NoQueries])
def test_points_are_optional_in_every_kind_of_queries_as_the_protocol_says(kind):
    said = inspect.signature(Queries.__call__).parameters["points"]
    points = list(inspect.signature(kind.forward).parameters.values())[2]
    assert said.default is points.default is None
    assert isinstance(kind(*[9, 3][-len(inspect.signature(kind).parameters) :]), Queries)


def test_an_array_without_channels_gives_the_queries_of_the_array_itself():
    array = torch.randn(2, 6, 3, dtype=torch.float64)
    sizes = array.new_empty(2, 6, 0)
    for ask in (LearnedQueries(4, 5), PlaceQueries(9, 5), NoQueries(7), GridQueries((3, 4), 2)):
        assert not ask.are_inputs
        assert torch.equal(ask.all_points(sizes), ask.all_points(array))
        assert torch.equal(ask(sizes), ask(array)) and ask(sizes).dtype == ask(array).dtype


@pytest.mark.usefixtures("without_shape_checks")
def test_latents_of_one_sample_are_not_asked_by_the_inputs_of_four():
    model, raw = shaken("optical flow"), raw_for(CONFIGS["optical flow"], 4)
    with pytest.raises(ValueError, match=r"expected latents of 4 samples, .* got 1"):
        model.decode(model.encode(raw[:1]), raw)
