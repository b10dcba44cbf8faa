"""A batch as one blob: columns, time deltas, bytes shuffled by significance, zstd.  Bit-exact both ways.

Format 1, before compression: for each column of `Batch` in its order, `n` items, byte-shuffled (all first bytes, then
all second bytes, …), little-endian.  `time_us`, `receive_us` are stored as differences to the item before (wrapping
int64), `device_us` as its difference to `time_us`.
"""

import zlib
from typing import Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from gateway.errors import LogError
from sensors.batch import COLUMN_DTYPES, Batch

FORMAT: Final = 1


def encode(batch: Batch) -> bytes:
    """The blob of a batch."""
    columns = batch.columns()
    parts = []
    for name in COLUMN_DTYPES:
        column = columns[name]
        if name == "device_us":
            column = batch.device_us - batch.time_us
        elif name in ("time_us", "receive_us"):
            column = np.diff(column, prepend=column.dtype.type(0))
        parts.append(_shuffle(column))
    return zstandard.ZstdCompressor(level=1).compress(b"".join(parts))


def decode(blob: bytes, n: int, blob_format: int) -> Batch:
    """The batch of `n` observations in a blob; LogError where it is not one."""
    if blob_format != FORMAT:
        raise LogError(f"blob format: expected {FORMAT}, got {blob_format}")
    wanted = n * sum(dtype.itemsize for dtype in COLUMN_DTYPES.values())
    try:
        size = zstandard.frame_content_size(blob)
        if size != wanted:  # asked first: a damaged size must not be allocated
            raise LogError(f"blob of {n} observations: expected {wanted} bytes, got {size}")
        raw = zstandard.ZstdDecompressor().decompress(blob)
    except zstandard.ZstdError as error:
        raise LogError(f"blob does not decompress: {error}") from error
    columns: dict[str, NDArray[np.generic]] = {}
    start = 0
    for name, dtype in COLUMN_DTYPES.items():
        end = start + n * dtype.itemsize
        columns[name] = _unshuffle(raw[start:end], dtype)
        start = end
    columns["time_us"] = np.cumsum(columns["time_us"], dtype=np.int64)
    columns["receive_us"] = np.cumsum(columns["receive_us"], dtype=np.int64)
    columns["device_us"] = np.add(columns["device_us"], columns["time_us"], dtype=np.int64)
    return Batch(**columns)  # type: ignore[arg-type]


def checksum(blob: bytes) -> int:
    """CRC-32 of a blob, as stored beside it."""
    return zlib.crc32(blob)


def _shuffle(column: NDArray[np.generic]) -> bytes:
    little = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(len(column), column.dtype.itemsize).T.tobytes()


def _unshuffle(raw: bytes, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    rows = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(rows.T).view(dtype.newbyteorder("<")).reshape(-1).astype(dtype, copy=False)
