"""What is measured: every model of published size that both have, fed with random numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from perceiver_tutorial.checkpoints.families import config_to_transformers
from perceiver_tutorial.perceiver import MultimodalConfig
from perceiver_tutorial.speed import speed_up
from perceiver_tutorial.speed.products import has_onednn
from perceiver_tutorial.tracing.models import Config, published_config
from perceiver_tutorial.zoo import build

THEIRS, PLAIN, FAST, BF16 = "transformers", "this project", "sped up", "sped up, bf16"
MULTIMODAL = "deepmind/multimodal-perceiver"
CHUNKS = 128
HIERAS = ("tiny", "small", "base", "base-plus", "large", "huge")
DEITS = ("tiny", "small", "base")
QUICK = ("facebook/hiera-tiny-224-in1k-hf", "facebook/deit-small-distilled-patch16-224")
USUAL = (*QUICK, "facebook/hiera-base-224-in1k-hf", "facebook/deit-base-distilled-patch16-224")


@dataclass(frozen=True)
class Side:
    """One way to the answer.

    Attributes:
        run: the way.
        times: how often it has to be gone.
    """

    run: Callable[[], Any]
    times: int = 1


@dataclass(frozen=True)
class Case:
    """One task.

    Attributes:
        name: in the results.
        model: published name.
        chunks: of the multimodal model's outputs: how many are wanted; None: no chunks.
    """

    name: str
    model: str
    chunks: int | None = None

    def sides(self, bf16: bool = False) -> dict[str, Side]:
        """The same task for transformers and for us, plain and sped up.

        Args:
            bf16: once more with half as many bits, if the processor has instructions for them.
        """
        config = published_config(self.model)
        model, raw = build(config).eval(), random_input(config)
        fast = speed_up(model)
        ours = {PLAIN: self._run(model, raw, config), FAST: self._run(fast, raw, config)}
        if bf16 and has_onednn(torch.bfloat16):
            ours[BF16] = _in_bf16(ours[FAST])
        sides = {THEIRS: self._theirs(raw, config)}
        return sides | {name: Side(run) for name, run in ours.items()}

    def _run(self, model: nn.Module, raw: Any, config: Config) -> Callable[[], Any]:
        if self.chunks is None:
            return lambda: model(raw)
        return _decoding(model, raw, chunk(config) if self.chunks == 1 else None)

    def _theirs(self, raw: Any, config: Config) -> Side:
        model = transformers_model(config)
        if self.chunks is None:
            return Side(lambda: model(raw))
        points = {**chunk(config), "label": None}
        return Side(lambda: model(raw, subsampled_output_points=points), self.chunks)


def _in_bf16(run: Callable[[], Any]) -> Callable[[], Any]:
    """Half as many bits where torch thinks that they are enough."""

    def cast() -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return run()

    return cast


def _decoding(model: nn.Module, raw: Any, points: Any) -> Callable[[], Any]:
    """Encode once; decode what is wanted, everything in pieces as large as a chunk."""
    pieces = {"points": points} if points else {"chunk_size": 6272}
    return lambda: model.decode(model.encode(raw), raw, **pieces)


def cases() -> Iterator[Case]:
    """All of them, the Perceivers first."""
    for name in ("vision-perceiver-learned", "vision-perceiver-fourier", "vision-perceiver-conv",
                 "language-perceiver", "optical-flow-perceiver"):  # fmt: skip
        yield Case(f"deepmind/{name}", f"deepmind/{name}")
    yield Case(f"{MULTIMODAL}, one of {CHUNKS} chunks", MULTIMODAL, 1)
    yield Case(f"{MULTIMODAL}, all {CHUNKS} chunks", MULTIMODAL, CHUNKS)
    names = [f"facebook/hiera-{size}-224-in1k-hf" for size in HIERAS]
    for kind in ("", "-distilled"):
        names += [f"facebook/deit-{size}{kind}-patch16-224" for size in DEITS]
        names += [f"facebook/deit-base{kind}-patch16-384"]
    yield from (Case(name, name) for name in names)


def chosen(words: list[str], quick: bool) -> list[Case]:
    """The cases whose names contain one of the words; for no words the usual, or the quick ones.

    Usual are all Perceivers, of the multimodal model one chunk, and two sizes each of Hiera
    and DeiT.

    Raises:
        ValueError: if a word is in no name.
    """
    known = list(cases())
    if not words:
        return [case for case in known if _is_usual(case) and (case.name in QUICK or not quick)]
    for word in words:
        if not any(word in case.name for case in known):
            names = "\n    ".join(case.name for case in known)
            raise ValueError(f"expected a part of a name, got {word!r}. There are:\n    {names}")
    return [case for case in known if any(word in case.name for word in words)]


def _is_usual(case: Case) -> bool:
    is_perceiver = case.name.startswith("deepmind/") and case.chunks in (None, 1)
    return is_perceiver or case.name in USUAL


def random_input(config: Config) -> Any:
    """One sample of noise, or of random bytes."""
    zeros = config.example_input(1)
    if isinstance(zeros, dict):
        return {name: torch.randn_like(value) for name, value in zeros.items()}
    return torch.randn_like(zeros) if zeros.is_floating_point() else torch.randint_like(zeros, 262)


def chunk(config: MultimodalConfig) -> dict[str, Tensor]:
    """The first of the chunks in which the multimodal model's outputs are usually decoded."""
    points = {name: torch.arange(n // CHUNKS) for name, n in config.num_outputs.items()}
    return points | {"label": torch.arange(1)}


def transformers_model(config: Config) -> nn.Module:
    """Transformers' model of a published configuration, with random weights."""
    published = config_to_transformers(config)
    architecture = getattr(transformers, published["architectures"][0])
    return architecture(architecture.config_class.from_dict(published)).eval()


def numbers(answer: Any) -> Tensor:
    """All numbers of one of our answers in a row."""
    if isinstance(answer, dict):
        return torch.cat([value.flatten() for value in answer.values()])
    return (answer if isinstance(answer, Tensor) else answer.logits).flatten()


def difference(answer: Any, plain: Any) -> float:
    """Largest difference of two answers over the largest number in the plain one."""
    ours, right = numbers(answer), numbers(plain)
    return float((ours - right).abs().max() / right.abs().max())
