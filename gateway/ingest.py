"""Ingest: messages to observations.  Pure: the time of receipt is passed in."""

import hashlib
import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.address_book import AddressBook
from gateway.formats import FORMATS, Format
from gateway.log.rows import DeadLetter
from gateway.mqtt.codec import Oversized, Publishes
from gateway.readings import Readings, Refusal, Refused, Verdict
from gateway.topic_filter import matches
from sensors.batch import Batch, empty_batch
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.quality import Reason, gross_range
from sensors.times import MINUTE_US, NEVER

FUTURE_LIMIT_US: Final = 5 * MINUTE_US  # a device's time further ahead is a clock fault
EARLIEST_US: Final = 946_684_800_000_000  # 2000-01-01T00:00:00Z: a device's time before it is a clock fault
ANY_SOURCE: Final = "*"

_log = logging.getLogger("gateway.ingest")


@dataclass(slots=True)
class Arrivals:
    """Messages of one source, as its session read them."""

    source: str
    publishes: Publishes = field(default_factory=Publishes)
    oversized: list[Oversized] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.publishes) + len(self.oversized)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of some arrivals.  `clock_faults` counts observations whose device's time was not believed."""

    batch: Batch
    dead_letters: tuple[DeadLetter, ...]
    clock_faults: int


class Ingest:
    """Reads messages by the catalogue in force; made anew when it changes."""

    def __init__(self, catalogue: Catalogue, dead_letter_bytes: int) -> None:
        self._book = AddressBook(catalogue)
        self._rules = tuple(rule for rule in catalogue.city.ingest if rule.format in FORMATS)
        self._dead_letter_bytes = dead_letter_bytes
        self.refuses_exercise = False  # simulated and replayed readings become dead letters
        size = 1 + max(catalogue.datastream_by_number, default=-1)
        self._valid_min, self._valid_max = np.full(size, np.nan), np.full(size, np.nan)
        for number, datastream in catalogue.datastream_by_number.items():
            self._valid_min[number] = np.nan if datastream.valid_min is None else datastream.valid_min
            self._valid_max[number] = np.nan if datastream.valid_max is None else datastream.valid_max
        self._all_native = all(rule.format == "native" for rule in self._rules)

    def read(self, arrivals: list[Arrivals], now_us: int) -> Ingested:
        """Observations and dead letters of `arrivals`, in order of arrival, all received at `now_us`.

        Receive times of one datastream are `now_us`, + 1 µs, + 2 µs, …; `now_us` must lie after every earlier one.
        """
        readings = Readings()
        messages = [(a.source, a.publishes, place) for a in arrivals for place in range(len(a.publishes))]
        for index, (source, publishes, place) in enumerate(messages):
            self._read_message(index, source, publishes, place, readings)
        letters = [self._dead_letter(messages[v.message], v, now_us) for v in _by_message(readings)]
        letters += [_too_large(a.source, big, now_us) for a in arrivals for big in a.oversized]
        batch = self._batch(readings, now_us) if len(readings) else empty_batch()
        faults = int(np.count_nonzero(batch.reasons & Reason.CLOCK_FAULT))
        return Ingested(batch, tuple(letters), faults)

    def _read_message(self, index: int, source: str, publishes: Publishes, place: int, readings: Readings) -> None:
        topic = publishes.topic[place]
        already, already_refused = len(readings), len(readings.refused)
        try:
            self._format(source, topic)(index, topic, publishes.payload[place], self._book, readings)
        except Refused as refused:
            readings.cut(already, already_refused)
            readings.refuse(index, None, refused.reason, refused.detail)
        except Exception as error:  # noqa: BLE001 (the broker would deliver it again for ever: kept, counted, logged)
            _log.exception("a message of topic %r could not be read; it is a dead letter", topic[:200])
            readings.cut(already, already_refused)
            readings.refuse(index, None, Refusal.OUR_FAULT, f"{type(error).__name__}: {error}"[:500])
        if self.refuses_exercise and any(Origin(origin).is_exercise for origin in readings.origin[already:]):
            readings.cut(already, already_refused)
            detail = "simulated or replayed, and this data directory holds readings from the field"
            readings.refuse(index, None, Refusal.EXERCISE, detail)
        if len(readings) == already and len(readings.refused) == already_refused:
            readings.refuse(index, None, Refusal.EMPTY, "no reading in it")
        if publishes.retain[place]:
            _mark_retained(readings, already)

    def _format(self, source: str, topic: bytes) -> Format:
        """The format of the first ingest rule that fits; native where the city has no rule for it."""
        for rule in () if self._all_native else self._rules:
            if rule.source in (source, ANY_SOURCE) and matches(rule.filter, topic):
                return FORMATS[rule.format]
        return FORMATS["native"]

    def _dead_letter(self, message: tuple[str, Publishes, int], verdict: Verdict, now_us: int) -> DeadLetter:
        source, publishes, place = message
        payload = publishes.payload[place]
        return DeadLetter(
            received_us=now_us,
            source=source,
            topic=publishes.topic[place].decode(errors="replace"),
            reason=verdict.reason,
            detail=verdict.detail,
            payload=payload[: self._dead_letter_bytes],
            length=len(payload),
            sha256=hashlib.sha256(payload).hexdigest(),
            element=verdict.element,
            retained=publishes.retain[place],
        )

    def _batch(self, readings: Readings, now_us: int) -> Batch:
        datastream = np.array(readings.datastream, np.int32)
        value = np.array(readings.value, np.float64)
        device_us = np.array(readings.device_us, np.int64)
        reasons = np.array(readings.reasons, np.uint16)
        receive_us = now_us + _occurrence(datastream)
        time_us, fault = _phenomenon_times(np.array(readings.message), device_us, receive_us, now_us)
        quality = gross_range(value, self._valid_min[datastream], self._valid_max[datastream])
        reasons[fault] |= np.uint16(Reason.CLOCK_FAULT)
        reasons[np.isnan(value)] |= np.uint16(Reason.MISSING_VALUE)
        reasons[quality == 4] |= np.uint16(Reason.GROSS_RANGE)
        origin = np.array(readings.origin, np.uint8)
        return Batch(datastream, time_us, value, receive_us, device_us, origin, quality, reasons)


