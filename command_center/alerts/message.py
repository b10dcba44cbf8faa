"""A CAP 1.2 message as a value: what stands in its elements, as text.

The order of the fields is the order of the elements, `str` is an element that must stand once, `str | None` one that
may, a tuple one that may stand again and again: `command_center.alerts.write`, `read` and `faults` go by that, so the
schema stands here once.  Values are kept as they stand in the XML; `faults` says which of them the schema refuses.
In JSON the fields bear the names of CAP's elements.

Source: CAP-v1.2-os, OASIS Standard, 1 July 2010, chapter 3 and the schema in 3.4.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import msgspec

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_DAY_END: Final = "T24:00:00"


class _Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An element with elements inside."""


class Named(_Element, frozen=True, kw_only=True, rename="camel"):
    """A value under a name of somebody's own list: eventCode, parameter, geocode."""

    value_name: str
    value: str


class Resource(_Element, frozen=True, kw_only=True, rename="camel"):
    """A file that goes with an info."""

    resource_desc: str
    mime_type: str
    size: str | None = None  # bytes
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


class Area(_Element, frozen=True, kw_only=True, rename="camel"):
    """Where: polygons and circles of WGS 84 "lat,lon" in degrees, or codes."""

    area_desc: str
    polygon: tuple[str, ...] = ()  # "lat,lon lat,lon …", four or more, the last one is the first
    circle: tuple[str, ...] = ()  # "lat,lon radius_km"
    geocode: tuple[Named, ...] = ()
    altitude: str | None = None  # feet above sea level (CAP has no other unit)
    ceiling: str | None = None


class Info(_Element, frozen=True, kw_only=True, rename="camel"):
    """What happens, in one language.  Times as `time_text` writes them."""

    language: str | None = None
    category: tuple[str, ...] = ()
    event: str
    response_type: tuple[str, ...] = ()
    urgency: str
    severity: str
    certainty: str
    audience: str | None = None
    event_code: tuple[Named, ...] = ()
    effective: str | None = None
    onset: str | None = None
    expires: str | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameter: tuple[Named, ...] = ()
    resource: tuple[Resource, ...] = ()
    area: tuple[Area, ...] = ()


class Alert(_Element, frozen=True, kw_only=True, rename="camel"):
    """A message."""

    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    source: str | None = None
    scope: str
    restriction: str | None = None
    addresses: str | None = None
    code: tuple[str, ...] = ()
    note: str | None = None
    references: str | None = None  # "sender,identifier,sent" with blanks between
    incidents: str | None = None
    info: tuple[Info, ...] = ()


ENUMERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("Actual", "Exercise", "System", "Test", "Draft"),
    "msgType": ("Alert", "Update", "Cancel", "Ack", "Error"),
    "scope": ("Public", "Restricted", "Private"),
    "category": (
        "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
    ),
    "responseType": (
        "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
    ),
    "urgency": ("Immediate", "Expected", "Future", "Past", "Unknown"),
    "severity": ("Extreme", "Severe", "Moderate", "Minor", "Unknown"),
    "certainty": ("Observed", "Likely", "Possible", "Unlikely", "Unknown"),
}  # fmt: skip


def time_text(time_us: int, zone: tzinfo) -> str:
    """A time as CAP writes it (3.3.2): whole seconds, the zone's offset, never Z; UTC is -00:00.

    >>> from zoneinfo import ZoneInfo
    >>> time_text(1_763_823_600_000_000, ZoneInfo("Asia/Makassar")), time_text(1_763_823_600_000_000, UTC)
    ('2025-11-22T23:00:00+08:00', '2025-11-22T15:00:00-00:00')
    """
    moment = datetime.fromtimestamp(time_us // 1_000_000, UTC).astimezone(zone)
    text = moment.isoformat(timespec="seconds")
    return f"{text[:-6]}-00:00" if text.endswith("+00:00") else text


def time_us_of(text: str) -> int:
    """Microseconds UTC of a time in a message; ValueError where it is none.

    >>> time_us_of("2025-11-22T15:00:00-00:00")
    1763823600000000
    """
    text = text.strip(" \t\r\n")
    days = timedelta(0)
    if text[10:19] == _DAY_END:  # XML Schema has it for the next day's midnight
        text, days = f"{text[:10]}T00:00:00{text[19:]}", timedelta(days=1)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("expected an offset such as +07:00")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC) + days
    return (delta.days * 86_400 + delta.seconds) * 1_000_000


def reference(alert: Alert) -> str:
    """The message as another one's `references` names it."""
    return f"{alert.sender},{alert.identifier},{alert.sent}"


def referenced(alert: Alert) -> list[str]:
    """The identifiers that the message's references name; what is no triple is left out (`faults` says so)."""
    triples = [one.split(",") for one in (alert.references or "").split()]
    return [triple[1] for triple in triples if len(triple) == 3]
