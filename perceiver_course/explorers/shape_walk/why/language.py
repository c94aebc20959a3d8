"""The masked language model: bytes in, bytes out."""

from perceiver_tutorial.perceiver.tasks import MaskedLanguageConfig
from perceiver_tutorial.tracing.walk import Step

from .attends import attend_reasons
from .reason import Reason, chosen, times

BYTES, SPECIAL = 256, 6


def language_reasons(config: MaskedLanguageConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage come from."""
    places, width, ids = config.max_bytes, config.input_channels, config.vocabulary
    match stage.name.split("."):
        case ["raw"]:
            return [chosen(places, "bytes", "shorter texts are filled up, longer ones cut")]
        case ["preprocessor", "what"]:
            return [chosen(places, "inputs", "one for each byte"),
                    chosen(width, "channels", "chosen"),
                    _table(ids, width, "a row for each id")]  # fmt: skip
        case ["preprocessor", "where"]:
            return [chosen(places, "points", "one for each byte"),
                    chosen(width, "position_channels", "as wide as a byte: they are added"),
                    _table(places, width, "a row for each place")]  # fmt: skip
        case ["preprocessor"]:
            return [chosen(places, "inputs", "one for each byte"),
                    chosen(width, "channels", "places are added, not put beside")]  # fmt: skip
        case ["queries", *_]:
            return [chosen(places, "outputs", "a question for each place"),
                    chosen(width, "query_channels", "chosen"),
                    _table(places, width, "a row for each place")]  # fmt: skip
        case ["decoder"]:
            return [chosen(places, "outputs", "an answer for each place"),
                    chosen(width, "output_channels", "as wide as the queries")]  # fmt: skip
        case ["postprocessor"]:
            terms = f"{times(ids, width)} + {ids}"
            return [_outputs(config), _ids(config),
                    Reason(ids * width + ids, "parameters", terms,
                           "the table of the bytes once more, and a bias for each")]  # fmt: skip
        case ["answer"]:
            return [_outputs(config), _ids(config)]
    return attend_reasons(config.encoder, config.decoder, stage)


def _table(rows: int, width: int, because: str) -> Reason:
    return Reason(rows * width, "parameters", times(rows, width), because)


def _outputs(config: MaskedLanguageConfig) -> Reason:
    return chosen(config.max_bytes, "outputs", "one for each place")


def _ids(config: MaskedLanguageConfig) -> Reason:
    terms = f"{BYTES} + {config.vocabulary - BYTES}"
    return Reason(config.vocabulary, "vocabulary", terms, "bytes and special ids")