def _by_message(readings: Readings) -> list[Verdict]:
    """One verdict for each message and reason, whatever the number of its elements: a payload is kept once."""
    first: dict[tuple[int, Refusal], Verdict] = {}
    more: Counter[tuple[int, Refusal]] = Counter()
    for verdict in readings.refused:
        key = (verdict.message, verdict.reason)
        more[key] += key in first
        first.setdefault(key, verdict)
    return [
        replace(verdict, detail=f"{verdict.detail} (and {more[key]} more of its elements)") if more[key] else verdict
        for key, verdict in first.items()
    ]


def _mark_retained(readings: Readings, start: int) -> None:
    """A message from the broker's memory is never fresh: without a time of its own it is refused."""
    timeless = [i for i in range(start, len(readings)) if readings.device_us[i] == NEVER]
    for i in range(start, len(readings)):
        readings.reasons[i] |= Reason.RETAINED
    if timeless:
        index = readings.message[start]
        columns = (readings.message, readings.datastream, readings.device_us, readings.value, readings.origin)
        for column in (*columns, readings.reasons):
            for i in reversed(timeless):
                del column[i]
        detail = f"delivered from the broker's memory, {len(timeless)} of its readings without a time"
        readings.refuse(index, None, Refusal.RETAINED_WITHOUT_TIME, detail)


def _too_large(source: str, big: Oversized, now_us: int) -> DeadLetter:
    return DeadLetter(
        received_us=now_us,
        source=source,
        topic=big.topic.decode(errors="replace"),
        reason=Refusal.TOO_LARGE,
        detail=f"payload of {big.length} bytes: passed over, its beginning is kept",
        payload=big.head,
        length=big.length,
        sha256=big.sha256,
        retained=big.retain,
    )


def _occurrence(datastream: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many observations of the same datastream stand before each, shape (n,)."""
    order = np.argsort(datastream, kind="stable")
    ordered = datastream[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    counts = np.diff(starts, append=len(ordered))
    result = np.empty(len(datastream), np.int64)
    result[order] = np.arange(len(ordered)) - np.repeat(starts, counts)
    return result


def _phenomenon_times(
    message: NDArray[np.intp], device_us: NDArray[np.int64], receive_us: NDArray[np.int64], now_us: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The time of each observation, and where the device's clock was not believed.

    One time of a message that cannot be true makes it a clock fault: the whole message is moved so that its newest
    time is the receive time and its spacing stays; what still cannot be true gets the receive time itself.
    """
    sent = device_us != NEVER
    time_us = np.where(sent, device_us, receive_us)
    fault = sent & _implausible(device_us, now_us)
    if not fault.any():
        return time_us, fault
    starts = np.flatnonzero(np.diff(message, prepend=-1))  # messages come in ascending order
    of = np.cumsum(np.diff(message, prepend=-1) != 0) - 1
    fault = np.logical_or.reduceat(fault, starts)[of] & sent
    newest_us = np.maximum.reduceat(np.where(sent, device_us, NEVER), starts)[of]
    last_receive_us = np.maximum.reduceat(receive_us, starts)[of]
    time_us = np.where(fault, device_us + (last_receive_us - newest_us), time_us)
    still = fault & _implausible(time_us, now_us + len(device_us))
    return np.where(still, receive_us, time_us), fault


def _implausible(time_us: NDArray[np.int64], now_us: int) -> NDArray[np.bool_]:
    return (time_us < EARLIEST_US) | (time_us > now_us + FUTURE_LIMIT_US)
