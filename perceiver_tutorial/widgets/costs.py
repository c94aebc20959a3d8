"""What latents save: operations and maps, when few read, and when all read all."""

import math
from collections.abc import Callable

from ..perceiver import EncoderConfig
from ..tracing.formulas import attend_flops, encoder_flops
from ..viz import Growth, Picture, draw_growth, in_bytes
from .explorer import Explorer
from .knobs import Steps, Whole

NUMBER = 4  # bytes
SIZES = tuple(2**n for n in range(4, 21))
# A photograph of 224 x 224 and two frames of the flow model stand among the powers of two.
INPUTS = tuple(sorted({*SIZES, 50_176, 182_528}))
KNOBS = {
    "num_inputs": Steps("inputs", INPUTS, 50_176),
    "num_latents": Steps("latents", tuple(2**n for n in range(4, 13)), 512),
    "channels": Steps("channels", tuple(2**n for n in range(5, 11)), 256),
    "depth": Whole("layers", 1, 48, 8),
    "memory": Steps("memory in GiB", (1, 2, 4, 8, 16, 24, 40, 80, 141), 16),
}


def draw(num_inputs: int, num_latents: int, channels: int, depth: int, memory: int) -> Picture:
    """What it costs that latents read once and think, and that all read all in every layer."""
    flops = _flops_of(num_latents, channels, depth)
    maps = _maps_of(num_latents)
    meeting = meeting_of(flops)
    memory = memory * 2**30
    most = math.isqrt(memory // NUMBER)
    here = flops(num_inputs), maps(num_inputs)
    return draw_growth(
        SIZES,
        num_inputs,
        _growth(flops, num_inputs),
        _growth(maps, num_inputs),
        ((meeting, flops(meeting)["all read all"]), (most, memory)),
        _title(num_inputs, here, meeting, (most, memory)),
    )


def _flops_of(num_latents: int, channels: int, depth: int) -> Callable[[int], dict[str, int]]:
    encoder = EncoderConfig(num_latents, channels, 1, depth, self_heads=1, cross_heads=1)

    def flops(inputs: int) -> dict[str, int]:
        few = encoder_flops(encoder, inputs, channels)
        plain = sum(attend_flops(inputs, inputs, channels, channels).values())
        both = sum(few.values())
        return {"all read all": depth * plain, "latents read, then think": both, **few}

    return flops


def _maps_of(num_latents: int) -> Callable[[int], dict[str, int]]:
    """Bytes of one attention map, if it were written down."""
    return lambda inputs: {
        "all read all": NUMBER * inputs**2,
        "reading": NUMBER * num_latents * inputs,
        "thinking": NUMBER * num_latents**2,
    }


def meeting_of(flops: Callable[[int], dict[str, int]]) -> int:
    """The smallest number of inputs with which all reading all takes more operations."""
    low, high = 0, 2**30
    while high - low > 1:
        middle = (low + high) // 2
        plain, few, *_ = flops(middle).values()
        low, high = (low, middle) if plain > few else (middle, high)
    return high


def _growth(amounts: Callable[[int], dict[str, int]], here: int) -> Growth:
    found = [amounts(size) for size in SIZES]
    return Growth({name: [one[name] for one in found] for name in found[0]}, amounts(here))


def _title(num_inputs: int, here: tuple[dict, dict], meeting: int, limit: tuple[int, int]) -> str:
    plain, few, *_ = here[0].values()
    full_map, read_map, _ = here[1].values()
    times = f"{plain / few:,.0f}" if plain >= 9.5 * few else f"{plain / few:.2g}"
    most, memory = limit
    return (
        f"{num_inputs:,} inputs: all reading all takes {times} times the operations of latents "
        f"(as many at {meeting:,} inputs).\n"
        f"Its map needs {in_bytes(full_map)}, that of reading {in_bytes(read_map)}; "
        f"{in_bytes(memory)} are enough for {most:,} inputs that all read all."
    )


def costs() -> Explorer:
    """Turn inputs, latents, channels, layers and memory; see who pays what, and what fits."""
    hint = (
        "Turn the inputs down until latents no longer pay. Then back up, and the layers down "
        "to 1: which of the two becomes cheaper, and by how much?"
    )
    return Explorer("What latents save", draw, KNOBS, hint)
