"""Would the examples notice? Tiny checkpoints stand in for the published ones, in a cache."""

import io
import json
import os
import urllib.request
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import published_examples as examples
import pytest
import theirs
import theirs_deit
import theirs_hiera
import torch
from published_examples import EXAMPLES, LANGUAGE, Example
from shaken import relative_error
from transformers import (
    BitImageProcessorPil,
    DeiTForImageClassificationWithTeacher,
    DeiTImageProcessorPil,
    HieraForImageClassification,
    HieraForPreTraining,
    PerceiverTokenizer,
)
from transformers.models.perceiver.image_processing_pil_perceiver import PerceiverImageProcessorPil

from perceiver_course.kit import samples
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.checkpoints.pictures import IMAGENET_MEAN, IMAGENET_STD
from tests import conftest
from tests.checkpoints import test_weights

IMAGENET = {"image_mean": list(IMAGENET_MEAN), "image_std": list(IMAGENET_STD)}
CLASSES = {"num_labels": 6}
PICTURES = {"image_size": 224, **CLASSES}
NARROW = {**theirs_deit.NARROW, **PICTURES}

MODELS = {
    "learned": lambda: theirs.tiny(theirs.LEARNED, **PICTURES),
    "fourier": lambda: theirs.tiny(theirs.FOURIER, **CLASSES),
    "conv": lambda: theirs.tiny(theirs.CONV, **CLASSES),
    "language": lambda: theirs.tiny(theirs.MASKED_LANGUAGE, max_position_embeddings=2048),
    "hiera": lambda: theirs_hiera.narrow(HieraForImageClassification, **CLASSES),
    "hiera mae": lambda: theirs_hiera.narrow(HieraForPreTraining, num_query_pool=2),
    "deit": lambda: theirs_deit.narrow(DeiTForImageClassificationWithTeacher, **NARROW),
}
MODELS["hidden word"] = MODELS["language"]


def pixels(kind, photograph):
    """As transformers prepares a photograph for the published models."""
    processor = {
        "hiera": BitImageProcessorPil(size={"shortest_edge": 256}, crop_size=224, **IMAGENET),
        "deit": DeiTImageProcessorPil(size=256, crop_size=224, **IMAGENET),
    }.get(kind.split()[0], PerceiverImageProcessorPil())
    return processor(photograph, return_tensors="pt").pixel_values


@torch.no_grad()
def their_answer(kind, model, photograph):
    """The example as transformers' own tests have it."""
    if kind in ("language", "hidden word"):
        encoding = PerceiverTokenizer()(examples.TEXT, padding="max_length", return_tensors="pt")
        encoding.input_ids[0, 52:61] = PerceiverTokenizer().mask_token_id
        logits = model(inputs=encoding.input_ids, attention_mask=encoding.attention_mask).logits[0]
        return logits if kind == "language" else logits[52:61].argmax(-1)
    prepared = pixels(kind, photograph)
    if kind == "hiera mae":
        torch.manual_seed(2)
        return model(prepared, noise=torch.rand(1, 49)).logits[0]
    return model(prepared).logits[0]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of weights made by hand, and nothing else; no network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    examples._loaded.cache_clear()
    yield tmp_path / "hub"
    examples._loaded.cache_clear()


def put(cache, name, model):
    """Into the cache, as a download of the published model would be there."""
    folder, revision = cache / f"models--{name.replace('/', '--')}", "0" * 40
    model.save_pretrained(folder / "snapshots" / revision)
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs/main").write_text(revision)
    return folder / "snapshots" / revision


def shaped_like(numbers, answer):
    """As many numbers of an answer as were published of another."""
    return answer[tuple(slice(n) for n in torch.tensor(numbers).shape)].tolist()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_example_asks_as_transformers_does(kind, cache):
    example, photograph, model = EXAMPLES[kind], samples.cat(), MODELS[kind]()
    put(cache, example.name, model)
    answer = their_answer(kind, model, photograph)
    numbers = shaped_like(example.numbers, answer)
    found = example.answer(examples.model_of(example.name), example.name, photograph)
    assert relative_error(found, answer) < 1e-4
    examples.check(replace(example, numbers=numbers), photograph)
    with pytest.raises(AssertionError):
        examples.check(example, photograph)


def test_one_number_that_differs_is_noticed(cache):
    model = MODELS["deit"]()
    put(cache, examples.DEIT, model)
    answer = their_answer("deit", model, samples.cat())
    for place in range(3):
        numbers = answer[:3].clone()
        numbers[place] += 1e-3 * max(1.0, float(numbers[place].abs()))
        doctored = Example(examples.DEIT, examples.scores, numbers.tolist())
        with pytest.raises(AssertionError, match="not close"):
            examples.check(doctored, samples.cat())


@pytest.mark.usefixtures("cache")
def test_a_model_that_is_not_there_skips_with_the_command_that_fetches_it():
    with pytest.raises(pytest.skip.Exception, match=f"hf download {LANGUAGE}"):
        examples.check(EXAMPLES["language"], None)


