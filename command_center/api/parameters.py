"""Query parameters that several routes share."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request

from command_center.api.answers import ApiError
from command_center.api.place import Place
from sensors.sharing import Audience
from sensors.times import parse_rfc3339

MAX_ITEMS: Final = 10_000
_EATEN_PLUS: Final = re.compile(r" (?=\d\d:?\d\d$)")


def _audience(request: Request) -> Audience:
    """Whom the gate found to ask."""
    audience: Audience = request.state.audience
    return audience


Seeing = Annotated[Audience, Depends(_audience)]
# What the routes check themselves, with an error code of its own, is told with `json_schema_extra`.
_PAGE_BEFORE: Final = "`next` of the page before; empty = from the beginning"
After = Annotated[
    str,
    Query(description=_PAGE_BEFORE, json_schema_extra={"pattern": r"^([^:]*:[0-9]{1,18}:[0-9]{1,18})?$"}),
]
NUMBER: Final[dict[str, Any]] = {"pattern": r"^[0-9]{0,18}$"}
AfterNumber = Annotated[str, Query(description=_PAGE_BEFORE, json_schema_extra=NUMBER)]
DATE_TIME: Final[dict[str, Any]] = {"format": "date-time"}
Id = Annotated[str, Path(min_length=1, max_length=200, description="`id` of one in the list")]
Number = Annotated[int, Path(ge=0, le=2**53, description="`number` or `id` of one in the list")]
Limit = Annotated[int, Query(ge=1, le=MAX_ITEMS, description="items on a page")]


def states_pattern(known: Iterable[str]) -> dict[str, Any]:
    """The schema of a parameter that names states, comma between."""
    one = f"({'|'.join(known)})"
    return {"pattern": f"^( *{one}? *(, *{one}? *)*)$"}


def place_of(cursor: str) -> Place:
    """The place of a cursor in the log.  Raises ApiError 422."""
    try:
        return Place.parse(cursor)
    except ValueError as error:
        raise ApiError(422, "bad_cursor", f"not a cursor of this list: {cursor!r}", "query.after") from error


def number_of(cursor: str) -> int | None:
    """A plain number as a cursor; None for an empty one.  Raises ApiError 422."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise ApiError(422, "bad_cursor", f"not a cursor of this list: {cursor!r}", "query.after")
    return int(cursor)


def time_of(text: str | None, name: str, absent_us: int) -> int:
    """Microseconds of an RFC 3339 time with its offset; `absent_us` where none is given.  Raises ApiError 422."""
    if text is None:
        return absent_us
    try:
        time_us = parse_rfc3339(_EATEN_PLUS.sub("+", text))  # an unescaped + arrives as a space
    except ValueError as error:
        raise ApiError(422, "invalid", f"expected an RFC 3339 time, got {text!r}", f"query.{name}") from error
    if time_us is None:
        raise ApiError(422, "invalid", f"the time {text!r} has no offset: add Z or such as +07:00", f"query.{name}")
    return time_us
