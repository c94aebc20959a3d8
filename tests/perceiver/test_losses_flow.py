"""The losses of optical flow are what their formulas say, and in pixels."""

import math

import pytest
import torch
from shaken import shake
from tiny import CONFIGS
from tolerances import EXACT

from perceiver_tutorial.perceiver import build, flow_patches
from perceiver_tutorial.perceiver.losses import end_point_error, flow_loss, robust_flow_loss

pytestmark = pytest.mark.usefixtures("float64")

SIZE = CONFIGS["optical flow"].image_size


@pytest.fixture
def model():
    torch.manual_seed(0)
    return shake(build(CONFIGS["optical flow"])).eval()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand(2, 2, 3, *SIZE, generator=generator) * 2 - 1
    truth = 3 * torch.randn(2, *SIZE, 2, generator=generator)
    mask = torch.rand(2, *SIZE, generator=generator) > 0.4
    return frames, truth, mask


def distances(model, frames, truth, mask):
    """In pixels, one for each pixel that is kept, by hand."""
    rows = zip((20 * model(flow_patches(frames))).flatten(0, 2).tolist(),
               truth.flatten(0, 2).tolist(), mask.flatten().tolist(), strict=True)  # fmt: skip
    return [math.hypot(x - u, y - v) for (x, y), (u, v), kept in rows if kept]


def test_the_error_is_a_mean_of_distances():
    truth = torch.zeros(1, 2, 2, 2)
    flow = torch.tensor([[[[3.0, 4.0], [0.0, 1.0]], [[-6.0, 8.0], [0.0, 0.0]]]])
    assert end_point_error(flow, truth).item() == pytest.approx((5 + 1 + 10 + 0) / 4)
    mask = torch.tensor([[[True, False], [True, False]]])
    assert end_point_error(flow, truth, mask).item() == pytest.approx((5 + 10) / 2)


def test_the_loss_is_the_error_of_the_answer_in_pixels(model, batch):
    frames, truth, mask = batch
    whole = distances(model, frames, truth, torch.ones_like(mask))
    some = distances(model, frames, truth, mask)
    assert flow_loss(model, frames, truth).item() == pytest.approx(sum(whole) / len(whole))
    assert flow_loss(model, frames, truth, mask).item() == pytest.approx(sum(some) / len(some))


@pytest.mark.parametrize("q, epsilon", [(0.4, 0.01), (0.5, 0.3), (1.0, 0.01)])
def test_the_robust_loss_is_a_power_of_squares(model, batch, q, epsilon):
    frames, truth, mask = batch
    want = [(d**2 + epsilon**2) ** q for d in distances(model, frames, truth, mask)]
    found = robust_flow_loss(model, frames, truth, mask, q=q, epsilon=epsilon).item()
    assert found == pytest.approx(sum(want) / len(want), rel=EXACT)


def test_with_a_half_the_robust_loss_is_the_error(model, batch):
    frames, truth, _ = batch
    found = robust_flow_loss(model, frames, truth, q=0.5, epsilon=1e-6)
    torch.testing.assert_close(found, flow_loss(model, frames, truth))


def test_a_few_bad_pixels_pull_less_at_the_robust_loss(model, batch):
    frames, truth, _ = batch
    wild = truth.clone()
    wild[:, 0, 0] += 1000

    def pull(loss):
        return (loss(model, frames, wild) / loss(model, frames, truth)).item()

    assert pull(robust_flow_loss) < 0.5 * pull(flow_loss)


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf])
def test_an_unknown_truth_leaves_no_trace_in_value_or_gradient(model, batch, unknown):
    frames, truth, mask = batch
    holed = truth.where(mask[..., None], unknown)
    for loss in (flow_loss, robust_flow_loss):
        value, wanted = loss(model, frames, holed, mask), loss(model, frames, truth, mask)
        assert value.item() == wanted.item()
        for one, other in zip(slopes(value, model), slopes(wanted, model), strict=True):
            assert torch.equal(one, other) and one.isfinite().all()
    flow = torch.zeros_like(truth, requires_grad=True)
    end_point_error(flow, holed, mask).backward()
    assert flow.grad.isfinite().all() and not flow.grad[~mask].any()


def slopes(value, model):
    return torch.autograd.grad(value, [p for p in model.parameters() if p.requires_grad])


def test_a_perfect_answer_still_has_a_gradient(model, batch):
    frames = batch[0]
    truth = (20 * model(flow_patches(frames))).detach()
    robust_flow_loss(model, frames, truth).backward()
    flow_loss(model, frames, truth).backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert gradients and all(gradient.isfinite().all() for gradient in gradients)
