"""Every family compiled, exported with a free batch, to ONNX too, called functionally, mapped."""

import inspect
from dataclasses import replace

import pytest
import torch
from shaken import shake
from tiny import CONFIGS, raw_for
from torch.export import Dim
from torch.func import functional_call, grad, jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.inputs import has_values
from perceiver_tutorial.masks import kept_units
from perceiver_tutorial.perceiver import EncoderConfig, FourierConfig, PointCloudConfig
from perceiver_tutorial.speed import speed_up
from perceiver_tutorial.speed.products import has_onednn
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("without_shape_checks")

SHALLOW = EncoderConfig(
    num_latents=7, latent_channels=12, num_blocks=1, layers_per_block=1,
    self_heads=2, cross_heads=1,
)  # fmt: skip
PERCEIVERS = {
    **{name: replace(config, encoder=SHALLOW) for name, config in CONFIGS.items()},
    "averaged images": replace(
        CONFIGS["averaged images"],
        encoder=replace(SHALLOW, num_blocks=2, cross_schedule=(0, 1), block_schedule=(0, 1)),
    ),
    "point clouds": PointCloudConfig(
        SHALLOW, FourierConfig(2, (4, 4, 4)), num_points=9, num_classes=3
    ),
}
TEXT = ("masked language", "text classes", "token labels", "answer spans")
DEIT = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=3)
HIERA = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (32, 64), num_classes=3)
PRETRAININGS = {
    "DeiT, masked": deit.DeiTMaskedImageConfig(DEIT),
    "Hiera, masked": hiera.HieraMAEConfig(
        replace(HIERA, input_size=(64, 64), num_pools=2, num_classes=None), 8, 1, 2
    ),
}
MODELS = {
    **PERCEIVERS,
    **PRETRAININGS,
    "DeiT": DEIT,
    "plain DeiT": replace(DEIT, distilled=False),
    "DeiT III": replace(DEIT, distilled=False, layer_scale=0.1, patch_positions_only=True),
    "Hiera": HIERA,
    "Hiera for films": replace(hiera.video(HIERA), input_size=(4, 32, 64), num_classes=3),
}


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def model(name):
    return shake(build(MODELS[name])).eval()


def raw(name, batch_size):
    if name in PERCEIVERS:
        return raw_for(MODELS[name], batch_size)
    return torch.randn_like(MODELS[name].example_input(batch_size))


def answers(call, *given):
    """Every tensor of an answer; what is masked at random is masked alike."""
    torch.manual_seed(0)
    return pytree.tree_leaves(call(*given))


def assert_alike(some, others, tolerance):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


def free_batch(given):
    batch = Dim("batch")
    return pytree.tree_map(lambda _: {0: batch}, given)


def test_a_model_is_compiled_as_one_graph(name, monkeypatch):
    torch._dynamo.reset()
    # The tests' own checks wrap a dataclass in what cannot be compiled.
    monkeypatch.setattr(deit.DeiTOutput, "__init__", inspect.unwrap(deit.DeiTOutput.__init__))
    plain, given = model(name), raw(name, 2)
    compiled = torch.compile(plain, fullgraph=True, backend="aot_eager")
    assert_alike(answers(compiled, given), answers(plain, given), 1e-5)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in PRETRAININGS])
def test_an_exported_model_takes_any_number_of_samples(name):
    plain, given = model(name), raw(name, 2)
    program = torch.export.export(plain, (given,), dynamic_shapes=(free_batch(given),))
    for batch_size in (2, 5):
        more = raw(name, batch_size)
        assert_alike(answers(program.module(), more), answers(plain, more), 1e-5)


IN_ONNX = ("fourier images", "learned images", "conv images", "masked language", "optical flow",
           "entities", "DeiT", "plain DeiT", "Hiera")  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", IN_ONNX)
def test_a_model_in_onnx_takes_any_number_of_samples(name):
    plain, given = model(name), raw(name, 2)
    program = torch.onnx.export(
        plain, (given,), dynamic_shapes=(free_batch(given),), dynamo=True, verbose=False
    )
    more = raw(name, 5)
    said = [torch.as_tensor(answer) for answer in program(more)]
    assert_alike(said, answers(plain, more), 1e-5)


