"""What is said about the eight published DeiTs: sizes, operations, training."""

import math

import pytest
import theirs_deit
import torch
from measured import cost_of, walk_of
from transformers import (
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    ViTForImageClassification,
)

from perceiver_course import claim
from perceiver_tutorial.deit import PUBLISHED
from perceiver_tutorial.tracing import cost

TRAINING_IMAGES = 1_281_167  # of ILSVRC-2012, its 1,000-class challenge
GPUS, HOURS = 8, 3 * 24  # of the card


def name_of(size, kind="", side=224):
    return f"facebook/deit-{size}{kind}-patch16-{side}"


def theirs_of(size, kind="", side=224):
    distilled = DeiTForImageClassificationWithTeacher if kind else ViTForImageClassification
    return theirs_deit.published(distilled, size, image_size=side)


def size_of(size, kind="", side=224):
    """Parameters of a published model, exactly and in millions, cut and rounded."""
    parameters = walk_of(name_of(size, kind, side)).parameters
    assert theirs_of(size, kind, side).num_parameters() == parameters
    millions = {"cut": parameters // 10**6, "rounded": round(parameters / 1e6)}
    return {"parameters": parameters, **millions}


def test_plain_models_have_the_parameters_of_vit():
    claim("deit.table-tiny-params", size_of("tiny"))
    claim("deit.table-small-params", size_of("small"))
    claim("deit.table-base-params", size_of("base"))
    claim("deit.table-base-384-params", size_of("base", side=384))


def test_distilled_models_have_another_token_and_another_head():
    claim("deit.table-tiny-distilled-params", size_of("tiny", "-distilled"))
    claim("deit.table-small-distilled-params", size_of("small", "-distilled"))
    claim("deit.table-base-distilled-params", size_of("base", "-distilled"))
    claim("deit.table-base-distilled-384-params", size_of("base", "-distilled", 384))


def gmac(size, kind="", side=224):
    return round(cost_of(name_of(size, kind, side)).total.flops / 2e9, 3)


SIZES = [("tiny", 224), ("small", 224), ("base", 224), ("base", 384)]


def test_operations_of_plain_and_distilled_models():
    kinds = {"plain": "", "distilled": "-distilled"}
    found = {name: [gmac(s, kind, side) for s, side in SIZES] for name, kind in kinds.items()}
    claim("deit.macs", found)


@pytest.mark.parametrize("kind", ["", "-distilled"])
def test_transformers_computes_as_much(kind):
    images = theirs_deit.images(224, 1, "meta")
    assert round(cost(theirs_of("tiny", kind), images).total.flops / 2e9, 3) == gmac("tiny", kind)


def test_without_arguments_it_is_the_base_model():
    config = DeiTConfig()
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    base, small = (PUBLISHED[name_of(size, "-distilled")] for size in ("base", "small"))
    found = {name: getattr(config, name) for name in names}
    assert [base.channels, base.depth, base.num_heads] == list(found.values())[:3]
    claim("deit.default-config", {**found, "small": small.channels})


def test_it_was_trained_on_images_of_224_pixels_in_1000_classes():
    name = name_of("small", "-distilled")
    steps = walk_of(name, depth=None)
    found = {"images": steps["raw"].shape, "classes": steps["class_head"].shape[-1]}
    claim("deit.resolution-data", {**found, "millions": round(TRAINING_IMAGES / 1e6)})


def test_300_epochs_in_batches_of_1024_start_at_a_rate_of_one_thousandth():
    epochs, batch_size, rate, decay = 300, 1024, 5e-4, 0.05
    peak = rate * batch_size / 512
    weight = torch.nn.Parameter(torch.ones(()))
    weight.grad = torch.zeros(())
    torch.optim.AdamW([weight], lr=peak, weight_decay=decay).step()
    found = {
        "batches": epochs * (TRAINING_IMAGES // batch_size),
        "peak rate": peak,
        "a step takes from a weight": round(1 - weight.item(), 7),
    }
    claim("deit.table9", found)


def test_three_days_on_eight_gpus_would_be_more_than_the_base_model_took():
    times = gmac("base", "-distilled") / gmac("small", "-distilled")
    found = {
        "the card, small": GPUS * HOURS,
        "paper, small, below": 4 * HOURS,
        "paper, base": [53 * 8, 37 * 16],
        "operations of base over small": round(times, 2),
        "small as fast as base": math.ceil(53 * 8 / times),
    }
    claim("deit.gpu-days", found)
