"""What Mojokerto's devices tell for pictures: three hours of the virtual city up to now, and what goes on then."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from sensors.catalogue import Catalogue
from sensors.city import load_city
from simulator.city import STEP_S, CityPlan, VirtualCity
from simulator.scenario import HOUR_S, Scenario
from tests.e2e.broker import Broker

BACKLOG_S: Final = 3 * HOUR_S
EVERY_STEPS: Final = 4  # a reading every two minutes
HOUR_OF_DAY: Final = 14.0
SEED: Final = 7
WINDOW_S: Final = 480.0  # within the ten minutes over which an alarm flood is counted
LOST_VIA: Final = "LORA-GW-SOOKO"
LOST_INTERVAL_S: Final = 10  # of stations behind LOST_VIA: three of them are a silence
CALM: Final = Scenario("calm", 1e9, (1e9, 1e9), (0.0, 0.0), silent_chance=0.0)
# Depths as multiples of the design storm's: one that floods a few rivers, and one that floods all of them at once.
FLOOD: Final = Scenario("flood", 1800.0, (1e9, 1e9), (0.9, 0.9), silent_chance=0.0)
DELUGE: Final = Scenario("deluge", 1800.0, (1e9, 1e9), (1.5, 1.5), silent_chance=0.0)
SCENARIOS: Final = {"calm": CALM, "flood": FLOOD, "alarm-flood": DELUGE, "data-lost": FLOOD}


def write_city(folder: Path, state: str) -> Path:
    """Mojokerto as it is; for `data-lost` with short intervals behind one radio gateway, so that silence shows soon."""
    catalogue, _ = load_city("mojokerto")
    source = Path(__file__).parents[2] / "sensors" / "cities" / "mojokerto"
    folder.mkdir(parents=True)
    for file in source.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    if state == "data-lost":
        lost = behind(catalogue, LOST_VIA)
        rows = [line.split(",") for line in (folder / "datastreams.csv").read_text(encoding="utf-8").splitlines()]
        at = [rows[0].index(name) for name in ("interval_calm_s", "interval_storm_s")]
        for row in rows[1:]:
            for column in at if row[0] in lost else ():
                row[column] = str(LOST_INTERVAL_S)
        (folder / "datastreams.csv").write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    return folder


def behind(catalogue: Catalogue, via: str) -> set[str]:
    """The stations that a radio gateway carries."""
    return {station.station for station in catalogue.stations if station.via == via}


@dataclass
class Telling:
    """The devices: `catch_up` publishes what has been, `with` goes on in real time.  `lost`: stations that stop."""

    state: str
    broker: Broker
    origin: str
    lost: set[str] = field(default_factory=set)
    catalogue: Catalogue = field(init=False)
    _city: VirtualCity = field(init=False)
    _past: deque[list[float]] = field(init=False)  # true values, the newest last, one row every EVERY_STEPS
    _stop: threading.Event = field(init=False, default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)
    _error: BaseException | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.catalogue = load_city("mojokerto")[0].observed
        self._past = deque(maxlen=int(BACKLOG_S / STEP_S / EVERY_STEPS))
        self._run_to(self._moment())
        self._thread = threading.Thread(target=self._keep_telling, name="devices")

    def catch_up(self) -> None:
        """Publish what the devices saw up to now, the oldest first."""
        now_ms = int(time.time() * 1000)
        step_ms = int(STEP_S * EVERY_STEPS * 1000)
        begin_ms = now_ms - (len(self._past) - 1) * step_ms
        messages: list[tuple[str, object]] = []
        for i, datastream in enumerate(self.catalogue.datastreams):
            readings = [self._reading(begin_ms + k * step_ms, row[i]) for k, row in enumerate(self._past)]
            messages.append((f"telemetry/{datastream.station}/{datastream.property}", readings))
        self.broker.publish_all(messages)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _keep_telling(self) -> None:
        try:
            while not self._stop.wait(STEP_S):
                self._city.step(HOUR_OF_DAY)
                self.tell_now()
        except BaseException as error:  # noqa: BLE001 - told where the pictures are taken
            self._error = error

    def tell_now(self) -> None:
        """One reading of every device that is not lost."""
        now_ms, row = int(time.time() * 1000), self._observed()
        self.broker.publish_all(
            (f"telemetry/{d.station}/{d.property}", self._reading(now_ms, row[i]))
            for i, d in enumerate(self.catalogue.datastreams)
            if d.station not in self.lost
        )

    def _reading(self, at_ms: int, value: float) -> dict[str, Any]:
        return {"ts": at_ms, "value": value, "origin": self.origin}

    def _moment(self) -> float:
        """When the picture is taken, simulated seconds: in a storm when most levels were reached in WINDOW_S."""
        if self.state == "calm":
            return BACKLOG_S
        city, reached = self._new_city(), []
        while city.time_s < 10 * HOUR_S:
            reached += [city.time_s for event in city.step(HOUR_OF_DAY) if event.name.startswith("level_crossed")]
        most = max(reached, key=lambda end: sum(end - WINDOW_S <= at <= end for at in reached))
        return float(most)

    def _run_to(self, moment_s: float) -> None:
        self._city = self._new_city()
        begin_s, step = moment_s - BACKLOG_S, 0
        while self._city.time_s < moment_s:
            self._city.step(HOUR_OF_DAY)
            step += 1
            left = round((moment_s - self._city.time_s) / STEP_S)
            if self._city.time_s >= begin_s and left % EVERY_STEPS == 0:
                self._past.append(self._observed())

    def _new_city(self) -> VirtualCity:
        return VirtualCity(CityPlan(self.catalogue, SCENARIOS[self.state], SEED, 1.0), HOUR_OF_DAY)

    def _observed(self) -> list[float]:
        observed: list[float] = self._city.observe(np.arange(len(self.catalogue.datastreams))).tolist()
        return observed


def nonsense() -> list[tuple[str, object]]:
    """Messages that no gateway can read, and one of a device that stands in no table."""
    return [
        ("telemetry/BRANGKAL-SOOKO/level", b"ERR:SENSOR_TIMEOUT"),
        ("telemetry/SADAR-MERI/level", msgspec.json.encode({"value": "12,5"})),
        ("telemetry/POS-BARU/level", msgspec.json.encode({"value": 120.0})),
    ]
