"""A configuration as a flat table of dotted names, and a configuration from such a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

from .layout import KEEP, Layout, Table

FOR_NOTHING = object()


def flat(config: Any, inside: str = "") -> dict[str, Any]:
    """Every field of a configuration and of the parts in it.

    >>> from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig
    >>> config = HieraMAEConfig(HieraConfig(8, num_heads=1, stages=(1, 1, 1, 1)))
    >>> flat(config)["encoder.embed_channels"], flat(config)["mask_ratio"]
    (8, 0.6)
    """
    found: dict[str, Any] = {}
    for each in fields(config):
        value, name = getattr(config, each.name), f"{inside}{each.name}"
        found |= flat(value, f"{name}.") if is_dataclass(value) else {name: value}
    return found


def changed(config: Any, values: Mapping[str, Any]) -> Any:
    """A copy of a configuration with other values, by dotted names.

    Args:
        config: a frozen dataclass.
        values: dotted name -> value.
    """
    parts: dict[str, dict[str, Any]] = {}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        first, _, rest = name.partition(".")
        if rest:
            parts.setdefault(first, {})[rest] = value
        else:
            plain[first] = value
    inner = {name: changed(getattr(config, name), rest) for name, rest in parts.items()}
    return replace(config, **plain, **inner)


@dataclass(frozen=True)
class Fields:
    """A configuration as others write it down.

    Attributes:
        template: ours, for all that theirs does not say.
        table: their fields and ours.
        source: where theirs stands, for messages.
        later: fields that came later than some files, and what they mean by leaving them out.
        fixed: fields that have one value in all published models.
        elsewhere: what to do about another value.
        nullable: fields that may be None.
    """

    template: Any
    table: Table
    source: str
    later: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: str = ""
    nullable: tuple[str, ...] = ()

    def read(self, published: Mapping[str, Any]) -> Any:
        """A configuration of ours.

        Args:
            published: what their file says.

        Raises:
            ValueError: if a field is missing, or holds what no such model has.
        """
        published = {**self.later, **published}
        for name, value in self.fixed.items():
            if published.get(name, value) != value:
                raise ValueError(
                    f"expected {name}={value}, as in all published, got {published[name]}. "
                    f"{self.elsewhere}"
                )
        for name in (name for row in self._layout.rows for name in row.theirs):
            if name not in published or (published[name] is None and name not in self.nullable):
                raise ValueError(
                    f"expected {name} in {self.source}, got nothing. Take the file as it was "
                    "published, or let transformers write it: save_pretrained(FOLDER)."
                )
        try:
            return changed(self.template, self._layout.read(published, self._ours))
        except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
            raise ValueError(
                f"expected {self.source} as it was published, got a field of another kind "
                f"({error}). Download it again."
            ) from error

    def write(self, config: Any) -> dict[str, Any]:
        """Fields of theirs.

        Raises:
            ValueError: if ours has a part less than theirs.
        """
        values = flat(config)
        if absent := [name for name in self._ours if name not in values]:
            raise ValueError(
                f"expected a model with {', '.join(absent)}, as others have, got one without. "
                f"{KEEP}"
            )
        return self._layout.write({name: values[name] for name in self._ours})

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self.table)

    @property
    def _ours(self) -> list[str]:
        return [name for row in self._layout.rows for name in row.ours]


def check_kept(config: Any, read_again: Any, whose: str, advice: str) -> None:
    """Refuse to write a configuration that would be another one when read.

    Names of classes do not matter for that: not every form has room for them.

    Args:
        config: ours.
        read_again: ours, after it went to their form and back.
        whose: whose form it is, for the message.
        advice: what to do.

    Raises:
        ValueError: naming the choices for which there is no room in their form.
    """
    ours, theirs = flat(config), flat(read_again)
    computed = {name: value for name, value in ours.items() if not name.endswith("class_names")}
    lost = [name for name, value in computed.items() if theirs.get(name, FOR_NOTHING) != value]
    if lost:
        choices = ", ".join(f"{name}={ours[name]!r}" for name in lost)
        raise ValueError(f"expected a model that {whose} has, got one with {choices}. {advice}")
