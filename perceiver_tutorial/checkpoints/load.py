"""From a file to a model: open it, identify what it holds, fill a model with it."""

import warnings
from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor, nn

from .. import deit, perceiver
from ..deit import DeiT, DeiTMaskedImage
from ..hiera import Hiera, HieraConfig, HieraMAE, HieraMAEConfig
from ..perceiver import PerceiverConfig, PerceiverIO, with_fidelity
from ..perceiver.variants import Fidelity
from ..zoo import build
from .compare import Comparison
from .families import Config, own_weights
from .identify import Checkpoint, identify
from .sources import Source, open_source


def load(
    name_or_path: Source,
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
    opened = open_source(name_or_path, averaged=averaged)
    checkpoint = identify(opened, config, num_classes)
    checkpoint.comparison.check()
    checkpoint = _as_wanted(checkpoint, fidelity, image_size)
    if checkpoint.new:
        warnings.warn(
            f"{checkpoint.comparison.title}: the head for {num_classes} classes is new and random: "
            f"{', '.join(checkpoint.new)}. Train it before you ask it.",
            stacklevel=2,
        )
    model = fill(checkpoint, opened.weights()).eval()
    return model if image_size is None else _resized(model, image_size)


def _as_wanted(
    checkpoint: Checkpoint, fidelity: Fidelity, image_size: tuple[int, int] | None
) -> Checkpoint:
    config = checkpoint.config
    if image_size is not None and isinstance(config, HieraConfig | HieraMAEConfig):
        raise ValueError(
            f"expected no image_size for a Hiera, got {image_size}. It takes any size that mask "
            "units tile, as it is."
        )
    if fidelity == "transformers" or not isinstance(config, PerceiverConfig):
        return checkpoint
    return replace(checkpoint, config=with_fidelity(config, fidelity))


def fill(checkpoint: Checkpoint, weights: Mapping[str, Tensor]) -> nn.Module:
    """Build the model, and copy every weight that is stored.

    Args:
        checkpoint: which model, and in which layout; it must fit.
        weights: under the names of the file.
    """
    layout, model = checkpoint.layout, build(checkpoint.config)
    own = own_weights(model)
    stored = [name for name in own if name not in checkpoint.new]
    state = own | layout.read(layout.in_table(weights), stored)
    shared: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        state[name] = state[shared.setdefault(id(parameter), name)]
    model.load_state_dict(state)
    return model


def _resized(
    model: PerceiverIO | DeiT | DeiTMaskedImage, image_size: tuple[int, int]
) -> PerceiverIO | DeiT | DeiTMaskedImage:
    is_deit = isinstance(model, DeiT | DeiTMaskedImage)
    return (deit.resized if is_deit else perceiver.resized)(model, image_size)


def compare(
    name_or_path: Source,
    config: str | Config | None = None,
) -> Comparison:
    """What a checkpoint holds beside what the model needs; nothing is loaded.

    Shapes are enough: a model of any size is compared in no time and no memory.

    Args:
        name_or_path: as in `load`.
        config: as in `load`.

    Raises:
        FileNotFoundError: if there is no such file or folder, here or on the Hub.
        ValueError: if what it holds is none of our models, or the file is broken.

    >>> import torch
    >>> from perceiver_tutorial.deit import DeiTConfig
    >>> tiny = DeiTConfig(channels=4, num_heads=1, depth=1, image_size=(16, 16))
    >>> compare({"cls_token": torch.zeros(1, 1, 5)}, tiny).names("wrong shape")
    ['cls_token']
    """
    return identify(open_source(name_or_path, averaged=True), config).comparison
