"""What the attention explorer draws is what the model does, on samples and readers' own inputs."""

import io
import sys

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image, ImageDraw
from pixels import same_picture

from perceiver_course import explorers
from perceiver_course.chapters.hierarchy.model import attention_map
from perceiver_course.explorers.attention.looks import Look, passed_on, perceiver_looks
from perceiver_course.explorers.attention.pictures import as_many, in_common
from perceiver_course.explorers.own import (
    ANY_PICTURE,
    as_cat,
    as_digit,
    content_at,
    on_one_line,
    text_in,
)
from perceiver_course.kit import samples
from perceiver_course.kit.picture import Picture
from perceiver_course.recipes import trained
from perceiver_tutorial.hooks import record
from perceiver_tutorial.perceiver import encode_text

module = sys.modules["perceiver_course.explorers.attention.explorer"]
READERS = module.READERS
DEIT, DIGITS, CAT, HIERA, PROSE, HIDDEN, FACTS = READERS
ODD = ("$x$ \\frac{1}{0} & <b>", "\x00\x07", "\U0001f469\u200d\U0001f467 e\u0301", "_" * 300)
NOTHING = Picture(Figure(), "Nothing.")
every_model = pytest.mark.parametrize("model", READERS)


@pytest.fixture
def explorer():
    return explorers.attention(DIGITS)


@pytest.fixture
def drawn(monkeypatch):
    """The rows that are handed to be drawn, instead of pictures of them."""
    rows = []

    def note(row, *_args, **_named):
        rows.append(row)
        return NOTHING

    monkeypatch.setattr(module, "draw_row_on_image", note)
    monkeypatch.setattr(module, "draw_row_on_text", note)
    return rows


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def zero(ink: int, paper: int) -> Image.Image:
    image = Image.new("L", (80, 80), paper)
    ImageDraw.Draw(image).ellipse((20, 6, 60, 74), outline=ink, width=12)
    return image


# --- the maps -----------------------------------------------------------------------------------


@every_model
def test_every_row_that_is_drawn_shares_out_one(model, drawn):
    for look in module.seen(model, None, "", 0)[1]:
        heads, rows = look.weights.shape[1:3]
        for head, row in {(0, 0), (heads - 1, rows - 1), (heads // 2, rows // 2)}:
            module.draw(model, None, "", 0, look.name, head, row)
            assert drawn[-1].weights.sum().item() == pytest.approx(1, abs=1e-5)
            assert drawn[-1].on_input.sum().item() == pytest.approx(1, abs=1e-5)
            assert torch.equal(drawn[-1].weights, look.weights[0, head, row])


def test_the_read_layer_is_drawn_as_it_was_tapped(drawn):
    image = READERS[DIGITS].sample(7).raw
    model = trained("digits-fourier")
    with record(model, "encoder.cross.0.attention.weights") as recorded, torch.no_grad():
        model(image)
    ((weights,),) = recorded.values()
    module.draw(DIGITS, None, "", 7, "read", 0, 5)
    assert torch.allclose(drawn[-1].on_input, weights[0, 0, 5], atol=1e-6)
    assert torch.equal(drawn[-1].on_input, drawn[-1].weights)
    assert not torch.allclose(drawn[-1].on_input, weights[0, 0, 6], atol=1e-2)


def test_self_attention_layers_come_in_the_order_in_which_they_run():
    model, ran = trained("digits-fourier"), []
    for block in model.encoder.blocks:
        for layer in block:
            hook = layer.attention.weights
            hook.register_forward_hook(lambda _hook, _args, weights: ran.append(weights))
    looks, _ = perceiver_looks(model, READERS[DIGITS].sample(0).raw, "pixels")
    thoughts = [look.weights for look in looks[1:-1]]
    assert [look.name for look in looks[1:-1]] == [f"self-attention {n} of 4" for n in range(1, 5)]
    assert all(torch.equal(one, other) for one, other in zip(thoughts, ran, strict=True))
    assert not torch.equal(thoughts[0], thoughts[2])


@pytest.mark.parametrize("model", [DIGITS, HIDDEN])
def test_rollout_is_what_plain_loops_give(model):
    read, first, second, *_ = module.seen(model, None, "", 0)[1]
    latents, places = read.weights.shape[2:]
    held = read.weights[0].mean(0).double()
    mean = first.weights[0].mean(0).double()
    after = torch.zeros_like(held)
    for latent in range(latents):
        for other in range(latents):
            stays = 1.0 if latent == other else 0.0
            after[latent] += (stays + mean[latent, other]) / 2 * held[other]
    for look, before in ((first, held), (second, after)):
        found = look.on_input(1, 3)[0]
        wanted = [
            sum(look.weights[0, 1, 3, n].item() * before[n, place].item() for n in range(latents))
            for place in range(places)
        ]
        assert torch.allclose(found.double(), torch.tensor(wanted).double(), atol=1e-6)
    assert not torch.allclose(after, held, atol=1e-3)


def test_latents_that_read_only_themselves_pass_on_what_they_held():
    back = torch.rand(1, 4, 9).softmax(-1)
    assert torch.allclose(passed_on(back, torch.eye(4).expand(1, 2, 4, 4)), back)
    only_first = torch.eye(4)[:1].expand(1, 2, 4, 4)
    assert torch.allclose(passed_on(back, only_first)[:, 1], (back[:, 1] + back[:, 0]) / 2)


def test_a_row_of_latents_is_told_by_what_they_had_read():
    weights = torch.tensor([[[[0.25, 0.75]]]])
    back = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]])
    found = Look("decode", "query", "latents", weights, back).on_input(0, 0)
    assert torch.equal(found, torch.tensor([[0.25, 0.375, 0.375]]))


