"""How the fields of a message are elements: name, how often, and what stands in it, read off the types once."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec

Often = Literal["once", "maybe", "many"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One element inside another."""

    field: str  # of the struct
    name: str  # of the element
    often: Often
    kind: type[msgspec.Struct] | None  # None: it holds text


@cache
def slots(kind: type[msgspec.Struct]) -> tuple[Slot, ...]:
    """The elements inside one, in the order of the schema.

    >>> from command_center.alerts.message import Area
    >>> [(slot.name, slot.often) for slot in slots(Area)][:3]
    [('areaDesc', 'once'), ('polygon', 'many'), ('circle', 'many')]
    """
    return tuple(_slot(field) for field in msgspec.structs.fields(kind))


def _slot(field: Any) -> Slot:
    kind, often = field.type, "once"
    if get_origin(kind) is tuple:
        kind, often = get_args(kind)[0], "many"
    elif kind is not str:
        kind, often = str, "maybe"
    return Slot(field.name, field.encode_name, often, None if kind is str else kind)  # type: ignore[arg-type]
