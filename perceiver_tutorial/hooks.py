"""Taps: named places where a value inside a model can be looked at."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch

from torch import Tensor, nn


class HookPoint(nn.Identity):
    """Returns what it is given. Its only purpose is to have a name.

    Args:
        axes: what each axis of the value is, e.g. "batch heads queries keys".
    """

    def __init__(self, axes: str):
        super().__init__()
        self.axes = axes

    @property
    def is_recorded(self) -> bool:
        """Whether anybody listens, so that the value is worth making."""
        return bool(self._forward_hooks)

    def extra_repr(self) -> str:
        """Show the axes where the model is printed."""
        return self.axes


@contextmanager
def record(model: nn.Module, names: str = "*") -> Iterator[dict[str, list[Tensor]]]:
    """Collect what flows through the taps while the block runs, in order.

    Every name holds a list: a module that is run again (the Perceiver runs its
    block several times with the same weights) is heard again.

    Args:
        model: any module with taps inside.
        names: which taps, as a shell pattern, e.g. "encoder.cross.*".

    Yields:
        Tap name -> the values that passed, detached, first to last.

    Raises:
        ValueError: if no tap of the model has such a name.

    >>> from torch import ones, nn
    >>> toy = nn.Sequential(nn.Flatten(), HookPoint("batch channels"))
    >>> with record(toy) as recorded:
    ...     _ = toy(ones(2, 3, 4))
    >>> [value.shape for value in recorded["1"]]
    [torch.Size([2, 12])]
    """
    hooks = {
        name: module for name, module in model.named_modules() if isinstance(module, HookPoint)
    }
    wanted = {name: tap for name, tap in hooks.items() if fnmatch(name, names)}
    if not wanted:
        raise ValueError(
            f"no tap is named {names!r}. This model has: {', '.join(hooks) or 'no hooks'}."
        )
    recorded: dict[str, list[Tensor]] = defaultdict(list)

    def note(name: str):
        return lambda _module, _args, value: recorded[name].append(value.detach())

    handles = [tap.register_forward_hook(note(name)) for name, tap in wanted.items()]
    try:
        yield recorded
    finally:
        for handle in handles:
            handle.remove()