def test_tokens_of_deit_are_drawn_as_they_were_recorded(drawn):
    model = trained("digits-deit-token")
    with record(model, "layers.1.attention.weights") as recorded, torch.no_grad():
        model(READERS[DEIT].sample(3).raw)
    ((weights,),) = recorded.values()
    module.draw(DEIT, None, "", 3, "block 2 of 2", 2, 0)
    assert torch.allclose(drawn[-1].on_input, weights[0, 2, 0], atol=1e-6)
    assert drawn[-1].apart == ("class token", "distillation token")
    assert drawn[-1].title == "block 2 of 2, head 2: the class token reads tokens"


@pytest.mark.parametrize("block, place", [(0, (5, 2)), (1, (3, 1)), (1, (0, 2)), (3, (2, 3))])
def test_tokens_of_hiera_are_drawn_where_their_attention_map_has_them(block, place):
    given, looks, _ = module.seen(HIERA, None, "", 2)
    side = 8 if block == 0 else 4
    heads = attention_map(module._model(HIERA), given.raw, block, place)[0]
    for head, grid in enumerate(heads):
        found = looks[block].on_input(head, place[0] * side + place[1])[0]
        assert torch.allclose(found, grid.flatten(), atol=1e-6)
        other = looks[block].on_input(head, place[1] * side + place[0])[0]
        assert place[0] == place[1] or not torch.allclose(other, grid.flatten(), atol=1e-3)


def test_the_names_of_hieras_blocks_say_how_far_they_read():
    looks = module.seen(HIERA, None, "", 0)[1]
    reads = [(look.weights[0] > 0).sum(-1).max().item() for look in looks]
    assert reads == [4, 4, 16, 16]
    inside = ["inside mask units" in look.name for look in looks]
    assert inside == [True, True, False, False]


@pytest.mark.parametrize("knows_places", [False, True])
def test_without_positions_what_is_read_moves_along_with_the_pixels(knows_places, monkeypatch):
    model, image = trained("digits-fourier"), READERS[DIGITS].sample(0).raw
    if not knows_places:
        where = model.preprocessor.positions
        monkeypatch.setattr(
            type(where), "forward", lambda _self, *_: torch.zeros(64, where.num_channels)
        )
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    shuffled = image.flatten()[order].view_as(image)
    before, after = (perceiver_looks(model, x, "pixels")[0] for x in (image, shuffled))
    for one, other in ((before[0], after[0]), (before[-1], after[-1])):
        same = torch.allclose(one.on_input(0, 0)[:, order], other.on_input(0, 0), atol=1e-5)
        assert same != knows_places


