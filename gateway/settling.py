"""From columns as sent to a batch: which datastream, which time, which value, which quality; what is refused late."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from gateway.address_book import AddressBook
from gateway.clock_memory import ClockMemory
from gateway.columns import NAMES, NO_ELEMENT, Columns, joined
from gateway.device_clock import DeviceClocks, Judged
from gateway.device_health import DeviceHealth
from gateway.phenomenon_time import EARLIEST_US, clock_faults, occurrence, phenomenon_times
from gateway.readings import Readings, Refusal
from sensors.arithmetic import NOT_STATED
from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.quality import Quality, Reason
from sensors.quality_tests.gross_range import gross_range
from sensors.times import NEVER, rfc3339

_IS_EXERCISE = np.array([origin.is_exercise for origin in Origin])
_IS_FINAL = np.array([origin not in (Origin.LIVE, Origin.PULLED) for origin in Origin])
_ANY = -1  # a datastream that takes readings from every source
_OTHER = -2  # a source that no datastream names


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What holds for messages, by their index: where they came from, when, and whether from the broker's memory.

    sources      the names of the sources
    source       (m,) intp   index in `sources`
    received_us  (m,) int64  when it came; for a dead letter that is tried again, when it came first
    retained     indices of messages from the broker's memory
    native       (m,) bool   it came under its datastream's own topic
    """

    sources: Sequence[str]
    source: NDArray[np.intp]
    received_us: NDArray[np.int64]
    retained: Sequence[int]
    native: NDArray[np.bool_]
    now_us: int
    refuses_exercise: bool
    is_again: bool  # dead letters, tried again: they say nothing of a device's health
    memory: ClockMemory | None  # to judge clocks by; None: times are taken as they are where they can be true


