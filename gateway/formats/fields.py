"""Flat or nested JSON by field paths: Tasmota, OpenMQTTGateway, Loriot, ThingPark and whatever else speaks JSON.

The rule says where the device's id, the time and the records stand; which values are read is what the datastreams'
`field` paths name ("ENERGY.Power", "a.b.0").  A payload may be one record or an array of them; of records that each
hold one named value (`name` and `value`) the name is the field.
"""

from typing import Any

import msgspec

from gateway.address_book import AddressBook
from gateway.backlog import in_time_order
from gateway.formats.device_fields import FieldReader, Others, fields_of, nothing_mapped
from gateway.formats.json_tree import ABSENT, MAX_ELEMENTS, id_in, json_tree, look_up, number_or_why, time_in
from gateway.formats.options import read_options
from gateway.formats.place import place
from gateway.readings import Readings, Refusal, Refused
from sensors.catalogue import IngestRule


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule; paths are looked up in the record, then in the whole payload."""

    device: str  # topic:N, or a field path
    time: str = ""  # field path; empty = the receive time
    records: str = ""  # field path of a list of records; empty = the payload itself
    name: str = ""  # of records that each hold one named value: field path of the name, …
    value: str = ""  # … and of the value
    unit: str = ""  # field path of the unit that a record states
    text_numbers: bool = False  # "12.5" is a number
    decimal_comma: bool = False  # … written "12,5"
    others: Others = "refuse"


class Fields:
    """The `fields` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._book = book
        self._options = read_options(rule, Options)
        self._device = place(self._options.device)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        tree = json_tree(payload)
        records = self._records(tree)
        if not isinstance(records, list):
            self._read_record(index, topic, records, tree, None, out)
            return
        start = out.mark()
        for element, record in enumerate(records):
            try:
                self._read_record(index, topic, record, tree, element, out)
            except Refused as refused:
                out.refuse(index, element, refused.reason, refused.detail)
        in_time_order(out, start)

    def _records(self, tree: Any) -> Any:
        """One record, or a list of them."""
        records = look_up(tree, self._options.records)
        if records is ABSENT:
            raise Refused(Refusal.WRONG_TYPE, f"no records at {self._options.records!r}")
        if isinstance(records, list) and len(records) > MAX_ELEMENTS:
            raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_ELEMENTS} records, got {len(records)}")
        return records

    def _read_record(
        self, index: int, topic: bytes, record: Any, tree: Any, element: int | None, out: Readings
    ) -> None:
        options = self._options
        if not isinstance(record, (dict, list)):
            raise Refused(Refusal.WRONG_TYPE, "expected an object or an array of them")
        fields = fields_of(self._book, [self._device.find(topic, record, tree)], record)
        reader = FieldReader(index, fields, out, element=element)
        ts = time_in(self._look_up(options.time, record, tree)) if options.time else None
        unit = id_in(self._look_up(options.unit, record, tree)) or None if options.unit else None
        values = {name: look_up(record, name) for name in fields}
        if options.name:
            values = {id_in(look_up(record, options.name)): look_up(record, options.value)}
        for field, value in values.items():
            if value is not ABSENT:
                given = number_or_why(value, texts=options.text_numbers, decimal_comma=options.decimal_comma)
                reader.add(field, given, ts, unit=unit)
        if not reader.found:
            nothing_mapped(index, fields, record, out, options.others)

    @staticmethod
    def _look_up(path: str, record: Any, tree: Any) -> Any:
        """What stands at a path of the record, else of the whole payload, else None."""
        found = look_up(record, path)
        if found is ABSENT:
            found = look_up(tree, path)
        return None if found is ABSENT else found
