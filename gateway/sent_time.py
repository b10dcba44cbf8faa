"""The time that a payload states, for every format: an epoch number or an RFC 3339 text."""

import math
from typing import Final

from gateway.address_book import Target
from gateway.readings import Refusal, Refused
from sensors.quality import Reason
from sensors.times import NEVER, parse_rfc3339

MAX_TEXT: Final = 64
MAX_TIME: Final = 2**62  # a time beyond is told as 1970, a clock fault


def sent_time(ts: int | float | str | None, target: Target) -> tuple[int, Reason]:
    """(microseconds UTC, why not) of a time as sent; `NEVER` where none was sent or nobody can say when it was.

    A number is the epoch in `target.epoch_us`; a text is RFC 3339 with up to 9 digits of a second, read in
    `target.zone` where it has no offset.  Whether the time can be true is for ingest to say.  Raises Refused
    (`BAD_TIME`) for what is no time at all.
    """
    if ts is None:
        return NEVER, Reason.NONE
    if isinstance(ts, str):
        try:
            time_us = parse_rfc3339(ts[:MAX_TEXT], target.zone)
        except ValueError as error:
            raise Refused(Refusal.BAD_TIME, f"ts: expected an epoch or RFC 3339, got {ts[:MAX_TEXT]!r}") from error
        return (NEVER, Reason.NO_ZONE) if time_us is None else (time_us, Reason.NONE)
    if isinstance(ts, float) and not math.isfinite(ts):
        raise Refused(Refusal.BAD_TIME, f"ts: expected an epoch or RFC 3339, got {ts}")
    if abs(ts) > MAX_TIME // target.epoch_us:
        return 0, Reason.NONE
    return round(ts * target.epoch_us), Reason.NONE
