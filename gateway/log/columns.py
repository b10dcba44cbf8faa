"""A batch as one blob: columns, time deltas, bytes shuffled by significance, zstd.  Bit-exact both ways.

Format 1, before compression: for each column of `Batch` in its order, `n` items, byte-shuffled (all first bytes, then
all second bytes, …), little-endian.  `time_us`, `receive_us` are stored as differences to the item before (wrapping
int64), `device_us` as its difference to `time_us`.

Format 2, before compression: one byte per column (1 = all of its items are the same), then for each column either that
one item or the items as in format 1.  In a usual tick half of the columns say one thing only.
"""

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from gateway.errors import LogError
from sensors.batch import COLUMN_DTYPES, Batch

FORMAT: Final = 2
LEVEL: Final = 1  # zstd's; level 3 takes 4 % less room for 1.3 times the time

_ITEM_BYTES: Final = sum(dtype.itemsize for dtype in COLUMN_DTYPES.values())
_COLUMNS: Final = len(COLUMN_DTYPES)


class Encoder:
    """Makes blobs.  One compressor for all of them: making one takes longer than a small blob.  For one thread."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)

    def encode(self, batch: Batch) -> bytes:
        """The blob of a batch."""
        flags = bytearray(_COLUMNS)
        parts = [b""]
        for place, name in enumerate(COLUMN_DTYPES):
            column = items = getattr(batch, name)
            if name == "device_us":
                items = batch.device_us - batch.time_us
            elif name in ("time_us", "receive_us"):
                items = column.copy()
                np.subtract(column[1:], column[:-1], out=items[1:])
            raw = np.ascontiguousarray(items, items.dtype.newbyteorder("<")).view(np.uint8)
            size = items.dtype.itemsize
            bits = raw.view(f"u{size}")
            if len(bits) and (bits == bits[0]).all():  # bits: NaN differs from itself, -0.0 is not 0.0
                flags[place] = 1
                parts.append(raw[:size].tobytes())
            else:
                parts.append(raw.reshape(-1, size).T.tobytes())
        parts[0] = bytes(flags)
        return self._compressor.compress(b"".join(parts))


def encode(batch: Batch) -> bytes:
    """The blob of one batch."""
    return Encoder().encode(batch)


class Decoder:
    """Reads blobs.  One decompressor for all of them, as with `Encoder`.  For one thread."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def decode(self, blob: bytes, n: int, blob_format: int) -> Batch:
        """The batch of `n` observations in a blob; LogError where it is not one."""
        if blob_format not in (1, FORMAT):
            raise LogError(f"blob format: expected 1 or {FORMAT}, got {blob_format}")
        raw = self._decompressed(blob, n, blob_format)
        constant, start = (bytes(_COLUMNS), 0) if blob_format == 1 else (raw[:_COLUMNS], _COLUMNS)
        columns: dict[str, NDArray[Any]] = {}
        for is_constant, column in zip(constant, _LAYOUT, strict=True):
            end = start + (1 if is_constant else n) * column.size
            if end > len(raw):
                raise LogError(f"blob of {n} observations: expected {end} bytes or more, got {len(raw)}")
            columns[column.name] = column.repeated(raw, start, n) if is_constant else column.shuffled(raw, start, n)
            start = end
        if start != len(raw):
            raise LogError(f"blob of {n} observations: expected {start} bytes, got {len(raw)}")
        columns["time_us"] = np.add.accumulate(columns["time_us"])
        columns["receive_us"] = np.add.accumulate(columns["receive_us"])
        columns["device_us"] = columns["device_us"] + columns["time_us"]
        return Batch(**columns)

    def _decompressed(self, blob: bytes, n: int, blob_format: int) -> bytes:
        most = n * _ITEM_BYTES + (_COLUMNS if blob_format == FORMAT else 0)
        try:
            size = zstandard.frame_content_size(blob)
            if n < 0 or not 0 <= size <= most:  # asked first: a damaged size must not be allocated
                raise LogError(f"blob of {n} observations: expected {most} bytes at most, got {size}")
            return self._decompressor.decompress(blob)
        except zstandard.ZstdError as error:
            raise LogError(f"blob does not decompress: {error}") from error


def decode(blob: bytes, n: int, blob_format: int) -> Batch:
    """The batch of one blob."""
    return Decoder().decode(blob, n, blob_format)


def checksum(blob: bytes) -> int:
    """CRC-32 of a blob, as stored beside it."""
    return zlib.crc32(blob)


@dataclass(frozen=True, slots=True)
class _Column:
    """How one column lies in a blob.  Of a small blob, looking at dtypes would take longer than its bytes."""

    name: str
    size: int
    dtype: np.dtype[Any]
    little: np.dtype[Any]
    bits: np.dtype[Any]  # unsigned, in the order of bytes that is ours

    def repeated(self, raw: bytes, start: int, n: int) -> NDArray[Any]:
        """`n` times the one item at `start`; as bits: a NaN keeps its own."""
        items = np.empty(n, self.bits)
        items.fill(int.from_bytes(raw[start : start + self.size], "little"))
        return items.view(self.dtype)

    def shuffled(self, raw: bytes, start: int, n: int) -> NDArray[Any]:
        """The `n` items whose bytes begin at `start`: first all first bytes."""
        planes = np.frombuffer(raw, np.uint8, n * self.size, start).reshape(self.size, n)
        items = np.ascontiguousarray(planes.T).view(self.little).reshape(n)
        return items if self.little == self.dtype else items.astype(self.dtype)


_LAYOUT: Final = tuple(
    _Column(name, dtype.itemsize, dtype, dtype.newbyteorder("<"), np.dtype(f"u{dtype.itemsize}"))
    for name, dtype in COLUMN_DTYPES.items()
)
