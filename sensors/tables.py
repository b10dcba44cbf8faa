"""CSV tables as people keep them in a spreadsheet, in Indonesia: `;` or `,`, decimal comma or point, UTF-8 or cp1252.

A fault names file, line, column and reason and costs that row only.
"""

import csv
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar, get_args, get_origin

import msgspec

from sensors.errors import RowError

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # stations, properties, cities
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_CELL: Final = 4_096
MAX_NUMBER: Final = 1e12  # nothing that a city declares is larger; beyond it is a slip of the keyboard

_MANGLED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_YES: Final = frozenset({"yes", "ya", "y", "true", "1"})
_NO: Final = frozenset({"no", "tidak", "n", "false", "0"})


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
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line(Generic[R]):
    """A row and where it stands."""

    number: int
    row: R


def read_table(
    path: Path, kind: type[R], check: Callable[[Line[R]], T], faults: list[Fault], *, required: bool = True
) -> list[T]:
    """What `check` makes of each row of a CSV file, whose columns are the fields of `kind`.

    A row for which `check` raises RowError, one that is no `kind`, an unknown column and a missing file (if `required`)
    are added to `faults`.
    """
    try:
        text = _read_text(path, required)
        return list(_read_rows(path.name, text, kind, check, faults)) if text is not None else []
    except RowError as error:
        faults.append(Fault(path.name, 0, error.column, error.reason))
        return []