def test_others_are_the_mean_over_other_pictures(monkeypatch):
    told = []

    def note(*args, **_named):
        told.append(args)
        return NOTHING

    monkeypatch.setattr(module, "draw_row_on_image", note)
    module.draw(DIGITS, None, "", 7, "read", 0, 12)
    usual, images = told[0][3], READERS[DIGITS].others()
    looks, _ = perceiver_looks(trained("digits-fourier"), images, "pixels")
    assert torch.allclose(usual, looks[0].weights[:, 0, 12].mean(0), atol=1e-6)
    assert not any(torch.equal(READERS[DIGITS].sample(7).raw[0], image) for image in images)
    assert in_common(told[0][0].on_input, usual) > 0.9


def test_the_effective_number_of_places():
    assert as_many(torch.full((8,), 1 / 8)) == pytest.approx(8)
    assert as_many(torch.eye(8)[3]) == pytest.approx(1)
    assert as_many(torch.tensor([0.5, 0.25, 0.25])) == pytest.approx(2**1.5)
    assert in_common(torch.tensor([0.5, 0.5, 0]), torch.tensor([0, 0.25, 0.75])) == 0.25


def test_the_start_keeps_the_promise_of_its_hint(explorer):
    shares = {}
    for row in (5, 12):
        look = module.seen(DIGITS, None, "", 7)[1][0]
        usual = module._others(DIGITS)[0].on_input(0, row).mean(0)
        shares[row] = in_common(look.on_input(0, row)[0], usual)
    assert shares[5] < 0.5 < 0.95 < shares[12]
    assert "latent 5 reads pixels" in explorer.picture.alt


# --- inputs and answers -------------------------------------------------------------------------


@pytest.mark.parametrize("model", [DIGITS, DEIT])
@pytest.mark.parametrize("sample", [0, 9])
def test_the_answer_is_the_models_own(model, sample):
    given, _, answer = module.seen(model, None, "", sample)
    found = module._model(model)(given.raw)
    found = getattr(found, "logits", found)
    said = READERS[model].say(answer, given)
    assert f"answers {found.argmax().item()} (" in said
    assert said.endswith(f"it is a {given.truth}.")


def test_samples_were_not_met_in_training():

    from perceiver_course.kit.recipes.digits_deit import few_labels

    trained_with = (samples.digits().train_images, few_labels().train_images[:, :1])
    for number in (0, 17, 39):
        image = READERS[DIGITS].sample(number).raw
        assert not any((images == image).flatten(1).all(1).any() for images in trained_with)


def test_eyes_and_nose_are_found_and_ringed():
    given, _, answer = module.seen(CAT, None, "", 0)
    wanted = (given.truth + 1) / 2 * 23
    found = torch.tensor(READERS[CAT].mark(answer))
    assert (found - wanted).norm(dim=-1).max() < 2
    assert "pixels off" in READERS[CAT].say(answer, given)


def test_an_answer_outside_the_picture_gets_no_ring(explorer):
    def rings():
        return [p for p in explorer.picture.figure.axes[0].patches if isinstance(p, Circle)]

    explorer.turn(model=CAT)
    assert len(rings()) == 6  # each white and dark
    explorer.turn(upload=(ANY_PICTURE.parent / "speed.png").read_bytes())
    answer = module.seen(CAT, explorer.settings["upload"], "", 0)[2]
    inside = [min(place) >= -0.5 and max(place) < 23.5 for place in READERS[CAT].mark(answer)]
    assert len(rings()) == 2 * sum(inside) < 6


def test_code_prose_hidden_words_and_answers(explorer):
    explorer.turn(model=PROSE, own="It is a truth universally acknowledged, and so on.")
    assert "answers prose (" in explorer.picture.alt
    explorer.turn(model=HIDDEN, own="The tall baker bakes _____ today.")
    assert 'guesses "bread"' in explorer.picture.alt
    explorer.turn(own="The tall baker bakes bread today.")
    assert "Nothing is hidden" in explorer.picture.alt
    explorer.turn(model=FACTS, own="What? In Rasolo, Kipo sold Delama the cup.")
    assert 'points at "cup"' in explorer.picture.alt


