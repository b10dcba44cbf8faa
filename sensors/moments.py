"""Dated rows of a city's tables: a date or a time as people write it, and where a version stands among the others."""

from typing import Final
from zoneinfo import ZoneInfo

from sensors.errors import RowError
from sensors.times import NEVER, SECOND_US, parse_rfc3339, rfc3339

ALWAYS: Final = ""  # the moment of a row that gives none


def moment(column: str, text: str, zone: ZoneInfo) -> str:
    """A date or time, in the city's zone where it has no offset, as RFC 3339 in UTC; whole seconds sort as text.

    Raises RowError for what is no time.
    """
    try:
        time_us = parse_rfc3339(text, zone) if text else None
    except ValueError as error:
        raise RowError(column, f"expected a date such as 2026-01-31, got {text!r}") from error
    return ALWAYS if time_us is None else rfc3339(time_us - time_us % SECOND_US)


def moment_us(text: str) -> int:
    """Microseconds of what `moment` gave; `NEVER`, which lies before every time, for `ALWAYS`."""
    time_us = parse_rfc3339(text) if text else None
    return NEVER if time_us is None else time_us
