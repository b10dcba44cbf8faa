"""SenML (RFC 8428), in JSON or CBOR.

A record's full name says device and field.  Without an option the longest device of the catalogue that the name
begins with is the device, and the rest, without the mark between them, the field; a name that is a device's whole
belongs to its only field.  The sum of a record (`s`) is the field "{field}.sum".  Texts and data are no readings.
"""

import re
from typing import Final, Literal

import msgspec

from gateway.address_book import AddressBook, Target
from gateway.backlog import in_time_order
from gateway.formats.device_fields import measured, sends, unknown_device
from gateway.formats.options import read_options
from gateway.formats.place import Place, topic_place
from gateway.formats.senml_pack import RELATIVE_BELOW, Record, pack, resolved
from gateway.readings import Readings, Refusal, Refused
from gateway.sent_time import epoch_us, is_no_time
from sensors.catalogue import IngestRule
from sensors.errors import CatalogueError
from sensors.times import NEVER, SECOND_US

_MARKS: Final = ":/._-"
_CUT: Final = re.compile(f"[{re.escape(_MARKS)}]")
_UNITS: Final = {"%RH": "%", "%EL": "%", "/": "1", "count": "1"}  # of the SenML registry, as Siaga spells them
_MAX_SPLITS: Final = 10_000  # names remembered; beyond, all are forgotten


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule."""

    encoding: Literal["auto", "json", "cbor"] = "auto"  # auto: CBOR where the first byte can begin an array of CBOR
    separator: str = ""  # the name is split at its last one: "urn:x:temp" with ":" is device "urn:x", field "temp"
    device: str = ""  # topic:N: the device is in the topic, and the whole name the field


class SenML:
    """The `senml` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        options = read_options(rule, Options)
        if options.separator and options.device:
            raise CatalogueError("options of format senml: expected separator or device, not both")
        self._encoding = options.encoding
        self._separator = options.separator
        self._device: Place | None = topic_place(options.device) if options.device else None
        self._splits: dict[str, tuple[str, str]] = {}
        self._devices: dict[str, dict[str, Target]] = {}  # without the marks that a base name may end with
        for name, fields in book.devices.items():
            self._devices.setdefault(_bare(name), {}).update(fields)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        if not payload:
            raise Refused(Refusal.EMPTY, "expected a SenML pack, got nothing")
        cbor = self._encoding == "cbor" or (self._encoding == "auto" and _is_cbor(payload))
        device = self._device.in_topic(topic) if self._device is not None else ""
        start, names = out.mark(), []
        for record in resolved(pack(payload, cbor=cbor)):
            if isinstance(record, tuple):
                out.refuse(index, record[0], record[1].reason, record[1].detail)
                continue
            names.append(record.name)
            try:
                self._read_record(index, device, record, out)
            except Refused as refused:
                out.refuse(index, record.place, refused.reason, f"{record.name[:64]}: {refused.detail}")
        if out.mark() == start and names:
            raise Refused(Refusal.UNKNOWN_PROPERTY, f"no record of it is mapped{sends(names)}")
        in_time_order(out, start)

    def _read_record(self, index: int, device: str, record: Record, out: Readings) -> None:
        device, field = (device, record.name) if device else self._split(record.name)
        fields = self._devices.get(_bare(device))
        if fields is None:
            raise unknown_device(device or record.name, [field or record.name])
        if not field:
            field = _only(measured(fields))
        unit = record.unit if record.unit is None else _UNITS.get(record.unit, record.unit)
        for name, value, its_unit in ((field, record.value, unit), (f"{field}.sum", record.sum, None)):
            target: Target | None = fields.get(name)
            if target is None or value is None:
                continue
            if isinstance(value, Refused):
                raise value
            device_us = _time_us(record.time_s, out.received_us)
            out.add(index, target, value, element=record.place, device_us=device_us, unit=its_unit)

    def _split(self, name: str) -> tuple[str, str]:
        """(device, field) of a record's full name; an empty device where none is known."""
        known = self._splits.get(name)
        if known is None:
            if len(self._splits) >= _MAX_SPLITS:
                self._splits.clear()
            known = self._splits[name] = self._split_anew(name)
        return known

    def _split_anew(self, name: str) -> tuple[str, str]:
        if self._separator:
            device, _, field = name.rpartition(self._separator)
            return device, field
        folded = name.casefold()
        for cut in (len(name), *sorted((mark.start() for mark in _CUT.finditer(name)), reverse=True)):
            if _bare(folded[:cut]) in self._devices:
                return name[:cut], name[cut:].lstrip(_MARKS)
        return "", ""


def _bare(device: str) -> str:
    return device.casefold().rstrip(_MARKS)


def _is_cbor(payload: bytes) -> bool:
    """An array of CBOR begins with 0x80 to 0x9f, a map (which no pack is) with up to 0xbf: no text in UTF-8 does."""
    return 0x80 <= payload[0] <= 0xBF


def _only(fields: list[str]) -> str:
    if len(fields) == 1:
        return fields[0]
    raise Refused(Refusal.UNKNOWN_PROPERTY, f"the name is the device's own, which has {len(fields)} mapped fields")


def _time_us(time_s: float, received_us: int) -> int:
    """Microseconds since the epoch; 0 is now (no time of its own), another below 2**28 is relative to now."""
    if time_s == 0.0:
        return NEVER
    is_relative = time_s < RELATIVE_BELOW and not is_no_time(time_s, SECOND_US)
    return epoch_us(time_s, SECOND_US) + (received_us if is_relative else 0)
