"""A published name becomes a folder: from the Hub, or from its cache where there is no network."""

import errno
import re
from pathlib import Path

from ..deit import DEIT_III

# Meta's videos are on the Hub under longer names, with its own layout.
VIDEOS = {
    f"facebook/hiera_{size}_16x224": f"facebook/hiera_{size}_16x224.mae_k400_ft_k400"
    for size in ("base", "base_plus", "large", "huge")
}
# timm adds what a DeiT III was trained on; load(its whole name) gets the others.
REPOSITORIES = {**VIDEOS, **{name: f"timm/{name}.fb_in1k" for name in DEIT_III}}
# Weights in one file; or in several, with an index beside them.
WEIGHTS = ("model.safetensors", "model.safetensors.index.json",
           "pytorch_model.bin", "pytorch_model.bin.index.json")  # fmt: skip
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)


def is_name(text: str) -> bool:
    """Whether it could be a model on the Hub: owner/model, or timm's name of a DeiT III."""
    return text in REPOSITORIES or bool(re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", text))


def fetch(name: str) -> Path:
    """The folder of a model on the Hub; downloaded once, with a progress bar, then cached.

    Only config.json and the weights are fetched, as safetensors where there are such.

    Args:
        name: owner/model; of a published model, or of anybody's.

    Raises:
        FileNotFoundError: if there is neither a network nor a copy in the cache, with the
            command that fetches it.
        OSError: the system's own, if the cache's disk is full or may not be written to.
    """
    from huggingface_hub import snapshot_download

    repository = REPOSITORIES.get(name, name)
    for weights in WEIGHTS:
        try:
            folder = snapshot_download(
                repository, allow_patterns=["config.json", weights, *_parts_of(weights)]
            )
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) in OF_THE_DISK:
                raise
            raise FileNotFoundError(_advice(name, repository)) from error
        if (Path(folder) / weights).is_file():
            return Path(folder)
    raise FileNotFoundError(_advice(name, repository))


def _parts_of(weights: str) -> list[str]:
    """What the files are called that an index lists, as transformers names them."""
    whole = weights.removesuffix(".index.json")
    stem, _, ending = whole.rpartition(".")
    return [] if whole == weights else [f"{stem}-*-of-*.{ending}"]


def _advice(name: str, repository: str) -> str:
    advice = (
        f"expected {name} on the Hub or in its cache, found neither: `hf download {repository}` "
        "fetches it where there is a network (with `--local-dir FOLDER`, to carry the FOLDER "
        "elsewhere and load(FOLDER))."
    )
    if name in VIDEOS:
        file = f"{name.removeprefix('facebook/')}.pth"
        return f"{advice} Meta's own file {file} can be loaded, too: load('{file}')."
    return advice
