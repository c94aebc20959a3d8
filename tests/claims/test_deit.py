"""What is said about DeiT's tokens, heads and losses, tried on our code and transformers'."""

import theirs_deit
import torch
from measured import walk_of
from shaken import relative_error, shake
from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax, unfold
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTModel,
)
from transformers.models.deit.modeling_deit import DeiTPatchEmbeddings

from perceiver_course import claim
from perceiver_tutorial import deit
from perceiver_tutorial.deit import DeiTOutput
from perceiver_tutorial.deit.distillation import hard_distillation, soft_distillation
from perceiver_tutorial.hooks import record

DISTILLED = "facebook/deit-small-distilled-patch16-224"
PLAIN = "facebook/deit-small-patch16-224"
NARROW = deit.DeiTConfig(channels=24, num_heads=2, depth=3, image_size=(64, 64), num_classes=5)
TOLERANCE = 1e-5


def tokens_of_theirs(model, side=224, **options):
    """What leaves transformers' embeddings at published size: shapes only."""
    return model.deit.embeddings(theirs_deit.images(side, 1, "meta"), **options)


def front(model):
    """The class and the distillation token of a model of either family."""
    where = model if isinstance(model, deit.DeiT) else model.deit.embeddings
    return {name: p for name, p in where.named_parameters(recurse=False) if "token" in name}


# -- two tokens in front -------------------------------------------------------------------


def test_two_learned_tokens_stand_in_front_of_the_patches():
    theirs = theirs_deit.published()
    tokens = tokens_of_theirs(theirs).shape
    assert walk_of(DISTILLED)["layers.0"].shape == tokens
    shapes = {name: token.shape for name, token in front(theirs).items()}
    claim("deit.distillation-token", {"tokens": tokens, **shapes})


def attention_of_theirs(model, images):
    model.set_attn_implementation("eager")
    with torch.no_grad():
        return model(images, output_attentions=True).attentions


def attention_of_ours(model, images):
    with record(model, "layers.*.attention.weights") as recorded, torch.no_grad():
        model(images)
    return [maps[0] for maps in recorded.values()]


def interaction(attention, class_logits, tokens, head):
    """Who reads the distillation token and whom it reads, and what the class loss moves."""
    positive = torch.stack([(weights > 0).all(0).all(0) for weights in attention]).all(0)
    cross_entropy(class_logits, torch.tensor([1, 3])).backward()
    return {
        "reads": int(positive[1].sum()),
        "is read by": int(positive[:, 1].sum()),
        "class loss moves the token": bool(tokens["distillation_token"].grad.any()),
        "class loss moves its head": head.weight.grad is not None,
    }


def test_the_distillation_token_reads_all_and_is_read_by_all():
    images = theirs_deit.images(224)
    theirs = theirs_deit.narrow(image_size=224)
    ours = deit.build(deit.DeiTConfig(24, 2, depth=3, num_classes=5)).eval()
    maps = attention_of_theirs(theirs, images)
    found = interaction(
        maps, theirs(images).cls_logits, front(theirs), theirs.distillation_classifier
    )
    maps = attention_of_ours(ours, images)
    assert found == interaction(
        maps, ours(images).class_logits, front(ours), ours.distillation_head
    )
    claim("deit.token-interaction", found)


def test_the_distillation_token_is_a_parameter():
    found = {}
    ours = deit.build(deit.DeiTConfig(channels=768, num_heads=12, depth=1))
    theirs = DeiTForImageClassificationWithTeacher(DeiTConfig(num_hidden_layers=1))
    for name, model in {"transformers": theirs, "ours": ours}.items():
        token = front(model)["distillation_token"].detach()
        found[name] = {"std": round(token.std().item(), 2)}
        found[name] |= {"learns": front(model)["distillation_token"].requires_grad}
    claim("deit.token-backprop", {**found, "kind": type(front(ours)["class_token"]).__name__})


def test_patches_are_squares_through_one_linear_map():
    embed = DeiTPatchEmbeddings(DeiTConfig(**theirs_deit.SIZES["small"]))
    images, map_ = theirs_deit.images(224), embed.projection
    by_hand = unfold(images, 16, stride=16).mT @ map_.weight.flatten(1).T + map_.bias
    assert walk_of(DISTILLED)["patches"].shape == embed(images[:1]).shape
    found = {"kernel": map_.kernel_size, "stride": map_.stride, "patches": embed(images[:1]).shape}
    same = relative_error(embed(images), by_hand) < TOLERANCE
    claim("deit.patches", {**found, "the same as a linear map": same})


def test_a_block_is_384_wide_and_has_6_heads():
    layer, config = theirs_deit.published().deit.layers[0], deit.PUBLISHED[DISTILLED]
    tokens = {name: walk_of(name)["layers.0"].shape[1] for name in (DISTILLED, PLAIN)}
    channels, heads = layer.mlp.fc1.in_features, layer.attention.num_attention_heads
    assert (config.channels, config.num_heads) == (channels, heads)
    assert config.depth == len(theirs_deit.published().deit.layers)
    found = {
        "channels": channels,
        "depth": config.depth,
        "heads": heads,
        "channels of a head": layer.attention.head_dim,
        "mlp": layer.mlp.fc1.out_features,
        "tokens": list(tokens.values()),
        "map": walk_of(DISTILLED, depth=None)["layers.0.attention.weights"].shape,
    }
    claim("deit.small-architecture", found)