def test_what_is_hidden_is_not_read():
    """Underscores reach the model as [MASK]."""
    given, looks, _ = module.seen(HIDDEN, None, "The tall baker bakes _____ today.", 0)
    model = trained("sentences-masked")
    ids = encode_text(["The tall baker bakes _____ today."], None).ids
    assert torch.equal(ids, given.raw)
    with record(model, "encoder.cross.0.attention.weights") as recorded, torch.no_grad():
        model(ids.masked_fill(ids == ord("_") + 6, 3))
    ((weights,),) = recorded.values()
    assert torch.allclose(looks[0].weights, weights, atol=1e-6)


@pytest.mark.parametrize("ink, paper", [(0, 255), (255, 0), (90, 160)])
def test_a_digit_is_prepared_as_in_training_whatever_its_ink(ink, paper):
    image, told = as_digit(zero(ink, paper).convert("RGB"))
    assert (image.min(), image.max()) == (0, 1)
    assert image[0, 0, 4, 2] > 0.6 > 0.2 > image[0, 0, 4, 4]
    assert image[0, 0, :, 0].max() < 0.1
    assert ("light became dark" in told) == (ink < paper)
    answer = trained("digits-fourier")(image)
    assert answer.argmax() == 0


def test_pictures_of_one_colour_are_taken():
    for colour in (0, 128, 255):
        image, _ = as_digit(Image.new("RGB", (5, 900), (colour,) * 3))
        assert image.shape == (1, 1, 8, 8)
        assert image.isfinite().all()


def test_the_cat_is_prepared_as_in_training():
    image, _ = as_cat(Image.new("RGB", (30, 20), (255, 0, 127)))
    assert torch.allclose(image[0, :, 0, 0], torch.tensor([2.0, -2.0, 4 * (127 / 255 - 0.5)]))


