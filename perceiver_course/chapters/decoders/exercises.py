"""Exercises about asking: how many questions, where they stand, and that each is alone."""

import torch

from perceiver_tutorial.attention import attention
from perceiver_tutorial.perceiver import TINY, build
from perceiver_tutorial.positions import grid_positions
from perceiver_tutorial.tracing import walk

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction


def _asked(
    frames: int,
    height: int,
    width: int,
    samples: int,
    patch: int,
    chunks: int,
    *,
    colours: int = 1,
    labels: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    pixels, sounds = colours * frames * height * width, samples // patch
    return pixels + sounds + labels[0], pixels // chunks + sounds // chunks + labels[1]


ALL_AND_ONE_CHUNK = Exercise(
    task="return (queries of a whole video, queries of one of `chunks` chunks): one for each pixel "
    "of each frame, one for each patch of samples, and one for the label, which every chunk asks.",
    inputs=lambda draw: (
        draw.choice((16, 8, 32)),
        draw.choice((224, 160, 320)),
        draw.choice((224, 192, 96)),
        draw.choice((30720, 20480, 40960)),
        16,
        draw.choice((128, 64, 32)),
    ),
    reference=_asked,
    slips=(
        Slip("a pixel is asked about once; its three colours are the answer.", {"colours": 3}),
        Slip(
            "sound is asked about in patches: one query is answered with several samples.",
            lambda *sizes: _asked(*sizes[:4], 1, sizes[5]),
        ),
        Slip("the label is asked about, too.", {"labels": (0, 0)}),
        Slip("every chunk asks for the label; it is not shared out.", {"labels": (1, 0)}),
        Slip(
            "a chunk has a share of the pixels and of the patches.",
            lambda *sizes: (_asked(*sizes)[0],) * 2,
        ),
    ),
)


def _chunks(draw) -> tuple:
    batch, many, channels = draw.sizes(3, low=2, high=6)
    size = draw.choice((3, 4, 5))
    latents = draw.randn(batch, many, channels)

    def answer(asked: torch.Tensor) -> torch.Tensor:
        if asked.shape[1] > size:
            raise MemoryError(f"{asked.shape[1]} queries at once; there is memory for {size}.")
        return attention(asked, latents[: len(asked)], latents[: len(asked)])

    return answer, draw.randn(batch, 3 * size + 2, channels), size


def _answered(answer, queries: torch.Tensor, size: int, axis: int = 1) -> torch.Tensor:
    return torch.cat([answer(some) for some in queries.split(size, 1)], axis)


IN_CHUNKS = Exercise(
    task="answer queries [batch, outputs, channels] `size` rows at a time with answer(some), and "
    "put the answers end to end. The last piece may be smaller.",
    inputs=_chunks,
    reference=_answered,
    slips=(
        Slip(
            "the pieces lie along axis 1, the outputs; axis 0 is the batch.",
            lambda answer, queries, size: torch.cat(
                [answer(some)[:, :size] for some in queries[:, : 3 * size].split(size, 1)]
            ),
        ),
        Slip(
            "stack makes a new axis; put the pieces end to end along the outputs.",
            lambda answer, queries, size: torch.stack(
                [answer(some) for some in queries[:, : 3 * size].split(size, 1)]
            ),
        ),
        Slip(
            "the last piece is missing: it is smaller than the others.",
            lambda answer, queries, size: _answered(answer, queries[:, : 3 * size], size),
        ),
        Slip(
            "that answers the first chunk only.",
            lambda answer, queries, size: answer(queries[:, :size]),
        ),
    ),
)


def _places(rows: int, columns: int, *, finer: int = 2, last: str = "half-open") -> torch.Tensor:
    return grid_positions((finer * rows, finer * columns), convention=last)


def _old_steps(rows: int, columns: int) -> torch.Tensor:
    return torch.cartesian_prod(*(2 * torch.arange(2.0 * n) / n - 1 for n in (rows, columns)))


TWICE_AS_FINE = Exercise(
    task="return the places (y, x) of a grid with twice as many rows and columns, row by row, "
    "half-open: n cells stand at -1 + 2 * i / n.",
    inputs=lambda draw: tuple(draw.sizes(2)),
    reference=_places,
    slips=(
        Slip(
            "the last cell stands one step before +1; torch.linspace puts it at +1.",
            {"last": "linspace"},
        ),
        Slip("these are the places of the grid that we had.", {"finer": 1}),
        Slip("twice as many cells are half as far apart: these leave the picture.", _old_steps),
        Slip("rows come first: y, then x.", lambda *sizes: _places(*sizes).flip(-1)),
        Slip(
            "the places follow one another column by column; row by row is asked for.",
            lambda *sizes: _places(*reversed(sizes)).flip(-1),
        ),
    ),
)


def _queries_and_latents() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 6, 4, generator=generator), torch.randn(2, 5, 4, generator=generator)


