"""The peers of the detector's bench: a loop over readings, in Python and compiled by numba where that is installed.

The core of the job: levels with hysteresis, the rise limit, silence.  `WholeLoop` also does the flat line, remembers
the last readings, and computes the trend, the rate and the time to the next level.  None of them knows delays, doubt
about falls, or what comes late.
"""

from collections import deque
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from sensors.batch import Batch
from tests.bench.many_gauges import CALM_S, HYSTERESIS, LIMITS, RISE_LIMIT_PER_H

CLEAR: Final = tuple(limit - HYSTERESIS for limit in LIMITS)
RISE_PER_US: Final = RISE_LIMIT_PER_H / 3.6e9
SILENT_US: Final = round(3 * CALM_S * 1e6)
FLAT_US: Final = 3_600_000_000
PART_US: Final = 225_000_000  # an eighth of half an hour


class PythonLoop:
    """As one would write it, reading by reading, over lists."""

    def __init__(self, size: int) -> None:
        self.newest_us, self.heard_us, self.value = [0] * size, [0] * size, [0.0] * size
        self.held = [[False] * len(LIMITS) for _ in range(size)]
        self.found: list[tuple[int, int, int, float]] = []

    def follow(self, number: int, time_us: int, value: float) -> None:
        """What else follows from a reading; nothing here."""

    def judge(self, datastreams: list[int], times: list[int], received: list[int], values: list[float]) -> None:
        """A batch, as columns of Python objects."""
        for number, time_us, receive_us, value in zip(datastreams, times, received, values, strict=True):
            if receive_us - self.heard_us[number] > SILENT_US:
                self.found.append((number, receive_us, -1, value))
            self.heard_us[number] = receive_us
            gone_us = time_us - self.newest_us[number]
            if gone_us <= 0:
                continue
            if value - self.value[number] > RISE_PER_US * gone_us:
                self.found.append((number, time_us, -2, value))
            self.follow(number, time_us, value)
            self.newest_us[number], self.value[number] = time_us, value
            held = self.held[number]
            for place, limit in enumerate(LIMITS):
                if held[place]:
                    if value < CLEAR[place]:
                        held[place] = False
                        self.found.append((number, time_us, place, value))
                elif value >= limit:
                    held[place] = True
                    self.found.append((number, time_us, place, value))


class WholeLoop(PythonLoop):
    """With flat line, memory, trend, rate and time to the next level."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.recent: list[deque[tuple[int, float]]] = [deque(maxlen=32) for _ in range(size)]
        self.flat_us, self.next_us = [0] * size, [0] * size
        self.points: list[deque[tuple[int, float]]] = [deque(maxlen=8) for _ in range(size)]
        self.derived: list[tuple[int, int, float, float]] = []

    def follow(self, number: int, time_us: int, value: float) -> None:
        """Flat line, memory and trend of one reading."""
        self.recent[number].append((time_us, value))
        if value != self.value[number]:
            self.flat_us[number] = time_us
        elif time_us - self.flat_us[number] > FLAT_US:
            self.found.append((number, time_us, -3, value))
        if time_us >= self.next_us[number]:
            self.next_us[number] = (time_us // PART_US + 1) * PART_US
            self.points[number].append((time_us, value))
            self.trend(number, time_us, value)

    def trend(self, number: int, time_us: int, value: float) -> None:
        """The median of the slopes of all pairs, and the minutes to the next level."""
        points = list(self.points[number])
        if len(points) < 3:
            return
        slopes = sorted(
            (v2 - v1) * 3.6e9 / (t2 - t1) for place, (t1, v1) in enumerate(points) for t2, v2 in points[place + 1 :]
        )
        rate = slopes[len(slopes) // 2]
        limit = next((limit for limit in LIMITS if limit > value), None)
        minutes = 1440.0 if limit is None or rate <= 0 else min(1440.0, (limit - value) * 60 / rate)
        self.derived.append((number, time_us, rate, minutes))


def python_loop(size: int, *, whole: bool = False) -> Callable[[Batch], Callable[[], object]]:
    """Work on a batch whose columns are lists already."""
    loop = WholeLoop(size) if whole else PythonLoop(size)

    def prepared(batch: Batch) -> Callable[[], object]:
        columns = (batch.datastream, batch.time_us, batch.receive_us, batch.value)
        lists: list[Any] = [column.tolist() for column in columns]
        return lambda: loop.judge(*lists)

    return prepared


def numba_loop(size: int) -> Callable[[Batch], Callable[[], object]] | None:
    """The same, compiled; None where numba is not installed."""
    if find_spec("numba") is None:
        return None
    judge: Callable[..., int] = import_module("numba").njit(_judge)
    held = np.zeros((size, len(LIMITS)), np.bool_)
    state = (np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros(size), held)
    levels = (np.array(LIMITS), np.array(CLEAR))
    found = np.zeros(1_000_000, np.int64)

    def prepared(batch: Batch) -> Callable[[], object]:
        columns = (batch.datastream, batch.time_us, batch.receive_us, batch.value)
        return lambda: judge(columns, state, levels, found, RISE_PER_US, SILENT_US)

    return prepared


def _judge(columns: Any, state: Any, levels: Any, found: Any, rise_per_us: float, silent_us: int) -> int:
    datastreams, times, received, values = columns
    newest_us, heard_us, last, held = state
    limits, clear = levels
    count = 0
    for index in range(len(datastreams)):
        number, value = datastreams[index], values[index]
        if received[index] - heard_us[number] > silent_us:
            found[count] = number
            count += 1
        heard_us[number] = received[index]
        gone_us = times[index] - newest_us[number]
        if gone_us <= 0:
            continue
        if value - last[number] > rise_per_us * gone_us:
            found[count] = number
            count += 1
        newest_us[number], last[number] = times[index], value
        for place in range(len(limits)):
            moves = value < clear[place] if held[number, place] else value >= limits[place]
            if moves:
                held[number, place] = not held[number, place]
                found[count] = number
                count += 1
    return count
