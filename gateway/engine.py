"""From arrivals to what the log will hold: ingest and detector in one step.  No clock, no socket, no file."""

from collections import Counter
from dataclasses import replace
from typing import Final

import numpy as np

from gateway.city_in_force import CityInForce
from gateway.clock import STEP_US
from gateway.clock_memory import memory_of
from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.log.rows import Entry, Event
from gateway.our_clock import Disagreement
from gateway.readings import Request
from gateway.recovery import Judge, begin
from sensors.batch import COLUMN_DTYPES, Batch, empty_batch
from sensors.catalogue import Catalogue, Datastream
from sensors.detector import Judgement, judge, next_due_us
from sensors.origin import Origin
from sensors.quality import Quality
from sensors.rules import next_change_us
from sensors.times import NEVER

FAR_US: Final = 2**62  # longer than any step of a clock


class Engine:
    """The gateway's memory between two rows of the log.

    `now_us` handed in may stand still or go back; the rows' `now` goes back by a `start` alone.
    """

    def __init__(self, city: CityInForce, judge: Judge | None, dead_letter_bytes: int) -> None:
        self.city = city
        self.counters: Counter[str] = Counter()
        self._dead_letter_bytes = dead_letter_bytes
        self._ingest = Ingest(city.catalogue, dead_letter_bytes)
        self._judge = judge
        self.now_us = judge.state.now_us if judge is not None else 0  # of the newest row
        self._next_change_us = 0
        self.disagreement: Disagreement | None = None  # what most devices say against our clock, by the newest `take`
        self.requests: tuple[Request, ...] = ()  # of the newest `judge`, to be sent back to their sources
        self._newest: tuple[Ingested, Judgement] | None = None  # what `judge` saw last, and what came of it

    def start(self, now_us: int, step_us: int = 0) -> Entry:
        """The first row after a start, or after our clock was set by `step_us`; the pause is nobody's silence.

        The catalogue takes effect.  Where the newest row lies so far ahead that it is of a clock which ran ahead, or
        ours is behind now, time goes back to `now_us`: else nothing would fall silent until it has caught up, and all
        that comes would be late.
        """
        last_us, known = self.now_us, (step_us, step_us) if step_us else None
        if last_us - now_us > STEP_US:
            self.now_us = now_us - 1
            known = known or (-FAR_US, now_us - last_us)  # how long nobody listened is not known
        entry = self._begin("start", now_us)
        self._ingest.listen(entry.now_us, entry.now_us - last_us, known)
        return entry

    def connected(self, now_us: int) -> None:
        """A source was connected at `now_us`: what it was not acknowledged it delivers again, after newer messages."""
        self._ingest.connected(now_us)

    def reload(self, city: CityInForce, now_us: int) -> Entry:
        """The row that puts a catalogue in force."""
        self.city = city
        before, self._ingest = self._ingest, Ingest(city.catalogue, self._dead_letter_bytes)
        self._ingest.inherit(before)
        return self._begin("catalogue", now_us)

    def begin_anew(self, entry: Entry) -> tuple[Catalogue, list[Entry]]:
        """The catalogue in force and the rows that a new log begins with, in place of `entry`.

        The detector starts from nothing, as readers of a new log do: what is still held is raised again.
        """
        fresh = Engine(self.city, None, self._dead_letter_bytes)
        start = fresh.start(entry.now_us - 1)
        self._judge, self._next_change_us = fresh._judge, fresh._next_change_us
        if entry.event != "observations" or self._judge is None:
            self.now_us = start.now_us
            return self.city.catalogue, [start]
        judged = judge(self._judge.state, entry.batch, entry.now_us)
        self._judge, self.now_us = replace(self._judge, state=judged.state), entry.now_us
        again = replace(
            entry,
            catalogue_version=self.city.version,
            batch=judged.batch,
            transitions=judged.transitions,
            checkpoint=self.checkpoint(),
            retried=None,
        )
        return self.city.catalogue, [start, again]

    def change_due(self, now_us: int) -> bool:
        """Whether another version of a level takes effect by `now_us`: `reload` then comes before the next `take`."""
        return self._next_change_us <= now_us

    def due(self, now_us: int) -> bool:
        """Whether a timer fires by `now_us`."""
        return self._judge is not None and next_due_us(self._judge.state) <= now_us

    def take(self, arrivals: list[Arrivals], now_us: int, *, holds_live: bool = False) -> Entry | None:
        """The row of a tick; None where nothing came and nothing fell due.

        Where the log `holds_live` readings, simulated and replayed ones are refused: they must not move a live alarm.
        """
        now_us = max(now_us, self.now_us + 1)
        self._ingest.refuses_exercise = holds_live
        self.counters["messages"] += sum(len(a) for a in arrivals)
        memory = None if self._judge is None else memory_of(self._judge.state)
        ingested = self._ingest.read(arrivals, now_us, memory)
        self.disagreement = ingested.disagreement
        return self.judge(ingested, now_us)

    def read_again(self, arrivals: list[Arrivals], now_us: int, *, holds_live: bool) -> Ingested:
        """What old messages come to by the rules in force; formats begin anew, so that no live state is touched."""
        ingest = Ingest(self.city.catalogue, self._dead_letter_bytes)
        ingest.refuses_exercise = holds_live
        return ingest.read(arrivals, max(now_us, self.now_us + 1))

    @property
    def is_exercise(self) -> bool:
        """Whether what is heard just now comes from a simulator or a recording."""
        if self._judge is None:
            return False
        newest = self._judge.state.newest
        played = [origin for origin in Origin if origin.is_exercise]
        return bool((np.isin(newest.origin, played) & (newest.time_us != NEVER)).any())

    def newest_of(self, number: int) -> tuple[int, float]:
        """Time (µs UTC) and value of the newest observation that is judged; (`NEVER`, NaN) where there is none."""
        newest = None if self._judge is None else self._judge.state.newest
        if newest is None or number >= len(newest.time_us):
            return NEVER, float("nan")
        return int(newest.time_us[number]), float(newest.value[number])

    def hear(self, datastream: Datastream, time_us: int, value: float, origin: Origin, now_us: int) -> Entry:
        """The row of one reading that a person heard, in the datastream's unit and within its bounds."""
        now_us = max(now_us, self.now_us + 1)
        is_bounded = datastream.valid_min is not None or datastream.valid_max is not None
        columns = {
            "datastream": datastream.number,
            "time_us": time_us,
            "value": value,
            "receive_us": now_us,
            "device_us": NEVER,  # no device's clock said it
            "origin": origin,
            "quality": Quality.PASS if is_bounded else Quality.NOT_EVALUATED,
            "reasons": 0,
        }
        batch = Batch(**{name: np.array([cell], COLUMN_DTYPES[name]) for name, cell in columns.items()})
        return self.judge(Ingested(batch, (), 0), now_us) or self.nothing()

    def judge(self, ingested: Ingested, now_us: int) -> Entry | None:
        """The row of what was read; None where nothing came and nothing fell due."""
        self.counters["ignored"] += ingested.ignored
        self.counters["duplicates"] += ingested.duplicates
        self.counters["requests_dropped"] += ingested.requests_dropped
        self.counters["observations"] += len(ingested.batch)
        self.counters["dead_letters"] += len(ingested.dead_letters)
        self.counters["clock_faults"] += ingested.clock_faults
        return self._judged(ingested, now_us)

    def judge_again(self, now_us: int) -> Entry | None:
        """The row of what `take` read last, after `begin_anew`; its messages are read and counted once."""
        if self._newest is None:
            raise RuntimeError("judge again before judge")
        ingested, judged = self._newest
        self.counters["transitions"] -= len(judged.transitions)  # the row that told them was never written
        self.counters["derived"] -= len(judged.batch) - len(ingested.batch)
        return self._judged(ingested, now_us)

    def _judged(self, ingested: Ingested, now_us: int) -> Entry | None:
        now_us = max(now_us, self.now_us + 1)
        if len(ingested.batch):
            now_us = max(now_us, int(ingested.batch.receive_us.max()))
        if self._judge is None:
            raise RuntimeError("judge before start")
        judged = judge(self._judge.state, ingested.batch, now_us)
        self.now_us = now_us
        self.counters["transitions"] += len(judged.transitions)
        self.counters["derived"] += len(judged.batch) - len(ingested.batch)
        self.requests, self._newest = ingested.requests, (ingested, judged)
        if not len(judged.batch) and not judged.transitions and not ingested.dead_letters:
            return None  # and the state stays that of the newest row: it must be what running the log again gives
        self._judge = replace(self._judge, state=judged.state)
        return Entry(now_us, "observations", self.city.version, judged.batch, judged.transitions, ingested.dead_letters)

    def idle(self, now_us: int) -> Entry:
        """A row that holds nothing but the timers' state at `now_us`, to carry a checkpoint."""
        now_us = max(now_us, self.now_us + 1)
        return self.take([], now_us) or self.nothing()

    def nothing(self) -> Entry:
        """The row of a step in which nothing happened."""
        if self._judge is None or self._newest is None:
            raise RuntimeError("nothing before judge")
        self._judge = replace(self._judge, state=self._newest[1].state)
        return Entry(self.now_us, "observations", self.city.version)

    def checkpoint(self) -> bytes:
        """The state after the newest row."""
        if self._judge is None:
            raise RuntimeError("checkpoint before start")
        return self._judge.checkpoint()

    def _begin(self, event: Event, now_us: int) -> Entry:
        now_us = max(now_us, self.now_us + 1)
        catalogue, version = self.city.catalogue, self.city.version
        self._judge, transitions = begin(self._judge, catalogue, version, now_us, after_pause=event == "start")
        timers = judge(self._judge.state, empty_batch(), now_us)
        self._judge = replace(self._judge, state=timers.state)
        self.now_us = now_us
        self._next_change_us = next_change_us(catalogue, now_us)
        transitions += timers.transitions
        self.counters["transitions"] += len(transitions)
        return Entry(now_us, event, version, timers.batch, transitions)
