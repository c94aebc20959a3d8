"""Files of weights, each in its own format: what they hold, or only its shapes."""

import json
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from .haiku import read_pickle
from .layout import first_of

# In the order of timm's own reader; Meta's DeiTs are under `model`, its Hieras `model_state`.
WRAPPERS = ("state_dict", "model_state", "model", "module")
AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema")
DEEPEST = 4  # dictionaries in each other; one that holds itself has no end
INDEX = ".index.json"
PICKLES = (".pystate", ".pickle", ".pkl")
TORCH = (".bin", ".pth", ".pt")
MOST_UNPACKED, MOST_TIMES = 2**28, 20  # bytes; weights hardly get smaller when they are packed
TORN = (EOFError, OSError, LookupError, MemoryError, zlib.error, struct.error, NotImplementedError)
SUFFIXES = (".safetensors", *TORCH, ".npz", *PICKLES)


def read_weights(
    file: Path, *, shapes_only: bool = False, averaged: bool = True
) -> dict[str, Tensor]:
    """What a file holds, under its own names.

    Nothing in a file is ever run: safetensors and .npz hold numbers only, torch's files are
    read with `weights_only`, and pickles by `read_pickle`.

    Args:
        file: its suffix says which format to expect.
        shapes_only: leave the numbers where they are, and return tensors on the meta
            device; only pickles are read nevertheless.
        averaged: of the weights as they were and their moving average take the latter, as
            timm does. Where a file has several weights, a warning says which were taken.

    Raises:
        FileNotFoundError: if a part of what an index lists is not there.
        ValueError: if it is of another format, ends early, or holds something else.
    """
    if file.name.endswith(INDEX):
        return _parts(file, shapes_only)
    _check_format(file)
    if file.suffix == ".safetensors":
        return _safetensors(file, shapes_only)
    if file.suffix in TORCH:
        return _torch(file, shapes_only, averaged)
    arrays = _npz(file) if file.suffix == ".npz" else read_pickle(file)
    found = {name: _tensor(array, name, file) for name, array in arrays.items()}
    return {name: value.to("meta") for name, value in found.items()} if shapes_only else found


def _tensor(array: np.ndarray, name: str, file: Path) -> Tensor:
    if array.dtype.kind not in "biuf":
        raise ValueError(f"expected numbers at {name!r} in {file.name}, got {array.dtype}.")
    return torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))


def _check_format(file: Path) -> None:
    if file.suffix not in SUFFIXES:
        raise ValueError(
            f"expected a file that ends in {', '.join(SUFFIXES)}, got {file.name}. The ending "
            "says how it is read: rename it if you know."
        )
    with file.open("rb") as opened:
        start = opened.read(9)
    if not start:
        raise ValueError(f"expected weights, got {file.name} with nothing in it. Fetch it again.")
    found = _format(start)
    wanted = {".safetensors": "safetensors", ".npz": "zip"}.get(file.suffix, "pickle")
    if found != wanted and not (file.suffix in TORCH and found == "zip"):
        raise ValueError(
            f"expected {file.name} to be what its ending says, got a file that starts like "
            f"{found}. Nothing of it was read. Take the original file."
        )
    if found == "zip":
        _check_unpacked(file)


def _check_unpacked(file: Path) -> None:
    """Weights take about as much room in a file as outside; what takes far more is a trap."""
    try:
        with zipfile.ZipFile(file) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
    except (zipfile.BadZipFile, *TORN, ValueError) as error:
        raise _broken(file, "zip") from error
    size = file.stat().st_size
    if unpacked > max(MOST_UNPACKED, MOST_TIMES * size):
        raise ValueError(
            f"expected weights that take as much room in {file.name} as outside, got {size:,} "
            f"bytes that would become {unpacked:,}. Nothing was unpacked. Take the original file."
        )


def _format(start: bytes) -> str:
    if start.startswith(b"PK"):
        return "zip"
    if start[:1] == b"\x80" and start[1:2] in b"\x01\x02\x03\x04\x05" and start[8:] != b"{":
        return "pickle"
    return "safetensors" if start[8:] == b"{" else "something else"


def _safetensors(file: Path, shapes_only: bool) -> dict[str, Tensor]:
    device = "meta" if shapes_only else "cpu"
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            if not shapes_only:
                return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            shapes = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
            return {name: torch.empty(s.get_shape(), device=device) for name, s in shapes.items()}
    except SafetensorError as error:
        raise _broken(file, "safetensors") from error


