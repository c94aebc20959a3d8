"""Every public name of the package, found and not listed."""

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Any

import perceiver_tutorial


@cache
def publics() -> dict[str, Any]:
    """What every name in an `__all__`, and in a file of the floor, stands for: by room.name."""
    found = {}
    for module in pkgutil.walk_packages(perceiver_tutorial.__path__, "perceiver_tutorial."):
        room = module.name.removeprefix("perceiver_tutorial.")
        if module.ispkg or "." not in room:
            for name, value in names_of(importlib.import_module(module.name)).items():
                found[f"{room}.{name}"] = value
    return found


def names_of(module: Any) -> dict[str, Any]:
    """What a module offers: its `__all__`, or what is defined in it."""
    if hasattr(module, "__all__"):
        return {name: getattr(module, name) for name in module.__all__}
    own = inspect.isfunction, inspect.isclass
    return {
        name: value
        for name, value in vars(module).items()
        if any(is_own(value) for is_own in own)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


def functions(*rooms: str) -> dict[str, Any]:
    """The functions of some rooms; classes and constants are left out."""
    return {
        name: value
        for name, value in publics().items()
        if name.rpartition(".")[0] in rooms and inspect.isroutine(inspect.unwrap(value))
    }