class Settling:
    """Settles what the formats found, by the catalogue in force."""

    def __init__(self, catalogue: Catalogue, book: AddressBook) -> None:
        self._book = book
        self._datastreams = catalogue.datastream_by_number
        self._arithmetic = book.arithmetic
        self._health = DeviceHealth(catalogue)
        self.clocks = DeviceClocks(catalogue, book.device)
        size = book.size
        self._valid_min, self._valid_max = np.full(size, np.nan), np.full(size, np.nan)
        self._source = np.full(size, _ANY, np.intp)  # place in `_sources`
        self._city_sources = [source.name for source in catalogue.city.sources]
        self._sources: list[str] = sorted({d.origin_source for d in catalogue.datastreams} - {""})
        for number, datastream in self._datastreams.items():
            self._valid_min[number] = np.nan if datastream.valid_min is None else datastream.valid_min
            self._valid_max[number] = np.nan if datastream.valid_max is None else datastream.valid_max
            if datastream.origin_source:
                self._source[number] = self._sources.index(datastream.origin_source)

    def settle(self, readings: Readings, context: Context) -> tuple[Batch, int]:
        """(the batch, how many of its readings came again); what is refused now is added to `readings.refused`."""
        columns = readings.gathered()
        if context.refuses_exercise:
            columns = _without_exercise(columns, readings)
        if context.retained:
            columns = _without_timeless(columns, context.retained, readings)
        if not len(columns):
            return empty_batch(), 0
        columns, number = self._located(columns, context, readings)
        if self._sources:
            columns, number = self._from_their_source(columns, number, context, readings)
        received_us = context.received_us[columns.message]
        own_word = context.native[columns.message] & (columns.origin == Origin.LIVE)
        repeats = 0
        if not context.is_again:
            is_believed = ~clock_faults(columns.device_us, received_us)
            parts, repeats = self._health.watch(columns, number, is_believed, context.now_us)
            if parts:
                columns, number, received_us = _with_health(columns, number, received_us, parts, context.now_us)
                own_word = np.append(own_word, np.zeros(len(columns) - len(own_word), np.bool_))
        return self._batch(columns, number, received_us, own_word, context, readings), repeats

    def at_fault(self, readings: Readings, context: Context) -> Iterator[tuple[int, str]]:
        """Messages, read one by one, whose readings alone cannot be settled, and why not: a format's fault, or ours."""
        alone = replace(context, is_again=True, memory=None)  # a trial says nothing of a device
        for message, some in groupby(list(readings.added), key=attrgetter("message")):
            trial = Readings()
            trial.added += some
            try:
                self.settle(trial, alone)
            except Exception as error:  # noqa: BLE001 (whatever it is, it must not stop the other messages)
                yield message, f"{type(error).__name__}: {error}"[:500]

    def inherit(self, previous: "Settling") -> None:
        """Remember the readings that `previous` has seen, and what it knows of our own clock."""
        self._health.inherit(previous._health)
        self.clocks.inherit(previous.clocks)

    def _located(self, columns: Columns, context: Context, readings: Readings) -> tuple[Columns, NDArray[np.int32]]:
        """The elements whose device was at a datastream at their time, and that datastream."""
        moves = columns.place >= self._book.size
        if not moves.any():
            return columns, columns.place
        received_us = context.received_us[columns.message]
        # Where its device is now, its clock is known: by what was heard there last.
        off = self._judged(columns, self._book.numbers(columns.place, received_us), received_us, context).off
        time_us, _ = phenomenon_times(columns, self._book.device, received_us, received_us, off)
        number = self._book.numbers(columns.place, time_us)
        for i in np.flatnonzero(number < 0):
            device, field = self._book.mover(int(columns.place[i]))
            detail = f"device {device!r}, field {field!r}, was at no datastream at {rfc3339(int(time_us[i]))}"
            _refuse(columns, i, Refusal.UNKNOWN_DEVICE, detail, readings)
        bad_unit = moves & (number >= 0) & (columns.unit != NOT_STATED)
        bad_unit[bad_unit] = ~self._arithmetic.converts(number[bad_unit], columns.unit[bad_unit])
        for i in np.flatnonzero(bad_unit):
            unit = self._datastreams[int(number[i])].unit
            _refuse(columns, i, Refusal.UNKNOWN_UNIT, f"unit: expected one that converts to {unit}", readings)
        left = (number >= 0) & ~bad_unit
        columns, number, moved = columns.take(left), number[left], moves[left]
        _mark(columns.reasons, moved & self._arithmetic.differs(number, columns.unit), Reason.UNIT_CONVERTED)
        return columns, number

    def _from_their_source(
        self, columns: Columns, number: NDArray[np.int32], context: Context, readings: Readings
    ) -> tuple[Columns, NDArray[np.int32]]:
        """The elements that came from the source that their datastream's row names; an exercise plays all of them.

        A broker that the city does not name (the settings', the embedded one) stands for all of the city's sources.
        """
        place = dict.fromkeys(self._city_sources, _OTHER) | {name: i for i, name in enumerate(self._sources)}
        known = np.array([place.get(name, _ANY) for name in context.sources])
        came, wanted = known[context.source[columns.message]], self._source[number]
        wrong = (wanted != _ANY) & (came != _ANY) & (came != wanted) & ~_IS_EXERCISE[columns.origin]
        if not wrong.any():
            return columns, number
        for i in np.flatnonzero(wrong):
            datastream = self._datastreams[int(number[i])]
            got = context.sources[context.source[columns.message[i]]]
            detail = f"{datastream.id}: expected from source {datastream.origin_source!r}, got from {got!r}"
            _refuse(columns, i, Refusal.WRONG_SOURCE, detail, readings)
        return columns.take(~wrong), number[~wrong]

    def _judged(
        self, columns: Columns, number: NDArray[np.int32], received_us: NDArray[np.int64], context: Context
    ) -> Judged:
        """Whose clock is off; nobody's where nothing is remembered.  A number below 0: its device is nowhere now."""
        if context.memory is None or not len(columns):
            none = np.zeros(len(columns), np.bool_)
            return Judged(none, none)
        return self.clocks.judge(columns, number, received_us, context.memory)

    def _batch(
        self,
        columns: Columns,
        number: NDArray[np.int32],
        received_us: NDArray[np.int64],
        own_word: NDArray[np.bool_],
        context: Context,
        readings: Readings,
    ) -> Batch:
        at = occurrence(number)
        clocks = self._judged(columns, number, received_us, context)
        time_us, fault = phenomenon_times(columns, self._book.device, received_us + at, received_us, clocks.off)
        fault &= ~clocks.excused | (columns.device_us < EARLIEST_US)
        value, converted = self._arithmetic.values(
            columns.value, number, time_us, columns.unit, is_final=_IS_FINAL[columns.origin], own_word=own_word
        )
        reasons = columns.reasons.copy()
        _mark(reasons, converted, Reason.UNIT_CONVERTED)
        _mark(reasons, fault, Reason.CLOCK_FAULT)
        _mark(reasons, np.isnan(value), Reason.MISSING_VALUE)
        quality = gross_range(value, self._valid_min[number], self._valid_max[number])
        _mark(reasons, quality == Quality.FAIL, Reason.GROSS_RANGE)
        quality[((reasons & np.uint16(Reason.SENT_AS_BAD)) != 0) & ~np.isnan(value)] = Quality.FAIL
        batch = Batch(number, time_us, value, context.now_us + at, columns.device_us, columns.origin, quality, reasons)
        return self._finite(batch, columns, readings)

    def _finite(self, batch: Batch, columns: Columns, readings: Readings) -> Batch:
        """The batch without values that no unit can hold."""
        infinite = np.isinf(batch.value)
        if not infinite.any():
            return batch
        for i in np.flatnonzero(infinite):
            unit = self._datastreams[int(batch.datastream[i])].unit
            detail = f"value: {columns.value[i]} as sent is beyond any number in {unit}"
            _refuse(columns, i, Refusal.NOT_FINITE, detail, readings)
        return batch.take(~infinite)


