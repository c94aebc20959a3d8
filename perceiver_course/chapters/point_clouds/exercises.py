"""Exercises about sets of points: no order, any number, padding that nobody reads."""

import torch
from torch import Tensor

from perceiver_tutorial.attention import attention
from perceiver_tutorial.hooks import record
from perceiver_tutorial.perceiver import (
    MODELNET40,
    EncoderConfig,
    FourierConfig,
    PointCloudConfig,
    build,
)
from perceiver_tutorial.tracing import walk

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction


def _width(
    bands: int, features: int, *, waves: int = 2, raw: int = 1, axes: int = 3, counted: int = 1
) -> int:
    return axes * waves * bands + 3 * raw + counted * features


POINT_WIDTH = Exercise(
    task="return how many channels a point has in the input array: 3 coordinates, each written "
    "with `bands` bands, and so many features as they are.",
    inputs=lambda draw: (draw.choice((64, 32, 10)), draw.size(low=4)),
    reference=_width,
    slips=(
        Slip("each band has a sine and a cosine.", {"waves": 1}),
        Slip("there are three coordinates, each with bands of its own.", {"axes": 1}),
        Slip("the raw coordinates are kept, too.", {"raw": 0}),
        Slip("the features are channels, too.", {"counted": 0}),
        Slip("all three raw coordinates are kept, not one.", lambda k, f: _width(k, f) - 2),
        Slip("features come as they are, without waves.", lambda k, f: (3 + f) * (2 * k + 1)),
    ),
)


def _keep(sizes: Tensor, most: int, *, further: int = 0, marks_padding: bool = False) -> Tensor:
    keep = torch.arange(most) < sizes[:, None] + further
    return ~keep if marks_padding else keep


KEEP_POINTS = Exercise(
    task="return `mask` [clouds, most], True where a cloud has a point, for a tensor of sizes.",
    inputs=lambda draw: (torch.tensor([3, most := draw.size(low=5), 1, 2]), most),
    reference=_keep,
    slips=(
        Slip("counting from 0, a cloud of 3 points has the numbers 0, 1 and 2.", {"further": 1}),
        Slip("counting from 0, the last point of a cloud is lost.", {"further": -1}),
        Slip(
            "True means: may be read. Some libraries mark the padding instead.",
            {"marks_padding": True},
        ),
        Slip(
            "a row for each cloud, a column for each place: give `sizes` an axis with [:, None].",
            lambda sizes, most: _keep(sizes, most).T,
        ),
    ),
)


def _cloud(draw) -> tuple[Tensor, int]:
    return draw.randn(40, 3), draw.choice((6, 8, 7))


def _spread(points: Tensor, count: int, *, distance=torch.amin) -> Tensor:
    chosen = [0]
    while len(chosen) < count:
        chosen.append(int(distance(torch.cdist(points, points[chosen]), dim=-1).argmax()))
    return points[chosen]


def _nearest_first(points: Tensor, count: int) -> Tensor:
    chosen = [0]
    while len(chosen) < count:
        distances = torch.cdist(points, points[chosen]).amin(-1)
        distances[chosen] = torch.inf
        chosen.append(int(distances.argmin()))
    return points[chosen]


SPREAD_OUT = Exercise(
    task="return `count` points of a cloud [points, 3] that are spread over it: take point 0, then "
    "again and again the point whose nearest chosen point is farthest away.",
    inputs=_cloud,
    reference=_spread,
    slips=(
        Slip(
            "that is far from the last point only, and soon goes to and fro between two ends.",
            {"distance": lambda distances, dim: distances.select(dim, -1)},
        ),
        Slip(
            "the sum of distances favours the rim; take the distance to the nearest chosen one.",
            {"distance": torch.sum},
        ),
        Slip(
            "far from the farthest chosen one may be close to the nearest: take the minimum.",
            {"distance": torch.amax},
        ),
        Slip("that takes the nearest point each time; take the one farthest away.", _nearest_first),
        Slip(
            "those are the first points; a scanner may have listed one corner first.",
            lambda points, count: points[:count],
        ),
        Slip(
            "point 0 is the first to be taken.",
            lambda points, count: _spread(points, count + 1)[1:],
        ),
    ),
)


def _points() -> tuple[Tensor, ...]:
    return (torch.randn(2, 9, 3, generator=torch.Generator().manual_seed(0)),)


def _asked(points: Tensor, mask: Tensor | None = None) -> Tensor:
    """Two fixed latents read a cloud."""
    latents = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, 2.0]]).expand(len(points), -1, -1)
    return attention(latents, points, points, None if mask is None else mask[:, None])


