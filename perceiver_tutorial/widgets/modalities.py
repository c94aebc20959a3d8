"""Several modalities in one array: how wide, how long, how dear, and what would not fit."""

import math
from dataclasses import replace

from ..perceiver import PUBLISHED, MultimodalConfig
from ..tracing.multimodal import NUMBER, MultimodalSizes
from ..viz import Bar, Picture, draw_arrays, in_words
from .explorer import Explorer
from .knobs import Choice, Several, Whole

CONFIG = PUBLISHED["deepmind/multimodal-perceiver"]
MEMORY = 16 * 2**30
NOTHING = "No modality is chosen: there is no array, and nothing to read. Tick at least one."
KNOBS = {
    "modalities": Several("modalities", ("audio", "image", "label"), ("audio", "image", "label")),
    "patch_size": Choice("pixels of a patch's side", (2, 4, 8, 16), 4),
    "num_bands": Whole("bands of the image", 1, 64, 32),
    "num_latents": Whole("latents", 16, 2048, 784, 16),
    "chunks": Choice("chunks of the answer", (1, 16, 128), 128),
}
KINDS = {
    "input array": "inputs",
    "latents": "latents",
    "queries": "queries",
    "output array": "queries",
    "map of reading": "inputs",
    "map of thinking": "latents",
    "map of answering": "queries",
}


def draw(
    modalities: tuple[str, ...], patch_size: int, num_bands: int, num_latents: int, chunks: int
) -> Picture:
    """The array that these modalities make, and what it costs to read it."""
    if not modalities:
        return draw_arrays({}, {}, NOTHING, ([], MEMORY), [])
    sizes = MultimodalSizes(_config(patch_size, num_bands, num_latents), modalities, chunks)
    widths = {
        name: (one.what, one.where, sizes.channels - one.channels)
        for name, one in sizes.modalities.items()
    }
    held = [
        Bar(f"{name}, {rows:,} x {columns:,}", sizes.array_bytes[name], KINDS.get(name))
        for name, (rows, columns) in sizes.arrays.items()
    ]
    rows = {name: one.rows for name, one in sizes.modalities.items()}
    return draw_arrays(rows, widths, _title(sizes), (held, MEMORY), _spent(sizes))


def _config(patch_size: int, num_bands: int, num_latents: int) -> MultimodalConfig:
    image = CONFIG.image
    positions = replace(
        image.positions,
        num_bands=num_bands,
        max_resolution=(image.num_frames, *(side // patch_size for side in image.image_size)),
    )
    return replace(
        CONFIG,
        encoder=replace(CONFIG.encoder, num_latents=num_latents),
        image=replace(image, patch_size=patch_size, positions=positions),
    )


def _spent(sizes: MultimodalSizes) -> list[Bar]:
    times = sizes.config.encoder.self_attends_per_block
    names = {
        "reading": ("reading once", "inputs"),
        "thinking": (f"thinking {times} times", "latents"),
        "answering": ("answering in all", "queries"),
        "all read all": (f"all read all {times} times", None),
    }
    return [Bar(name, sizes.flops[step], kind) for step, (name, kind) in names.items()]


def _title(sizes: MultimodalSizes) -> str:
    """Who decides the width, how much of it is padding, and whether all could read all."""
    share = 100 * sizes.padding / (sizes.inputs * sizes.channels)
    most = math.isqrt(MEMORY // NUMBER)
    fits = "would fit" if sizes.inputs <= most else "would NOT fit"
    return (
        f"{sizes.inputs:,} x {sizes.channels}: the {sizes.widest} decides the width; "
        f"{share:.0f} of 100 numbers are padding; {in_words(sizes.parameters)} parameters.\n"
        f"16 GiB hold a map of {most:,} x {most:,}: all of {sizes.inputs:,} reading all {fits}, "
        "for one head."
    )


def modalities() -> Explorer:
    """Choose modalities and sizes; see every array, and where all reading all stops fitting."""
    hint = (
        "First take the label away: one row of 52,097 goes, and all others become narrower. "
        "Then make patches of 2 pixels."
    )
    return Explorer("Several modalities in one array", draw, KNOBS, hint)
