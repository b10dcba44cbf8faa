"""Ingest: messages to observations.  Pure: the time of receipt is passed in.

arrivals ─▶ format of their rule ─▶ readings ─▶ settling ─▶ batch
                  │ what it refuses               │
                  └───────────▶ dead letters ◀────┘
"""

import hashlib
import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.address_book import AddressBook
from gateway.clock_memory import ClockMemory
from gateway.formats import BulkFormat, Format, LastingFormat, make_format
from gateway.formats.native import Native
from gateway.log.rows import DeadLetter
from gateway.mqtt.codec import Oversized, Publishes
from gateway.our_clock import Disagreement
from gateway.readings import Readings, Refusal, Refused, Request, Verdict
from gateway.settling import Context, Settling
from gateway.topic_filter import matches
from sensors.batch import Batch
from sensors.catalogue import ANY_SOURCE, Catalogue, IngestRule
from sensors.errors import CatalogueError
from sensors.quality import Reason

MAX_ROUTES: Final = 262_144  # topics whose rule is remembered, per source; beyond, all are forgotten
MAX_ROUTE_BYTES: Final = 256  # a longer topic's rule is looked up each time
BULK_FROM: Final = 4  # messages; fewer are read one by one, which costs less

_log = logging.getLogger("gateway.ingest")


@dataclass(slots=True)
class Arrivals:
    """Messages of one source, as its session read them."""

    source: str
    publishes: Publishes = field(default_factory=Publishes)
    oversized: list[Oversized] = field(default_factory=list)
    received_us: int | None = None  # of a dead letter that is tried again: the time of messages without one

    def __len__(self) -> int:
        return len(self.publishes) + len(self.oversized)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of some arrivals.  `clock_faults` counts observations whose device's time was not believed."""

    batch: Batch
    dead_letters: tuple[DeadLetter, ...]
    clock_faults: int
    requests: tuple[Request, ...] = ()  # to be sent back to their sources
    requests_dropped: int = 0  # beyond the bound
    ignored: int = 0  # messages that are known and carry no reading
    duplicates: int = 0  # readings whose datastream and time have been seen lately
    disagreement: Disagreement | None = None  # what most devices say against our own clock


