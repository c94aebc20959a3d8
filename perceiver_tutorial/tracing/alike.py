"""Which modules are made alike: on the meta device one of them speaks for all."""

from collections.abc import Hashable

from torch import nn

STRUCTURE = ("_parameters", "_buffers", "_modules")


def kinds_of(model: nn.Module) -> dict[nn.Module, int]:
    """Module -> number of its kind. Two of one kind give the same shapes for the same shapes.

    A kind is all that a module and those inside it consist of: classes, shapes, settings.
    What cannot be compared by its value counts as different from everything else.

    Args:
        model: with all its modules.

    >>> model = nn.Sequential(*(nn.Linear(4, width) for width in (4, 4, 5)))
    >>> kinds = kinds_of(model)
    >>> [kinds[linear] for linear in model]
    [1, 1, 2]
    """
    names = {module: name for name, module in model.named_modules()}
    own = {module: _own(module) for module in names}
    numbers: dict[Hashable, int] = {}
    return {module: numbers.setdefault(_kind(module, names, own), len(numbers)) for module in names}


def _kind(
    module: nn.Module, names: dict[nn.Module, str], own: dict[nn.Module, Hashable]
) -> Hashable:
    """Its own and that of all inside; who is shared with modules outside keeps its full name."""
    return tuple((names[one].removeprefix(names[module]), own[one]) for one in module.modules())


def _own(module: nn.Module) -> Hashable:
    """What a module consists of, those inside it left out."""
    tensors = {**module._parameters, **module._buffers}
    shapes = ((name, t if t is None else (t.shape, t.dtype)) for name, t in tensors.items())
    settings = ((k, _comparable(v)) for k, v in vars(module).items() if k not in STRUCTURE)
    return type(module), tuple(shapes), tuple(settings)


def _comparable(value: object) -> Hashable:
    """A value, or what stands for it: its class where it is empty, its identity at worst."""
    if isinstance(value, dict | set | list) and not value:
        return type(value)
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value
