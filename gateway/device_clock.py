"""Whether a device's clock is off by a constant: then its readings are of now, and no backlog.

A reading that is older than it should be was kept back on its way, or its clock is wrong.  What tells the two apart:

    its time                          and it came                            so
    goes on from the newest           whenever                               it was kept back
    is that of the newest             whenever                               it came again
    lies in a hole of those we have   whenever                               it was kept back
    lies among those we have          on schedule                            the clock went back
    lies before all that we have      on schedule                            the clock went back
    whichever of these                on schedule, as far behind as the      the clock is off
                                      last one
    whichever of these                as far behind as the last one, whose   the clock is still off
                                      clock was off

On schedule: alone of its datastream in its tick, and after half a usual interval to three.  A message whose times of
one datastream span more than three, all before those we have, is a memory: that needs a second one as far behind.
What is needed to say so is in the detector's state, so that it survives a restart.  What came from memory by its own
word, by a person, a pull or a recording is taken at its word.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.clock_memory import OFF_US, ClockMemory, Marks, Times
from gateway.columns import Columns
from gateway.our_clock import SAME_US, WINDOW_US, Disagreement, Voices, disagreement
from gateway.phenomenon_time import EARLIEST_US
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.quality import Reason
from sensors.times import NEVER, SECOND_US

LAG_INTERVALS: Final = 1.5  # a datastream may always be so late: an hour's mean bears the time at which the hour began
SOONEST, LATEST = 0.5, 3.0  # usual intervals after the one before: on schedule
HOLE_INTERVALS: Final = 1.5  # between two remembered times: something is missing there
MIN_GAPS: Final = 3  # between remembered times; with fewer the catalogue says what is usual
JITTER_US: Final = 5 * SECOND_US  # on the way; a constant offset may differ by it, or by a quarter of an interval
REDELIVERY_US: Final = 30 * SECOND_US  # NATS delivers again what was not acknowledged within 28 s of a start (measured)
SETTLED_US: Final = 2 * REDELIVERY_US  # after a connection was made: what is still to come again has come
_MAX_US: Final = 2**62
_IS_JUDGED = np.array([origin in (Origin.LIVE, Origin.SIMULATED) for origin in Origin])
_PAST: Final = np.uint16(Reason.RETAINED | Reason.HISTORICAL)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What came of n readings.

    off      (n,) bool  the clock is off: all times of its device in its message are moved together
    excused  (n,) bool  if the time is not believed, it is for our own clock: no fault of the device
    """

    off: Marks
    excused: Marks


@dataclass(frozen=True, slots=True, eq=False)
class _Leads:
    """The newest readings of each device in each message: n of them.

    number   (n,) int32
    sent_us, lag_us (n,) int64  device time, and receive less device time
    at_us    (n,) int64  receive time
    alone    (n,) bool   no other message of the tick has its datastream
    span_us  (n,) int64  how far apart the times of its datastream lie in its own message
    """

    number: NDArray[np.int32]
    sent_us: Times
    lag_us: Times
    at_us: Times
    alone: Marks
    span_us: Times

    def take(self, index: Marks) -> "_Leads":
        return _Leads(*[getattr(self, field.name)[index] for field in fields(self)])


