"""Code or prose: passages of Python's own library, read byte by byte."""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.perceiver import EncoderConfig, TextClassifierConfig, encode_text

from .. import samples
from ..training import batches
from .recipe import Recipe

CODE_OR_PROSE = TextClassifierConfig(
    encoder=EncoderConfig(
        num_latents=8,
        latent_channels=48,
        num_blocks=1,
        layers_per_block=1,
        self_heads=4,
        cross_heads=1,
        qk_channels=48,
    ),
    num_classes=2,
    input_channels=32,
    max_bytes=128,
)


def _batches(seed: int, batch_size: int = 64) -> Iterator[tuple[Tensor, ...]]:
    passages = samples.code_or_prose()
    texts = encode_text(passages.train_texts, CODE_OR_PROSE.max_bytes)
    return batches(*texts, passages.train_labels, batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(ids, mask=mask), labels)


def _score(model: nn.Module) -> float:
    passages = samples.code_or_prose()
    texts = encode_text(passages.test_texts, CODE_OR_PROSE.max_bytes)
    scores = model(texts.ids, mask=texts.mask)
    return (scores.argmax(-1) == passages.test_labels).float().mean().item()


RECIPES = {
    "code-or-prose": Recipe(CODE_OR_PROSE, _batches, _loss, _score, at_least=0.94, steps=200),
}
