"""From a file to a model: everything is compared first, and only what fits is built."""

import warnings
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from .. import deit, perceiver
from ..deit import DeiT, DeiTMaskedImage
from ..hiera import Hiera, HieraConfig, HieraMAE, HieraMAEConfig
from ..perceiver import PerceiverConfig, PerceiverIO, with_fidelity
from ..perceiver.variants import Fidelity
from ..zoo import build
from .checkpoint import open_checkpoint
from .compare import Comparison
from .families import Config, own_weights


def load(
    name_or_path: str | Path | Mapping[str, Tensor],
    fidelity: Fidelity = "transformers",
    image_size: tuple[int, int] | None = None,
    *,
    num_classes: int | None = None,
    config: str | Config | None = None,
    averaged: bool = True,
) -> PerceiverIO | Hiera | HieraMAE | DeiT | DeiTMaskedImage:
    """Build the model that a checkpoint holds, with its weights, in evaluation mode.

    Names, shapes and layout are compared first, see `compare`; a model is built only when
    everything fits. Nothing that a file holds is ever run.

    Args:
        name_or_path: a name on the Hub; a folder as transformers, timm or Meta saves it
            (config.json beside model.safetensors or pytorch_model.bin, in one file or in
            several with an index); a file of Meta's
            or timm's (.pth, .safetensors), of DeepMind's (.pystate, .pickle), or a golden
            .npz with its .json beside it; or weights, under anybody's names, also with what
            torch.compile, parallel training or Lightning put before them.
        fidelity: whose outputs to equal; see `with_fidelity`. Matters for Perceivers
            only, the others were published once.
        image_size: (height, width) in pixels, if a Perceiver's or a DeiT's classifier is to
            take another size than it was trained for; see `resized`. A Hiera takes
            any size that its mask units tile.
        num_classes: scores wanted. Where the file has another number of them, or none, the
            body is loaded and the head is new: random, as a warning says.
        config: what the weights are for, as a published name or a configuration. Default:
            what stands in config.json or in a .json beside the file; where nothing stands,
            the published model that the weights fit.
        averaged: take the moving average of the weights (`model_ema`, `state_dict_ema`)
            where a training left it beside the weights, as timm does; a warning says so.
            False: take the weights. What a file has only once is taken in any case.

    Raises:
        FileNotFoundError: if there is no such file or folder, here or on the Hub.
        ValueError: if what it holds is none of our models, its weights do not fit, or the
            file is broken.
    """
    checkpoint = open_checkpoint(name_or_path, config, num_classes, averaged=averaged)
    checkpoint.comparison.check()
    chosen = checkpoint.config
    if isinstance(chosen, PerceiverConfig) and (fidelity == "deepmind") != checkpoint.by_deepmind:
        chosen = with_fidelity(chosen, fidelity)
    if image_size is not None and isinstance(chosen, HieraConfig | HieraMAEConfig):
        raise ValueError(
            f"expected no image_size for a Hiera, got {image_size}. It takes any size that mask "
            "units tile, as it is."
        )
    layout, weights = checkpoint.layout, checkpoint.weights()
    model = build(chosen)
    wanted = {name: value for name, value in own_weights(model).items() if name in checkpoint.new}
    read = [name for name in own_weights(model) if name not in wanted]
    _fill(model, {**wanted, **layout.read(layout.in_table(weights), read)})
    if wanted:
        warnings.warn(
            f"{checkpoint.comparison.title}: the head for {num_classes} classes is new and random: "
            f"{', '.join(wanted)}. Train it before you ask it.",
            stacklevel=3,
        )
    return (model if image_size is None else _resized(model, image_size)).eval()


def _fill(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy every weight; those that are used in two places are there once."""
    names: dict[int, str] = {}
    twice = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        first = names.setdefault(id(parameter), name)
        twice[name] = state[first]
    model.load_state_dict({**state, **twice})


def _resized(
    model: PerceiverIO | DeiT | DeiTMaskedImage, image_size: tuple[int, int]
) -> PerceiverIO | DeiT | DeiTMaskedImage:
    is_deit = isinstance(model, DeiT | DeiTMaskedImage)
    return (deit.resized if is_deit else perceiver.resized)(model, image_size)


def compare(
    name_or_path: str | Path | Mapping[str, Tensor],
    config: str | Config | None = None,
    *,
    averaged: bool = True,
) -> Comparison:
    """What a checkpoint holds beside what the model needs; nothing is loaded.

    Shapes are enough: a model of any size is compared in no time and no memory.

    Args:
        name_or_path: as in `load`.
        config: as in `load`.
        averaged: as in `load`.

    Raises:
        FileNotFoundError: if there is no such file or folder, here or on the Hub.
        ValueError: if what it holds is none of our models, or the file is broken.

    >>> import torch
    >>> from perceiver_tutorial.deit import DeiTConfig
    >>> tiny = DeiTConfig(channels=4, num_heads=1, depth=1, image_size=(16, 16))
    >>> compare({"cls_token": torch.zeros(1, 1, 5)}, tiny).names("wrong shape")
    ['cls_token']
    """
    return open_checkpoint(name_or_path, config, averaged=averaged).comparison