def test_an_upload_and_a_path_show_the_same(explorer, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my zero.png").write_bytes(png(zero(0, 255)))
    explorer.turn(upload=png(zero(0, 255)))
    uploaded = explorer.picture.png
    assert "Your picture as the model sees it" in explorer.picture.alt
    assert "answers 0" in explorer.picture.alt
    explorer.turn(upload=None)
    assert "Digit 0 of those" in explorer.picture.alt
    for path in ("~/my zero.png", f"'{tmp_path}/my zero.png'"):
        explorer.turn(own=path)
        assert explorer._note.value == ""
        assert same_picture(explorer.picture.png, uploaded)


def test_a_picture_of_ones_own_reaches_every_model(explorer):
    for model in (DIGITS, CAT, DEIT, HIERA):
        explorer.turn(model=model)
        explorer.turn(upload=png(zero(0, 255)))
        assert explorer._note.value == ""
        assert "Your picture as the model sees it" in explorer.picture.alt


@pytest.mark.parametrize("path, words", [
    ("nowhere/at all.png", "No such file"), ("/", "got the folder /. Name a file"),
    ("~/\u6f22\u5b57.png", "No such file"), ("x" * 5000, "File name too long"),
    (__file__, "bytes of something else"),
])  # fmt: skip
def test_a_path_that_leads_to_no_picture_is_refused_in_a_sentence(explorer, path, words):
    before = explorer.picture
    explorer.turn(own=path)
    assert words in explorer._note.value
    assert explorer.picture is before
    explorer.turn(own="")
    assert explorer._note.value == ""


def test_a_file_too_large_is_refused(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(51_000_000)
    with pytest.raises(ValueError, match="at most 50 MB, got 51 MB"):
        content_at(str(tmp_path / "huge.png"))


def test_a_path_may_hold_anything():
    with pytest.raises(ValueError):
        content_at("a\0b")
    assert content_at(str(ANY_PICTURE))[:4] == b"\x89PNG"


@pytest.mark.parametrize("text, bytes_left, wanted", [
    ("two\n  words ", 20, "two words"), ("abcdef", 4, "abcd"), ("a漢字", 5, "a漢"),
    ("naïve", 3, "na"), ("\ud800x", 9, "?x"),
])  # fmt: skip
def test_a_text_is_put_on_one_line_and_cut_between_characters(text, bytes_left, wanted):
    line, told = on_one_line(text, bytes_left)
    assert line == wanted
    assert ("cut" in told) == (len(text.split()) == 1 and "\ud800" not in text)


@pytest.mark.parametrize("text", ["", "  \n\t"])
def test_a_text_of_blanks_is_refused(text):
    with pytest.raises(ValueError, match=r"expected a text, got none but blanks\. Write"):
        on_one_line(text, 9)


def test_a_file_of_text_is_read_and_another_refused(explorer):
    assert text_in("\ufeffnaïve".encode()) == "naïve"
    explorer.turn(model=PROSE)
    explorer.turn(upload=b"\xff\xfe\x00")
    assert "expected a text in UTF-8, got 3 bytes" in explorer._note.value
    explorer.turn(upload=b"")
    assert "none but blanks" in explorer._note.value
    explorer.turn(upload="Über\nalles.".encode())
    assert explorer._note.value == ""
    assert "Your text, 12 bytes" in explorer.picture.alt


def test_a_long_text_is_cut_and_the_picture_says_so(explorer):
    explorer.turn(model=PROSE, own="word " * 900)
    assert "cut to what the model takes: 126 of 4,499 bytes" in explorer.picture.alt


@pytest.mark.parametrize("model", [PROSE, HIDDEN, FACTS])
@pytest.mark.parametrize(
    "text", ["$x$ \\frac{1}{0} & <b>", "\x00\x07", "👩‍👩‍👧 e\u0301", "_" * 300]
)
def test_odd_texts_are_drawn(explorer, model, text, recwarn):
    explorer.turn(model=model, own=text)
    for layer in explorer._ranges["layer"].options[::2]:
        explorer.turn(layer=layer)
        assert explorer._note.value == ""
    assert [str(w.message) for w in recwarn if "Glyph" in str(w.message)] == []


def test_what_was_brought_is_forgotten_with_the_kind_of_input(explorer):
    explorer.turn(own=str(ANY_PICTURE))
    explorer.turn(model=DEIT)
    assert explorer.settings["own"] == str(ANY_PICTURE)
    explorer.turn(model=PROSE)
    assert explorer.settings["own"] == ""
    explorer.turn(own="some text")
    explorer.turn(model=DIGITS, upload=png(zero(0, 255)))
    assert explorer.settings["own"] == ""
    explorer.turn(model=PROSE)
    assert explorer.settings["upload"] is None


def test_a_button_forgets_the_file(explorer):
    explorer.turn(upload=png(zero(0, 255)))
    assert explorer._controls["sample"].max == 0
    explorer._controls["upload"].children[1].click()
    assert explorer.settings["upload"] is None
    assert "Digit" in explorer.picture.alt


def test_every_layer_has_its_own_ranges(explorer):
    ranges = {}
    for name in explorer._ranges["layer"].options:
        explorer.turn(layer=name)
        ranges[name] = (explorer._controls["head"].max, explorer._controls["row"].max)
    assert ranges["read"] == (0, 15)
    assert ranges["self-attention 3 of 4"] == (3, 15)
    assert ranges["decode"] == (0, 0)


@every_model
def test_it_can_begin_with_any_model(model):
    assert explorers.attention(model).settings["model"] == model


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="expected a model of DeiT, digits, Perceiver"):
        explorers.attention("a crystal ball")


@every_model
def test_turning_it_again_costs_no_pass(model, drawn, monkeypatch):
    looks = module.seen(model, None, "", 1)[1]
    module.draw(model, None, "", 1, looks[0].name, 0, 0)

    def forbidden(*_args, **_named):
        pytest.fail("the model was run again")

    monkeypatch.setattr(type(module._model(model)), "forward", forbidden)
    for look in looks:
        module.draw(model, None, "", 1, look.name, look.weights.shape[1] - 1, 0)
    assert len(drawn) == 1 + len(looks)