class Ingest:
    """Reads messages by the catalogue in force; made anew when it changes."""

    def __init__(self, catalogue: Catalogue, dead_letter_bytes: int) -> None:
        book = AddressBook(catalogue)
        self._rules = tuple((rule, _made(rule, book)) for rule in catalogue.city.ingest)
        self._city = catalogue.city
        native = Native(book, IngestRule(source=ANY_SOURCE, filter="#", format="native"))
        self._formats: tuple[Format, ...] = (*(made for _, made in self._rules), native)
        self._bulk = tuple(made if isinstance(made, BulkFormat) else None for made in self._formats)
        self._is_all_native = all(rule.format == "native" for rule in catalogue.city.ingest)
        self._routes: dict[str, dict[bytes, int]] = {}
        self._settling = Settling(catalogue, book)
        self._dead_letter_bytes = dead_letter_bytes
        self.refuses_exercise = False  # simulated and replayed readings become dead letters

    def read(self, arrivals: list[Arrivals], now_us: int, memory: ClockMemory | None = None) -> Ingested:
        """Observations and dead letters of `arrivals`, in order of arrival, all received at `now_us`.

        Receive times of one datastream are `now_us`, + 1 µs, + 2 µs, …; `now_us` must lie after every earlier one.
        `memory` is what the detector remembers of the devices' times; without it every time that can be true is.
        """
        readings = Readings()
        ends = list(accumulate(len(a.publishes) for a in arrivals))
        native = np.zeros(ends[-1] if ends else 0, np.bool_)
        for a, end in zip(arrivals, ends, strict=True):
            readings.source, readings.received_us = a.source, now_us if a.received_us is None else a.received_us
            self._read_arrivals(end - len(a.publishes), a, readings, native)
        batch, duplicates = self._settled(readings, self._context(arrivals, native, now_us, memory))
        letters = [self._dead_letter(arrivals, ends, verdict, now_us) for verdict in _by_message(readings)]
        letters += [_too_large(a.source, big, now_us) for a in arrivals for big in a.oversized]
        return Ingested(
            batch=batch,
            dead_letters=tuple(letters),
            clock_faults=int(np.count_nonzero(batch.reasons & np.uint16(Reason.CLOCK_FAULT))),
            requests=tuple(readings.requests.values()),
            requests_dropped=readings.requests_dropped,
            ignored=readings.ignored.total(),
            duplicates=duplicates,
            disagreement=self._settling.clocks.disagreement,
        )

    def listen(self, now_us: int, away_us: int, step_us: tuple[int, int] | None) -> None:
        """Listening begins at `now_us`, after `away_us`, by a clock of ours that was set by `step_us` or not at all."""
        self._settling.clocks.listen(now_us, away_us, step_us)

    def connected(self, now_us: int) -> None:
        """A source was connected at `now_us`."""
        self._settling.clocks.connected(now_us)

    def inherit(self, previous: "Ingest") -> None:
        """Take over what is remembered: readings seen lately, and what formats of unchanged rules know of devices."""
        self._settling.inherit(previous._settling)
        before = {(rule.source, rule.filter, rule.format): made for rule, made in previous._rules}
        for rule, made in self._rules:
            if isinstance(made, LastingFormat) and (rule.source, rule.filter, rule.format) in before:
                made.inherit(before[rule.source, rule.filter, rule.format])

    def _read_arrivals(self, first: int, arrivals: Arrivals, readings: Readings, native: NDArray[np.bool_]) -> None:
        """Read messages whose index begins at `first`; each format gets its own in order.  Marks the native ones."""
        publishes = arrivals.publishes
        own = native[first : first + len(publishes)]
        for which, places in self._by_format(arrivals):
            own[slice(None) if len(places) == len(own) else places] = isinstance(self._formats[which], Native)
            left: Sequence[int] = places
            bulk = self._bulk[which]
            if bulk is not None and len(places) >= BULK_FROM:
                left = _read_many(bulk, first, publishes, places, readings)
            for place in left:
                self._read_message(self._formats[which], first + place, publishes, place, readings)

    def _by_format(self, arrivals: Arrivals) -> Iterator[tuple[int, Sequence[int]]]:
        """(number of a format, places of the messages whose first fitting rule has it); the last is native."""
        topics = arrivals.publishes.topic
        if self._is_all_native:
            yield len(self._formats) - 1, range(len(topics))
            return
        routes = self._routes.setdefault(arrivals.source, {})
        if len(routes) > MAX_ROUTES:
            routes.clear()
        new = dict.fromkeys(topics).keys() - routes.keys()
        for topic in new:
            routes[topic] = self._route(arrivals.source, topic)
        numbers = np.fromiter(map(routes.__getitem__, topics), np.intp, len(topics))
        for topic in new:
            if len(topic) > MAX_ROUTE_BYTES:
                del routes[topic]
        for which in np.unique(numbers).tolist():
            yield which, np.flatnonzero(numbers == which).tolist()

    def _route(self, source: str, topic: bytes) -> int:
        fitting = self._city.rules_for(source)
        for which, (rule, _) in enumerate(self._rules):
            if rule in fitting and matches(rule.filter, topic):
                return which
        return len(self._rules)

    def _read_message(self, made: Format, index: int, publishes: Publishes, place: int, readings: Readings) -> None:
        topic = publishes.topic[place]
        mark = readings.mark()
        try:
            made.read(index, topic, publishes.payload[place], readings)
        except Refused as refused:
            readings.cut(mark)
            readings.refuse(index, None, refused.reason, refused.detail)
        except Exception as error:  # noqa: BLE001 (the broker would deliver it again for ever: kept, counted, logged)
            _log.exception("a message of topic %r could not be read; it is a dead letter", topic[:200])
            readings.cut(mark)
            readings.refuse(index, None, Refusal.OUR_FAULT, f"{type(error).__name__}: {error}"[:500])
        if readings.is_at(mark):
            readings.refuse(index, None, Refusal.EMPTY, "no reading in it")

    def _settled(self, readings: Readings, context: Context) -> tuple[Batch, int]:
        """What `Settling.settle` gives; messages whose readings it cannot take, for a fault of ours, are left out."""
        refused = list(readings.refused)
        try:
            return self._settling.settle(readings, context)
        except Exception:  # noqa: BLE001 (logged; who is at fault is found and becomes a dead letter)
            _log.exception("the readings of a tick could not be settled; the messages at fault are left out")
        readings.refused[:] = refused
        for message, why in self._settling.at_fault(readings, context):
            readings.drop(message)
            readings.refuse(message, None, Refusal.OUR_FAULT, why)
        return self._settling.settle(readings, context)

    def _context(
        self, arrivals: list[Arrivals], native: NDArray[np.bool_], now_us: int, memory: ClockMemory | None
    ) -> Context:
        counts = [len(a.publishes) for a in arrivals]
        received_us = [now_us if a.received_us is None else a.received_us for a in arrivals]
        retained: list[int] = []
        first = 0
        for a, count in zip(arrivals, counts, strict=True):
            if True in a.publishes.retain:
                retained += [first + place for place, is_retained in enumerate(a.publishes.retain) if is_retained]
            first += count
        return Context(
            sources=[a.source for a in arrivals],
            source=np.repeat(np.arange(len(arrivals)), counts),
            received_us=np.repeat(np.array(received_us, np.int64), counts),
            retained=retained,
            native=native,
            now_us=now_us,
            refuses_exercise=self.refuses_exercise,
            is_again=any(a.received_us is not None for a in arrivals),
            memory=memory,
        )

    def _dead_letter(self, arrivals: list[Arrivals], ends: list[int], verdict: Verdict, now_us: int) -> DeadLetter:
        which = bisect_right(ends, verdict.message)
        publishes = arrivals[which].publishes
        place = verdict.message - (ends[which] - len(publishes))
        payload = publishes.payload[place]
        return DeadLetter(
            received_us=now_us,
            source=arrivals[which].source,
            topic=publishes.topic[place].decode(errors="replace"),
            reason=verdict.reason,
            detail=verdict.detail.encode(errors="backslashreplace").decode(),  # JSON may hold half a surrogate pair
            payload=payload[: self._dead_letter_bytes],
            length=len(payload),
            sha256=hashlib.sha256(payload).hexdigest(),
            element=verdict.element,
            retained=publishes.retain[place],
        )


