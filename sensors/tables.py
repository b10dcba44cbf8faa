"""CSV tables as people keep them in a spreadsheet, in Indonesia: `;` or `,`, decimal comma or point, UTF-8 or cp1252.

A fault names file, line, column and reason and costs that row only.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_CELL: Final = 4_096

_MANGLED = re.compile(r"^\d(?:[.,]\d+)?[eE]\+\d+$")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_DECIMAL_POINT = re.compile(r"^[+-]?\d+\.\d+$")
_YES = {"yes", "ya", "y", "true", "1"}
_NO = {"no", "tidak", "n", "false", "0", ""}


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a city, and where; `line` and `column` are 0 and "" for a whole file."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


R = TypeVar("R", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Line(Generic[R]):
    """A good row and where it stands."""

    number: int
    row: R


@dataclass(slots=True)
class Table(Generic[R]):
    """The good rows of one file, and the faults of the others."""

    file: str
    lines: list[Line[R]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: int, column: str, reason: str) -> None:
        """Note a fault at `line` (0 = the file)."""
        self.faults.append(Fault(self.file, line, column, reason))


def read_table(path: Path, kind: type[R], *, required: bool = True) -> Table[R]:
    """The rows of a CSV file as `kind`, whose fields are the columns; an unknown column is a fault."""
    table: Table[R] = Table(path.name)
    text = _read_text(path, table, required)
    if text is None:
        return table
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    delimiter = _delimiter(text.split("\n", 1)[0], fields.keys())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _check_header(table, header, kind):
            return table
        style = _DecimalStyle()
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_line(table, reader.line_num, header, cells, kind, style)
    except csv.Error as error:
        table.fault(reader.line_num, "", f"not CSV: {error}")
    return table


def _read_text(path: Path, table: Table[R], required: bool) -> str | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if required:
            table.fault(0, "", "file is missing")
        return None
    except OSError as error:
        table.fault(0, "", f"cannot be read: {error.strerror}")
        return None
    if len(raw) > MAX_BYTES:
        table.fault(0, "", f"expected at most {MAX_BYTES} bytes, got {len(raw)}")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _delimiter(header: str, names: Any) -> str:
    """The separator that finds most of the known columns in the header."""
    return max(",;\t", key=lambda separator: sum(cell.strip().strip('"') in names for cell in header.split(separator)))


def _check_header(table: Table[R], header: list[str], kind: type[R]) -> bool:
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    for name in header:
        if name not in fields:
            table.fault(1, name, f"unknown column; known are {', '.join(fields)}")
    missing = [f.name for f in fields.values() if f.required and f.name not in header]
    for name in missing:
        table.fault(1, name, "column is missing")
    twice = {name for name in header if header.count(name) > 1}
    for name in sorted(twice):
        table.fault(1, name, "column stands twice")
    return not missing and not twice


class _DecimalStyle:
    """One decimal mark a file: the first decimal number decides, another style is a fault."""

    def __init__(self) -> None:
        self.mark = ""

    def number(self, text: str) -> str:
        """`text` with a decimal point; ValueError for the other style."""
        mark = "," if _DECIMAL_COMMA.match(text) else "." if _DECIMAL_POINT.match(text) else ""
        if not mark:
            return text
        self.mark = self.mark or mark
        if mark != self.mark:
            raise ValueError(f"mixed decimal marks: {text!r}, but the file began with decimal {self.mark!r}")
        return text.replace(",", ".")


def _read_line(
    table: Table[R], number: int, header: list[str], cells: list[str], kind: type[R], style: _DecimalStyle
) -> None:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        table.fault(number, "", f"expected {len(header)} cells, got {len(cells)}")
        return
    types = {f.name: f.type for f in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        text = cell.strip()
        if not text or name not in types:
            continue
        try:
            values[name] = _cell(text, types[name], style)
        except ValueError as error:
            table.fault(number, name, str(error))
            return
    missing = next((f.name for f in msgspec.structs.fields(kind) if f.required and f.name not in values), None)
    if missing is not None:
        table.fault(number, missing, "is empty")
        return
    try:
        table.lines.append(Line(number, msgspec.convert(values, kind, strict=False)))
    except msgspec.ValidationError as error:
        reason, _, column = str(error).partition(" - at `$.")
        got = values.get(column.rstrip("`"))
        table.fault(number, column.rstrip("`"), f"{reason}, got {got!r}" if got is not None else reason)


def _cell(text: str, kind: Any, style: _DecimalStyle) -> Any:
    if len(text) > MAX_CELL:
        raise ValueError(f"expected at most {MAX_CELL} characters, got {len(text)}")
    kinds = set(_plain_types(kind))
    if float in kinds or int in kinds:
        return style.number(text)
    if _MANGLED.match(text):
        raise ValueError(
            f"{text!r} looks like an id that a spreadsheet turned into a number; format the column as text"
        )
    if bool in kinds:
        return _yes_or_no(text)
    if tuple in kinds:
        return text.split()
    return text


def _plain_types(kind: Any) -> Iterator[Any]:
    arguments = getattr(kind, "__args__", ())
    if getattr(kind, "__origin__", None) is tuple:
        yield tuple
    elif arguments and not isinstance(arguments[0], str):
        for argument in arguments:
            yield from _plain_types(argument)
    else:
        yield kind


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"expected yes or no (ya, tidak), got {text!r}")
