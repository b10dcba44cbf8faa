"""From arrivals to what the log will hold: ingest and detector in one step.  No clock, no socket, no file."""

from collections import Counter
from dataclasses import replace

from gateway.city_in_force import CityInForce
from gateway.ingest import Arrivals, Ingest
from gateway.log.rows import Entry, Event
from gateway.recovery import Judge, begin
from sensors.batch import empty_batch
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

    def start(self, now_us: int) -> Entry:
        """The first row after a start: the catalogue takes effect, and the pause is nobody's silence."""
        return self._begin("start", now_us)

    def reload(self, city: CityInForce, now_us: int) -> Entry:
        """The row that puts a catalogue in force."""
        self.city = city
        self._ingest = Ingest(city.catalogue, self._dead_letter_bytes)
        return self._begin("catalogue", now_us)

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
        ingested = self._ingest.read(arrivals, now_us)
        if len(ingested.batch):
            now_us = max(now_us, int(ingested.batch.receive_us.max()))
        if self._judge is None:
            raise RuntimeError("take before start")
        state, transitions = step(self._judge.state, ingested.batch, now_us)
        self._judge = replace(self._judge, state=state)
        self.now_us = now_us
        self._count(arrivals, ingested.clock_faults, len(ingested.batch), len(ingested.dead_letters), len(transitions))
        if not len(ingested.batch) and not transitions and not ingested.dead_letters:
            return None
        return Entry(now_us, "observations", self.city.version, ingested.batch, transitions, ingested.dead_letters)

    def idle(self, now_us: int) -> Entry:
        """A row that holds nothing but the timers' state at `now_us`, to carry a checkpoint."""
        now_us = max(now_us, self.now_us + 1)
        return self.take([], now_us) or Entry(now_us, "observations", self.city.version)

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

    def _count(self, arrivals: list[Arrivals], faults: int, observations: int, letters: int, transitions: int) -> None:
        self.counters["messages"] += sum(len(a) for a in arrivals)
        self.counters["observations"] += observations
        self.counters["dead_letters"] += letters
        self.counters["clock_faults"] += faults
        self.counters["transitions"] += transitions
