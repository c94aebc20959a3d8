"""A configuration as a flat table of dotted names, and a configuration from such a table."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .layout import KEEP, Layout

FOR_NOTHING = object()


def flat(config: Any, inside: str = "") -> dict[str, Any]:
    """Every field of a configuration and of the parts in it.

    >>> from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig
    >>> config = HieraMAEConfig(HieraConfig(8, num_heads=1, stages=(1, 1, 1, 1)))
    >>> flat(config)["encoder.embed_channels"], flat(config)["mask_ratio"]
    (8, 0.6)
    """
    found: dict[str, Any] = {}
    for field in fields(config):
        value, name = getattr(config, field.name), f"{inside}{field.name}"
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


def read_fields(published: Mapping[str, Any], table: Layout, template: Any, whose: str) -> Any:
    """A configuration of ours, from fields of theirs.

    Args:
        published: what their file says.
        table: their fields and ours.
        template: what holds for all that the file does not say.
        whose: what is read, for the message.

    Raises:
        ValueError: if a field is missing, or holds what no such model has.
    """
    ours = [name for row in table.rows for name in row.ours]
    try:
        return changed(template, table.read(published, ours))
    except KeyError as error:
        raise ValueError(
            f"expected {error.args[0]} in {whose}, got nothing. Take the file as it was published, "
            "or let transformers write it: save_pretrained(FOLDER)."
        ) from error
    except (TypeError, AttributeError, IndexError) as error:
        raise ValueError(
            f"expected {whose} as it was published, got a field of another kind ({error}). "
            "Download it again."
        ) from error


def write_fields(config: Any, table: Layout) -> dict[str, Any]:
    """Fields of theirs, from a configuration of ours.

    Raises:
        ValueError: if ours has a part less than theirs.
    """
    values = flat(config)
    wanted = [name for row in table.rows for name in row.ours]
    if absent := [name for name in wanted if name not in values]:
        raise ValueError(
            f"expected a model with {', '.join(absent)}, as others have, got one without. {KEEP}"
        )
    return table.write({name: values[name] for name in wanted})


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