class Unique:
    """Keys that have been seen, ignoring case, and where."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def add(self, key: str, column: str, line: int) -> None:
        """Note `key`; RowError if it stood in an earlier line."""
        first = self._first.setdefault(key.casefold(), line)
        if first != line:
            raise RowError(column, f"{key!r} stands in line {first} already (names are unique ignoring case)")


def unknown(what: str, got: str, known: Collection[str]) -> str:
    """Why a reference fails, with what a spreadsheet or a typist may have done to it."""
    for name in known:
        if name.lstrip("0") == got.lstrip("0"):
            return f"no {what} {got!r}, but {name!r}: did a spreadsheet strip leading zeros? Format the column as text"
        if name.casefold() == got.casefold():
            return f"no {what} {got!r}; did you mean {name!r}?"
    return f"no {what} {got!r}"


def _read_text(path: Path, required: bool) -> str | None:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        if required:
            raise RowError("", "file is missing") from error
        return None
    except OSError as error:
        raise RowError("", f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise RowError("", f"expected at most {MAX_BYTES} bytes, got {len(raw)}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _read_rows(file: str, text: str, kind: type[R], check: Callable[[Line[R]], T], faults: list[Fault]) -> Iterator[T]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    lines = _split(file, text, _delimiter(text, fields), faults)
    _, header = lines.pop(0) if lines else (1, [])
    header = [name.strip() for name in header]
    header_faults = list(_header_faults(header, fields))
    faults.extend(Fault(file, 1, error.column, error.reason) for error in header_faults)
    if any(error.reason != _UNKNOWN_COLUMN for error in header_faults):
        return
    cells_of = _Cells(header, fields, [cells for _, cells in lines])
    for number, cells in lines:
        try:
            yield check(Line(number, cells_of.row(cells, kind)))
        except RowError as error:
            faults.append(Fault(file, number, error.column, error.reason))


def _split(file: str, text: str, delimiter: str, faults: list[Fault]) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, as cells, with the number of each.

    Each line is read by itself: a quote that nobody closed costs its own line, not the rest of the file.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            faults.append(Fault(file, number, "", f"not CSV: {error}; is a quote not closed?"))
            continue
        if any(cell.strip() for cell in cells):
            lines.append((number, cells))
    return lines


_UNKNOWN_COLUMN: Final = "unknown column"


def _delimiter(text: str, names: Collection[str]) -> str:
    """The separator that finds most of the known columns in the header."""
    header = text.split("\n", 1)[0]
    return max(",;\t", key=lambda separator: sum(cell.strip().strip('"') in names for cell in header.split(separator)))


def _header_faults(header: list[str], fields: dict[str, Any]) -> Iterator[RowError]:
    for name in dict.fromkeys(header):
        if name and name not in fields:
            yield RowError(name, _UNKNOWN_COLUMN)
        if name and header.count(name) > 1:
            yield RowError(name, "column stands twice")
    for name, field in fields.items():
        if field.required and name not in header:
            yield RowError(name, "column is missing")


class _Cells:
    """Turns the cells of a line into a row, in the decimal style of the file.

    The style is that of most decimal numbers: 1.450 among decimal commas is a fault, not 1.45.
    """

    def __init__(self, header: list[str], fields: dict[str, Any], lines: list[list[str]]) -> None:
        self._header, self._fields = header, fields
        numeric = [place for place, name in enumerate(header) if name in fields and _has_numbers(fields[name].type)]
        decimals = [text for cells in lines for place in numeric if place < len(cells) for text in cells[place].split()]
        decimals = [text for text in decimals if _NUMBER.fullmatch(text)]
        commas, points = sum("," in text for text in decimals), sum("." in text for text in decimals)
        self._mark = "," if commas > points else "." if points > commas else ""

    def row(self, cells: list[str], kind: type[R]) -> R:
        """The row, or RowError for its first bad cell."""
        if any(cell.strip() for place, cell in enumerate(cells) if not "".join(self._header[place : place + 1])):
            raise RowError("", "a cell stands under no column name; a decimal comma that is not in quotes?")
        values = {}
        for name, cell in zip(self._header, cells, strict=False):
            if cell.strip() and name in self._fields:
                values[name] = self._value(name, cell.strip())
        missing = [name for name, field in self._fields.items() if field.required and name not in values]
        if missing:
            raise RowError(missing[0], "is empty")
        return msgspec.convert(values, kind)

    def _value(self, name: str, text: str) -> object:
        if len(text) > MAX_CELL:
            raise RowError(name, f"expected at most {MAX_CELL} characters, got {len(text)}")
        kind = self._fields[name].type
        if _has_numbers(kind):
            whole = float not in {kind, *get_args(kind)}
            if get_origin(kind) is tuple:
                return [self._number(name, number, whole=whole) for number in text.split()]
            return self._number(name, text, whole=whole)
        if get_origin(kind) is Literal:
            return _word(name, text, get_args(kind))
        if _MANGLED.fullmatch(text):
            raise RowError(
                name, f"{text!r} looks like an id that a spreadsheet turned into a number; format the column as text"
            )
        if kind is bool:
            return _yes_or_no(name, text)
        return text.split() if get_origin(kind) is tuple else text

    def _number(self, name: str, text: str, *, whole: bool) -> float | int:
        wanted = "a whole number" if whole else "a number"
        if not _NUMBER.fullmatch(text):
            raise RowError(name, f"expected {wanted} without thousands separators, got {text!r}")
        mark = "," if "," in text else "." if "." in text else ""
        if mark and mark != self._mark:
            most = f"most numbers here have a decimal {self._mark!r}" if self._mark else "as many have the other"
            raise RowError(name, f"mixed decimal marks: got {text!r}, but {most}")
        number = float(text.replace(",", "."))
        if abs(number) > MAX_NUMBER:
            raise RowError(name, f"expected {wanted} up to {MAX_NUMBER:.0e}, got {text!r}")
        if not whole:
            return number
        if number != int(number):
            raise RowError(name, f"expected {wanted}, got {text!r}")
        return int(number)


def _has_numbers(kind: object) -> bool:
    """Whether a cell of this type is a number, or several with spaces between."""
    return bool({int, float} & {kind, *get_args(kind)})


def _word(name: str, text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise RowError(name, f"expected one of {', '.join(words)}, got {text!r}")
    return text


def _yes_or_no(name: str, text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise RowError(name, f"expected yes or no (ya, tidak), got {text!r}")
    return word in _YES
