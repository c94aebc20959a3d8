"""From a configuration, or a published name, to a model: every part is put in its place here."""

from difflib import get_close_matches

from ..positions import FourierPositions, LearnedPositions
from .config import Conv1x1Stem, ConvPoolStem, FourierConfig, LearnedConfig, PatchStem, PixelStem
from .decoder import PerceiverDecoder
from .encoder import PerceiverEncoder
from .model import PerceiverIO
from .multimodal import (
    MultimodalDecoder,
    MultimodalPostprocessor,
    MultimodalPreprocessor,
    MultimodalQueries,
)
from .parts import What, Where
from .postprocessors import AudioSamples, ClassLogits, FlowField, PicturePixels, TiedByteLogits
from .preprocessors import (
    AddedPositions,
    AppendedPositions,
    AudioPatches,
    ByteEmbedding,
    Conv1x1,
    ConvPool,
    OneHotLabel,
    Patches,
    Pixels,
)
from .published import PUBLISHED
from .queries import GridQueries, InputQueries, LearnedQueries, PlaceQueries
from .tasks import (
    AudioConfig,
    ImageClassifierConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PerceiverConfig,
    TextClassifierConfig,
    VideoConfig,
)


def build(model: str | PerceiverConfig) -> PerceiverIO:
    """Build a Perceiver with random weights.

    Args:
        model: a published name, or any configuration.

    Raises:
        ValueError: if no published model has that name.
    """
    config = published(model) if isinstance(model, str) else model
    match config:
        case ImageClassifierConfig():
            return image_classifier(config)
        case MaskedLanguageConfig():
            return masked_language_model(config)
        case TextClassifierConfig():
            return text_classifier(config)
        case OpticalFlowConfig():
            return optical_flow(config)
        case MultimodalConfig():
            return multimodal_autoencoder(config)
    raise TypeError(f"expected a published name or a configuration, got {type(model).__name__}.")


def published(name: str) -> PerceiverConfig:
    """Look a published configuration up, or suggest the nearest name."""
    if name not in PUBLISHED:
        nearest = get_close_matches(name, PUBLISHED, n=1, cutoff=0)
        raise ValueError(
            f"no published Perceiver is called {name!r}. Did you mean {nearest[0]!r}? "
            f"There are: {', '.join(PUBLISHED)}."
        )
    return PUBLISHED[name]


def image_classifier(config: ImageClassifierConfig) -> PerceiverIO:
    """An image in, one score for each class out. Paper: Perceiver IO 4.5."""
    what = _stem(config)
    preprocessor = AppendedPositions(what, _positions(config.positions, what.index_dims))
    width = config.encoder.latent_channels
    return PerceiverIO(
        preprocessor=preprocessor,
        encoder=PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
        queries=LearnedQueries(1, width),
        decoder=PerceiverDecoder(config.decoder, width, width, activation=config.activation),
        postprocessor=ClassLogits(width, config.num_classes),
        config=config,
    )


def masked_language_model(config: MaskedLanguageConfig) -> PerceiverIO:
    """Bytes in, scores for the byte at every place out. Paper: Perceiver IO 4.1."""
    preprocessor = _bytes(config)
    width = config.input_channels
    return PerceiverIO(
        preprocessor=preprocessor,
        encoder=PerceiverEncoder(config.encoder, width, config.activation),
        queries=PlaceQueries(config.max_bytes, width),
        decoder=PerceiverDecoder(
            config.decoder, width, config.encoder.latent_channels, activation=config.activation
        ),
        postprocessor=TiedByteLogits(preprocessor.what.table),
        mask_queries=config.mask_queries,
        config=config,
    )


def text_classifier(config: TextClassifierConfig) -> PerceiverIO:
    """Bytes in, one score for each class out: the masked language model's encoder, one query."""
    width = config.encoder.latent_channels
    return PerceiverIO(
        preprocessor=_bytes(config),
        encoder=PerceiverEncoder(config.encoder, config.input_channels, config.activation),
        queries=LearnedQueries(1, width),
        decoder=PerceiverDecoder(config.decoder, width, width, activation=config.activation),
        postprocessor=ClassLogits(width, config.num_classes),
        config=config,
    )


