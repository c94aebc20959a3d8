"""Exercises about pixels as rows: their colours, their order, and the table of their places."""

import torch
from einops import rearrange, repeat

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import walked


def _numbered(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel()).reshape(shape) / 10


LINEAR_PER_PIXEL = Exercise(
    task="do what a 1 x 1 convolution does, without one: images [2, 3, 4, 5] and a weight [6, 3] "
    "to rows [2, 20, 6].",
    inputs=lambda: (_numbered(2, 3, 4, 5), _numbered(6, 3) - 1),
    reference=lambda images, weight: images.flatten(2).mT @ weight.T,
    slips=(
        Slip(
            "channels come last: a row for each pixel, 6 numbers in each.",
            lambda images, weight: weight @ images.flatten(2),
        ),
        Slip(
            "reshape moves no axis: flatten height and width, then swap them with the colours.",
            lambda images, weight: images.reshape(2, 20, 3) @ weight.T,
        ),
        Slip(
            "the rows run down the columns of the image: h comes before w.",
            lambda images, weight: rearrange(images, "b c h w -> b (w h) c") @ weight.T,
        ),
    ),
)

TABLE_PARAMETERS = Exercise(
    task="return how many parameters a learned table of positions has for images of height x width "
    "pixels.",
    inputs=lambda: (448, 320, 256),
    reference=lambda height, width, channels: height * width * channels,
    slips=(
        Slip(
            "that is one row for each pixel row and column; a table has one for every pixel.",
            lambda height, width, channels: (height + width) * channels,
        ),
        Slip(
            "each place has a whole row of channels.",
            lambda height, width, _channels: height * width,
        ),
    ),
)


def _order() -> torch.Tensor:
    return torch.randperm(20, generator=torch.Generator().manual_seed(0))


def _reordered(images: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return images.flatten(2)[..., order].reshape(images.shape)


REORDER = Exercise(
    task="put the pixels of every image into another order: the new pixel i is the old pixel "
    "order[i], in reading order; images [3, 1, 4, 5].",
    inputs=lambda: (_numbered(3, 1, 4, 5), _order()),
    reference=_reordered,
    slips=(
        Slip(
            "that sends pixel i to place order[i]; asked is the way back.",
            lambda images, order: _reordered(images, order.argsort()),
        ),
        Slip(
            "flatten height and width only: here pixels change from one image to another.",
            lambda images, order: images.reshape(20, 3)[order].reshape(images.shape),
        ),
        Slip(
            "the order is one of pixels, not of rows.",
            lambda images, order: images[..., order[order < 4], :],
        ),
    ),
)


def _joined(images: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    rows = rearrange(images, "b c h w -> b (h w) c")
    return torch.cat([rows, repeat(table, "n c -> b n c", b=len(images))], dim=-1)


def _images_and_table() -> tuple[torch.Tensor, torch.Tensor]:
    return _numbered(2, 3, 4, 5), _numbered(20, 7)


def _is_in_place(join) -> bool:
    images, table = _images_and_table()
    row = join(images, table)[1, 2 * 5 + 3]
    return torch.equal(row, torch.cat([images[1, :, 2, 3], table[13]]))


IN_PLACE = BugHunt(
    task="`join(images, table)` puts the colours of images [2, 3, 4, 5] and a table of places "
    "[20, 7] side by side: [2, 20, 10]. Return whether pixel (y, x) meets row 5 y + x of the "
    "table.",
    inputs=_images_and_table,
    right=_joined,
    bugs=(
        lambda images, table: _joined(rearrange(images, "b c h w -> b c w h"), table),
        lambda images, table: _joined(images.reshape(2, 20, 3).mT.reshape(images.shape), table),
        lambda images, table: _joined(images, table.flip(0)),
    ),
    reference=_is_in_place,
)


LEARNED = "deepmind/vision-perceiver-learned"

PREDICTIONS = {
    "images_learned.input-array": walked(
        question="3 x 224 x 224 colours; a 1 x 1 convolution to C channels, and learned places of "
        "P channels; both are 256. Which shape has the input array?",
        step=(LEARNED, "preprocessor"),
        slips={
            "B, H*W, C": (
                "so it would be if places were added, as the post says; they are appended."
            ),
            "B, H*W, 3 + P": "the colours go through the convolution first; 256 come out.",
            "B, C + P, H, W": "rows come from the pixels; height and width are one axis now.",
            "B, C, H*W": "every pixel is a row; its channels come last.",
        },
    ),
    "images_learned.table": walked(
        question="which shape has the table of places?",
        step=(LEARNED, "preprocessor.positions"),
        slips={
            "H + W, P": "rows and columns have no places of their own here; each pixel has one.",
            "B, H*W, P": "it is the same for every image, so it has no batch axis.",
            "H*W, 2*P": "512 is its width beside the colours; the places are 256 of that.",
        },
    ),
    "images_learned.query": walked(
        question="which shape has the query that asks for one of 1,000 classes?",
        step=(LEARNED, "queries"),
        slips={
            "B, 1, L": "so says the post; but the query reads latents, and is as wide as they are.",
            "B, L, D": "one query asks for all classes together, not one query for each.",
        },
    ),
}
