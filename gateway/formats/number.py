"""A plain number as the whole payload; the topic says of which device and what.  Its time is the receive time."""

from typing import Final

import msgspec

from gateway.address_book import AddressBook
from gateway.formats.device_fields import FieldReader, fields_of
from gateway.formats.json_tree import number_or_why
from gateway.formats.options import read_options
from gateway.formats.place import topic_place
from gateway.formats.text import text_of
from gateway.readings import Readings, Refusal, Refused
from sensors.catalogue import IngestRule

MAX_BYTES: Final = 64


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule: levels of the topic, counted from 1, or from the end with -1."""

    device: str = "topic:-2"
    field: str = "topic:-1"
    decimal_comma: bool = False  # "12,5"


class Number:
    """The `number` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._book = book
        options = read_options(rule, Options)
        self._device, self._field = topic_place(options.device), topic_place(options.field)
        self._decimal_comma = options.decimal_comma

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        field = self._field.in_topic(topic)
        fields = fields_of(self._book, [self._device.in_topic(topic)], [field])
        reader = FieldReader(index, fields, out)
        reader.add(field, number_or_why(_text(payload), texts=True, decimal_comma=self._decimal_comma), None)
        if not reader.found:
            known = ", ".join(repr(name) for name in fields)
            raise Refused(Refusal.UNKNOWN_PROPERTY, f"no field {field[:64]!r} of this device is mapped; {known} are")


def _text(payload: bytes) -> str:
    if not payload.strip():
        raise Refused(Refusal.EMPTY, "expected a number, got nothing")
    if len(payload) > MAX_BYTES:
        raise Refused(Refusal.WRONG_TYPE, f"expected a number, got {len(payload)} bytes")
    return text_of(payload)
