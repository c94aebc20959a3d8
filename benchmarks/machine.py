"""What runs here: what a measurement depends on, told in one line."""

import platform
from collections.abc import Mapping
from pathlib import Path

import torch

from perceiver_tutorial.speed.products import has_onednn

CPUINFO = Path("/proc/cpuinfo")
KINDS = {"family": "cpu family", "model": "model"}  # our word -> the word in that file


def describe() -> dict[str, str]:
    """Processor, its instructions as torch uses them, library of products, threads, torch."""
    build = torch.__config__.show()
    blas = build.split("BLAS_INFO=")[1].split(",")[0] if "BLAS_INFO=" in build else "unknown"
    bits = ", bf16" if has_onednn(torch.bfloat16) else ""
    return {
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability() + bits,
        "BLAS": blas,
        "threads": str(torch.get_num_threads()),
        "torch": torch.__version__,
    }


def processor() -> str:
    """The processor's name; with family and model where the system tells.

    Generations of one name differ: an "AMD EPYC" of family 25 has half as wide units for
    AVX-512 as one of family 26.
    """
    name = torch.cpu.get_capabilities().get("cpu_name") or platform.processor() or "unknown"
    if not CPUINFO.exists():
        return str(name)
    lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    told = dict(map(str.strip, line.split(":", 1)) for line in lines if ":" in line)
    kind = [f"{word} {told[key]}" for word, key in KINDS.items() if key in told]
    return f"{name} ({', '.join(kind)})" if kind else str(name)


def in_one_line(machine: Mapping[str, str]) -> str:
    """A description as one says it."""
    return ", ".join(f"{name} {value}" for name, value in machine.items())