def test_the_class_is_named_in_the_models_own_words(cache):
    name = examples.PERCEIVERS[1]
    model = MODELS["fourier"]()
    folder = put(cache, name, model)
    best = their_answer("fourier", model, samples.cat()).argmax().item()
    config = json.loads((folder / "config.json").read_text())
    config["id2label"][str(best)] = "tabby, tabby cat"
    (folder / "config.json").write_text(json.dumps(config))
    assert examples.class_of(name, samples.cat()) == "tabby, tabby cat"
    test_weights.test_the_cats_are_tabby_cats(name, samples.cat())
    test_weights.test_the_example_of_the_card_of_the_fourier_perceiver(samples.cat())


def test_a_card_that_prints_something_else_is_noticed(cache):
    for name in examples.PERCEIVERS[1], examples.DEIT_OF_THE_CARD:
        put(cache, name, MODELS["deit" if "deit" in name else "fourier"]())
    with pytest.raises(AssertionError, match="LABEL_"):
        test_weights.test_the_cats_are_tabby_cats(examples.PERCEIVERS[1], samples.cat())
    with pytest.raises(AssertionError, match=r"gives \[1, 6\], the ledger says \[1, 1000\]"):
        test_weights.test_the_example_of_the_card_of_deit(samples.cat())


def test_the_feature_maps_of_another_hiera_are_noticed(cache):
    model = theirs_hiera.narrow()
    put(cache, "facebook/hiera-tiny-224-hf", model)
    with pytest.raises(AssertionError, match="96"):
        test_weights.test_the_example_of_the_card_of_hiera(samples.cat())


def test_another_photograph_is_noticed():
    with pytest.raises(AssertionError, match="not close"):
        test_weights.test_the_photograph_is_prepared_as_published(samples.cat())


def test_the_examples_are_about_published_models():
    published = {*perceiver.PUBLISHED, *hiera.PUBLISHED, *deit.PUBLISHED}
    assert {example.name for example in EXAMPLES.values()} <= published
    assert examples.DEIT_OF_THE_CARD == "facebook/deit-small-distilled-patch16-224"
    assert "".join(chr(n - 6) for n in EXAMPLES["hidden word"].numbers) == " missing."
    assert set(MODELS) == set(EXAMPLES)


# -- the photograph ------------------------------------------------------------------------


def as_jpeg(photograph):
    held = io.BytesIO()
    photograph.save(held, "JPEG")
    return held.getvalue()


def test_the_photograph_is_fetched_once(cache, monkeypatch):
    fetched = []

    def opened(address, timeout):
        fetched.append((address, timeout))
        return io.BytesIO(as_jpeg(samples.cat()))

    monkeypatch.setattr(urllib.request, "urlopen", opened)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    for _ in range(2):
        assert examples.coco_photograph().size == (451, 300)
    assert fetched == [("http://images.cocodataset.org/val2017/000000039769.jpg", 20)]
    assert (cache.parent / "perceiver-tutorial/000000039769.jpg").is_file()


def test_without_a_network_the_photograph_is_asked_for(cache, monkeypatch):
    with pytest.raises(pytest.skip.Exception, match=r"HF_HUB_OFFLINE is 1\): put http.*\.jpg at"):
        examples.coco_photograph()

    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(pytest.skip.Exception, match=r"photograph is not here \(no network\): put"):
        examples.coco_photograph()
    assert not list(cache.parent.rglob("*.jpg"))


# -- only on request -----------------------------------------------------------------------


def kept_of(expression, *markers):
    """Which of some tests would run."""
    dropped = []
    items = [
        SimpleNamespace(get_closest_marker=lambda name, m=m: name == m, path=Path("test_x.py"))
        for m in markers
    ]
    config = SimpleNamespace(
        option=SimpleNamespace(markexpr=expression),
        hook=SimpleNamespace(pytest_deselected=lambda items: dropped.extend(items)),
    )
    kept = list(items)
    conftest.pytest_collection_modifyitems(config, kept)
    assert len(kept) + len(dropped) == len(items)
    return [markers[items.index(item)] for item in kept]


def test_weights_and_seeds_are_tried_on_request_only():
    assert kept_of("", "weights", "seeds", "slow") == ["slow"]
    assert kept_of("weights", "weights", "seeds") == ["weights"]
    assert kept_of("seeds or weights", "weights", "seeds") == ["weights", "seeds"]


@pytest.mark.parametrize("wished, left", [(None, None), ("1", "1")])
def test_only_weights_may_use_the_network_and_only_if_nobody_forbade_it(wished, left, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(conftest, "OFFLINE", {"HF_HUB_OFFLINE": wished})
    for expression, after in (("not slow", "1"), ("weights", left)):
        conftest.pytest_configure(SimpleNamespace(option=SimpleNamespace(markexpr=expression)))
        assert os.environ.get("HF_HUB_OFFLINE") == after


def test_all_examples_are_marked():
    assert test_weights.pytestmark.name == "weights"
