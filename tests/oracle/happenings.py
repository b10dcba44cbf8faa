"""What happens to a small city: observations arrive, or nothing does, nobody listens, other rules come.

Times lie around the moments that matter: the due time of a silence or of a delay, fifteen minutes back, the half
minute, just before or after one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from sensors.batch import Batch
from sensors.catalogue import Catalogue
from sensors.quality import Reason
from sensors.times import NEVER
from sensors.times import SECOND_US as S
from tests.oracle.cities import GRID, Pick, a_city

AHEAD_US = 300 * S  # ingest takes no time further ahead of its clock
GAPS_US = (10 * S, 0, 1, S, 5 * S, 10 * S - 1, 10 * S + 1, 20 * S, 30 * S, 30 * S - 1, 60 * S, 60 * S + 1, 1000 * S)
LAGS_US = (0, 0, 0, 0, 1, S, 7 * S, 60 * S, 899 * S, 900 * S, 900 * S + 1, 1500 * S, 4000 * S, -S, -AHEAD_US)
STEPS_US = (10 * S, 5 * S, 1, S, 5 * S - 1, 10 * S - 1, 10 * S + 1, 30 * S, 60 * S, 60 * S + 1, 900 * S)
WAITS_US = (*GAPS_US, 5000 * S, 10_000 * S, 86_400 * S)
BACK_US = (400 * S, S, 300 * S, 301 * S, 3600 * S, 86_400 * S)
QUALITIES = (1, 1, 1, 1, 2, 3, 4)
STALE = int(Reason.STALE)
REASONS = (*(0,) * 12, int(Reason.HISTORICAL), STALE)
NAN = float("nan")
When = Literal["lag", "onward", "repeated", "before"]
WHEN: tuple[When, ...] = ("lag", "lag", "onward", "onward", "onward", "repeated", "before")


class Sent(NamedTuple):
    """One observation before it has a number and a receive time."""

    gap_us: int  # after the one before it
    place: int  # which datastream
    when: When  # its time: old by `lag_us` when received, or `step_us` on from or before the newest, or once more
    lag_us: int
    step_us: int
    value: float
    quality: int
    origin: int
    reasons: int  # `Reason` bits: a death now and then


def a_sent(pick: Pick, places: Sequence[int] = range(5)) -> Sent:
    """An observation."""
    return Sent(
        gap_us=pick(GAPS_US),
        place=pick(places),
        when=pick(WHEN),
        lag_us=pick(LAGS_US),
        step_us=pick(STEPS_US),
        value=pick((*GRID, NAN)),
        quality=pick(QUALITIES),
        origin=pick((0, 1, 2, 3, 4)),
        reasons=pick(REASONS),
    )


def a_steady_stream(pick: Pick, size: int) -> tuple[Sent, ...]:
    """Observations of one datastream that rises, falls or stays, at one pace."""
    value, change, place = pick(GRID), pick((0.5, 1.0, 0.0, -0.5, -3.0)), pick(range(5))
    gap_us, lag_us, quality = pick((10 * S, 5 * S)), pick((0, 0, 0, 0, 900 * S + 1, 4000 * S)), pick(QUALITIES)
    rows = []
    for _ in range(size):
        rows.append(Sent(gap_us, place, "lag", lag_us, 0, value, quality, 0, 0))
        value = min(max(value + change, GRID[0]), GRID[-1])
    return tuple(rows)


def received(observations: Sequence[Sent], catalogue: Catalogue, after_us: int) -> Batch:
    """The observations as a batch; receive times strictly increase per datastream, by 1 µs on a tie."""
    streams = catalogue.observed.datastreams
    clock_us = after_us
    last_us = {d.number: after_us for d in streams}
    sent_us: dict[int, int] = {}  # the last time of each datastream
    newest_us: dict[int, int] = {}
    rows = []
    for item in observations:
        stream = streams[item.place % len(streams)]
        number = stream.number
        clock_us += item.gap_us
        receive_us = last_us[number] = max(clock_us, last_us[number] + 1)
        time_us = _time_us(item, receive_us, sent_us.get(number), newest_us.get(number))
        sent_us[number], newest_us[number] = time_us, max(time_us, newest_us.get(number, time_us))
        value = abs(item.value) * 10 if stream.kind == "interval" else item.value
        rows.append((number, time_us, value, receive_us, item.origin, item.quality, item.reasons))
    return Batch(
        datastream=np.array([row[0] for row in rows], np.int32),
        time_us=np.array([row[1] for row in rows], np.int64),
        value=np.array([row[2] for row in rows], np.float64),
        receive_us=np.array([row[3] for row in rows], np.int64),
        device_us=np.full(len(rows), NEVER, np.int64),
        origin=np.array([row[4] for row in rows], np.uint8),
        quality=np.array([row[5] for row in rows], np.uint8),
        reasons=np.array([row[6] for row in rows], np.uint16),
    )


def _time_us(item: Sent, receive_us: int, last_us: int | None, newest_us: int | None) -> int:
    if item.when == "repeated" and last_us is not None:
        return last_us
    if item.when == "onward" and newest_us is not None:
        return min(newest_us + item.step_us, receive_us + AHEAD_US)
    if item.when == "before" and newest_us is not None:
        return newest_us - item.step_us
    return receive_us - item.lag_us


def end_us(batch: Batch, after_us: int) -> int:
    """The last receive time."""
    return int(batch.receive_us.max(initial=after_us))


@dataclass(frozen=True)
class Observe:
    """Observations arrive."""

    observations: tuple[Sent, ...]


@dataclass(frozen=True)
class Wait:
    """Nothing arrives."""

    gap_us: int


@dataclass(frozen=True)
class Pause:
    """Nobody listens for so long; less than nothing: the clock was set back."""

    by_us: int


@dataclass(frozen=True)
class Reload:
    """Another catalogue takes effect."""

    catalogue: Catalogue


Happening = Observe | Wait | Pause | Reload


def later_us(now_us: int, happening: Happening, catalogue: Catalogue) -> int:
    """What time it is when it has happened."""
    match happening:
        case Observe(observations):
            return end_us(received(observations, catalogue, now_us), now_us)
        case Wait(gap_us):
            return now_us + gap_us
        case Pause(by_us):
            return now_us + by_us
        case Reload():
            return now_us


def a_life(pick: Pick, size: int, rows: Sequence[int], *, numbers: Sequence[int] = ()) -> list[Happening]:
    """So many happenings, batches of so many rows."""
    return [_happening(pick, rows, numbers) for _ in range(size)]


def _happening(pick: Pick, rows: Sequence[int], numbers: Sequence[int]) -> Happening:
    what = pick(("rows", "rows", "rows", "steady", "steady", "wait", "wait", "pause", "back", "reload"))
    if what == "rows":
        return Observe(tuple(a_sent(pick) for _ in range(pick(rows))))
    if what == "steady":
        return Observe(a_steady_stream(pick, pick(rows)))
    if what == "wait":
        return Wait(pick(WAITS_US))
    if what == "reload":
        return Reload(a_city(pick, numbers=numbers))
    return Pause(pick(GAPS_US) if what == "pause" else -pick(BACK_US))