def _has_no_order(read) -> bool:
    (points,) = _points()
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    return torch.allclose(read(points), read(points[:, order]), atol=1e-5)


HAS_NO_ORDER = BugHunt(
    task="`read(points)` takes clouds [2, 9, 3]. Return whether the order of the points makes no "
    "difference.",
    inputs=_points,
    right=_asked,
    bugs=(
        lambda points: _asked(points - points[:, :1]),
        lambda points: _asked((points + points.roll(1, 1)) / 2),
        lambda points: _asked(points[:, ::2]),
        lambda points: _asked(points * torch.linspace(0.9, 1.1, 9)[:, None]),
    ),
    reference=_has_no_order,
)


def _points_and_mask() -> tuple[Tensor, Tensor]:
    return *_points(), torch.arange(9).expand(2, -1) < torch.tensor([[6], [4]])


def _ignores_padding(read) -> bool:
    points, mask = _points_and_mask()
    other = points.masked_fill(~mask[..., None], 9.0)
    return torch.allclose(read(points, mask), read(other, mask), atol=1e-5)


IGNORES_PADDING = BugHunt(
    task="`read(points, mask)` takes clouds [2, 9, 3] and where they have points, [2, 9]. Return "
    "whether it makes no difference what stands elsewhere.",
    inputs=_points_and_mask,
    right=_asked,
    bugs=(
        lambda points, _mask: _asked(points),
        lambda points, mask: _asked(points - points.mean(1, keepdim=True), mask),
        lambda points, mask: _asked(points / points.norm(dim=-1).amax(), mask),
        lambda points, mask: _asked(points, ~mask),
    ),
    reference=_ignores_padding,
)


SMALL = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=8,
        num_blocks=1,
        layers_per_block=1,
        self_heads=2,
        cross_heads=1,
    ),
    positions=FourierConfig(num_bands=6, max_resolution=(10, 10, 10)),
    num_classes=14,
)


def _map_of_half() -> torch.Tensor:
    model = build(SMALL)
    with record(model, "encoder.cross.0.*.weights") as recorded:
        model(torch.zeros(2, 64, 3))
    return recorded["encoder.cross.0.attention.weights"][0]


def _answer_to_padded() -> torch.Tensor:
    mask = torch.arange(9) < torch.tensor([[9], [5], [2]])
    return build(SMALL)(torch.zeros(3, 9, 3), mask)


PREDICTIONS = {
    "point_clouds.input-array": Prediction(
        question="a cloud of M = 2048 points of three coordinates and nothing else; K = 64 bands "
        "for each coordinate. Which shape has the input array?",
        formula="B, M, 3*(2*K + 1)",
        symbols={"B": 1, "M": 2048, "K": 64},
        slips={
            "B, M, 3 + 3*(2*K + 1)": "the place is all there is; it is not appended once more.",
            "B, M, 3*2*K": "every coordinate is also kept as it is.",
            "B, M, 2*K + 1": "there are three coordinates, each with waves of its own.",
            "B, M, 3": "that is the raw cloud; the coordinates are written as waves, too.",
        },
        compute=lambda: walk(MODELNET40, depth=1)["preprocessor"].shape,
    ),
    "point_clouds.map-of-half": Prediction(
        question="a model with N = 24 latents and A = 1 head was trained on clouds of 128 points. "
        "It is given B = 2 clouds of M = 64. Which shape has the map of who reads which point?",
        formula="B, A, N, M",
        symbols={"B": 2, "A": 1, "N": 24, "M": 64},
        slips={
            "B, A, N, 2*M": "nothing in the model knows how many points there were in training.",
            "B, A, M, M": "the latents ask, not the points.",
            "B, A, M, N": "a row for everyone who asks, a column for everyone who is read.",
        },
        compute=_map_of_half,
    ),
    "point_clouds.padded": Prediction(
        question="B = 3 clouds of 9, 5 and 2 points are padded to M = 9 and read with mask; the "
        "model knows L = 14 bodies. Which shape has the answer?",
        formula="B, L",
        symbols={"B": 3, "M": 9, "L": 14},
        slips={
            "B, M, L": "one query asks: which body? Points get no answer of their own.",
            "9 + 5 + 2, L": "a cloud is one sample, however many points it has.",
            "L": "every cloud of the batch gets its scores.",
        },
        compute=_answer_to_padded,
    ),
}
