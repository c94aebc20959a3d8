"""Every family compiled, exported with a free batch, to ONNX too, called functionally, mapped."""

import inspect
from dataclasses import replace

import pytest
import torch
from shaken import shake
from tiny import CONFIGS, raw_for
from torch.export import Dim
from torch.func import functional_call, grad, vmap
from torch.utils import _pytree as pytree

from perceiver_tutorial import deit, hiera
from perceiver_tutorial.doors import has_values
from perceiver_tutorial.perceiver import EncoderConfig

pytestmark = pytest.mark.usefixtures("without_shape_checks")

SHALLOW = EncoderConfig(
    num_latents=7, latent_channels=12, num_blocks=1, self_attends_per_block=1,
    self_heads=2, cross_heads=1,
)  # fmt: skip
PERCEIVERS = {
    name: replace(config, encoder=SHALLOW)
    for name, config in CONFIGS.items()
    if name not in ("averaged images", "patch images")
}
TEXT = ("masked language", "text classes", "token labels", "answer spans")
DEIT = deit.DeiTConfig(6, 2, depth=1, image_size=(16, 24), patch_size=8, num_classes=3)
HIERA = hiera.HieraConfig(8, 1, (1, 1, 1, 1), (32, 64), num_classes=3)
MODELS = {
    **PERCEIVERS,
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
    return shake(MODELS[name].build()).eval()


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
    monkeypatch.setattr(deit.DeiTAnswer, "__init__", inspect.unwrap(deit.DeiTAnswer.__init__))
    plain, given = model(name), raw(name, 2)
    compiled = torch.compile(plain, fullgraph=True, backend="aot_eager")
    assert_alike(answers(compiled, given), answers(plain, given), 1e-5)


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


class Drawn(torch.nn.Module):
    """A pre-training as a program: what is seen is an input."""

    def __init__(self, config):
        super().__init__()
        self.model = shake(config.build()).eval()

    def forward(self, images, seen):
        predict = getattr(self.model, "predict", self.model)
        return predict(images, seen)


SEES = replace(HIERA, input_size=(64, 64), num_pools=2, num_classes=None)
PRETRAININGS = {
    "DeiT": (deit.DeiTMaskedImageConfig(DEIT), torch.rand(5, 6) > 0.5),
    "Hiera": (hiera.HieraMAEConfig(SEES, 8, 1, 2), torch.arange(10).view(5, 2) % 4),
}


@pytest.mark.parametrize("config, seen", PRETRAININGS.values(), ids=PRETRAININGS)
def test_an_exported_pre_training_takes_masks_and_any_number_of_samples(config, seen):
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

    at_once = vmap(grad(loss), in_dims=(None, 0), randomness="same")(weights, given)
    for number in range(2):
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
    answer = config.build()(config.example_input(2))
    leaves, spec = pytree.tree_flatten(answer)
    assert len(leaves) == (2 if config.distilled else 1)
    again = pytree.tree_unflatten(leaves, spec)
    assert again.logits is not None and type(again) is deit.DeiTAnswer
    assert (again.distillation_logits is None) == (not config.distilled)


def test_an_exported_deit_is_saved_and_loaded(tmp_path):
    plain, given = model("DeiT"), raw("DeiT", 2)
    torch.export.save(torch.export.export(plain, (given,)), tmp_path / "deit.pt2")
    answer = torch.export.load(tmp_path / "deit.pt2").module()(given)
    torch.testing.assert_close(answer.logits, plain(given).logits)


@pytest.mark.filterwarnings("ignore:.torch.jit.trace. is deprecated")
def test_numbers_are_looked_at_only_where_there_are_any():
    seen = []
    ones = torch.ones(2, 3)
    vmap(lambda row: seen.append(has_values(row)) or row)(ones)
    torch.jit.trace(lambda x: seen.append(has_values(x)) or x, (ones,), check_trace=False)
    with torch._subclasses.FakeTensorMode():
        seen.append(has_values(torch.ones(2)))
    assert not any(seen) and len(seen) >= 3 and has_values(ones, ones.long())