class DeviceClocks:
    """Judges the clocks of a catalogue's devices.

    `disagreement` is what most of them say against our own clock just now.
    """

    def __init__(self, catalogue: Catalogue, device: NDArray[np.int32]) -> None:
        """`device`, shape (P,): the clock of each place, of which the first are the datastreams' numbers."""
        size = 1 + max(catalogue.datastream_by_number, default=-1)
        self._device, self._of_number = device, device[:size]
        self._shortest_us, self._longest_us = np.ones(size, np.int64), np.ones(size, np.int64)
        for number, datastream in catalogue.datastream_by_number.items():
            both = datastream.interval_calm_s, datastream.interval_storm_s or datastream.interval_calm_s
            self._shortest_us[number], self._longest_us[number] = (round(s * SECOND_US) for s in (min(both), max(both)))
        self.disagreement: Disagreement | None = None
        self._connected_us = -_MAX_US  # a source was last connected
        self._since_us = NEVER  # our clock was set, or listening began
        self._away_us = 0  # before that
        self._step_us: tuple[int, int] | None = None  # our clock was set by from so much to so much

    def inherit(self, previous: "DeviceClocks") -> None:
        """Go on from `previous`, whose catalogue was in force before."""
        self.disagreement, self._connected_us = previous.disagreement, previous._connected_us
        self._since_us, self._away_us, self._step_us = previous._since_us, previous._away_us, previous._step_us

    def listen(self, now_us: int, away_us: int, step_us: tuple[int, int] | None) -> None:
        """Listening begins at `now_us`, after `away_us` of the rows' time.

        Our clock was set by `step_us` (at least, at most); None = as far as we know it was not.
        """
        self._since_us, self._away_us, self._step_us, self.disagreement = now_us, away_us, step_us, None
        self._connected_us = now_us

    def connected(self, now_us: int) -> None:
        """A source was connected at `now_us`: what was not acknowledged comes again now."""
        self._connected_us = now_us

    def judge(self, columns: Columns, number: NDArray[np.int32], received_us: Times, memory: ClockMemory) -> Judged:
        """The clocks of readings that came in one tick, by ascending message; `number`, `received_us`: shape (n,)."""
        none = np.zeros(len(columns), np.bool_)
        sent = columns.device_us != NEVER
        lag_us = received_us - columns.device_us
        newest_us = memory.newest_us[number] if len(memory.newest_us) >= len(self._of_number) else _MAX_US
        is_off = (lag_us > OFF_US) | (lag_us < -OFF_US)
        odd = sent & (is_off | (columns.device_us <= newest_us))
        if not odd.any() and self.disagreement is None:
            return Judged(none, none)
        told = sent & _IS_JUDGED[columns.origin] & ((columns.reasons & _PAST) == 0) & (number >= 0)
        alone = self._alone(columns.message, number)
        behind = told & (lag_us >= -OFF_US) & (columns.device_us >= EARLIEST_US)
        off = self._off(columns, number, received_us, (behind, odd & behind, alone), memory)
        ahead = told & (lag_us < -OFF_US)
        heard = np.flatnonzero(off | ahead | (told & ~is_off))
        if len(heard) and (off.any() or ahead.any() or self.disagreement is not None):
            voices = Voices(number[heard], lag_us[heard], received_us[heard])
            self.disagreement = disagreement(memory, self._of_number, self._since_us, voices)
        if self.disagreement is not None:
            return Judged(off, ~none)
        return Judged(off, self._is_by_step(lag_us, received_us))

    def _alone(self, message: NDArray[np.intp], number: NDArray[np.int32]) -> Marks:
        """Which datastreams stand in one message only.  Shape (n,)."""
        first = np.empty(len(self._of_number), np.intp)
        first[number[::-1]] = message[::-1]
        crowded = np.zeros(len(self._of_number), np.bool_)
        crowded[number[message != first[number]]] = True
        return ~crowded[number]

    def _off(
        self,
        columns: Columns,
        number: NDArray[np.int32],
        received_us: Times,
        marks: tuple[Marks, Marks, Marks],
        memory: ClockMemory,
    ) -> Marks:
        """Which of the readings are of a device whose newest in its message is off.

        `marks`: those that may be judged, the odd ones of these, and those that are alone.
        """
        judged, odd, alone = marks
        off = np.zeros(len(columns), np.bool_)
        if not odd.any():
            return off
        touched = np.zeros(int(columns.message[-1]) + 1, np.bool_)
        touched[columns.message[odd]] = True
        some = np.flatnonzero(judged & touched[columns.message])
        clock = columns.message[some] * len(self._device) + self._device[columns.place[some]]
        distinct, of = np.unique(clock, return_inverse=True)
        newest_us = np.full(len(distinct), NEVER)
        np.maximum.at(newest_us, of, columns.device_us[some])
        leads = np.flatnonzero(columns.device_us[some] == newest_us[of])
        rows = some[leads]
        sent_us, at_us = columns.device_us[rows], received_us[rows]
        pair = columns.message[some] * len(self._of_number) + number[some]
        pairs, place = np.unique(pair, return_inverse=True)
        oldest_us = np.full(len(pairs), _MAX_US)
        np.minimum.at(oldest_us, place, columns.device_us[some])
        span_us = sent_us - oldest_us[place[leads]]
        found = self._are_off(_Leads(number[rows], sent_us, at_us - sent_us, at_us, alone[rows], span_us), memory)
        is_off = np.zeros(len(distinct), np.bool_)
        is_off[of[leads[found]]] = True
        off[some] = is_off[of]
        return off

    def _are_off(self, leads: _Leads, memory: ClockMemory) -> Marks:
        known = memory.of(leads.number)
        goes_on = leads.sent_us > known.newest_us
        is_as_before = (known.offset_us != NEVER) & (np.abs(leads.lag_us - known.offset_us) <= OFF_US)
        off: Marks = known.is_moved(self._away_us) & is_as_before & ((leads.lag_us > OFF_US) | ~goes_on)
        gap_us = leads.at_us - known.heard_us
        open_ = ~off & known.ever_heard & (leads.lag_us > OFF_US) & leads.alone
        open_ &= gap_us <= LATEST * self._longest_us[leads.number]
        if open_.any():
            off[open_] = self._went_off(leads.take(open_), memory.of(leads.number[open_]))
        return off

    def _went_off(self, leads: _Leads, known: ClockMemory) -> Marks:
        """Of readings that are not too long after the one before: which are off, though that one was not."""
        longest_us = self._longest_us[leads.number]
        recent_us = np.sort(known.recent_us, axis=1)
        usual_us = _usual_us(recent_us, longest_us)
        gap_us = leads.at_us - known.heard_us
        on_schedule = gap_us >= SOONEST * np.minimum(usual_us, self._shortest_us[leads.number])
        goes_on = leads.sent_us > known.newest_us
        apart_us = np.abs(leads.lag_us - known.offset_us)
        steady = (known.offset_us != NEVER) & (apart_us <= np.maximum(JITTER_US, usual_us // 4))
        steady &= ~goes_on | (leads.lag_us > LAG_INTERVALS * longest_us)
        settled = (gap_us >= REDELIVERY_US) | (leads.at_us - self._connected_us >= SETTLED_US)
        went_back = leads.sent_us < known.newest_us
        went_back &= _is_told(leads, known, recent_us, usual_us, settled)
        ours = self._is_ours(leads.lag_us, leads.at_us)
        off: Marks = on_schedule & (steady | went_back | ours)
        return off

    def _is_ours(self, lag_us: Times, at_us: Times) -> Marks:
        """Which lags are what our own clock is known to be ahead."""
        ours = self._is_by_step(lag_us, at_us)
        if self.disagreement is not None:
            ours |= np.abs(lag_us - self.disagreement.ahead_us) <= SAME_US
        return ours

    def _is_by_step(self, lag_us: Times, at_us: Times) -> Marks:
        """Which lags came by a step of our own clock, for some time after it."""
        if self._step_us is None:
            return np.zeros(len(lag_us), np.bool_)
        least_us, most_us = self._step_us
        fits: Marks = (lag_us >= least_us - SAME_US) & (lag_us <= most_us + SAME_US)
        return fits & (at_us - self._since_us <= WINDOW_US)


def _usual_us(recent_us: Times, longest_us: Times) -> Times:
    """The usual time between two observations, by the remembered ones (sorted, shape (n, 32)); shape (n,).

    It follows a device that was told to send more often.  With fewer than `MIN_GAPS` gaps it is `longest_us`.
    """
    gaps_us = np.where(recent_us[:, :-1] == NEVER, 0, recent_us[:, 1:] - recent_us[:, :-1])
    gaps_us.sort(axis=1)  # what is no gap is 0 and comes first
    none = np.count_nonzero(gaps_us == 0, axis=1)
    count = gaps_us.shape[1] - none
    middle = np.minimum(none + (count - 1) // 2, gaps_us.shape[1] - 1)
    median_us = gaps_us[np.arange(len(gaps_us)), middle]
    return np.where(count >= MIN_GAPS, median_us, longest_us)


def _is_told(leads: _Leads, known: ClockMemory, recent_us: Times, usual_us: Times, settled: Marks) -> Marks:
    """Of which leads, before the newest, the device has told the time already: between the remembered none is missing.

    A time that is itself remembered, or lies before all of these, may also be of a message that comes again: such times
    count where `settled`.  Where a message has many of them before all of these, they are its device's memory.
    """
    sent_us = leads.sent_us
    earlier_us = np.where(recent_us <= sent_us[:, None], recent_us, NEVER).max(axis=1)
    later_us = np.where(recent_us >= sent_us[:, None], recent_us, known.newest_us[:, None]).min(axis=1)
    is_doubtful = (earlier_us == NEVER) | (earlier_us == sent_us)
    settled = settled & ((leads.span_us <= LATEST * usual_us) | (earlier_us != NEVER))
    return np.where(is_doubtful, settled, later_us - earlier_us <= HOLE_INTERVALS * usual_us)
