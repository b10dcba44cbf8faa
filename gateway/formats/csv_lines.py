"""Lines of comma-separated values, as loggers send them: one reading of several columns a line.

Columns are named by the rule (`columns`) or by the payload's first line (`header`); a column's name is the field.
"""

import csv
import math
import re
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from gateway.address_book import AddressBook
from gateway.backlog import in_time_order
from gateway.formats.device_fields import FieldReader, Others, Time, fields_of, nothing_mapped
from gateway.formats.json_tree import number_or_why
from gateway.formats.options import read_options
from gateway.formats.place import place
from gateway.formats.text import text_of
from gateway.readings import Readings, Refusal, Refused
from sensors.catalogue import IngestRule
from sensors.errors import CatalogueError

MAX_LINES: Final = 10_000
MAX_COLUMNS: Final = 1_000
_BYTE_ORDER_MARK: Final = "\ufeff"
_MOMENT: Final = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Options of the rule."""

    device: str  # topic:N, or the name of a column
    columns: list[str] = []  # names by position; "" = not read
    header: bool = False  # the first line of each payload holds the names
    time: str = "time"  # name of the column of the time; where there is none, the receive time
    time_format: str = ""  # as strptime has it ("%d/%m/%Y %H:%M:%S"); empty = RFC 3339 or an epoch number
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal_comma: bool = False
    missing: list[str] = []  # what the logger writes for no value, besides nothing at all: "NAN", "-9999"
    others: Others = "refuse"


class CsvLines:
    """The `csv` format."""

    def __init__(self, book: AddressBook, rule: IngestRule) -> None:
        self._book = book
        self._options = read_options(rule, Options)
        self._device = place(self._options.device)
        if bool(self._options.columns) is self._options.header:
            raise CatalogueError("options of format csv: expected either columns or header = true")
        if self._options.decimal_comma and self._options.delimiter == ",":
            raise CatalogueError("options of format csv: decimal_comma needs another delimiter than ','")
        if self._options.time_format:
            _check_time_format(self._options.time_format)

    def read(self, index: int, topic: bytes, payload: bytes, out: Readings) -> None:
        """Read message `index`; raises Refused for the whole message."""
        rows = self._rows(payload)
        names = self._options.columns
        if self._options.header:
            names, rows = [name.strip() for name in rows[0]], rows[1:]
        if len(names) > MAX_COLUMNS:
            raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_COLUMNS} columns, got {len(names)}")
        start = out.mark()
        for element, row in enumerate(rows):
            try:
                self._read_row(index, topic, names, row, element, out)
            except Refused as refused:
                out.refuse(index, element, refused.reason, refused.detail)
        in_time_order(out, start)

    def _rows(self, payload: bytes) -> list[list[str]]:
        text = text_of(payload).removeprefix(_BYTE_ORDER_MARK)
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            raise Refused(Refusal.EMPTY, "expected lines of values, got none")
        if len(lines) > MAX_LINES:
            raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_LINES} lines, got {len(lines)}")
        try:
            return list(csv.reader(lines, delimiter=self._options.delimiter, strict=True))
        except csv.Error as error:
            raise Refused(Refusal.WRONG_TYPE, f"not comma-separated values: {error}") from error

    def _read_row(
        self, index: int, topic: bytes, names: list[str], row: list[str], element: int, out: Readings
    ) -> None:
        options = self._options
        if len(row) > MAX_COLUMNS:
            raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_COLUMNS} columns, got {len(row)}")
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if name}
        device = self._device.in_topic(topic) if self._device.level else cells.get(self._device.path, "")
        fields = fields_of(self._book, [device], [name for name in cells if name != options.time])
        reader = FieldReader(index, fields, out, element=element)
        ts = self._time(cells.get(options.time))
        for field in fields:
            if field in cells:
                reader.add(field, self._value(cells[field]), ts)
        if not reader.found:
            nothing_mapped(index, fields, cells, out, options.others)

    def _value(self, cell: str) -> float | Refused:
        if not cell or cell in self._options.missing:
            return math.nan
        return number_or_why(cell, texts=True, decimal_comma=self._options.decimal_comma)

    def _time(self, cell: str | None) -> Time:
        """The time of a row as `sent_time` takes it."""
        if not cell:
            return None
        if self._options.time_format:
            try:
                return datetime.strptime(cell, self._options.time_format).isoformat()  # noqa: DTZ007 (zone: the row's)
            except ValueError as error:
                raise Refused(Refusal.BAD_TIME, f"expected {self._options.time_format}, got {cell[:64]!r}") from error
        epoch = number_or_why(cell, texts=True)
        if isinstance(epoch, Refused):
            return cell
        return int(epoch) if epoch.is_integer() else epoch


def _check_time_format(pattern: str) -> None:
    """CatalogueError for a pattern that reads no time, or one whose date nobody can tell."""
    try:
        read = datetime.strptime(_MOMENT.strftime(pattern), pattern)  # noqa: DTZ007 (its date alone is looked at)
    except (ValueError, re.error) as error:  # re.error: a part that comes twice
        raise CatalogueError(f"options of format csv: time_format {pattern!r}: {error}") from error
    if read.date() != _MOMENT.date():
        raise CatalogueError(f"options of format csv: time_format {pattern!r}: expected year, month and day in it")
