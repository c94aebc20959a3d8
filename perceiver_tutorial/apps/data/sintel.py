"""MPI Sintel, a film of which every pixel's motion is known, from the folder that its makers give.

http://sintel.is.tue.mpg.de; D. J. Butler, J. Wulff, G. B. Stanley and M. J. Black: A naturalistic
open source movie for optical flow evaluation, ECCV 2012.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Array3D, Features, Image, IterableDataset, Value

MAGIC = 202021.25  # the first number of a .flo file
FEATURES = {"earlier": Image(), "later": Image(), "scene": Value("string")}


def read_flow(file: Path) -> np.ndarray:
    """The motion in a .flo file, [height, width, 2]: right and down, in pixels.

    Raises:
        ValueError: if it is torn, or no such file.
    """
    raw = file.read_bytes()
    magic = np.frombuffer(raw[:4].ljust(4, b"\0"), "<f4")[0]
    width, height = np.frombuffer(raw[4:12].ljust(8, b"\0"), "<i4").tolist()
    if magic != np.float32(MAGIC) or len(raw) != 12 + 8 * width * height:
        raise ValueError(f"expected motion in {file}, got a file that is torn or another's.")
    return np.frombuffer(raw[12:], "<f4").reshape(height, width, 2).copy()


def sintel(folder: str | Path) -> IterableDataset:
    """Pairs of frames and the motion between them, one scene after the other.

    Args:
        folder: MPI-Sintel-complete, unpacked: with training/clean, training/final, training/flow.

    Raises:
        FileNotFoundError: if the folder is not so.
    """
    frames, flows = (Path(folder) / "training" / part for part in ("clean", "flow"))
    for needed in (frames, flows):
        if not needed.is_dir():
            raise FileNotFoundError(
                f"expected MPI Sintel in {folder}, but there is no {needed}. It is not on the Hub: "
                "get MPI-Sintel-complete.zip from http://sintel.is.tue.mpg.de, and unpack it."
            )
    first = min(flows.glob("*/*.flo"), default=None)
    if first is None:
        raise FileNotFoundError(f"expected .flo files in the scenes of {flows}, got none.")
    size = read_flow(first).shape
    features = Features({**FEATURES, "flow": Array3D(size, "float32")})
    return IterableDataset.from_generator(
        _pairs, features, gen_kwargs={"roots": [(frames, flows, size)]}
    )


def _flow_of(file: Path, size: tuple[int, ...]) -> np.ndarray:
    if not file.is_file():
        raise ValueError(f"expected the motion after a frame in {file}, but it is not there.")
    flow = read_flow(file)
    if flow.shape != size:
        raise ValueError(
            f"expected motion {size} in {file}, as in the first one, got {flow.shape}."
        )
    return flow


def _pairs(roots: list[tuple[Path, Path, tuple[int, ...]]]) -> Iterator[dict[str, Any]]:
    for frames, flows, size in roots:
        for scene in sorted(path.name for path in frames.iterdir() if path.is_dir()):
            for earlier, later in pairwise(sorted((frames / scene).glob("*.png"))):
                yield {
                    "earlier": str(earlier),
                    "later": str(later),
                    "scene": scene,
                    "flow": _flow_of(flows / scene / f"{earlier.stem}.flo", size),
                }
