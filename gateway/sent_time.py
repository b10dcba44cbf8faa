"""The time that a payload states, for every format: an epoch number or an RFC 3339 text."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
    return epoch_us(ts, target.epoch_us), Reason.NONE


def epoch_us(count: int | float, unit_us: int) -> int:
    """Microseconds of an epoch number, not NaN, in units of `unit_us`.

    >>> epoch_us(1.5, 1_000_000), epoch_us(10**30, 1000)
    (1500000, 0)
    """
    return 0 if is_no_time(count, unit_us) else round(count * unit_us)


def epochs_us(counts: NDArray[np.int64], unit_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """As `epoch_us`, of many.  Shape (n,)."""
    limit = MAX_TIME // unit_us
    return np.where((counts > limit) | (counts < -limit), 0, counts * unit_us)


def is_no_time(count: int | float, unit_us: int) -> bool:
    """Whether an epoch number is beyond any time."""
    return abs(count) > MAX_TIME // unit_us
