"""Build a module: it loads the reference's weights, and gives its numbers and gradients."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..proofs import randomise
from .draw import ROUNDS, Draw
from .replies import NotYet, is_unwritten, reply_of, your_turn
from .same import difference, same
from .write import Slip

Made = tuple[Mapping[str, Any], tuple]


@dataclass(frozen=True)
class Build:
    """A module to write.

    Attributes:
        task: what is asked for.
        reference: the right class.
        make: from a `Draw`, what the class is made with, and what its modules are called with.
        slips: wrong classes, or options of the reference, with their hints.
    """

    task: str
    reference: type[nn.Module]
    make: Callable[[Draw], Made]
    slips: tuple[Slip, ...] = ()

    def check(self, yours: Any) -> None:
        """Say that your module is right for several random sizes, or raise with a hint.

        Args:
            yours: a class of modules, made and called like the reference. One whose `forward` is
                dots is taken as not written yet.

        Raises:
            NotYet: if it cannot be made, has other parameters, or gives other numbers or gradients.
        """
        if is_unwritten(yours):
            print(your_turn(self.task))
            return
        if not (isinstance(yours, type) and issubclass(yours, nn.Module)):
            raise NotYet(f"expected a class of modules, without calling it, got {yours!r}.")
        answers, wanted = [], []
        for number in range(ROUNDS):
            options, inputs = self.made(number)
            theirs = randomise(self.reference(**options)).double()
            mine = reply_of(lambda: yours(**options))  # noqa: B023
            _load(mine, theirs)
            answer = _run(mine, inputs)
            if answer is ...:
                print(your_turn(self.task))
                return
            answers.append(answer)
            wanted.append(_run(theirs, inputs))
        self._judge(answers, wanted)
        for number in range(ROUNDS):
            _compare_gradients(yours, self.reference, *self.made(number))
        print("right")

    def made(self, number: int) -> Made:
        """What the class is made with in one round, and what it is called with."""
        return self.make(Draw(self.task, number))

    def _judge(self, answers: list, wanted: list) -> None:
        pairs = zip(answers, wanted, strict=True)
        wrong = next((pair for pair in pairs if not same(*pair)), None)
        if wrong is not None:
            hints = (slip.hint for slip in self.slips if self._is_slip(slip, answers))
            raise NotYet(next(hints, None) or difference(*wrong))

    def _is_slip(self, slip: Slip, answers: list) -> bool:
        return all(same(got, want) for got, want in zip(answers, self._outputs(slip), strict=True))

    def _outputs(self, slip: Slip) -> Iterator[Tensor]:
        for number in range(ROUNDS):
            options, inputs = self.made(number)
            theirs = randomise(self.reference(**options)).double()
            if isinstance(slip.answer, Mapping):
                wrong = self.reference(**{**options, **slip.answer})
            else:
                wrong = slip.answer(**options)
            wrong.load_state_dict(theirs.state_dict())
            yield _run(wrong, inputs)


def _load(mine: nn.Module, theirs: nn.Module) -> None:
    """Give a reader's module the reference's weights; buffers of its own keep their values.

    Raises:
        NotYet: if its parameters have other names or shapes.
    """
    if not isinstance(mine, nn.Module):
        raise NotYet(f"expected a module, got {type(mine).__name__}.")
    has, wants = mine.state_dict(), theirs.state_dict()
    constants = {name for name, _ in mine.named_buffers()}
    lacking = sorted(wants.keys() - has.keys())
    further = sorted(has.keys() - wants.keys() - constants)
    if lacking or further:
        parts = [f"lacks {', '.join(lacking)}"] * bool(lacking)
        parts += [f"has {', '.join(further)} besides"] * bool(further)
        raise NotYet(f"your module {' and '.join(parts)}.")
    for name, weights in wants.items():
        if has[name].shape != weights.shape:
            raise NotYet(
                f"{name} has the shape {tuple(has[name].shape)}, expected {tuple(weights.shape)}."
            )
    mine.load_state_dict(wants, strict=False)


def _run(module: nn.Module, inputs: tuple) -> Any:
    exact = [each.double() if _is_float(each) else each for each in inputs]
    return reply_of(module.double().eval(), *exact)


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _compare_gradients(
    yours: type[nn.Module], reference: type[nn.Module], options: Mapping[str, Any], inputs: tuple
) -> None:
    """Compare the gradient of every parameter.

    Raises:
        NotYet: with the name of the first that differs.
    """
    theirs = randomise(reference(**options)).double()
    mine = yours(**options).double()
    _load(mine, theirs)
    for module in (mine, theirs):
        output = _run(module, inputs)
        if not getattr(output, "requires_grad", False):
            raise NotYet("the output has no gradient: something is detached on the way.")
        weights = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).view_as(output)
        (output * weights).sum().backward()
    found = dict(mine.named_parameters())
    for name, parameter in theirs.named_parameters():
        if (found[name].grad is None) != (parameter.grad is None):
            raise NotYet(f"right numbers, but {name} gets no gradient: is it detached?")
        if parameter.grad is not None and not same(found[name].grad, parameter.grad):
            raise NotYet(f"right numbers, but another gradient for {name}: is something detached?")
