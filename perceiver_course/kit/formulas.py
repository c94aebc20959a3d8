"""Operations of an attention layer and of an encoder by formula; `tracing.cost` counts them."""

from perceiver_tutorial.perceiver import EncoderConfig


def layer_flops(
    queries: int,
    keys: int,
    query_channels: int,
    kv_channels: int,
    *,
    qk_channels: int | None = None,
    v_channels: int | None = None,
    widening_factor: int = 1,
) -> dict[str, int]:
    """Floating point operations of one layer of cross- or self-attention, part by part.

    A matrix product of sizes (a, b) and (b, c) takes a * b * c multiplications and as
    many additions: 2 * a * b * c operations. Norms, softmax and the activation are left out,
    as in torch's own counts: they are small. The number of heads does not matter.

    Args:
        queries: number of query rows. In a self-attention layer they are the keys as well.
        keys: number of key rows, which are the value rows as well.
        query_channels: width of a query row.
        kv_channels: width of a key row.
        qk_channels: width of queries and keys once projected. Default: `query_channels`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width over `query_channels`, in the MLP.

    Returns:
        Part -> operations, in the order in which they are done.

    >>> sum(layer_flops(512, 50176, 1024, 261, qk_channels=261).values())
    43187474432
    """
    qk_channels = qk_channels or query_channels
    v_channels = v_channels or qk_channels
    return {
        "queries": 2 * queries * query_channels * qk_channels,
        "keys": 2 * keys * kv_channels * qk_channels,
        "values": 2 * keys * kv_channels * v_channels,
        "scores": 2 * queries * keys * qk_channels,
        "context": 2 * queries * keys * v_channels,
        "output": 2 * queries * v_channels * query_channels,
        "MLP": 2 * 2 * queries * query_channels**2 * widening_factor,
    }


def encoder_flops(config: EncoderConfig, inputs: int, input_channels: int) -> dict[str, int]:
    """Floating point operations of a Perceiver's encoder, cross- and self-attention apart.

    Args:
        config: sizes and schedule.
        inputs: rows of the input array.
        input_channels: its width.

    Returns:
        "reading", all cross-attention layers, and "thinking", all self-attention layers.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> encoder_flops(PUBLISHED["deepmind/vision-perceiver-fourier"].encoder, 50176, 261)
    {'reading': 43187474432, 'thinking': 360777252864}
    """
    latents, width = config.num_latents, config.latent_channels
    cross_layer = layer_flops(
        latents,
        inputs,
        width,
        input_channels,
        qk_channels=config.qk_channels or input_channels,
        v_channels=config.v_channels,
        widening_factor=config.cross_widening_factor,
    )
    self_layer = layer_flops(
        latents,
        latents,
        width,
        width,
        qk_channels=config.qk_channels,
        v_channels=config.v_channels,
        widening_factor=config.self_widening_factor,
    )
    num_self_layers = config.num_blocks * config.layers_per_block
    return {
        "reading": len(config.cross_schedule) * sum(cross_layer.values()),
        "thinking": num_self_layers * sum(self_layer.values()),
    }
