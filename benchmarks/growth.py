"""Seconds against the number of inputs: latents that read, and an array that reads itself."""

from typing import Any

from torch import nn

from perceiver_course.kit.measure import measure
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.perceiver import EncoderConfig
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder

CHANNELS, DEPTH = 64, 4
LATENTS = EncoderConfig(
    num_latents=256,
    latent_channels=CHANNELS,
    num_blocks=1,
    layers_per_block=DEPTH,
    self_heads=4,
    cross_heads=1,
)


def readers() -> dict[str, tuple[nn.Module, list[int]]]:
    """Two models of one width and depth, and the sizes of the arrays that they are given."""
    itself = nn.Sequential(*(SelfAttentionLayer(CHANNELS, num_heads=4) for _ in range(DEPTH)))
    sizes = [256, 512, 1024, 2048, 4096, 16_384, 65_536]
    return {
        "256 latents read": (PerceiverEncoder(LATENTS, CHANNELS), sizes),
        "every input reads all": (itself, sizes[:5]),
    }


def growth(repeats: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Name -> for every number of inputs, the seconds of one pass on one thread."""
    return {
        name: [
            {"inputs": one.inputs, "seconds": one.seconds}
            for one in measure(module.eval(), CHANNELS, sizes, repeats)
        ]
        for name, (module, sizes) in readers().items()
    }


def told(found: dict[str, list[dict[str, Any]]]) -> str:
    """The seconds in Markdown, one column for each number of inputs."""
    sizes = [one["inputs"] for one in max(found.values(), key=len)]
    lines = [f"| inputs | {' | '.join(f'{size:,}' for size in sizes)} |"]
    lines.append(f"|:--|{'--:|' * len(sizes)}")
    for name, measured in found.items():
        cells = [f"{one['seconds']:.2g} s" for one in measured]
        cells += [""] * (len(sizes) - len(cells))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
