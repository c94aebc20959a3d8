"""The same model otherwise: equal to another implementation, or for images of another size.

Two implementations were published, and they disagree. transformers ported DeepMind's JAX
code and differs from it in four choices of the model (measured with the same random
weights, error relative to the output):

- the activation: exact GELU where JAX approximates it by tanh (1e-4);
- learned positions: the class query is added to the result of its cross-attention, DeepMind leaves
  it out (0.34);
- convolution and max-pooling: symmetric padding and a pool without any, so that
  224 pixels become 55 cells where DeepMind has 56 (0.06);
- masked language modelling: queries of masked bytes attend to the latents, where in
  DeepMind's code they attend to nothing (1.3, on those rows only).
"""

from dataclasses import asdict, replace
from typing import Any, Literal, get_args

from ..made_from import like
from ..positions import resize_positions
from ..zoo import build
from .config import ConvPoolStem, LearnedConfig, PerceiverConfig
from .model import PerceiverIO
from .tasks import ImageClassifierConfig, MaskedLanguageConfig

Fidelity = Literal["transformers", "deepmind"]


def with_fidelity(config: PerceiverConfig, fidelity: Fidelity) -> PerceiverConfig:
    """The same model, with the choices of one of the two implementations.

    Args:
        config: any Perceiver configuration.
        fidelity: whose outputs to equal, given the same weights.

    Raises:
        ValueError: if `fidelity` is neither of the two.

    >>> from .published import VISION_PERCEIVER_CONV
    >>> with_fidelity(VISION_PERCEIVER_CONV, "deepmind").stem.padding
    'same'
    """
    if fidelity not in get_args(Fidelity):
        raise ValueError(f"fidelity={fidelity!r} is neither 'transformers' nor 'deepmind'.")
    deepmind = fidelity == "deepmind"
    config = replace(config, activation="gelu_tanh" if deepmind else "gelu")
    if isinstance(config, MaskedLanguageConfig):
        return replace(config, mask_queries=deepmind)
    if not isinstance(config, ImageClassifierConfig):
        return config
    if isinstance(config.positions, LearnedConfig) and config.decoder is not None:
        config = replace(config, decoder=replace(config.decoder, query_residual=not deepmind))
    if isinstance(config.stem, ConvPoolStem):
        padding = "same" if deepmind else "transformers"
        config = replace(config, stem=replace(config.stem, padding=padding))
    return config


def disagreements(config: PerceiverConfig) -> dict[str, tuple[Any, Any]]:
    """The choices in which the two implementations of a model differ.

    Args:
        config: any Perceiver configuration.

    Returns:
        Name of the field -> (transformers' choice, DeepMind's choice).

    >>> from .published import VISION_PERCEIVER_FOURIER
    >>> disagreements(VISION_PERCEIVER_FOURIER)
    {'activation': ('gelu', 'gelu_tanh')}
    """
    theirs, others = (_fields(asdict(with_fidelity(config, one))) for one in get_args(Fidelity))
    return {name: (theirs[name], others[name]) for name in theirs if theirs[name] != others[name]}


def _fields(config: dict[str, Any], inside: str = "") -> dict[str, Any]:
    """The fields of a configuration and of the parts in it, by dotted names."""
    fields: dict[str, Any] = {}
    for name, value in config.items():
        is_part = isinstance(value, dict)
        fields |= _fields(value, f"{inside}{name}.") if is_part else {f"{inside}{name}": value}
    return fields


def resized(model: PerceiverIO, image_size: tuple[int, int]) -> PerceiverIO:
    """Copy an image classifier's weights into one that takes another size.

    The number of inputs changes, and nothing that is learned depends on it, except
    a learned table of positions: that is stretched. Fourier positions are computed
    for the new grid, with the pitches they had. Type, device, mode and what is frozen stay.

    Args:
        model: built from a configuration.
        image_size: (height, width) in pixels.

    Raises:
        ValueError: if the model is no image classifier built from a configuration.
    """
    if not isinstance(model.config, ImageClassifierConfig):
        kind = type(model.config).__name__
        raise ValueError(f"expected an image classifier built from a configuration, got {kind}.")
    other = like(build(replace(model.config, image_size=image_size)), model)
    state = model.state_dict()
    if isinstance(model.config.positions, LearnedConfig):
        grids = model.preprocessor.index_dims, other.preprocessor.index_dims
        name = "preprocessor.positions.table"
        state[name] = resize_positions(state[name], *grids)
    other.load_state_dict(state)
    return other
