"""Sparkplug B payloads written for tests."""

import struct
from typing import Any

from gateway.formats.protobuf_wire import put, varint

INT8, INT16, INT32, INT64, UINT8, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING = 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12
DATASET = 16


def metric(
    name: str = "",
    value: Any = None,
    datatype: int | None = DOUBLE,
    *,
    alias: int | None = None,
    at_ms: int | None = None,
    historical: bool = False,
    quality: int | None = None,
    tell_type: bool = True,
) -> bytes:
    """One metric; a value of None is null."""
    parts = [put(1, name.encode())] if name else []
    parts += [put(number, n) for number, n in ((2, alias), (3, at_ms)) if n is not None]
    parts += [put(4, datatype)] if datatype is not None and tell_type else []
    parts += [put(5, 1)] if historical else []
    parts += [put(7, 1)] if value is None else [_value(value, datatype)]
    if quality is not None:
        parts.append(put(9, put(1, b"Quality") + put(2, put(1, 3) + put(3, quality))))
    return b"".join(parts)


def payload(*metrics: bytes, seq: int | None = None, at_ms: int | None = None) -> bytes:
    """A payload of these metrics."""
    parts = [put(1, at_ms)] if at_ms is not None else []
    parts += [put(2, each) for each in metrics]
    return b"".join(parts + ([put(3, seq)] if seq is not None else []))


def _value(value: Any, datatype: int | None) -> bytes:
    if datatype == FLOAT:
        return varint(12 << 3 | 5) + struct.pack("<f", value)
    if datatype == DOUBLE:
        return varint(13 << 3 | 1) + struct.pack("<d", value)
    if datatype == BOOLEAN:
        return put(14, int(value))
    if datatype == STRING:
        return put(15, value.encode())
    if datatype == DATASET:
        return put(17, b"")
    wide = datatype in (INT64, UINT64, None)
    return put(11 if wide else 10, value & (2**64 - 1 if wide else 2**32 - 1))