class _Unusable:
    """Stands for a rule with a fault: what falls under it waits as dead letters until the rule is mended."""

    def __init__(self, why: str) -> None:
        self._why = why

    def read(self, *_: object) -> None:
        raise Refused(Refusal.UNUSABLE_RULE, self._why)


def _made(rule: IngestRule, book: AddressBook) -> Format:
    try:
        return make_format(rule, book)
    except CatalogueError as error:
        return _Unusable(f"the ingest rule for {rule.filter}: {error}")


def _read_many(
    bulk: BulkFormat, first: int, publishes: Publishes, places: Sequence[int], readings: Readings
) -> Sequence[int]:
    """Read the messages at `places`; what is left to be read one by one: all of them where something went wrong."""
    mark = readings.mark()
    topics, payloads = publishes.topic, publishes.payload
    if len(places) != len(topics):
        topics, payloads = [topics[place] for place in places], [payloads[place] for place in places]
    try:
        left = bulk.read_many(np.asarray(places, np.intp) + first, topics, payloads, readings)
    except Exception:  # noqa: BLE001 (logged; one by one each gets its own verdict)
        _log.exception("%d messages could not be read at once; they are read one by one", len(places))
        readings.cut(mark)
        return places
    return [places[k] for k in left]


def _by_message(readings: Readings) -> list[Verdict]:
    """One verdict for each message and reason, whatever the number of its elements: a payload is kept once."""
    first: dict[tuple[int, Refusal], Verdict] = {}
    more: Counter[tuple[int, Refusal]] = Counter()
    for verdict in sorted(readings.refused, key=attrgetter("message")):
        key = (verdict.message, verdict.reason)
        if first.setdefault(key, verdict) is not verdict:
            more[key] += 1
    for key, count in more.items():
        first[key] = replace(first[key], detail=f"{first[key].detail} (and {count} more of its elements)")
    return list(first.values())


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