def _parts(index: Path, shapes_only: bool) -> dict[str, Tensor]:
    """Weights in several files, and an index beside them that says which is where."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ValueError(
            f"expected a weight_map in {index.name}, as transformers writes it, got none. "
            "Download it again."
        )
    found: dict[str, Tensor] = {}
    for part in sorted({*map(str, places.values())}):
        file = index.with_name(Path(part).name)
        if part != file.name or not file.is_file():
            raise FileNotFoundError(
                f"expected all files that {index.name} lists in its folder, but there is no "
                f"{part!r}. Download it again."
            )
        found |= read_weights(file, shapes_only=shapes_only)
    if absent := [name for name in places if name not in found]:
        raise ValueError(
            f"expected all weights that {index.name} lists, got none called "
            f"{first_of(absent, ', ')}. Take all parts from one and the same checkpoint."
        )
    return {name: found[name] for name in places}


def _torch(file: Path, shapes_only: bool, averaged: bool) -> dict[str, Tensor]:
    device = "meta" if shapes_only else "cpu"
    try:
        content = torch.load(file, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"expected tensors in {file.name}, got something that torch's weights_only refuses: "
            f"{_first_sentence(error)} Nothing of it was run. Take the original file, or a "
            ".safetensors."
        ) from error
    except (*TORN, RuntimeError) as error:
        raise _broken(file, "torch") from error
    return _unwrapped(content, file, averaged)


def _first_sentence(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if "GLOBAL" in line]
    return (lines or [str(error).splitlines()[0]])[0].split(". ")[0].removesuffix(".") + "."


def _unwrapped(content: Any, file: Path, averaged: bool) -> dict[str, Tensor]:
    for _ in range(DEEPEST):
        if (key := _wrapper(content, averaged)) is None:
            break
        if left := [name for name in content if name != key and _is_weights(content[name])]:
            other = _wrapper(content, not averaged)
            choice = f" load(..., averaged={not averaged}) takes {other!r}." if other != key else ""
            warnings.warn(
                f"{file.name} has {' and '.join(map(repr, (key, *left)))}: {key!r} is taken."
                f"{choice}",
                stacklevel=2,
            )
        content = content[key]
    if not isinstance(content, Mapping) or not content:
        kind = type(content).__name__
        raise ValueError(f"expected a dictionary of weights in {file.name}, got {kind}.")
    for name, value in content.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"expected weights in {file.name}, under {', '.join((*WRAPPERS, *AVERAGED))} or on "
                f"their own, got {type(value).__name__} at {name!r}. Save only the state_dict."
            )
    return dict(content)


def _wrapper(content: Any, averaged: bool) -> str | None:
    """Under which key weights are; of several names the first counts, as for those who wrote them.

    A moving average may be stored as something else, as numbers in a list: that is no candidate.
    """
    if not isinstance(content, Mapping):
        return None
    keys = (*AVERAGED, *WRAPPERS) if averaged else (*WRAPPERS, *AVERAGED)
    found = [key for key in keys if _is_weights(content.get(key))]
    odd = [key for key in WRAPPERS if isinstance(content.get(key), Mapping)]
    return next(iter(found or odd), None)


def _is_weights(content: Any, depth: int = DEEPEST) -> bool:
    """Whether something is a dictionary of tensors, or has one under a known key."""
    if not isinstance(content, Mapping) or not content or not depth:
        return False
    inside = (_is_weights(content.get(key), depth - 1) for key in (*AVERAGED, *WRAPPERS))
    return all(isinstance(value, Tensor) for value in content.values()) or any(inside)


# What stands before or in names because of a wrapper: torch.compile, FSDP, checkpointing ...
INSIDE = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
# ... and parallel training, torch's AveragedModel, which counts as well, Lightning.
IN_FRONT = ("module.", "model.")
COUNTER = "n_averaged"


def without_wrappers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same under the names that they have without what was wrapped around the model.

    >>> list(without_wrappers({"module._orig_mod.head.weight": torch.zeros(1)}))
    ['head.weight']
    """
    names = {name: name for name in weights if name != COUNTER}
    for word in INSIDE:
        names = {name: short.replace(word, "") for name, short in names.items()}
    while front := next((f for f in IN_FRONT if names and _all_begin(names.values(), f)), None):
        names = {name: short.removeprefix(front) for name, short in names.items()}
    return {short: weights[name] for name, short in names.items()}


def _all_begin(names: Iterable[str], front: str) -> bool:
    return all(name.startswith(front) for name in names)


def _npz(file: Path) -> dict[str, np.ndarray]:
    """Parameters and state of a golden file; Meta's have parameters only."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {
                name.split("::", 1)[1]: arrays[name]
                for name in arrays.files
                if name.startswith(("p::", "s::"))
            }
    except (*TORN, zipfile.BadZipFile, ValueError) as error:
        if "allow_pickle" in str(error):
            raise ValueError(
                f"expected arrays of numbers in {file.name}, got Python objects, which can run "
                "anything: nothing of it was run. Take the original file."
            ) from error
        raise _broken(file, "numpy") from error


def _broken(file: Path, kind: str) -> ValueError:
    return ValueError(
        f"expected a whole {kind} file, got {file.name} of {file.stat().st_size:,} bytes, which "
        "ends early or is broken. Download it again."
    )


def read_json(file: Path) -> dict[str, Any]:
    """A dictionary that stands in a .json.

    Raises:
        ValueError: if it holds something else.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"expected JSON in {file.name}, got something else ({error}). Download it again."
        ) from error
    if not isinstance(content, dict):
        kind = type(content).__name__
        raise ValueError(f"expected a dictionary in {file.name}, got {kind}. Download it again.")
    return content
