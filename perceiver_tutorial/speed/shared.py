r"""All answers of the multimodal model from products that its queries share.

One query x of a pixel goes a long way: normalised, projected, compared with 784 latents,
their mixture projected, normalised, through an MLP, projected, and to three colours. Its
only bends are the softmax and the MLP's; all between is linear and can be done for the
latents, once, instead of for 804,737 queries.

Before the softmax. With x = t + y + x', one row for each axis (see `grids`), mean m and
standard deviation s, the score for latent j with folded key a_j is

    ((x - m) / s * gain + shift) . a_j  =  (S_t[j] + S_y[j] + S_x'[j]) / s + const[j],

where S_t = t . (gain a_j) - m_t sum(gain a_j), and m and s add up from the rows as well.

After it. A query's mixture is sum_j w_j o_j, with o_j the output for somebody who looks at
latent j only. The layer norm in front of the MLP takes the mean away, which is linear, and
divides by the length, for which a short vector is as good as a long one: if C is the
centred output map and C = QR, then |C v| = |R v|. Behind the last bend all maps up to the
colours are multiplied into one.
"""

from copy import copy

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, linear

from ..perceiver.decoder import PerceiverDecoder
from ..perceiver.model import PerceiverIO
from ..perceiver.multimodal import MultimodalDecoder, MultimodalPostprocessor, MultimodalQueries
from ..perceiver.postprocessors import AudioSamples, ClassLogits, PicturePixels
from ..perceiver.queries import GridQueries, LearnedQueries
from .fold import FoldedCrossAttend
from .grids import SummedQueries, moments, take_apart
from .products import times
from .rows import ROWS_AT_ONCE


def is_shareable(model: PerceiverIO) -> bool:
    """Whether a model's decoder is one whose queries share their products.

    Args:
        model: with folded cross-attends.
    """
    queries, decoder, after = model.queries, model.decoder, model.postprocessor
    if not isinstance(decoder, MultimodalDecoder) or not isinstance(queries, MultimodalQueries):
        return False
    one = decoder.decoder
    known_read = isinstance(one, PerceiverDecoder) and isinstance(one.read, FoldedCrossAttend)
    return (
        known_read
        and not one.read.query_residual
        and not one.read.is_heard()
        and isinstance(after, MultimodalPostprocessor)
        and all(isinstance(q, GridQueries | LearnedQueries) for q in queries.modalities.values())
        and all(
            isinstance(a, AudioSamples | ClassLogits | PicturePixels)
            for a in after.modalities.values()
        )
    )


class SharedAnswers:
    """Ask these latents anything, as often as wanted.

    Args:
        model: shareable, see above.
        latents: from its encoder.
    """

    def __init__(self, model: PerceiverIO, latents: Float[Tensor, "batch latents latent_channels"]):
        self.modalities = {
            name: take_apart(queries, model.queries.pad.padding[name])
            for name, queries in model.queries.modalities.items()
        }
        self.samples = [_Sample(model, one, self.modalities) for one in latents]

    def __call__(self, points: dict[str, Int[Tensor, "_"]]) -> dict[str, Tensor]:
        return {
            name: torch.cat([one.answer(name, self._rows(name, some)) for one in self.samples])
            for name, some in points.items()
        }

    def _rows(self, name: str, points: Tensor) -> Int[Tensor, "points tables"]:
        return self.modalities[name].rows(points)