@pytest.mark.parametrize("name", ["masked language", "token labels", "entities"])
def test_an_exported_model_takes_any_number_of_inputs(name):
    plain, given = model(name), raw(name, 2)
    free = {0: Dim("batch"), 1: Dim("inputs", min=2, max=9)}
    program = torch.export.export(plain, (given,), dynamic_shapes=(free,))
    few = raw(name, 3)[:, :4]
    assert_alike(answers(program.module(), few), answers(plain, few), 1e-5)


SEEN = {"DeiT, masked": torch.rand(5, 6) > 0.5, "Hiera, masked": torch.arange(10).view(5, 2) % 4}


@pytest.fixture
def masked():
    """A pre-training, images, the mask of half of their units, and the numbers of that half."""
    config = MODELS["Hiera, masked"]
    mask = torch.tensor([[True, False, True, False], [False, True, True, False]])
    numbers = kept_units(mask, config.encoder.units, 2)
    return shake(build(config)), torch.randn_like(config.example_input(2)), mask, numbers


def test_units_that_are_kept_are_given_by_number_to_what_traces(masked):
    plain, images, mask, numbers = masked
    torch._dynamo.reset()
    compiled = torch.compile(plain.predict, fullgraph=True, backend="aot_eager")
    mapped = vmap(lambda image, kept: plain.predict(image[None], kept[None])[0])
    for predict in (compiled, mapped):
        assert_alike([predict(images, numbers)], [plain(images, mask)], 1e-5)


def test_a_mask_is_refused_by_what_traces_and_told_how_to_give_it(masked):
    plain, images, mask, _ = masked
    torch._dynamo.reset()
    words = r"got a mask, which does not say how many .*\n?.*Call predict\(images, kept\)"
    with pytest.raises(ValueError, match=words):
        torch.export.export(plain, (images, mask))
    with pytest.raises(ValueError, match=words):
        vmap(lambda image, seen: plain(image[None], seen[None]))(images, mask)
    with pytest.raises(torch._dynamo.exc.Unsupported, match=words):
        torch.compile(plain, fullgraph=True, backend="aot_eager")(images, mask)


def test_a_mask_is_taken_by_what_is_compiled_in_parts(masked):
    plain, images, mask, _ = masked
    torch._dynamo.reset()
    compiled = torch.compile(plain, backend="aot_eager")
    assert_alike([compiled(images, mask)], [plain(images, mask)], 1e-5)


@pytest.mark.parametrize("name", PRETRAININGS)
def test_the_loss_of_a_pre_training_is_compiled_as_one_graph(name):
    torch._dynamo.reset()
    plain, images = model(name), raw(name, 2)
    compiled = torch.compile(plain.loss, fullgraph=True, backend="aot_eager")
    assert_alike(answers(compiled, images), answers(plain.loss, images), 1e-5)


def test_a_mask_of_patches_is_no_obstacle_to_a_compiled_loss():
    torch._dynamo.reset()
    name = "DeiT, masked"
    given = (raw(name, 5), SEEN[name])
    compiled = torch.compile(model(name).loss, fullgraph=True, backend="aot_eager")
    assert_alike(answers(compiled, *given), answers(model(name).loss, *given), 1e-5)


class Drawn(torch.nn.Module):
    """A pre-training as a program: what is seen is an input."""

    def __init__(self, config):
        super().__init__()
        self.model = shake(build(config)).eval()

    def forward(self, images, seen):
        predict = getattr(self.model, "predict", self.model)
        return predict(images, seen)


@pytest.mark.parametrize("name", PRETRAININGS)
def test_an_exported_pre_training_takes_masks_and_any_number_of_samples(name):
    config, seen = MODELS[name], SEEN[name]
    drawn, images = Drawn(config), torch.randn_like(config.example_input(5))
    free = ({0: Dim("batch")},) * 2
    program = torch.export.export(drawn, (images[:2], seen[:2]), dynamic_shapes=free)
    assert_alike(answers(program.module(), images, seen), answers(drawn, images, seen), 1e-5)


