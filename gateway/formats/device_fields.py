"""A device's message read by the fields that the catalogue maps: what every format of foreign messages shares."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from gateway.address_book import HEALTH_MARK, AddressBook, Target
from gateway.formats.json_tree import ABSENT, look_up, number_or_why
from gateway.readings import Readings, Refusal, Refused
from gateway.sent_time import sent_time
from sensors.origin import Origin

NO_MAPPED_FIELD: Final = "no mapped field"  # counted under this where a rule's option `others` says to ignore them
_NAMES_SHOWN: Final = 20
_NAME_SHOWN: Final = 64

Time = int | float | str | None
Others = Literal["refuse", "ignore"]  # a rule's option: what becomes of messages that hold none of the mapped fields


def fields_of(book: AddressBook, ids: Iterable[str], offered: Iterable[str] = ()) -> Mapping[str, Target]:
    """The mapped fields of the device that is known under the first of `ids`.

    Raises Refused (UNKNOWN_DEVICE), naming the fields that its message offers: what a new row would need.
    """
    names = [device for device in ids if device]
    for device in names:
        fields = book.devices.get(device.casefold())
        if fields is not None:
            return fields
    raise unknown_device(names[-1] if names else "", offered)


def unknown_device(device: str, offered: Iterable[str]) -> Refused:
    """The refusal of a device that no row names."""
    detail = f"device {device[:_NAME_SHOWN]!r} is in no row of the catalogue{sends(offered)}"
    return Refused(Refusal.UNKNOWN_DEVICE, detail)


def sends(offered: Iterable[str]) -> str:
    """The fields that a message offers, for a refusal's detail."""
    names = [repr(name[:_NAME_SHOWN]) for name, _ in zip(offered, range(_NAMES_SHOWN), strict=False)]
    return f"; it sends {', '.join(names)}" if names else ""


def measured(fields: Mapping[str, Target]) -> list[str]:
    """Of the mapped fields those that are not the device's own health."""
    return [name for name in fields if not name.startswith(HEALTH_MARK)]


class FieldReader:
    """Adds the mapped fields of one message, one at a time; those that are wrong are refused by themselves."""

    def __init__(
        self,
        index: int,
        fields: Mapping[str, Target],
        out: Readings,
        *,
        origin: Origin = Origin.LIVE,
        element: int | None = None,
    ) -> None:
        self._index = index
        self.fields = fields
        self._out = out
        self._origin = origin
        self._element = element  # the record's place in a message of many; None = the field's own place
        self.found = 0  # mapped fields that were in the message, good or not

    def add(self, field: str, value: float | Refused, ts: Time, *, unit: str | None = None, reasons: int = 0) -> None:
        """One field's value, if the catalogue maps the field; its time as sent."""
        target = self.fields.get(field)
        if target is None:
            return
        place = self.found if self._element is None else self._element
        self.found += 1
        try:
            if isinstance(value, Refused):
                raise value
            device_us, why = sent_time(ts, target)
        except Refused as refused:
            self._out.refuse(self._index, place, refused.reason, f"{field[:_NAME_SHOWN]}: {refused.detail}")
            return
        self._out.add(
            self._index,
            target,
            value,
            element=place,
            device_us=device_us,
            origin=self._origin,
            reasons=why | reasons,
            unit=unit,
        )

    def add_from(self, tree: Any, field: str, ts: Time) -> None:
        """The value at path `field` of a message's content, if it is there."""
        value = look_up(tree, field)
        if value is not ABSENT:
            self.add(field, number_or_why(value), ts)


def nothing_mapped(index: int, wanted: Iterable[str], tree: Any, out: Readings, others: Others) -> None:
    """A message of a known device that holds none of its mapped fields: refused, or counted where the rule says so."""
    if others == "ignore":
        out.ignore(NO_MAPPED_FIELD)
        return
    offered = tree if isinstance(tree, dict) else ()
    expected = ", ".join(repr(name[:_NAME_SHOWN]) for name in list(wanted)[:_NAMES_SHOWN])
    out.refuse(index, None, Refusal.UNKNOWN_PROPERTY, f"none of the mapped fields {expected} in it{sends(offered)}")
