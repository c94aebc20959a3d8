"""Where sets are kept between two sessions, and how large they have become."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

UNFINISHED = ".unfinished-"
FORGOTTEN = 3600.0  # seconds after which nobody is at work on it any more


def cache_folder() -> Path:
    """The course's part of the cache of `datasets`, which follows the same variables.

    HF_DATASETS_CACHE, or a folder in HF_HOME, in XDG_CACHE_HOME, in the home folder's .cache.
    """
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = os.environ.get("HF_HOME") or Path(caches) / "huggingface"
    everybodys = os.environ.get("HF_DATASETS_CACHE") or Path(home) / "datasets"
    return Path(everybodys).expanduser() / "perceiver-tutorial"


def cache_size() -> int:
    """Bytes of all files in `cache_folder`; 0, if there is none."""
    return sum(file.stat().st_size for file in cache_folder().rglob("*") if file.is_file())


def new_folder(cache: Path) -> Path:
    """An empty folder in the cache, to write into.

    Raises:
        OSError: if the cache cannot be written to, with what to do.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=cache))
    except OSError as error:
        raise type(error)(
            f"expected to write to {cache}, but {error.strerror}. Set HF_DATASETS_CACHE to a "
            "folder of your own, then start again."
        ) from error


@contextlib.contextmanager
def whole_or_not_at_all(place: Path) -> Iterator[Path]:
    """A new folder to write into, that is moved to its place once it is complete.

    Whatever ends the writing, an error or Ctrl-C, takes the unfinished folder away; one that
    a power cut left behind is never read, and goes with the next that is made.

    Args:
        place: where the folder shall be. If somebody else was faster, theirs stays.

    Raises:
        OSError: if the cache cannot be written to, with what to do.
    """
    cache = place.parent
    unfinished = new_folder(cache)
    try:
        yield unfinished
        with contextlib.suppress(OSError):  # somebody else was faster
            unfinished.rename(place)
        if not place.is_dir():
            raise OSError(f"expected to make {place}, but it could not be moved there.")
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        clear_unfinished(cache)


def clear_unfinished(cache: Path) -> None:
    """Take away what runs that were killed left behind, ours and those of `datasets`."""
    for left in [*cache.glob(f"{UNFINISHED}*"), *cache.rglob("*.incomplete")]:
        with contextlib.suppress(FileNotFoundError):  # its maker took it away
            if time.time() - left.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(left, ignore_errors=True)
