"""Hook points: named places where a value inside a model can be recorded."""

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
        """Whether anything records, so that the value is worth computing."""
        return bool(self._forward_hooks)

    def extra_repr(self) -> str:
        """Show the axes where the model is printed."""
        return self.axes


@contextmanager
def record(model: nn.Module, names: str = "*") -> Iterator[dict[str, list[Tensor]]]:
    """Collect what passes the hook points while the block runs, in order.

    Every name holds a list: a module that is run again (the Perceiver runs its
    block several times with the same weights) is recorded again.

    Args:
        model: any module with hook points inside.
        names: which hook points, as a shell pattern, e.g. "encoder.cross.*".

    Yields:
        Name of a hook point -> the values that passed, detached, first to last.

    Raises:
        ValueError: if no hook point of the model has such a name.

    >>> from torch import ones, nn
    >>> toy = nn.Sequential(nn.Flatten(), HookPoint("batch channels"))
    >>> with record(toy) as recorded:
    ...     _ = toy(ones(2, 3, 4))
    >>> [value.shape for value in recorded["1"]]
    [torch.Size([2, 12])]
    """
    there = {name: one for name, one in model.named_modules() if isinstance(one, HookPoint)}
    wanted = {name: point for name, point in there.items() if fnmatch(name, names)}
    if not wanted:
        raise ValueError(
            f"no hook point is named {names!r}. This model has: {', '.join(there) or 'none'}."
        )
    recorded: dict[str, list[Tensor]] = defaultdict(list)

    def note(name: str):
        return lambda _module, _args, value: recorded[name].append(value.detach())

    handles = [point.register_forward_hook(note(name)) for name, point in wanted.items()]
    try:
        yield recorded
    finally:
        for handle in handles:
            handle.remove()
