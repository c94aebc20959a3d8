"""What the processor is, which library multiplies its matrices, and which one would be faster.

torch multiplies float32 matrices with the BLAS that it was built with, on x86 Intel's MKL.
MKL reaches Intel processors' peak and, on many of AMD's, less than half of it. torch also
carries oneDNN, which writes its kernels for the processor it finds. Which one is faster
here is asked of the processor itself, not of its name: two small products are timed.
"""

import platform
import time
from collections.abc import Callable
from functools import cache

import torch
from torch.nn.functional import linear

from .products import onednn_linear, pack

WORTH_IT = 1.4


def describe() -> dict[str, str]:
    """What runs here, for printing beside a measurement."""
    capabilities = torch.cpu.get_capabilities()
    build = torch.__config__.show()
    blas = build.split("BLAS_INFO=")[1].split(",")[0] if "BLAS_INFO=" in build else "unknown"
    return {
        "processor": str(capabilities.get("cpu_name") or platform.processor() or "unknown"),
        "instructions": torch.backends.cpu.get_cpu_capability() + (", bf16" if has_bf16() else ""),
        "BLAS": blas,
        "threads": str(torch.get_num_threads()),
        "torch": torch.__version__,
    }


def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 itself; elsewhere torch imitates it, slowly."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def has_onednn() -> bool:
    """Whether this build of torch carries oneDNN and can pack weights for it."""
    packs = hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    return torch.backends.mkldnn.is_available() and packs


@cache
def onednn_is_faster() -> bool:
    """Whether oneDNN multiplies float32 matrices clearly faster than the default BLAS here.

    Timed once, in a tenth of a second: twenty products each, in turns, and the best of each
    counts, so that somebody else's work on the same processor does not decide.
    """
    if not has_onednn():
        return False
    x, weight = torch.randn(256, 768), torch.randn(768, 768)
    packed = pack(weight)
    return in_turns(lambda: linear(x, weight), lambda: onednn_linear(x, packed)) > WORTH_IT


def in_turns(first: Callable[[], object], second: Callable[[], object], rounds: int = 20) -> float:
    """How many times as long `first` takes as `second`: best times of runs in turns."""
    best = [float("inf"), float("inf")]
    with torch.inference_mode():
        for _ in range(rounds):
            for number, run in enumerate((first, second)):
                start = time.process_time()
                run()
                best[number] = min(best[number], time.process_time() - start)
    return best[0] / best[1]