def _refuse(columns: Columns, i: np.intp, reason: Refusal, detail: str, readings: Readings) -> None:
    element = int(columns.element[i])
    readings.refuse(int(columns.message[i]), None if element == NO_ELEMENT else element, reason, detail)


def _mark(reasons: NDArray[np.uint16], where: NDArray[np.bool_], reason: Reason) -> None:
    if where.any():
        reasons[where] |= np.uint16(reason)


def _without_exercise(columns: Columns, readings: Readings) -> Columns:
    """Messages with a simulated or replayed reading are refused, whole."""
    exercise = _IS_EXERCISE[columns.origin]
    if not exercise.any():
        return columns
    messages = np.unique(columns.message[exercise])
    refused = set(messages.tolist())
    readings.refused[:] = [verdict for verdict in readings.refused if verdict.message not in refused]
    for message in messages.tolist():
        detail = "simulated or replayed, and this data directory holds readings from the field"
        readings.refuse(message, None, Refusal.EXERCISE, detail)
    return columns.take(~np.isin(columns.message, messages))


def _without_timeless(columns: Columns, retained: Sequence[int], readings: Readings) -> Columns:
    """A message from the broker's memory is never fresh: what has no time of its own is refused."""
    mine = np.isin(columns.message, np.array(retained))
    columns.reasons[mine] |= np.uint16(Reason.RETAINED)
    timeless = mine & (columns.device_us == NEVER)
    for message, count in zip(*np.unique(columns.message[timeless], return_counts=True), strict=True):
        detail = f"delivered from the broker's memory, {count} of its readings without a time"
        readings.refuse(int(message), None, Refusal.RETAINED_WITHOUT_TIME, detail)
    return columns.take(~timeless)


def _with_health(
    columns: Columns,
    number: NDArray[np.int32],
    received_us: NDArray[np.int64],
    parts: list[Columns],
    now_us: int,
) -> tuple[Columns, NDArray[np.int32], NDArray[np.int64]]:
    """The readings, and after them what they told of their devices."""
    after = int(columns.message[-1]) + 1 if len(columns) else 0
    shifted = []
    for part in parts:
        shifted.append(Columns(part.message + after, *[getattr(part, name) for name in NAMES[1:]]))
        after += len(part)
    extra = joined(shifted)
    return (
        joined([columns, extra]),
        np.concatenate([number, extra.place]),
        np.concatenate([received_us, np.full(len(extra), now_us)]),
    )
