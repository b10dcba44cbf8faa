"""Ingest: bytes from the wire to a batch, and a batch to the disk."""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gateway.ingest import Arrivals, Ingest
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.codec import Publishes
from sensors.batch import Batch
from sensors.catalogue import Catalogue, City, Datastream, MapView, Station, Text
from sensors.detector import step
from sensors.rules import compile_rules
from sensors.settings import LogSettings
from sensors.state import fresh_state
from tests.bench.machine import machine, median_s

NOW = 1_780_000_000_000_000
MESSAGES = 5_000
RUNS = 41


def catalogue(size: int) -> Catalogue:
    """So many datastreams."""
    city = City(
        code="bench",
        name=Text("b", "b"),
        time_zone="Asia/Jakarta",
        zone_label="WIB",
        map=MapView(lon=0, lat=0, zoom=1),
    )
    stations = tuple(
        Station(station=f"S{n}", name="s", kind="river", lat=0, lon=0, area="35.76", agency="a") for n in range(size)
    )
    datastreams = tuple(
        Datastream(number=n, station=f"S{n}", property="level", kind="river_level", unit="cm", interval_calm_s=60)
        for n in range(size)
    )
    return Catalogue(city=city, stations=stations, datastreams=datastreams)


def messages(size: int, run: int, payloads: Sequence[str]) -> list[Arrivals]:
    """5,000 messages of random datastreams; the payloads take turns, with the run's and message's time and value."""
    chance = random.Random(run)
    topics = [f"telemetry/S{chance.randrange(size)}/level".encode() for _ in range(MESSAGES)]
    texts = [payloads[n % len(payloads)] for n in range(MESSAGES)]
    ts = NOW // 1000 - 100_000_000 + run * MESSAGES
    filled = [
        text.replace("TS", str(ts + n)).replace("VALUE", f"{n % 500 + 100}.25").encode() for n, text in enumerate(texts)
    ]
    return [Arrivals("b", Publishes(topics, filled, list(range(1, MESSAGES + 1)), [False] * MESSAGES))]


def per_message_us(size: int, *payloads: str) -> float:
    """The median, each run with messages that were not there before."""
    ingest = Ingest(catalogue(size), 65_536)
    fresh = iter([messages(size, run, payloads) for run in range(RUNS + 10)])
    now = iter(range(NOW, 2 * NOW, 1_000_000))
    return median_s(lambda: ingest.read(next(fresh), next(now)), runs=RUNS) / MESSAGES * 1e6


def detector_us(size: int, batch: Batch) -> float:
    """A step over a batch, per observation."""
    state = fresh_state(compile_rules(catalogue(size), NOW), NOW)
    return median_s(lambda: step(state, batch, NOW + MESSAGES), runs=RUNS) / MESSAGES * 1e6


OBJECT = '{"ts":TS,"value":VALUE,"unit":"cm"}     '
SHAPES = {
    "52-byte object": (OBJECT,),
    "bare number": ("VALUE",),
    "object in m, spelled out": ('{"ts":TS,"value":VALUE,"unit":"m"}',),
    "RFC 3339": ('{"ts":"2026-05-28T20:26:35.123Z","value":VALUE}',),
    "every second one bad": (OBJECT, '{"ts":TS,"value":'),
    "arrays of 3": ("[" + ",".join([OBJECT] * 3) + "]",),
}


def main() -> None:
    print(machine())
    for size in (100, 5_000, 100_000):
        print(f"payloads to columns, {size:7,} datastreams: {per_message_us(size, OBJECT):6.3f} µs a message")
    for name, payloads in SHAPES.items():
        print(f"{name:28}: {per_message_us(5_000, *payloads):6.3f} µs a message")
    batch = Ingest(catalogue(5_000), 65_536).read(messages(5_000, 0, (OBJECT,)), NOW).batch
    print(f"detector: {detector_us(5_000, batch):6.3f} µs an observation")
    with tempfile.TemporaryDirectory() as folder, LogWriter(Path(folder), LogSettings(), 1) as writer:
        commit_s = median_s(lambda: writer.append(Entry(NOW, "observations", 1, batch)), runs=RUNS)
        print(f"commit of {MESSAGES:,}, fsync included: {commit_s * 1e3:6.2f} ms")


if __name__ == "__main__":
    main()
