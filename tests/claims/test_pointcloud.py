"""What is said about point clouds, tried on transformers and on numbers."""

import pytest
import torch
from transformers import PerceiverConfig, PerceiverModel
from transformers.models.perceiver.modeling_perceiver import PerceiverFourierPositionEncoding

from perceiver_course import claim
from perceiver_tutorial.perceiver import MODELNET40
from perceiver_tutorial.perceiver.preprocessors import PointPreprocessor

pytestmark = pytest.mark.usefixtures("no_gradients")

# Top-1 on ModelNet40's 2,468 test clouds, in percent: Perceiver (2103.03206), table 4.
TEST_CLOUDS, PERCEIVER, POINTNET = 2468, 85.7, 91.9


def standard_error(percent: float, samples: int) -> float:
    """Of a share of right answers, in points of percent."""
    return (percent * (100 - percent) / samples) ** 0.5


def test_pointnet_2_is_ahead_by_more_than_chance():
    ahead = POINTNET - PERCEIVER
    spread = sum(standard_error(p, TEST_CLOUDS) ** 2 for p in (PERCEIVER, POINTNET)) ** 0.5
    found = {
        "points ahead": round(ahead, 1),
        "further clouds": round(ahead / 100 * TEST_CLOUDS),
        "errors for each of theirs": round((100 - PERCEIVER) / (100 - POINTNET), 1),
        "times the standard error": round(ahead / spread, 1),
    }
    claim("pio.pc.pointnet", found)


def has_places_of_its_own(write, clouds) -> bool:
    """Whether the second of two clouds is written as it is when it comes alone."""
    return torch.allclose(write(clouds)[1], write(clouds[1:])[0], atol=1e-5)


def test_a_reader_of_clouds_can_be_built_but_transformers_writes_every_cloud_as_the_first():
    clouds = torch.rand(2, 5, 3) * 2 - 1
    where = MODELNET40.positions
    encoding = PerceiverFourierPositionEncoding(where.num_bands, where.max_resolution)

    def theirs(pos):
        return encoding([1, 1, 1], len(pos), pos.device, pos.dtype, pos)

    array = theirs(clouds)
    sizes = {"num_latents": 7, "d_latents": 16, "num_cross_attention_heads": 1}
    reader = PerceiverModel(PerceiverConfig(d_model=array.shape[-1], **sizes)).eval()
    ours = PointPreprocessor(0, where.num_bands, where.max_resolution)
    found = {
        "input array": array.shape,
        "latents": reader(array).last_hidden_state.shape,
        "places of its own": {
            "transformers": has_places_of_its_own(theirs, clouds),
            "ours": has_places_of_its_own(ours, clouds),
        },
    }
    torch.testing.assert_close(theirs(clouds[:1]), ours(clouds[:1]), atol=1e-3, rtol=0)
    claim("pio.pc.toy", found)