class _Sample:
    """One sample's latents, prepared: in float64, so that only the last step rounds."""

    def __init__(self, model: PerceiverIO, latents: Tensor, modalities: dict[str, SummedQueries]):
        decoder = model.decoder.decoder
        self.read = decoder.read
        self.dtype = self.read.attention.to_keys.weight.dtype
        normed = _norm(self.read.norm_read, latents.double())
        self._prepare_scores(normed, modalities)
        outputs = self._prepare_mixtures(normed)
        after = model.postprocessor.modalities
        self.direct, self.bent = {}, {}
        for name in modalities:
            last = _then(decoder.project, _linear_of(after[name]))
            bent = _then(self.read.mlp.narrow, last)
            self.direct[name] = _with_linear(after[name], outputs @ last[0].T, None, self.dtype)
            self.bent[name] = _with_linear(after[name], bent[0].T, bent[1], self.dtype)

    def answer(self, name: str, rows: Int[Tensor, "points tables"]) -> Tensor:
        """The answers of one modality to queries given as rows of its tables."""
        pieces = [self._answer(name, some) for some in rows.split(ROWS_AT_ONCE)]
        return torch.cat(pieces, dim=1)

    def _answer(self, name: str, rows: Tensor) -> Tensor:
        weights = self._weights(name, rows).to(self.dtype)[None]
        short, hidden = times(weights, self.mixtures, self.read.onednn).split(self.sizes, dim=-1)
        norm = self.read.norm_mlp
        variance = short.float().square().sum(-1, keepdim=True) / norm.normalized_shape[0]
        hidden = hidden * (variance + norm.eps).rsqrt().to(self.dtype)
        hidden = self.read.mlp.bend(hidden.add_(self.shift))
        return self.direct[name](weights).float() + self.bent[name](hidden).float()

    def _weights(self, name: str, rows: Tensor) -> Float[Tensor, "points latents"]:
        scores = embedding_bag(rows, self.tables[name], mode="sum")
        mean, square = embedding_bag(rows, self.moments[name], mode="sum").unbind(-1)
        variance = square - mean.square() + self.read.norm_queries.eps
        return scores.mul_(variance.rsqrt()[:, None]).add_(self.constant).softmax(-1)

    def _prepare_scores(self, normed: Tensor, modalities: dict[str, SummedQueries]) -> None:
        """Tables of scores, one row for every row of the queries' tables."""
        attention, norm = self.read.attention, self.read.norm_queries
        keys = _linear(attention.to_keys, normed) / attention.to_keys.out_features**0.5
        folded = keys @ attention.to_queries.weight.double()
        constant = keys @ attention.to_queries.bias.double() + folded @ norm.bias.double()
        gained = folded * norm.weight.double()
        self.constant = constant.float()
        self.tables, self.moments = {}, {}
        for name, queries in modalities.items():
            stacked = torch.cat(queries.tables).double()
            stats = moments(stacked)
            scores = stacked @ gained.T - stats[:, :1] * gained.sum(-1)
            self.tables[name], self.moments[name] = scores.float(), stats.float()

    def _prepare_mixtures(self, normed: Tensor) -> Float[Tensor, "latents channels"]:
        """What the MLP needs of every latent; returns the output for each latent alone."""
        attention, norm, widen = self.read.attention, self.read.norm_mlp, self.read.mlp.widen
        values = _linear(attention.to_values, normed)
        outputs = _linear(attention.to_output, values)
        centred = outputs - outputs.mean(-1, keepdim=True)
        hidden = (centred * norm.weight.double()) @ widen.weight.double().T
        short = _one_more(values) @ _lengths(attention.to_output).T
        self.sizes = [short.shape[1], hidden.shape[1]]
        self.mixtures = torch.cat([short, hidden], dim=-1).to(self.dtype)[None]
        self.shift = _linear(widen, norm.bias.double()).to(self.dtype)
        return outputs


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """A linear layer in float64."""
    return linear(x, layer.weight.double(), layer.bias.double())


def _norm(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """A layer norm in float64."""
    centred = x - x.mean(-1, keepdim=True)
    scale = (centred.square().mean(-1, keepdim=True) + norm.eps).rsqrt()
    return centred * scale * norm.weight.double() + norm.bias.double()


def _one_more(values: Tensor) -> Tensor:
    """Values with a channel of ones, which a bias is multiplied with."""
    return torch.cat([values, torch.ones_like(values[:, :1])], dim=-1)


def _lengths(layer: nn.Linear) -> Float[Tensor, "short inputs_and_one"]:
    """A smaller map after which vectors are as long as after the layer, its mean taken away."""
    whole = torch.cat([layer.weight, layer.bias[:, None]], dim=-1).double()
    return torch.linalg.qr(whole - whole.mean(0), mode="r").R


def _linear_of(postprocessor: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one linear layer of a postprocessor."""
    (layer,) = postprocessor.children()
    return layer.weight.double(), layer.bias.double()


def _then(layer: nn.Module, last: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """One linear map from a layer and the map that follows it."""
    weight, bias = last
    if isinstance(layer, nn.Identity):
        return last
    return weight @ layer.weight.double(), weight @ layer.bias.double() + bias


def _with_linear(
    postprocessor: nn.Module, weight: Tensor, bias: Tensor | None, dtype: torch.dtype
) -> nn.Module:
    """The postprocessor around another linear map, given transposed."""
    ((name, _),) = postprocessor.named_children()
    other = copy(postprocessor)
    layer = nn.Linear(*weight.shape, bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(weight.T.to(dtype).contiguous(), requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias.to(dtype), requires_grad=False)
    other._modules = {name: layer}
    return other