def _is_alone(decode) -> bool:
    queries, latents = _queries_and_latents()
    return torch.allclose(decode(queries[:, :2], latents), decode(queries, latents)[:, :2])


QUERIES_ARE_ALONE = BugHunt(
    task="`decode(queries, latents)` answers queries [2, 6, 4] from latents [2, 5, 4]. Return "
    "whether no query notices the others: ask some of them alone.",
    inputs=_queries_and_latents,
    right=lambda queries, latents: attention(queries, latents, latents),
    bugs=(
        lambda queries, latents: attention(attention(queries, queries, queries), latents, latents),
        lambda queries, latents: attention(
            queries - queries.mean(1, keepdim=True), latents, latents
        ),
        lambda queries, latents: (queries @ latents.mT / 2).softmax(1) @ latents,
    ),
    reference=_is_alone,
)


MULTIMODAL = "deepmind/multimodal-perceiver"
CHUNK = {"image": 6272, "audio": 15, "label": 1}
SYMBOLS = {"B": 1, "I": 6272, "S": 15, "P": 16}


def _chunk_step(step: str, key: str = "") -> tuple[int, ...]:
    points = {name: torch.arange(count) for name, count in CHUNK.items()}
    outputs = walk(MULTIMODAL, points=points, depth=3)[step].outputs
    return next(output.sizes for output in outputs if output.key == key)


def _few_motions() -> torch.Tensor:
    flow = build(TINY["deepmind/optical-flow-perceiver"])
    patches = torch.zeros(2, 2, 27, 6, 8)
    return flow.decode(flow.encode(patches), patches, points=torch.tensor([0, 7, 47]))


PREDICTIONS = {
    "decoders.asked": Prediction(
        question="one chunk asks about I = 6272 pixels, S = 15 patches of sound and 1 label. Their "
        "queries, 195, 385 and 1024 wide, are padded to a common width, of which even the widest "
        "gets 2 channels. Which shape has the array of all queries?",
        formula="B, I + S + 1, 1024 + 2",
        symbols=SYMBOLS,
        slips={
            "B, I + S, 1024 + 2": "the label is asked about as well.",
            "B, I + S + 1, 1024": "even the widest queries are padded, by 2 learned channels.",
            "B, I + S + 1, 195 + 385 + 1024": "rows follow one another; channels are not joined.",
            "B, 3*I + S + 1, 1024 + 2": "one query for each pixel: colours are the answer.",
        },
        compute=lambda: _chunk_step("decoder.cross"),
    ),
    "decoders.encoded": Prediction(
        question="S = 15 output rows of sound become samples, P = 16 from each row. Which shape "
        "has the answer?",
        formula="B, S*P",
        symbols=SYMBOLS,
        slips={
            "B, S": "each row is answered with a patch of samples.",
            "B, S, P": "the patches are put end to end: sound has one axis.",
            "B, S*P, 512": "a linear map has turned the 512 channels into samples.",
        },
        compute=lambda: _chunk_step("answer", "audio"),
    ),
    "decoders.few-points": Prediction(
        question="a batch of B = 2 pairs of frames of H x W = 6 x 8 pixels; decode with O = 3 "
        "points. Which shape has the flow?",
        formula="B, O, 2",
        symbols={"B": 2, "O": 3, "H": 6, "W": 8},
        slips={
            "B, H, W, 2": "only the answer to all queries has the picture's shape.",
            "O, 2": "the same points are asked of every sample.",
            "B, O": "how far to the right and how far down: two numbers for each point.",
        },
        compute=_few_motions,
    ),
}
