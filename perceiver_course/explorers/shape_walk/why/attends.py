"""What the three kinds of attend in a Perceiver give, and what they take."""

from perceiver_tutorial.perceiver import EncoderConfig
from perceiver_tutorial.perceiver.config import DecoderConfig
from perceiver_tutorial.tracing.walk import Step

from ....kit.formulas import attend_flops, attend_parameters
from .reason import Reason, chosen, times


def attend_reasons(encoder: EncoderConfig, decoder: DecoderConfig, stage: Step) -> list[Reason]:
    """Where the numbers of the encoder come from, and those of the decoder's cross-attend."""
    rows, channels = encoder.num_latents, encoder.latent_channels
    match stage.name.split("."):
        case ["encoder", "cross", _]:
            return [*_latents(encoder, "queries", "query_channels"), *_reading(encoder, stage)]
        case ["encoder", "blocks", *_]:
            return [*_latents(encoder, "positions", "channels"), *_thinking(encoder)]
        case ["encoder"]:
            return [
                *_latents(encoder, "latents", "latent_channels"),
                chosen(rows * channels, "numbers", f"{times(rows, channels)} for any input"),
            ]
        case ["decoder", "read"]:
            return _answering(encoder, decoder, stage)
    return []


def _latents(encoder: EncoderConfig, rows: str, channels: str) -> list[Reason]:
    return [
        chosen(encoder.num_latents, rows, "the latents, as many as were chosen"),
        chosen(encoder.latent_channels, channels, "their width, chosen"),
    ]


def _reading(encoder: EncoderConfig, stage: Step) -> list[Reason]:
    _, inputs, channels = stage.inputs[1].sizes
    flops = attend_flops(
        encoder.num_latents, inputs, encoder.latent_channels, channels,
        qk_channels=encoder.qk_channels or channels, v_channels=encoder.v_channels,
        widening_factor=encoder.cross_widening_factor,
    )  # fmt: skip
    parameters = attend_parameters(
        encoder.latent_channels, channels,
        qk_channels=encoder.qk_channels or channels, v_channels=encoder.v_channels,
        widening_factor=encoder.cross_widening_factor,
    )  # fmt: skip
    return [
        _weights(encoder.num_latents, inputs, "latents x inputs"),
        _operations(flops),
        chosen(parameters, "parameters", "linear maps, biases and norms"),
    ]


def _thinking(encoder: EncoderConfig) -> list[Reason]:
    rows, channels = encoder.num_latents, encoder.latent_channels
    flops = attend_flops(
        rows, rows, channels, channels, qk_channels=encoder.qk_channels,
        v_channels=encoder.v_channels, widening_factor=encoder.self_widening_factor,
    )  # fmt: skip
    runs = encoder.num_blocks, encoder.layers_per_block
    return [
        Reason(runs[0] * runs[1], "runs", times(*runs), "blocks x self-attends in each"),
        _weights(rows, rows, "latents x latents"),
        _operations(flops),
    ]


def _answering(encoder: EncoderConfig, decoder: DecoderConfig, stage: Step) -> list[Reason]:
    _, queries, channels = stage.inputs[0].sizes
    flops = attend_flops(
        queries, encoder.num_latents, channels, encoder.latent_channels,
        qk_channels=decoder.qk_channels or encoder.latent_channels,
        v_channels=decoder.v_channels,
    )  # fmt: skip
    return [
        chosen(queries, "queries", "an answer for each query"),
        chosen(channels, "query_channels", "as wide as the queries"),
        _weights(queries, encoder.num_latents, "queries x latents"),
        _operations(flops),
    ]


def _weights(queries: int, keys: int, because: str) -> Reason:
    return Reason(queries * keys, "attention weights", times(queries, keys), because)


def _operations(flops: dict[str, int]) -> Reason:
    most = max(flops, key=flops.__getitem__)
    share = round(100 * flops[most] / sum(flops.values()))
    return chosen(
        sum(flops.values()), "operations", f"in one run, {share} % of them for the {most}"
    )
