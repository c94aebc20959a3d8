"""Exercises about pixels as rows: their colours, their order, and the table of their places."""

import torch
from einops import rearrange, repeat

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import walked


def _numbered(*shape: int) -> torch.Tensor:
    return torch.arange(torch.Size(shape).numel()).reshape(shape) / 10


def _images_and_weight(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    batch, height, width, channels = draw.sizes(4, 4, 12)
    return draw.randn(batch, 3, height, width), draw.randn(channels, 3)


def _linear_per_pixel(
    images: torch.Tensor, weight: torch.Tensor, pattern: str = "b c h w -> b (h w) c"
) -> torch.Tensor:
    return rearrange(images, pattern) @ weight.T


LINEAR_PER_PIXEL = Exercise(
    task="do what a 1 x 1 convolution does, without one: images [batch, 3, height, width] and a "
    "weight [channels, 3] to rows [batch, height * width, channels].",
    inputs=_images_and_weight,
    reference=_linear_per_pixel,
    slips=(
        Slip(
            "channels come last: a row for each pixel, its channels beside one another.",
            lambda images, weight: weight @ images.flatten(2),
        ),
        Slip(
            "reshape moves no axis: flatten height and width, then swap them with the colours.",
            lambda images, weight: images.reshape(len(images), -1, 3) @ weight.T,
        ),
        Slip(
            "the rows run down the columns of the image: h comes before w.",
            {"pattern": "b c h w -> b (w h) c"},
        ),
        Slip(
            "the result is reshaped here; swap its last two axes instead.",
            lambda images, weight: (weight @ images.flatten(2)).reshape(
                len(images), -1, len(weight)
            ),
        ),
        Slip(
            "weight and colours are multiplied, then summed: a product of matrices.",
            lambda images, weight: (images.flatten(2).mT[..., None, :] + weight).sum(-1),
        ),
        Slip(
            "the order of the colours should stay: red, green, blue.",
            lambda images, weight: _linear_per_pixel(images.flip(1), weight),
        ),
        Slip(
            "a convolution alone has no activation function.",
            lambda images, weight: _linear_per_pixel(images, weight).relu(),
        ),
    ),
)

TABLE_PARAMETERS = Exercise(
    task="return how many parameters a learned table of positions has for images of height x width "
    "pixels.",
    inputs=lambda draw: tuple(draw.sizes(3, 10, 500)),
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
        Slip(
            "a table has no bias.",
            lambda height, width, channels: height * width * channels + channels,
        ),
        Slip(
            "a place is the same for all three colours.",
            lambda height, width, channels: 3 * height * width * channels,
        ),
        Slip(
            "images need not be square: height times width.",
            lambda height, _width, channels: height * height * channels,
        ),
    ),
)


def _images_and_order(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    batch, height, width = draw.sizes(3, 2, 7)
    return draw.randn(batch, 1, height, width), draw.permutation(height * width)


def _reordered(images: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return images.flatten(2)[..., order].reshape(images.shape)


REORDER = Exercise(
    task="put the pixels of every image into another order: the new pixel i is the old pixel "
    "order[i], in reading order; images [batch, 1, height, width].",
    inputs=_images_and_order,
    reference=_reordered,
    slips=(
        Slip(
            "that sends pixel i to place order[i]; asked is the way back.",
            lambda images, order: _reordered(images, order.argsort()),
        ),
        Slip(
            "flatten height and width only: here pixels change from one image to another.",
            lambda images, order: images.reshape(len(order), -1)[order].reshape(images.shape),
        ),
        Slip(
            "the order is one of pixels, not of rows.",
            lambda images, order: images[..., order[order < images.shape[-2]], :],
        ),
        Slip("nothing has moved yet.", lambda images, _order: images),
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
