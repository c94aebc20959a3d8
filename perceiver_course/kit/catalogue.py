"""Things by name, each in the file of its chapter; a file is read when something in it is asked."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any


class Catalogue(Mapping[str, Any]):
    """A dictionary whose parts stand in several modules.

    Args:
        attribute: what the dictionary is called in each of them; a module may have none.
        homes: how names begin, up to the first dot -> the module, within the course.
    """

    def __init__(self, attribute: str, homes: Mapping[str, str]):
        self.attribute = attribute
        self.homes = dict(homes)

    def __getitem__(self, name: str) -> Any:
        return self._read(self.homes[name.partition(".")[0]])[name]

    def __iter__(self) -> Iterator[str]:
        for home in dict.fromkeys(self.homes.values()):
            yield from self._read(home)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _read(self, home: str) -> Mapping[str, Any]:
        return getattr(import_module(f"perceiver_course.{home}"), self.attribute, {})