# -- two heads -----------------------------------------------------------------------------


def test_the_answer_is_the_mean_of_both_heads_also_while_training():
    theirs, images = theirs_deit.narrow(), theirs_deit.images()
    ours, found = shake(deit.build(NARROW)), {}
    for training in (False, True):
        answer = theirs.train(training)(images)
        mean = (answer.cls_logits + answer.distillation_logits) / 2
        found[training] = relative_error(answer.logits, mean) < TOLERANCE
        answer = ours.train(training)(images)
        mean = (answer.class_logits + answer.distillation_logits) / 2
        assert relative_error(answer.logits, mean) < TOLERANCE
    claim("deit.final-logits", {"evaluation": found[False], "training": found[True]})


def written_out(answer, labels, teacher):
    """The terms of the paper, each by itself: equation 3 is hard, equation 2 is soft."""
    student = log_softmax(answer.distillation_logits / 3.0, -1)
    apart = kl_div(student, softmax(teacher / 3.0, -1), reduction="sum") * 3.0**2
    return {
        "hard": cross_entropy(answer.distillation_logits, teacher.argmax(-1)),
        "batchmean": apart / len(teacher),
        "numel": apart / teacher.numel(),
        "labels": cross_entropy(answer.class_logits, labels),
    }


def test_training_mixes_two_losses_half_and_half():
    answer = DeiTOutput(torch.randn(7, 5), torch.randn(7, 5))
    labels, teacher = torch.arange(7) % 5, 3 * torch.randn(7, 5)
    terms, given = written_out(answer, labels, teacher), (answer, labels, teacher)
    ours = {"hard": hard_distillation(*given)}
    for reduction in ("batchmean", "numel"):
        ours[reduction] = soft_distillation(*given, alpha=0.5, reduction=reduction)
    half = {name: (terms["labels"] + terms[name]) / 2 for name in ours}
    found = {name: bool(torch.isclose(half[name], loss)) for name, loss in ours.items()}
    times = float(terms["batchmean"] / terms["numel"])
    claim("deit.distillation-loss", {**found, "batchmean is times numel": round(times, 2)})


# -- sizes and beginnings ------------------------------------------------------------------


def outcome(call):
    """Which error a call raises, or the shape of what it returns."""
    try:
        return list(call().shape)
    except ValueError as error:
        return type(error).__name__


def test_another_size_needs_other_positions():
    theirs = theirs_deit.published()
    given = theirs_deit.narrow().deit.embeddings
    stretched = given.interpolate_pos_encoding(torch.zeros(1, 2 + 36, 24), 96, 96)
    ours = deit.build(NARROW)
    larger = deit.resized(ours, (96, 96))
    positions = [m.positions for m in (ours, larger)]
    assert torch.equal(positions[0][:, :2], positions[1][:, :2])
    found = {
        "as it is": outcome(lambda: tokens_of_theirs(theirs, 384)),
        "interpolated": outcome(
            lambda: tokens_of_theirs(theirs, 384, interpolate_pos_encoding=True)
        ),
        "first two positions kept": torch.equal(stretched[:, :2], given.position_embeddings[:, :2]),
        "ours as it is": outcome(lambda: ours.tokens(theirs_deit.images(96))),
        "ours resized": outcome(lambda: larger.tokens(theirs_deit.images(96))),
    }
    claim("deit.resolution-fixed", found)


def shuffled(images):
    """The same patches of 16 x 16 pixels in another order."""
    patches = images.unfold(2, 16, 16).unfold(3, 16, 16).flatten(2, 3)
    order = torch.randperm(patches.shape[2], generator=torch.Generator().manual_seed(0))
    rows = patches[:, :, order].unflatten(2, (4, 4))
    return rows.transpose(3, 4).flatten(4, 5).flatten(2, 3)


def beginnings(tokens, run, images):
    rows = tokens(images)
    twins = torch.equal(rows[:, 0], rows[:, 1])
    order = relative_error(run(images), run(shuffled(images))) > TOLERANCE
    return {"tokens are twins": twins, "order of patches matters": order}


@torch.no_grad()
def test_a_fresh_model_of_transformers_has_twins_and_no_places():
    torch.manual_seed(0)
    sizes = DeiTConfig(**theirs_deit.NARROW)
    theirs, ours = DeiTForImageClassificationWithTeacher(sizes).eval(), deit.build(NARROW).eval()
    images = theirs_deit.images()
    assert sorted(shuffled(images).flatten().tolist()) == sorted(images.flatten().tolist())
    found = {
        "transformers": beginnings(
            lambda x: theirs.deit(x).last_hidden_state, lambda x: theirs(x).logits, images
        ),
        "ours": beginnings(ours.tokens, lambda x: ours(x).logits, images),
    }
    claim("deit.zero-init", found)


def test_every_class_of_deit_has_a_distillation_token():
    parameters = {
        "DeiTForImageClassification": theirs_deit.published(DeiTForImageClassification),
        "DeiTModel": theirs_deit.published(DeiTModel),
    }
    found = {name: model.num_parameters() for name, model in parameters.items()}
    for model in parameters.values():
        assert any(name.endswith("distillation_token") for name, _ in model.named_parameters())
    claim("deit.always-distillation", {**found, "ours, plain": walk_of(PLAIN).parameters})
