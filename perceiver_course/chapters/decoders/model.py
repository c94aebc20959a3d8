"""A picture in, the same picture out: queries are places, answers are colours."""

from perceiver_tutorial.initialisation import initialise
from perceiver_tutorial.perceiver.config import DecoderConfig, EncoderConfig, FourierConfig
from perceiver_tutorial.perceiver.decoder import PerceiverDecoder
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.model import PerceiverIO
from perceiver_tutorial.perceiver.postprocessors import PixelHead
from perceiver_tutorial.perceiver.preprocessors import PixelPreprocessor
from perceiver_tutorial.perceiver.queries import GridQueries
from perceiver_tutorial.positions import FourierPositions


def picture_autoencoder(
    encoder: EncoderConfig,
    positions: FourierConfig,
    image_size: tuple[int, int],
    decoder: DecoderConfig | None = None,
) -> PerceiverIO:
    """A machine that is asked for the colour of each pixel that it has read.

    The image part of the multimodal autoencoder, on its own. It is asked with
    half-open coordinates, as published decoders are: then the places of a grid are
    among those of a grid that is twice as fine.

    Args:
        encoder: see `EncoderConfig`.
        positions: how the places of inputs and queries are written down.
        image_size: (height, width) in pixels.
        decoder: see `DecoderConfig`. Default: one head, queries not added to answers.
    """
    where = FourierPositions(image_size, positions.num_bands, positions.max_resolution)
    preprocessor = PixelPreprocessor(image_size, where)
    queries = GridQueries(image_size, positions.num_bands, positions.max_resolution)
    asked = queries.num_channels
    config = decoder or DecoderConfig(query_residual=False)
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(encoder, preprocessor.num_channels),
            queries=queries,
            decoder=PerceiverDecoder(config, asked, encoder.latent_channels),
            postprocessor=PixelHead(asked, image_size),
        )
    )
