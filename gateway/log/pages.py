"""The records in an SQLite file, page by page, whatever state its trees are in.

Every page that looks like a leaf is read by itself, so nothing has to lead to it.  Format: sections 1.5 (b-tree pages),
2.1 (records) and 4 (write-ahead log) of https://www.sqlite.org/fileformat2.html.  What is found here is a claim only:
whoever uses it checks it by the checksums that the log keeps of its own.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

Value = int | float | bytes | None  # a TEXT comes as its bytes, marked by its serial type
_TABLE_LEAF: Final = 0x0D
_INDEX_LEAF: Final = 0x0A
_INDEX_INTERIOR: Final = 0x02
_KINDS: Final = (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR)
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MAX_PAYLOAD: Final = 256 * 1024 * 1024
_MAX_COLUMNS: Final = 64
_INTEGER_SIZES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Record(NamedTuple):
    """A row of a table (`rowid` set) or of a table WITHOUT ROWID (`rowid` None)."""

    page: int
    rowid: int | None
    values: tuple[Value, ...]


class Damaged(ValueError):
    """Bytes that are no record."""


class Pages:
    """A database file and the committed part of its write-ahead log.  `damaged_cells` counts what was no record."""

    def __init__(self, file: Path) -> None:
        self._raw = _mapped(file)
        self._wal = _mapped(file.with_name(f"{file.name}-wal"))
        self.page_size = self._page_size()
        self._usable = self.page_size - (self._raw[20] if len(self._raw) > 20 and self._raw[20] <= 32 else 0)
        self._frames = self._committed_frames()
        self.count = max(-(-len(self._raw) // self.page_size), max(self._frames, default=0))
        self.damaged_cells = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for mapped in (self._raw, self._wal):
            if isinstance(mapped, mmap.mmap):
                mapped.close()

    def page(self, number: int) -> bytes:
        """A page as the newest commit left it; shorter, where the file ends in it."""
        if number in self._frames:
            start = self._frames[number]
            return self._wal[start : start + self.page_size]
        return self._raw[(number - 1) * self.page_size : number * self.page_size]

    def records(self, first_pages: int | None = None) -> Iterator[Record]:
        """Every record of every page, or of the first ones."""
        for number in range(1, min(self.count, first_pages or self.count) + 1):
            page = self.page(number)
            if len(page) == self.page_size and page[100 if number == 1 else 0] in _KINDS:
                yield from self._records_of(number, page)

    def _records_of(self, number: int, page: bytes) -> Iterator[Record]:
        start = 100 if number == 1 else 0
        kind = page[start]
        (cells,) = struct.unpack_from(">H", page, start + 3)
        array = start + (12 if kind == _INDEX_INTERIOR else 8)
        if array + 2 * cells > self.page_size:
            self.damaged_cells += 1
            return
        for place in dict.fromkeys(struct.unpack_from(f">{cells}H", page, array)):
            try:
                yield self._cell(number, page, place, kind)
            except (Damaged, IndexError, struct.error):
                self.damaged_cells += 1

    def _cell(self, number: int, page: bytes, place: int, kind: int) -> Record:
        if kind == _INDEX_INTERIOR:
            place += 4
        size, place = _varint(page, place)
        rowid: int | None = None
        if kind == _TABLE_LEAF:
            rowid, place = _varint(page, place)
            rowid -= (rowid >> 63) << 64
        if not 0 < size <= min(_MAX_PAYLOAD, self.page_size * (self.count + 1)):
            raise Damaged
        return Record(number, rowid, _values(self._payload(page, place, size, is_table=kind == _TABLE_LEAF)))

    def _payload(self, page: bytes, place: int, size: int, *, is_table: bool) -> bytes:
        usable = self._usable
        most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
        local = size
        if size > most:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (usable - 4)
            local = local if local <= most else least
        parts, missing = [page[place : place + local]], size - local
        if len(parts[0]) != local:
            raise Damaged
        if missing and _length(parts[0]) != size:  # before pages are followed for a size that damage made up
            raise Damaged
        following = struct.unpack_from(">I", page, place + local)[0] if missing else 0
        while missing:
            if not 1 < following <= self.count:
                raise Damaged
            overflow = self.page(following)
            part = overflow[4 : 4 + min(missing, usable - 4)]
            if not part:
                raise Damaged
            parts.append(part)
            missing -= len(part)
            (following,) = struct.unpack_from(">I", overflow)
        return b"".join(parts)

    def _page_size(self) -> int:
        for raw, place, form in ((self._raw, 16, ">H"), (self._wal, 8, ">I")):
            if len(raw) >= place + 4:
                (size,) = struct.unpack_from(form, raw, place)
                size = 65_536 if size == 1 else int(size)
                if 512 <= size <= 65_536 and size & (size - 1) == 0:
                    return size
        return 4096

    def _committed_frames(self) -> dict[int, int]:
        """Where the newest committed version of each page of the write-ahead log begins."""
        committed: dict[int, int] = {}
        pending: dict[int, int] = {}
        salts = self._wal[16:24]
        place = _WAL_HEADER
        while place + _FRAME_HEADER + self.page_size <= len(self._wal):
            number, size = struct.unpack_from(">II", self._wal, place)
            if self._wal[place + 8 : place + 16] != salts or not number:
                break  # left over from before the write-ahead log was begun again
            pending[number] = place + _FRAME_HEADER
            if size:
                committed |= pending
                pending = {}
            place += _FRAME_HEADER + self.page_size
        return committed


def _mapped(file: Path) -> mmap.mmap | bytes:
    if not file.exists() or not file.stat().st_size:
        return b""
    with file.open("rb") as handle:
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)


def _varint(raw: bytes, place: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = raw[place + n]
        if n == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + n + 1
    raise Damaged


def _size(kind: int) -> int:
    """Bytes of a column of a serial type."""
    return _INTEGER_SIZES.get(kind, 8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else 0)


def _length(beginning: bytes) -> int:
    """How long a record is by its own header, which its first part holds whole."""
    end, place = _varint(beginning, 0)
    if end > len(beginning):
        raise Damaged
    length = end
    while place < end:
        kind, place = _varint(beginning, place)
        length += _size(kind)
    return length


def _values(payload: bytes) -> tuple[Value, ...]:
    """A record's columns.  A TEXT is its bytes."""
    end, place = _varint(payload, 0)
    values: list[Value] = []
    body = end
    while place < end:
        kind, place = _varint(payload, place)
        size = _size(kind)
        raw = payload[body : body + size]
        if len(raw) != size or kind in (10, 11) or len(values) == _MAX_COLUMNS:
            raise Damaged
        if kind in _INTEGER_SIZES:
            values.append(int.from_bytes(raw, "big", signed=True))
        elif kind >= 12:
            values.append(raw)
        else:
            values.append({0: None, 8: 0, 9: 1}[kind] if kind != 7 else struct.unpack(">d", raw)[0])
        body += size
    if place != end or body != len(payload):
        raise Damaged
    return tuple(values)
