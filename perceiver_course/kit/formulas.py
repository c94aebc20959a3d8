"""What an attend costs, worked out by hand: the formulas behind the counts."""

from perceiver_tutorial.perceiver import EncoderConfig


def attend_flops(
    queries: int,
    keys: int,
    query_channels: int,
    kv_channels: int,
    *,
    qk_channels: int | None = None,
    v_channels: int | None = None,
    widening_factor: int = 1,
) -> dict[str, int]:
    """Floating point operations of one cross-attend, or self-attend, part by part.

    A matrix product of sizes (a, b) and (b, c) takes a * b * c multiplications and as
    many additions: 2 * a * b * c operations. Norms, softmax and the bend are left out,
    as in torch's own counts: they are small. The number of heads does not matter.

    Args:
        queries: rows that ask. In a self-attend they are the keys as well.
        keys: rows that are read.
        query_channels: width of a row that asks.
        kv_channels: width of a row that is read.
        qk_channels: width in which they meet. Default: `query_channels`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width over `query_channels`, in the MLP.

    Returns:
        Part -> operations, in the order in which they are done.

    >>> sum(attend_flops(512, 50176, 1024, 261, qk_channels=261).values())
    43187474432
    """
    qk_channels = qk_channels or query_channels
    v_channels = v_channels or qk_channels
    return {
        "queries": 2 * queries * query_channels * qk_channels,
        "keys": 2 * keys * kv_channels * qk_channels,
        "values": 2 * keys * kv_channels * v_channels,
        "scores": 2 * queries * keys * qk_channels,
        "mixtures": 2 * queries * keys * v_channels,
        "output": 2 * queries * v_channels * query_channels,
        "MLP": 2 * 2 * queries * query_channels**2 * widening_factor,
    }


def attend_parameters(
    query_channels: int,
    kv_channels: int | None = None,
    *,
    qk_channels: int | None = None,
    v_channels: int | None = None,
    widening_factor: int = 1,
) -> int:
    """Learned numbers of one cross-attend, or self-attend: linear maps, biases and norms.

    Neither the number of rows matters nor that of heads.

    Args:
        query_channels: see `attend_flops`.
        kv_channels: None: a self-attend, whose norm serves who asks and who is read.
        qk_channels: see `attend_flops`.
        v_channels: see `attend_flops`.
        widening_factor: see `attend_flops`.

    >>> attend_parameters(768, widening_factor=4)
    7087872
    """
    read_channels = kv_channels or query_channels
    qk_channels = qk_channels or query_channels
    v_channels = v_channels or qk_channels
    hidden = widening_factor * query_channels
    maps = (
        (query_channels, qk_channels),
        (read_channels, qk_channels),
        (read_channels, v_channels),
        (v_channels, query_channels),
        (query_channels, hidden),
        (hidden, query_channels),
    )
    norms = 2 * (2 * query_channels + (kv_channels or 0))
    return norms + sum(map_parameters(wide, out) for wide, out in maps)


def map_parameters(channels: int, out_channels: int) -> int:
    """Learned numbers of one linear map with a bias."""
    return (channels + 1) * out_channels


def encoder_flops(config: EncoderConfig, inputs: int, input_channels: int) -> dict[str, int]:
    """Floating point operations of a Perceiver's encoder: all its reading, all its thinking.

    Args:
        config: sizes and schedule.
        inputs: rows of the input array.
        input_channels: its width.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> encoder_flops(PUBLISHED["deepmind/vision-perceiver-fourier"].encoder, 50176, 261)
    {'reading': 43187474432, 'thinking': 360777252864}
    """
    latents, width = config.num_latents, config.latent_channels
    read = attend_flops(
        latents,
        inputs,
        width,
        input_channels,
        qk_channels=config.qk_channels or input_channels,
        v_channels=config.v_channels,
        widening_factor=config.cross_widening_factor,
    )
    think = attend_flops(
        latents,
        latents,
        width,
        width,
        qk_channels=config.qk_channels,
        v_channels=config.v_channels,
        widening_factor=config.self_widening_factor,
    )
    times = config.num_blocks * config.layers_per_block
    return {
        "reading": len(config.cross_schedule) * sum(read.values()),
        "thinking": times * sum(think.values()),
    }


def encoder_parameters(config: EncoderConfig, input_channels: int) -> int:
    """Learned numbers of a Perceiver's encoder; weights that are used again count once.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> encoder_parameters(PUBLISHED["deepmind/vision-perceiver-fourier"].encoder, 261)
    41110859
    """
    width = config.latent_channels
    read = attend_parameters(
        width,
        input_channels,
        qk_channels=config.qk_channels or input_channels,
        v_channels=config.v_channels,
        widening_factor=config.cross_widening_factor,
    )
    think = attend_parameters(
        width,
        qk_channels=config.qk_channels,
        v_channels=config.v_channels,
        widening_factor=config.self_widening_factor,
    )
    blocks = len({block for _, block in config.schedule})
    thinks = blocks * config.layers_per_block
    return config.num_latents * width + len({*config.cross_schedule}) * read + thinks * think
