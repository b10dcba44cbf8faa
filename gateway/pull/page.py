"""What stands in a fetched page: its records, and in each the values of devices that the catalogue knows.

Pure, and made for a thread of its own: a page is somebody else's, and may be wrong in any way.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from gateway.errors import PullError
from gateway.pull.addresses import Addresses
from gateway.pull.tables import csv_records
from gateway.pull.xml_tree import xml_tree
from sensors.pull_source import EPOCHS_US, FETCHED, RFC3339, Pull, zone_of
from sensors.times import from_datetime, parse_rfc3339, rfc3339

MAX_RECORDS: Final = 50_000
MAX_UNKNOWN: Final = 200  # unknown devices that are named
MAX_TEXT: Final = 200  # of a value or a time that is none, handed on to become a dead letter
LATEST: Final = 2**63 - 1  # a time that is none, or not known: whatever is in force last counts
KEY: Final = "@key"

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Pulled:
    """One value of a page.  `ts` is RFC 3339, or what stood there where that is no time; "" = when it was fetched."""

    target: str  # station/property
    ts: str
    time_us: int  # the same; LATEST where it is no time
    value: float | str | None


@dataclass(slots=True)
class Page:
    """What was found in a page, and what was passed over."""

    records: int = 0
    pulled: list[Pulled] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)  # device → the fields that it has; at most MAX_UNKNOWN
    without_time: int = 0  # values whose record says no time


def read_page(pull: Pull, body: bytes, charset: str, addresses: Addresses) -> Page:
    """The known devices' values in a page; PullError says what is wrong with it, and where."""
    tree: Any
    if pull.format == "xml":
        tree = xml_tree(body, charset)
    elif pull.format == "csv":
        tree = csv_records(body, charset, pull.delimiter)
    else:
        tree = _json(body)
    page = Page()
    for key, record in _records(tree, pull):
        page.records += 1
        if page.records > MAX_RECORDS:
            raise PullError(f"records: expected at most {MAX_RECORDS}")
        _read_record(pull, key, record, tree, addresses, page)
    return page


def look(tree: Any, path: str) -> Any:
    """What stands at a path of names and places with dots between; None where nothing does.

    >>> look({"a": {"b": [1, 2]}, "c.d": 3}, "a.b.1"), look({"c.d": 3}, "c.d"), look({"a": 1}, "a.b")
    (2, 3, None)
    """
    found = _look(tree, path)
    return None if found is _ABSENT else found


def _look(tree: Any, path: str) -> Any:
    if not path:
        return tree
    if isinstance(tree, dict):
        if path in tree:
            return tree[path]
        head, _, rest = path.partition(".")
        return _look(tree[head], rest) if rest and head in tree else _ABSENT
    if isinstance(tree, list):
        head, _, rest = path.partition(".")
        return _look(tree[int(head)], rest) if head.isdecimal() and int(head) < len(tree) else _ABSENT
    return _ABSENT


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise PullError(f"not JSON: {str(error) or 'nested too deeply'}") from error


def _records(tree: Any, pull: Pull) -> Iterator[tuple[str, Any]]:
    """(the name that it stands under, record) for each."""
    found = _look(tree, pull.records)
    if found is _ABSENT:
        names = ", ".join(list(tree)[:8]) if isinstance(tree, dict) else type(tree).__name__
        raise PullError(f"records: nothing at {pull.records!r}; the page has {names[:MAX_TEXT]}")
    if isinstance(found, dict) and pull.device == KEY:
        yield from found.items()
    else:
        for record in found if isinstance(found, list) else [found]:
            yield "", record


def _read_record(pull: Pull, key: str, record: Any, tree: Any, addresses: Addresses, page: Page) -> None:
    device = pull.device_name or (key if pull.device == KEY else look(record, pull.device))
    if isinstance(device, bool) or not isinstance(device, str | int | float) or device == "":
        return
    name = f"{pull.device_prefix}{device}".strip()
    targets = addresses.get(name.casefold())
    if targets is None:
        if len(page.unknown) < MAX_UNKNOWN and len(name) <= MAX_TEXT:
            page.unknown.setdefault(name, list(record) if isinstance(record, dict) else [])
        return
    time = ("", LATEST) if pull.time == FETCHED else _time(_at(record, tree, pull.time), pull)
    for path, placements in targets.items():
        value = _look(record, path)
        if value is _ABSENT:
            continue
        if time is None:
            page.without_time += 1
            continue
        for placement in placements:
            if placement.holds(time[1]):
                page.pulled.append(Pulled(placement.target, *time, _value(value, pull)))


def _at(record: Any, tree: Any, path: str) -> Any:
    return look(tree, path[1:]) if path.startswith("/") else look(record, path)


def _time(raw: Any, pull: Pull) -> tuple[str, int] | None:
    """(RFC 3339, microseconds); what stood there and LATEST where that is no time; None where nothing did."""
    if raw is None or (isinstance(raw, str) and raw.strip() in pull.missing):
        return None
    text = str(raw).strip()[:MAX_TEXT]
    zone = zone_of(pull.zone) if pull.zone else None
    try:
        if pull.time_format in EPOCHS_US:
            time_us: int | None = round(float(text) * EPOCHS_US[pull.time_format])
        elif pull.time_format == RFC3339:
            time_us = parse_rfc3339(text, zone)
        else:
            moment = datetime.strptime(text, pull.time_format)  # noqa: DTZ007  (its zone comes next)
            moment = moment.replace(tzinfo=moment.tzinfo or zone)
            text, time_us = moment.isoformat(), from_datetime(moment) if moment.tzinfo is not None else None
        return (text, LATEST) if time_us is None else (rfc3339(time_us), time_us)
    except (ValueError, OverflowError):
        return text, LATEST


def _value(raw: Any, pull: Pull) -> float | str | None:
    """A number, None for a missing one; anything else as text, for ingest to refuse."""
    if raw is None:
        return None
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw) if abs(raw) < 1e300 else str(raw)[:MAX_TEXT]
    if not isinstance(raw, str):
        return str(raw)[:MAX_TEXT]
    text = raw.strip()
    if text in pull.missing:
        return None
    number = text.replace(",", ".") if pull.decimal == "," else text
    return float(number) if len(number) <= 40 and _NUMBER.fullmatch(number) else text[:MAX_TEXT]
