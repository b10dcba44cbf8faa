"""Sparkplug B payloads: the parts of the message that a host needs, decoded from Protocol Buffers.

Source of field numbers, data types and quality codes: Eclipse Sparkplug Specification 3.0, chapter 6 "Payloads".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from gateway.formats.json_tree import MAX_ELEMENTS
from gateway.formats.protobuf_wire import WireField, as_bytes, as_float, as_int, as_text, put, wire_fields
from gateway.readings import Refusal, Refused

MAX_NAME: Final = 512
_MORE_FIELDS: Final = 64  # of a message, besides what is repeated in it
_MAX_PROPERTIES: Final = 256
_QUALITY: Final = "Quality"
_REBIRTH: Final = "Node Control/Rebirth"
_BOOLEAN: Final = 11
_INT_BITS: Final = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64}  # data type → bits; 1 to 4 are signed
_SIGNED: Final = (1, 2, 3, 4)
_FLOATS: Final = (9, 10)


class Quality(IntEnum):
    """The quality codes of the specification; any other is read as bad."""

    BAD = 0
    GOOD = 192
    STALE = 500


@dataclass(slots=True)
class Metric:
    """One metric, as it was sent; `number` is its number by data type, once that is known."""

    name: str = ""
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int | None = None
    is_historical: bool = False
    is_null: bool = False
    quality: int = Quality.GOOD
    value: WireField | None = None

    def number(self, datatype: int | None) -> float:
        """The value as a reading; true and false as 1 and 0, NaN for null.

        `datatype` is that of the birth, where the metric does not tell its own.  Raises Refused.
        """
        if self.is_null:
            return math.nan
        if self.value is None:
            raise Refused(Refusal.WRONG_TYPE, "no value, and it is not null")
        kind = self.datatype or datatype
        result = _number(self.value, kind)
        if not math.isfinite(result):
            raise Refused(Refusal.NOT_FINITE, "expected a finite number")
        return result


@dataclass(slots=True)
class Payload:
    """A Sparkplug B payload."""

    timestamp_ms: int | None = None
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def payload_of(data: bytes) -> Payload:
    """The payload of a message.  Raises Refused (NOT_PROTOBUF, TOO_MANY)."""
    result = Payload()
    for part in wire_fields(data, MAX_ELEMENTS + _MORE_FIELDS):
        if part.number == 1:
            result.timestamp_ms = as_int(part)
        elif part.number == 2:
            result.metrics.append(_metric(as_bytes(part)))
        elif part.number == 3:
            result.seq = as_int(part)
    if len(result.metrics) > MAX_ELEMENTS:
        raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_ELEMENTS} metrics, got {len(result.metrics)}")
    return result


def rebirth_request(now_ms: int) -> bytes:
    """The payload of an NCMD that asks a node to be born again."""
    metric = put(1, _REBIRTH.encode()) + put(3, now_ms) + put(4, _BOOLEAN) + put(14, 1)
    return put(1, now_ms) + put(2, metric)


def _metric(data: bytes) -> Metric:
    metric = Metric()
    for part in wire_fields(data, _MORE_FIELDS):
        if 10 <= part.number <= 19:
            metric.value = part
        elif part.number in _SETTERS:
            _SETTERS[part.number](metric, part)
    return metric


def _set_name(metric: Metric, part: WireField) -> None:
    metric.name = as_text(part, MAX_NAME)


def _set_alias(metric: Metric, part: WireField) -> None:
    metric.alias = as_int(part)


def _set_timestamp(metric: Metric, part: WireField) -> None:
    metric.timestamp_ms = as_int(part)


def _set_datatype(metric: Metric, part: WireField) -> None:
    metric.datatype = as_int(part)


def _set_historical(metric: Metric, part: WireField) -> None:
    metric.is_historical = bool(as_int(part))


def _set_null(metric: Metric, part: WireField) -> None:
    metric.is_null = bool(as_int(part))


def _set_quality(metric: Metric, part: WireField) -> None:
    metric.quality = _quality(as_bytes(part), metric.quality)


_SETTERS: Final[dict[int, Callable[[Metric, WireField], None]]] = {
    1: _set_name,
    2: _set_alias,
    3: _set_timestamp,
    4: _set_datatype,
    5: _set_historical,
    7: _set_null,
    9: _set_quality,
}


def _quality(data: bytes, otherwise: int) -> int:
    """The property `Quality` of a property set; keys and values stand in the same order."""
    keys: list[str] = []
    values: list[bytes] = []
    for part in wire_fields(data, _MAX_PROPERTIES):
        if part.number == 1:
            keys.append(as_text(part, MAX_NAME))
        elif part.number == 2:
            values.append(as_bytes(part))
    for key, value in zip(keys, values, strict=False):
        if key == _QUALITY:
            for part in wire_fields(value, _MORE_FIELDS):
                if part.number in (3, 4):
                    return as_int(part)
            return Quality.BAD
    return otherwise


def _number(value: WireField, datatype: int | None) -> float:
    """A value by its data type; where that is unknown, by the kind of field that it came in."""
    if value.number in (17, 18):
        kind = "dataset" if value.number == 17 else "template"
        raise Refused(Refusal.UNSUPPORTED, f"a {kind} is not read")
    if value.number in (12, 13):
        return as_float(value)
    if value.number == 14:
        return float(bool(as_int(value)))
    if value.number not in (10, 11):
        raise Refused(Refusal.WRONG_TYPE, "expected a number, got text or bytes")
    bits = as_int(value)
    if datatype == _BOOLEAN:
        return float(bool(bits))
    if datatype is None or datatype in _FLOATS:
        raise Refused(Refusal.WRONG_TYPE, "a whole number whose data type nobody told")
    width = _INT_BITS.get(datatype)
    if width is None:
        raise Refused(Refusal.UNSUPPORTED, f"data type {datatype} is not read as a number")
    bits &= 2**width - 1
    return float(bits - 2**width if datatype in _SIGNED and bits >> (width - 1) else bits)
