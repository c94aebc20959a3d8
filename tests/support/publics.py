"""Every public name of the packages, found and not listed."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import perceiver_course
import perceiver_tutorial


@cache
def publics() -> dict[str, Any]:
    """By room.name: what models offer, and every function and class of the course.

    Models: every name in an `__all__`, or in a file of the floor. Course: each file is a room.
    """
    found = {}
    for module in modules_of(perceiver_tutorial):
        room = module.__name__.removeprefix("perceiver_tutorial.")
        if hasattr(module, "__path__") or "." not in room:
            for name, value in names_of(module).items():
                found[f"{room}.{name}"] = value
    for module in modules_of(perceiver_course):
        room = room_in_course(module)
        for name, value in own_names(module).items():
            found[f"{room}.{name}"] = value
    return found


@cache
def course() -> dict[str, Any]:
    """Every public function, class and constant of the course's files, by name alone."""
    found = {}
    for module in modules_of(perceiver_course):
        constants = {name: value for name, value in vars(module).items() if name.isupper()}
        found |= constants | own_names(module)
    return found


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(module.name)


def room_in_course(module: ModuleType) -> str:
    """`entities.model` for chapters.entities.model, `training` for kit.training."""
    name = module.__name__.removeprefix("perceiver_course.")
    return name.removeprefix("chapters.").removeprefix("kit.")


def names_of(module: ModuleType) -> dict[str, Any]:
    """What a module offers: its `__all__`, or what is defined in it."""
    if hasattr(module, "__all__"):
        return {name: getattr(module, name) for name in module.__all__}
    return own_names(module)


def own_names(module: ModuleType) -> dict[str, Any]:
    """The public functions and classes that are defined in a module."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
