"""No backlog is ever taken for a clock that is off, and no clock that is off for a backlog twice."""

import json
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.clock_memory import ClockMemory
from gateway.ingest import Arrivals, Ingest
from gateway.mqtt.codec import Publishes
from sensors.batch import Batch
from sensors.times import HOUR_US, MINUTE_US, NEVER, SECOND_US
from tests.unit.gateway.gauges import NOW, ages_us, faults, gauges

INTERVALS = st.sampled_from([10, 60, 600, 900])
SLOW = settings(max_examples=60, deadline=None)


@dataclass(slots=True)
class Gauge:
    """One gauge and what is remembered of it, as a plain loop has it."""

    interval_s: int
    now_us: int = NOW
    heard_us: int = NOW
    ever: bool = False
    offset_us: int = NEVER
    newest: tuple[int, int] = (NEVER, NEVER)  # its time, and when it came
    recent_us: list[int] = field(default_factory=list)
    ingest: Ingest = field(init=False)

    def __post_init__(self) -> None:
        self.ingest = Ingest(gauges(1, self.interval_s), 64)

    def memory(self) -> ClockMemory:
        def each(value: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            return np.full(2, value, np.int64)

        recent = np.full((2, 32), NEVER, np.int64)
        recent[0, : len(self.recent_us)] = self.recent_us
        newest_us, received_us = map(each, self.newest)
        return ClockMemory(
            newest_us, received_us, each(self.heard_us), np.full(2, self.ever), each(self.offset_us), recent
        )

    def hear(self, *sent_us: int) -> Batch:
        """A tick of messages with these times."""
        payloads = [json.dumps({"ts": time_us // 1000, "value": 1}).encode() for time_us in sent_us]
        n = len(payloads)
        publishes = Publishes([b"telemetry/G0/level"] * n, payloads, [1] * n, [False] * n)
        batch = self.ingest.read([Arrivals("broker", publishes)], self.now_us, self.memory()).batch
        for time_us, heard_us, device_us in zip(
            batch.time_us.tolist(), batch.receive_us.tolist(), batch.device_us.tolist(), strict=True
        ):
            self.ever, self.heard_us, self.offset_us = True, heard_us, heard_us - device_us
            if time_us > self.newest[0]:
                self.newest = time_us, heard_us
            if time_us not in self.recent_us:
                self.recent_us = [*self.recent_us, time_us][-32:]
        return batch

    def wait(self, seconds: float) -> None:
        self.now_us += round(seconds * SECOND_US)

    def run(self, count: int, lags_s: list[float]) -> list[bool]:
        """Readings at the usual interval, each so late on its way."""
        found: list[bool] = []
        for n in range(count):
            self.wait(self.interval_s)
            found += faults(self.hear(self.now_us - round(lags_s[n % len(lags_s)] * SECOND_US)))
        return found


LAGS = st.lists(st.floats(0, 8), min_size=1, max_size=7)
AT_ONCE = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@SLOW
@given(INTERVALS, st.lists(st.floats(-240, 240), min_size=1, max_size=9), st.integers(1, 80))
def test_a_clock_that_is_off_by_minutes_is_none_that_is_off(interval_s: int, lags_s: list[float], count: int) -> None:
    assert not any(Gauge(interval_s).run(count, lags_s))


@SLOW
@given(INTERVALS, LAGS, st.integers(40, 80), st.integers(1, 300), AT_ONCE, st.booleans(), st.data())
def test_a_backlog_is_none_however_it_comes(
    interval_s: int,
    lags_s: list[float],
    count: int,
    missed: int,
    at_once: list[int],
    forward: bool,
    data: st.DataObject,
) -> None:
    gauge = Gauge(interval_s)
    gauge.run(count, lags_s)
    began_us = gauge.now_us
    gauge.wait(interval_s * missed)
    waiting = [began_us + n * interval_s * SECOND_US for n in range(1, missed + 1)]
    if not forward:
        waiting.reverse()
    pause_s = data.draw(st.sampled_from([0.001, interval_s / 100, interval_s / 5]))
    if data.draw(st.booleans()):
        assert faults(gauge.hear(gauge.now_us)) == [False]
    lost = data.draw(st.sets(st.sampled_from(waiting), max_size=5))
    waiting = [time_us for time_us in waiting if time_us not in lost]
    found: list[bool] = []
    k = 0
    while waiting:
        gauge.wait(pause_s)
        size = at_once[k % len(at_once)]
        found += faults(gauge.hear(*waiting[:size]))
        del waiting[:size]
        k += 1
    assert not any(found + gauge.run(5, lags_s))


@SLOW
@given(
    INTERVALS, LAGS, st.integers(0, 80), st.floats(6, 60 * 24 * 60), st.booleans(), st.sampled_from([0.5, 1, 2, 4, 30])
)
def test_a_clock_that_is_off_is_known_from_the_second_reading_on_until_it_is_right(
    interval_s: int, lags_s: list[float], count: int, off_min: float, ahead: bool, away: float
) -> None:
    gauge = Gauge(interval_s)
    gauge.run(count, lags_s)
    gauge.wait(interval_s * away)
    lag_us = round(max(off_min * MINUTE_US, 1.6 * interval_s * SECOND_US))
    lag_us = -lag_us if ahead else lag_us
    lags_us = [lag_us + round(lag_s / 4 * SECOND_US) for lag_s in lags_s]
    gauge.hear(gauge.now_us - lag_us)
    for n in range(5):
        gauge.wait(interval_s)
        batch = gauge.hear(gauge.now_us - lags_us[n % len(lags_us)])
        assert (faults(batch), ages_us(batch)) == ([True], [0])
    assert not any(gauge.run(5, [0.0]))


@SLOW
@given(INTERVALS, st.integers(33, 60), st.integers(1, 31), st.floats(0.1, 7))
def test_a_clock_that_goes_back_among_what_it_has_told_is_known_at_once(
    interval_s: int, count: int, back: int, later_s: float
) -> None:
    gauge = Gauge(interval_s)
    gauge.wait(HOUR_US / SECOND_US)  # no connection is so young
    gauge.run(count, [0.0])
    gauge.wait(interval_s)
    lag_us = back * interval_s * SECOND_US + round(later_s * SECOND_US)
    batch = gauge.hear(gauge.now_us - lag_us)
    assert faults(batch) == [lag_us > 5 * MINUTE_US]
