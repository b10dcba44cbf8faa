"""Time as Siaga keeps it: int64 microseconds since the epoch, UTC."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

NEVER: Final = -(2**63)  # no such time: not sent, not yet, not heard
SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 3600 * SECOND_US

_LEAP_SECOND: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):60(.*)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime, exact (no float in between)."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND_US + delta.microseconds


def to_datetime(time_us: int) -> datetime:
    """The aware UTC datetime of `time_us`."""
    seconds, microseconds = divmod(time_us, SECOND_US)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def rfc3339(time_us: int) -> str:
    """`time_us` as RFC 3339 in UTC; whole seconds stay whole.

    >>> rfc3339(1_700_000_000_000_000)
    '2023-11-14T22:13:20Z'
    >>> rfc3339(1_700_000_000_250_000)
    '2023-11-14T22:13:20.250000Z'
    """
    return to_datetime(time_us).isoformat().replace("+00:00", "Z")


def parse_rfc3339(text: str, zone: tzinfo | None = None) -> int | None:
    """Microseconds of an RFC 3339 time; fractions beyond microseconds are cut off.

    A time without an offset is read in `zone`; without a `zone` it is None: nobody can say when it was.
    Raises ValueError for what is no time at all.

    >>> parse_rfc3339("2023-11-14T22:13:20.1234567Z")
    1700000000123456
    >>> parse_rfc3339("2023-11-14T22:13:20") is None
    True
    >>> parse_rfc3339("2016-12-31t23:59:60z") == parse_rfc3339("2017-01-01T00:00:00Z")
    True
    """
    text = text.upper()  # RFC 3339 allows a lower-case t and z
    leap = _LEAP_SECOND.match(text)
    moment = datetime.fromisoformat(f"{leap[1]}:59{leap[2]}" if leap else text)
    if leap:
        try:
            moment += timedelta(seconds=1)
        except OverflowError as error:
            raise ValueError(f"{text}: after the year 9999") from error
    if moment.tzinfo is None:
        if zone is None:
            return None
        moment = moment.replace(tzinfo=zone)
    return from_datetime(moment)
