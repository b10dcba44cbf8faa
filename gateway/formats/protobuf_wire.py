"""The wire format of Protocol Buffers: numbered fields, read one after the other, bounded by the bytes that are there.

Source: protobuf.dev, "Encoding".  Groups, which nobody has written since 2008, are refused.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from gateway.readings import Refusal, Refused

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_MASK: Final = 2**64 - 1


class WireField(NamedTuple):
    """One field: `value` is an int (varint, and the bits of the fixed ones) or the bytes."""

    number: int
    kind: int
    value: int | bytes


def wire_fields(data: bytes, limit: int) -> Iterator[WireField]:
    """The fields of a message in their order, at most `limit`.  Raises Refused (NOT_PROTOBUF, TOO_MANY)."""
    at, end, count = 0, len(data), 0
    while at < end:
        count += 1
        if count > limit:
            raise Refused(Refusal.TOO_MANY, f"expected at most {limit} fields in one message")
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if not 1 <= number < 2**29:
            raise _broken(f"field number {number} at byte {at}")
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(data, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
            value, at = int.from_bytes(data[at : at + size], "little"), at + size
        elif kind == BYTES:
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise _broken(f"wire type {kind} at byte {at}")
        if at > end:
            raise _broken("it ends within a field")
        yield WireField(number, kind, value)


def varint(value: int) -> bytes:
    """A whole number of 0 to 2**64 - 1 as it is written."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def put(number: int, value: int | bytes) -> bytes:
    """One field of a message: a varint, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def as_float(value: WireField) -> float:
    """The number whose bits a fixed field holds.

    Of 32 bits, the shortest decimal that has these bits: 2.3 m must be 2.3 m, not 2.299999952 below a limit.
    """
    if not isinstance(value.value, int) or value.kind not in (FIXED32, FIXED64):
        raise _broken(f"field {value.number}: expected a fixed number")
    if value.kind == FIXED64:
        return float(struct.unpack("<d", value.value.to_bytes(8, "little"))[0])
    return float(str(np.uint32(value.value).view(np.float32)))


def as_int(value: WireField) -> int:
    """The varint of a field."""
    if value.kind != VARINT or not isinstance(value.value, int):
        raise _broken(f"field {value.number}: expected a whole number")
    return value.value


def as_bytes(value: WireField) -> bytes:
    """The bytes of a field."""
    if not isinstance(value.value, bytes):
        raise _broken(f"field {value.number}: expected bytes")
    return value.value


def as_text(value: WireField, limit: int) -> str:
    """The text of a field, of at most `limit` bytes."""
    raw = as_bytes(value)
    if len(raw) > limit:
        raise _broken(f"field {value.number}: a text of {len(raw)} bytes, expected at most {limit}")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise _broken(f"field {value.number}: not UTF-8: {error.reason}") from error


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & _MASK, place + 1
        shift += 7
    raise _broken(f"a whole number at byte {at} does not end")


def _broken(why: str) -> Refused:
    return Refused(Refusal.NOT_PROTOBUF, f"not a Protocol Buffers message: {why}")
