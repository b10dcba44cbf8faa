"""River gauges that speak to an engine, each by its own clock: for tests of clocks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.ingest import Arrivals
from gateway.log.rows import Entry
from gateway.mqtt.codec import Publishes
from sensors.batch import Batch, concatenate
from sensors.catalogue import Catalogue, Datastream, Station
from sensors.quality import Reason
from sensors.times import SECOND_US
from sensors.transition import Kind, Transition
from tests.unit.gateway.small_city import level, small_catalogue

NOW = 1_780_000_000_000_000
LEVELS = (level("waspada", 1, 100.0), level("siaga", 2, 200.0), level("awas", 3, 300.0))


def gauges(count: int = 1, interval_s: float = 60, storm_s: float | None = None, zone: str = "") -> Catalogue:
    """Stations G0, G1, … with a level each (numbers 0, 1, …) and rain (numbers from `count` on)."""
    city = small_catalogue()
    names = [f"G{n}" for n in range(count)]
    rivers = tuple(
        Datastream(
            number=n, station=name, property="level", kind="river_level", unit="cm", interval_calm_s=interval_s,
            interval_storm_s=storm_s, levels=LEVELS, zone=zone,
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    rains = tuple(
        Datastream(
            number=count + n, station=name, property="rain", kind="rain", unit="mm", interval_calm_s=interval_s
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    stations = tuple(
        Station(station=name, name=name, kind="river", lat=0, lon=0, area="35.76", agency="BPBD") for name in names
    )
    return Catalogue(city=city.city, areas=city.areas, stations=stations, datastreams=(*rivers, *rains))


@dataclass(slots=True)
class Wall:
    """An engine at `now_us`, as our clock has it, and what came of what it was told.  `wrong_us`: how wrong that is."""

    catalogue: Catalogue
    engine: Engine = field(init=False)
    now_us: int = NOW
    wrong_us: int = 0
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(CityInForce(self.catalogue, 1, ()), None, 64)
        self.entries.append(self.engine.start(self.now_us))
        self.pass_s(120)  # whatever comes again after a start has come

    @property
    def true_us(self) -> int:
        """What the time is."""
        return self.now_us - self.wrong_us

    def pass_s(self, seconds: float) -> None:
        """Time goes by; timers fire."""
        for _ in range(2):
            self.now_us += round(seconds * SECOND_US / 2)
            self._keep(self.engine.take([], self.now_us))

    def step(self, step_us: int) -> Entry:
        """Our clock is set, as the flow tells the engine."""
        self.now_us += step_us
        self.wrong_us += step_us
        entry = self.engine.start(self.now_us, step_us)
        self.entries.append(entry)
        return entry

    def restart(self, away_s: float = 0.0) -> None:
        """The gateway is killed and started again, `away_s` later."""
        self.now_us += round(away_s * SECOND_US)
        self.engine = Engine(self.engine.city, self.engine._judge, 64)
        self.entries.append(self.engine.start(self.now_us))

    def hear(self, *messages: tuple[str, object], retain: bool = False) -> Batch:
        """A tick: (topic below `telemetry/`, payload) each."""
        n = len(messages)
        topics = [f"telemetry/{topic}".encode() for topic, _ in messages]
        payloads = [json.dumps(payload).encode() for _, payload in messages]
        publishes = Publishes(topics, payloads, list(range(1, n + 1)), [retain] * n)
        entry = self.engine.take([Arrivals("broker", publishes)], self.now_us)
        assert entry is not None
        assert not entry.dead_letters
        self._keep(entry)
        return entry.batch

    def _keep(self, entry: Entry | None) -> None:
        if entry is not None:
            self.entries.append(entry)

    @property
    def transitions(self) -> list[Transition]:
        """All so far."""
        return [t for entry in self.entries for t in entry.transitions]

    def told(self, *kinds: Kind) -> list[Transition]:
        """Those of some kinds."""
        return [t for t in self.transitions if t.kind in kinds]

    @property
    def batch(self) -> Batch:
        """All observations so far."""
        return concatenate([entry.batch for entry in self.entries])


@dataclass(slots=True)
class Gauge:
    """Sends levels by a clock that is `behind_us` the true time."""

    wall: Wall
    name: str = "G0"
    behind_us: int = 0

    def reading(self, value: float, before_us: int = 0) -> dict[str, object]:
        """What it says of so long ago."""
        return {"ts": (self.wall.true_us - before_us - self.behind_us) // 1000, "value": value}

    def send(self, value: float, before_us: int = 0) -> Batch:
        return self.wall.hear((f"{self.name}/level", self.reading(value, before_us)))

    def send_all(self, values: Sequence[float], interval_s: float = 60) -> None:
        """One an interval."""
        for value in values:
            self.wall.pass_s(interval_s)
            self.send(value)


def faults(batch: Batch) -> list[bool]:
    """Whose clock was not believed."""
    return [Reason.CLOCK_FAULT in Reason(reasons) for reasons in batch.reasons.tolist()]


def ages_us(batch: Batch) -> list[int]:
    """How long before their receipt the observations are held to be, to whole seconds."""
    return [round(age / SECOND_US) * SECOND_US for age in (batch.receive_us - batch.time_us).tolist()]
