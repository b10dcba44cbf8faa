"""From arrivals to what the log will hold: ingest and detector in one step.  No clock, no socket, no file."""

from collections import Counter
from dataclasses import replace

from gateway.city_in_force import CityInForce
from gateway.ingest import Arrivals, Ingest, Ingested
from gateway.log.rows import Entry, Event
from gateway.readings import Request
from gateway.recovery import Judge, begin
from sensors.batch import empty_batch
from sensors.catalogue import Catalogue
from sensors.detector import step
from sensors.rules import next_change_us


class Engine:
    """The gateway's memory between two rows of the log.

    `now_us` handed in may stand still or go back; the rows' `now` never does.
    """

    def __init__(self, city: CityInForce, judge: Judge | None, dead_letter_bytes: int) -> None:
        self.city = city
        self.counters: Counter[str] = Counter()
        self._dead_letter_bytes = dead_letter_bytes
        self._ingest = Ingest(city.catalogue, dead_letter_bytes)
        self._judge = judge
        self.now_us = judge.state.now_us if judge is not None else 0  # of the newest row
        self._next_change_us = 0
        self.requests: tuple[Request, ...] = ()  # of the newest `judge`, to be sent back to their sources
        self._newest: tuple[Ingested, int] | None = None  # what `judge` saw last, and the transitions that came of it

    def start(self, now_us: int) -> Entry:
        """The first row after a start: the catalogue takes effect, and the pause is nobody's silence."""
        return self._begin("start", now_us)

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
        state, transitions = step(self._judge.state, entry.batch, entry.now_us)
        self._judge, self.now_us = replace(self._judge, state=state), entry.now_us
        again = replace(
            entry,
            catalogue_version=self.city.version,
            transitions=transitions,
            checkpoint=self.checkpoint(),
            retried=None,
        )
        return self.city.catalogue, [start, again]

    def change_due(self, now_us: int) -> bool:
        """Whether another version of a level takes effect by `now_us`: `reload` then comes before the next `take`."""
        return self._next_change_us <= now_us

    def due(self, now_us: int) -> bool:
        """Whether a timer fires by `now_us`."""
        return self._judge is not None and self._judge.state.next_due_us() <= now_us

    def take(self, arrivals: list[Arrivals], now_us: int, *, holds_live: bool = False) -> Entry | None:
        """The row of a tick; None where nothing came and nothing fell due.

        Where the log `holds_live` readings, simulated and replayed ones are refused: they must not move a live alarm.
        """
        now_us = max(now_us, self.now_us + 1)
        self._ingest.refuses_exercise = holds_live
        self.counters["messages"] += sum(len(a) for a in arrivals)
        return self.judge(self._ingest.read(arrivals, now_us), now_us)

    def read_again(self, arrivals: list[Arrivals], now_us: int, *, holds_live: bool) -> Ingested:
        """What old messages come to by the rules in force; formats begin anew, so that no live state is touched."""
        ingest = Ingest(self.city.catalogue, self._dead_letter_bytes)
        ingest.refuses_exercise = holds_live
        return ingest.read(arrivals, max(now_us, self.now_us + 1))

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
        ingested, transitions = self._newest
        self.counters["transitions"] -= transitions  # the row that told them was never written
        return self._judged(ingested, now_us)

    def _judged(self, ingested: Ingested, now_us: int) -> Entry | None:
        now_us = max(now_us, self.now_us + 1)
        if len(ingested.batch):
            now_us = max(now_us, int(ingested.batch.receive_us.max()))
        if self._judge is None:
            raise RuntimeError("judge before start")
        state, transitions = step(self._judge.state, ingested.batch, now_us)
        self.now_us = now_us
        self.counters["transitions"] += len(transitions)
        self.requests, self._newest = ingested.requests, (ingested, len(transitions))
        if not len(ingested.batch) and not transitions and not ingested.dead_letters:
            return None  # and the state stays that of the newest row: it must be what running the log again gives
        self._judge = replace(self._judge, state=state)
        return Entry(now_us, "observations", self.city.version, ingested.batch, transitions, ingested.dead_letters)

    def idle(self, now_us: int) -> Entry:
        """A row that holds nothing but the timers' state at `now_us`, to carry a checkpoint."""
        now_us = max(now_us, self.now_us + 1)
        return self.take([], now_us) or self.nothing()

    def nothing(self) -> Entry:
        """The row of a step in which nothing happened."""
        if self._judge is None:
            raise RuntimeError("nothing before start")
        self._judge = replace(self._judge, state=replace(self._judge.state, now_us=self.now_us))
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
        state, timers = step(self._judge.state, empty_batch(), now_us)
        self._judge = replace(self._judge, state=state)
        self.now_us = now_us
        self._next_change_us = next_change_us(catalogue, now_us)
        transitions += timers
        self.counters["transitions"] += len(transitions)
        return Entry(now_us, event, version, transitions=transitions)
