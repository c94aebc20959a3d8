"""DeepMind's releases are pickles: this unpickler builds arrays and dictionaries, and no more."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np


class Refused(pickle.UnpicklingError):
    """A pickle asked for something that is not built here."""


def _dictionary(*items: Any) -> dict:
    return dict(*items)


def _latin1_bytes(text: str, encoding: str) -> bytes:
    """How an old protocol spells bytes."""
    if encoding != "latin1":
        raise Refused(f"bytes in {encoding}")
    return text.encode("latin1")


BUILT: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1_bytes,
    ("collections", "OrderedDict"): _dictionary,
    # Haiku's dictionaries that cannot be changed; ours can.
    **{
        ("haiku._src.data_structures", name): _dictionary
        for name in ("FlatMapping", "FlatMap", "frozendict")
    },
    # How numpy puts an array together again: before version 2, and since.
    **{
        (f"numpy.{core}.{module}", name): getattr(getattr(np._core, module), name)
        for core in ("core", "_core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    },
}


class _ArraysOnly(pickle.Unpickler):
    """Knows the names in `BUILT`; a file that asks for another asks in vain."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in BUILT:
            raise Refused(f"{module}.{name}")
        return BUILT[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused(f"an object kept elsewhere, {pid!r}")


def read_pickle(file: Path) -> dict[str, np.ndarray]:
    """The arrays of a haiku checkpoint, as module//leaf.

    Released files hold the parameters alone, or {"params": ..., "state": ...}.

    Args:
        file: a pickle.

    Raises:
        ValueError: if it asks for anything else to be built, which is then named, and
            not done; or if it holds something else.
    """
    try:
        content = _ArraysOnly(io.BytesIO(file.read_bytes())).load()
    except Refused as error:
        raise ValueError(
            f"expected arrays and dictionaries in {file.name}, got {error}. A pickle can run "
            "anything: nothing of it was run. Take DeepMind's own file."
        ) from error
    except Exception as error:
        raise ValueError(
            f"expected a whole pickle in {file.name}, got one that ends early or is broken "
            f"({type(error).__name__}). Download it again."
        ) from error
    is_split = isinstance(content, dict) and "params" in content
    parts = [content["params"], content.get("state", {})] if is_split else [content]
    return {name: array for part in parts for name, array in _leaves(part, file).items()}


def _leaves(modules: Any, file: Path) -> dict[str, np.ndarray]:
    found = {
        f"{module}//{leaf}": value
        for module, leaves in (modules.items() if isinstance(modules, dict) else [("", None)])
        for leaf, value in (leaves.items() if isinstance(leaves, dict) else [("", None)])
    }
    for name, value in found.items():
        if not isinstance(value, np.ndarray):
            raise ValueError(
                f"expected modules of arrays in {file.name}, as haiku keeps them, got "
                f"{type(value).__name__} at {name!r}. Take DeepMind's own file."
            )
    return found


def to_pickle(weights: Mapping[str, np.ndarray]) -> bytes:
    """The released form of weights: plain dictionaries of numpy's arrays.

    Args:
        weights: module//leaf -> array.
    """
    params, state = {}, {}
    for name, array in weights.items():
        module, _, leaf = name.rpartition("//")
        (state if is_state(name) else params).setdefault(module, {})[leaf] = array
    return pickle.dumps({"params": params, "state": state} if state else params)


def is_state(name: str) -> bool:
    """Whether haiku keeps an array apart from the parameters: a moving average, its counter."""
    return "_ema//" in name