def test_a_model_is_called_with_other_weights(name):
    plain, given = model(name), raw(name, 2)
    doubled = {key: 2 * value for key, value in plain.named_parameters()}
    other = model(name)
    other.load_state_dict({**other.state_dict(), **doubled})
    called = answers(lambda x: functional_call(plain, doubled, (x,)), given)
    assert_alike(called, answers(other, given), 1e-6)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_gradients_of_every_sample_are_taken_at_once(name):
    plain, given = model(name).double(), raw(name, 2)
    given = pytree.tree_map(lambda x: x.double() if x.is_floating_point() else x, given)
    weights = {key: value.detach() for key, value in plain.named_parameters()}

    def loss(weights, sample):
        alone = pytree.tree_map(lambda x: x[None], sample)
        answer = functional_call(plain, weights, (alone,))
        return sum(part.square().mean() for part in pytree.tree_leaves(answer))

    torch.manual_seed(0)
    at_once = vmap(grad(loss), in_dims=(None, 0), randomness="same")(weights, given)
    for number in range(2):
        torch.manual_seed(0)
        one = grad(loss)(weights, pytree.tree_map(lambda x, n=number: x[n], given))
        if name != "multimodal":  # draws its masks anew
            for key, value in one.items():
                torch.testing.assert_close(at_once[key][number], value, rtol=1e-9, atol=1e-9)


def test_ids_that_do_not_exist_are_refused_where_they_can_be_seen():
    for name in TEXT:
        with pytest.raises(ValueError, match=r"expected ids from 0 to 261, got 0 to 262"):
            model(name)(torch.tensor([[0, 262]]))


@pytest.mark.parametrize("config", [DEIT, replace(DEIT, distilled=False)])
def test_the_answer_of_a_deit_is_a_tree_of_its_tensors(config):
    answer = build(config)(config.example_input(2))
    leaves, spec = pytree.tree_flatten(answer)
    assert len(leaves) == (2 if config.distilled else 1)
    again = pytree.tree_unflatten(leaves, spec)
    assert again.logits is not None and type(again) is deit.DeiTOutput
    assert (again.distillation_logits is None) == (not config.distilled)


def test_an_exported_deit_is_saved_and_loaded(tmp_path):
    plain, given = model("DeiT"), raw("DeiT", 2)
    torch.export.save(torch.export.export(plain, (given,)), tmp_path / "deit.pt2")
    answer = torch.export.load(tmp_path / "deit.pt2").module()(given)
    torch.testing.assert_close(answer.logits, plain(given).logits)


TWINS = ("masked language", "learned images", "point clouds", "Hiera", "DeiT")


@pytest.mark.parametrize("name", TWINS)
def test_a_sped_up_model_is_exported_and_differentiated_forwards(name):
    plain, given = model(name), raw(name, 2)
    twin = speed_up(plain, products="onednn" if has_onednn() else "default")
    program = torch.export.export(twin, (given,), dynamic_shapes=(free_batch(given),))
    more = raw(name, 5)
    assert_alike(answers(program.module(), more), answers(plain, more), 1e-5)
    weights = {key: value.detach() for key, value in plain.named_parameters()}

    def slopes(call):
        answer = jvp(lambda w: functional_call(call, w, (given,)), (weights,), (weights,))[1]
        return pytree.tree_leaves(answer)

    with sdpa_kernel(SDPBackend.MATH):  # torch's other kernels have no forward derivative
        assert_alike(slopes(twin), slopes(plain), 1e-4)


def test_a_packed_layer_is_differentiated_forwards():
    layer = torch.nn.Linear(8, 8).eval()
    twin = speed_up(layer, products="onednn" if has_onednn() else "default")
    rows = torch.randn(3, 8)
    value, slope = jvp(twin, (rows,), (rows,))
    torch.testing.assert_close(value, layer(rows))
    torch.testing.assert_close(slope, rows @ layer.weight.T)


@pytest.mark.filterwarnings("ignore:.torch.jit.trace. is deprecated")
def test_numbers_are_looked_at_only_where_there_are_any():
    seen = []
    ones = torch.ones(2, 3)
    vmap(lambda row: seen.append(has_values(row)) or row)(ones)
    torch.jit.trace(lambda x: seen.append(has_values(x)) or x, (ones,), check_trace=False)
    with torch._subclasses.FakeTensorMode():
        seen.append(has_values(torch.ones(2)))
    assert not any(seen) and len(seen) >= 3 and has_values(ones, ones.long())
