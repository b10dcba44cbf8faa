"""SenML packs (RFC 8428) in JSON and CBOR, resolved: each record with its full name, unit, time and value.

Base fields count from their record on.  Labels that nobody here knows are passed over, unless they end with "_": then
they must be understood, and the pack is refused, as is a version above 10.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

import cbor2

from gateway.formats.json_tree import MAX_ELEMENTS, json_tree, number, number_or_why, shown
from gateway.readings import Refusal, Refused

VERSION: Final = 10  # of RFC 8428
MAX_NAME: Final = 256
RELATIVE_BELOW: Final = 2**28  # seconds: a smaller time is relative to now (RFC 8428 section 4.5.3)
_MAX_DEPTH: Final = 8
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
_LABELS: Final = {  # CBOR label → JSON label (RFC 8428 table 4)
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One resolved record.

    `time_s` is seconds since the epoch, or below 2**28 relative to now.  `value` is a number (true and false as 1 and
    0), why it is none, or None where the record has only a sum.
    """

    place: int
    name: str
    unit: str | None
    time_s: float
    value: float | Refused | None
    sum: float | Refused | None


@dataclass(slots=True)
class _Base:
    """The base fields in force."""

    name: str = ""
    unit: str | None = None
    time_s: float = 0.0
    value: float = 0.0
    sum: float = 0.0


def pack(payload: bytes, *, cbor: bool) -> list[dict[str, Any]]:
    """The records of a pack as they were sent, by JSON labels.  Raises Refused."""
    tree = _cbor_tree(payload) if cbor else json_tree(payload)
    if not isinstance(tree, list):
        raise Refused(Refusal.WRONG_TYPE, f"expected an array of records, got {shown(tree)}")
    if len(tree) > MAX_ELEMENTS:
        raise Refused(Refusal.TOO_MANY, f"expected at most {MAX_ELEMENTS} records, got {len(tree)}")
    records: list[dict[str, Any]] = []
    for place, record in enumerate(tree):
        if not isinstance(record, dict):
            raise Refused(Refusal.WRONG_TYPE, f"record {place}: expected an object, got {shown(record)}")
        records.append({_label(label, cbor=cbor): value for label, value in record.items()})
    return records


def _label(label: Any, *, cbor: bool) -> str:
    """A label as JSON has it; one that no text can be is unlike any that is known."""
    if isinstance(label, str):
        return label
    return _LABELS.get(label, "") if cbor and type(label) is int else ""


def resolved(records: list[dict[str, Any]]) -> Iterator[Record | tuple[int, Refused]]:
    """Each record of a pack resolved, or (its place, what is wrong with it); one of base fields alone gives nothing.

    Raises Refused where the pack as a whole cannot be read on.
    """
    base = _Base()
    for place, record in enumerate(records):
        for label in record:
            if label.endswith("_"):
                detail = f"record {place}: field {label[:64]!r} must be understood, and is not"
                raise Refused(Refusal.UNSUPPORTED, detail)
        _set_base(base, place, record)
        if not record.keys() & {"n", "v", "vs", "vb", "vd", "s"}:
            continue
        try:
            yield _resolve(base, place, record)
        except Refused as refused:
            yield place, refused


def _set_base(base: _Base, place: int, record: dict[str, Any]) -> None:
    try:
        if "bver" in record:
            version = number(record["bver"])
            if not version <= VERSION:
                raise Refused(Refusal.UNSUPPORTED, f"version: expected {VERSION} or below, got {shown(record['bver'])}")
        if "bn" in record:
            base.name = _text(record["bn"], "bn")
        if "bu" in record:
            base.unit = _text(record["bu"], "bu")
        if "bt" in record:
            base.time_s = _finite(record["bt"])
        if "bv" in record:
            base.value = _finite(record["bv"])
        if "bs" in record:
            base.sum = _finite(record["bs"])
    except Refused as refused:  # everything that follows would mean something else
        raise Refused(refused.reason, f"record {place}: {refused.detail}") from refused


def _resolve(base: _Base, place: int, record: dict[str, Any]) -> Record:
    name = base.name + _text(record.get("n", ""), "n")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise Refused(Refusal.WRONG_TYPE, f"name: expected letters, digits and -:./_, got {name[:64]!r}")
    unit = _text(record["u"], "u") if "u" in record else base.unit
    value = _value(base, record)
    total = _plus(base.sum, number_or_why(record["s"])) if "s" in record else None
    if value is None and total is None:
        raise Refused(Refusal.WRONG_TYPE, "expected a value or a sum")
    return Record(place, name, unit, base.time_s + _finite(record.get("t", 0)), value, total)


def _value(base: _Base, record: dict[str, Any]) -> float | Refused | None:
    if "v" in record:
        given = record["v"]
        if isinstance(given, bool) or given is None:
            return Refused(Refusal.WRONG_TYPE, f"v: expected a number, got {shown(given)}")
        return _plus(base.value, number_or_why(given))
    if "vb" in record:
        given = record["vb"]
        return float(given) if isinstance(given, bool) else Refused(Refusal.WRONG_TYPE, "vb: expected true or false")
    if "vs" in record or "vd" in record:
        return Refused(Refusal.WRONG_TYPE, "expected a number, got text or data")
    return None


def _plus(base: float, value: float | Refused) -> float | Refused:
    """Their sum, exact in decimal where no base is: what was sent comes out as it was."""
    if isinstance(value, Refused) or base == 0.0:
        return value
    result = float(Decimal(repr(base)) + Decimal(repr(value)))
    return result if math.isfinite(result) else Refused(Refusal.NOT_FINITE, "base value plus value is no number")


def _finite(value: Any) -> float:
    if isinstance(value, bool) or value is None:
        raise Refused(Refusal.WRONG_TYPE, f"expected a number, got {shown(value)}")
    return number(value)


def _text(value: Any, label: str) -> str:
    if not isinstance(value, str):
        raise Refused(Refusal.WRONG_TYPE, f"{label}: expected text, got {shown(value)}")
    return value


def _cbor_tree(payload: bytes) -> Any:
    try:
        return cbor2.loads(payload, max_depth=_MAX_DEPTH, semantic_decoders=_TAGS, tag_hook=_refuse_tag)
    except (cbor2.CBORError, ValueError, OverflowError, RecursionError, TypeError) as error:
        if isinstance(error.__cause__, Refused):
            raise error.__cause__ from error
        raise Refused(Refusal.NOT_CBOR, str(error)[:200] or type(error).__name__) from error


def _decimal_fraction(parts: Any, _immutable: bool) -> float:
    """Tag 4: mantissa * 10**exponent; the one tag that RFC 8428 lets a number have (section 6)."""
    if not isinstance(parts, (list, tuple)) or len(parts) != 2 or not all(type(part) is int for part in parts):
        raise Refused(Refusal.NOT_CBOR, "decimal fraction: expected an exponent and a mantissa")
    exponent, mantissa = parts
    if abs(exponent) > 400 or abs(mantissa) >= 2**64:
        raise Refused(Refusal.NOT_FINITE, "decimal fraction: no number that can be kept")
    return float(Decimal(mantissa).scaleb(exponent))


def _refuse_tag(*_: Any) -> NoReturn:
    raise Refused(Refusal.UNSUPPORTED, "expected no CBOR tag but 4 (a decimal fraction)")


# Every tag that the library would turn into something else: dates, big numbers, patterns, shared values, …
_REFUSED_TAGS: Final = (0, 1, 2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_TAGS: Final = dict.fromkeys(_REFUSED_TAGS, _refuse_tag) | {4: _decimal_fraction}