def optical_flow(config: OpticalFlowConfig) -> PerceiverIO:
    """Neighbourhoods of two frames in, one motion for each pixel out. Paper: Perceiver IO 4.3."""
    size = (2, *config.image_size)
    what = Patches(size, (2, 1, 1), image_channels=27, projected_channels=config.patch_channels)
    where = _positions(config.positions, config.image_size)
    preprocessor = AppendedPositions(what, where)
    width = preprocessor.num_channels
    return PerceiverIO(
        preprocessor=preprocessor,
        encoder=PerceiverEncoder(config.encoder, width, config.activation),
        queries=InputQueries(width),
        decoder=PerceiverDecoder(
            config.decoder, width, config.encoder.latent_channels, activation=config.activation
        ),
        postprocessor=FlowField(width, config.image_size, config.divide_by),
        config=config,
    )


def multimodal_autoencoder(config: MultimodalConfig) -> PerceiverIO:
    """Video, sound and label in, the same three out. Paper: Perceiver IO 4.4."""
    preprocessor = _multimodal_preprocessor(config)
    queries = _multimodal_queries(config)
    decoder = PerceiverDecoder(
        config.decoder,
        queries.num_channels,
        config.encoder.latent_channels,
        output_channels=config.output_channels,
        activation=config.activation,
    )
    return PerceiverIO(
        preprocessor=preprocessor,
        encoder=PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
        queries=queries,
        decoder=MultimodalDecoder(decoder),
        postprocessor=_multimodal_postprocessor(config),
        config=config,
    )


def _stem(config: ImageClassifierConfig) -> What:
    size, colours = config.image_size, config.image_channels
    match config.stem:
        case PixelStem(stride):
            return Pixels(size, colours, strides=(stride, stride))
        case Conv1x1Stem(channels, stride):
            return Conv1x1(size, channels, colours, stride)
        case ConvPoolStem(channels, num_layers, padding):
            return ConvPool(size, channels, colours, num_layers, padding)
        case PatchStem(side, channels):
            return Patches(size, (side, side), colours, channels)
    raise TypeError(f"no stem is built from {type(config.stem).__name__}.")


def _positions(config: FourierConfig | LearnedConfig, index_dims: tuple[int, ...]) -> Where:
    match config:
        case FourierConfig(num_bands, max_resolution):
            return FourierPositions(index_dims, num_bands, max_resolution)
        case LearnedConfig(channels, projected_channels):
            return LearnedPositions(index_dims, channels, projected_channels)
    raise TypeError(f"no positions are built from {type(config).__name__}.")


def _bytes(config: MaskedLanguageConfig | TextClassifierConfig) -> AddedPositions:
    return AddedPositions(
        ByteEmbedding(config.input_channels, config.max_bytes, config.vocabulary),
        LearnedPositions((config.max_bytes,), config.input_channels),
    )


def _video_size(image: VideoConfig) -> tuple[int, int, int]:
    return (image.num_frames, *image.image_size)


def _sound(audio: AudioConfig) -> AudioPatches:
    return AudioPatches(audio.num_samples, audio.samples_per_patch)


def _multimodal_preprocessor(config: MultimodalConfig) -> MultimodalPreprocessor:
    side = config.image.patch_size
    patches = Patches(_video_size(config.image), (1, side, side))
    sound = _sound(config.audio)
    modalities = {
        "audio": AppendedPositions(sound, _positions(config.audio.positions, sound.index_dims)),
        "image": AppendedPositions(patches, _positions(config.image.positions, patches.index_dims)),
        "label": OneHotLabel(config.label.num_classes),
    }
    masked = {name: getattr(config, name).mask_probability for name in modalities}
    return MultimodalPreprocessor(modalities, config.input_padding, masked)


def _multimodal_queries(config: MultimodalConfig) -> MultimodalQueries:
    places = {"audio": _sound(config.audio).index_dims, "image": _video_size(config.image)}
    queries = {
        name: GridQueries(
            index_dims,
            getattr(config, name).positions.num_bands,
            getattr(config, name).positions.max_resolution,
        )
        for name, index_dims in places.items()
    }
    queries["label"] = LearnedQueries(1, config.label.query_channels)
    return MultimodalQueries(queries, config.query_padding)


def _multimodal_postprocessor(config: MultimodalConfig) -> MultimodalPostprocessor:
    width = config.output_channels
    return MultimodalPostprocessor(
        {
            "audio": AudioSamples(width, config.audio.samples_per_patch),
            "image": PicturePixels(width, _video_size(config.image)),
            "label": ClassLogits(width, config.label.num_classes),
        }
    )
