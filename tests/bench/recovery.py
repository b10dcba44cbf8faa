"""Starting after a crash: the log of a day, run again from the checkpoint at its beginning.

`python -m tests.bench.recovery [--hours N] [--small-hours N] [DIRECTORY]`; a day takes some 400 MB there for a while.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from gateway.city_in_force import CityInForce
from gateway.engine import Engine
from gateway.ingest import Ingested
from gateway.log.reader import LogReader
from gateway.log.upkeep import CHECKPOINT_PAGES
from gateway.log.writer import LogWriter
from gateway.recovery import ROWS_AT_ONCE, recover, restored, run_again
from sensors.batch import Batch, concatenate
from sensors.catalogue import Catalogue, Station
from sensors.detector import DETECTOR_VERSION
from sensors.detector.judged_batch import as_ingested
from sensors.settings import LogSettings
from sensors.times import HOUR_US, MINUTE_US, SECOND_US
from sensors.transition import Transition
from tests.bench.machine import machine
from tests.bench.many_gauges import BEGIN_US, gauges

GAUGES: Final = 5_000
ROUND_US: Final = 10 * SECOND_US
WARM_UP_US: Final = 5 * MINUTE_US  # before the checkpoint from which all is run again
DAY_H: Final = 24.0
FLOODED: Final = 0.3  # share of the gauges


class River:
    """What the gauges measure: a tide of a hand's breadth, and a flood that rises in two hours and falls in eight."""

    def __init__(self) -> None:
        rng = self._rng = np.random.default_rng(1)
        self._base = rng.uniform(20.0, 80.0, GAUGES)
        self._phase = rng.random(GAUGES) * 2 * np.pi
        self._crest = np.where(rng.random(GAUGES) < FLOODED, rng.uniform(50.0, 400.0, GAUGES), 0.0)
        self._rises_us = BEGIN_US + rng.integers(0, 8 * HOUR_US, GAUGES)
        self._last_us = np.zeros(GAUGES, np.int64)

    def round(self, end_us: int, rows: int) -> Iterator[tuple[Batch, int]]:
        """One reading of each gauge up to `end_us`, in so many batches, each with when it was read."""
        size = GAUGES // rows
        for part in range(rows):
            now_us = end_us - ROUND_US * (rows - 1 - part) // rows
            yield self._batch(np.arange(part * size, (part + 1) * size, dtype=np.int32), now_us), now_us

    def _batch(self, number: np.ndarray, now_us: int) -> Batch:
        time_us = (now_us - self._rng.integers(0, 500_000, len(number))) // 1000 * 1000
        since_h = np.maximum(now_us - self._rises_us[number], 0) / HOUR_US
        flood = self._crest[number] * np.minimum(since_h / 2, 1) * np.exp(-np.maximum(since_h - 2, 0) / 3)
        tide = 5 * np.sin(2 * np.pi * now_us / (12 * HOUR_US) + self._phase[number])
        value = self._base[number] + tide + flood + self._rng.normal(0.0, 0.3, len(number))
        return Batch(
            datastream=number,
            time_us=time_us,
            value=np.round(value, 1),
            receive_us=np.full(len(number), now_us, np.int64),
            device_us=time_us,
            origin=np.zeros(len(number), np.uint8),
            quality=np.ones(len(number), np.uint8),
            reasons=np.zeros(len(number), np.uint16),
        )


class Told:
    """A digest of transitions, in their order."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.count = 0

    def add(self, transitions: Sequence[Transition]) -> None:
        """More of them."""
        self.count += len(transitions)
        for transition in transitions:
            self._digest.update(msgspec.json.encode(transition))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Told) and self._digest.digest() == other._digest.digest()

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Day:
    """What the gateway that was not interrupted has at the end of the day."""

    observations: int
    told: Told
    state: bytes
    checkpoints: list[tuple[int, bytes]]
    log_bytes: int
    took_s: float


def city() -> Catalogue:
    """The gauges, each at a station of its own."""
    catalogue = gauges(GAUGES)
    stations = tuple(
        Station(station=name, name=name, kind="river", lat=-7.5, lon=112.4, area="", agency="")
        for name in dict.fromkeys(d.station for d in catalogue.datastreams)
    )
    return msgspec.structs.replace(catalogue, stations=stations)


def lived(folder: Path, hours: float, rows: int) -> Day:
    """A gateway's day, written into a log: a round of readings every ten seconds in so many rows."""
    catalogue, river, told, count = city(), River(), Told(), 0
    began = time.perf_counter()
    with LogWriter(folder, LogSettings(), DETECTOR_VERSION) as writer:
        writer.numbers((d.station, d.property, d.unit) for d in catalogue.datastreams)
        version = writer.install_catalogue(catalogue, BEGIN_US)
        engine = Engine(CityInForce(catalogue, version, ()), None, 64)
        writer.append(engine.start(BEGIN_US))
        checkpointed_us = BEGIN_US + WARM_UP_US
        for end_us in range(BEGIN_US + ROUND_US, checkpointed_us + round(hours * HOUR_US) + 1, ROUND_US):
            for batch, now_us in river.round(end_us, rows):
                entry = engine.judge(Ingested(batch, (), 0), now_us)
                assert entry is not None
                writer.append(entry)
                if end_us > checkpointed_us:
                    told.add(entry.transitions)
                    count += len(entry.batch)
            if end_us == checkpointed_us:
                writer.append(replace(engine.idle(end_us), checkpoint=engine.checkpoint()))
            if writer.wal_pages >= CHECKPOINT_PAGES:
                writer.empty_wal()
        writer.empty_wal(truncate=True)
        took_s = time.perf_counter() - began
        return Day(count, told, engine.checkpoint(), writer.checkpoints(), writer.sizes[0], took_s)


def measure(folder: Path, hours: float, rows: int) -> None:
    """Write the log of a day, run it again, compare."""
    day, what = lived(folder, hours, rows), f"{hours:g} h in rows of {GAUGES // rows:,}"
    print(
        f"{what}: {day.observations:,} observations, derived ones among them, {day.told.count:,} transitions,"
        f" {day.log_bytes / 2**20:,.0f} MiB; lived in {day.took_s:.0f} s",
        flush=True,
    )
    with LogReader(folder) as reader:
        began, cpu_began = time.perf_counter(), time.process_time()
        judge, count = recover(reader, day.checkpoints)
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
        assert judge is not None
        is_same = judge.checkpoint() == day.state
        print(
            f"{what}: recovered in {took_s:.1f} s, {cpu_s:.1f} s of it CPU; {count:,} rows;"
            f" state {'the same, byte for byte' if is_same else 'DIFFERS'}",
            flush=True,
        )
        begin_s, run_s = by_stage(reader, day)
    if hours < DAY_H:
        print(f"{what}: a whole day of it would take {begin_s + run_s * DAY_H / hours:.0f} s of CPU")
    if not is_same:
        raise SystemExit(1)


def by_stage(reader: LogReader, day: Day) -> tuple[float, float]:
    """Where the CPU time goes, in a second run, and whether the transitions are those told live: (begin, run), s."""
    seq, body = day.checkpoints[0]
    began, told, strip_s = time.process_time(), Told(), 0.0
    judge = restored(reader, body)
    begin_s = time.process_time() - began
    began = time.process_time()
    for stretch in run_again(reader, judge, seq):
        told.add(stretch.found)
        held = time.process_time()
        as_ingested(concatenate([row.batch for row in stretch.rows]), judge.state.rules)
        strip_s += time.process_time() - held
    run_s = time.process_time() - began - strip_s
    began = time.process_time()
    while rows := reader.read_after(seq, ROWS_AT_ONCE):
        seq = rows[-1].seq
    read_s = time.process_time() - began
    stages = {
        "begin: rules of the catalogue, checkpoint": begin_s,
        "read: SQLite, checksums, columns": read_s,
        "join rows, leave out what was derived": strip_s,
        "detector": run_s - read_s - strip_s,
    }
    for name, seconds in stages.items():
        print(f"{name:46} {seconds:6.2f} s CPU {seconds / day.observations * 1e6:7.3f} µs an observation")
    print(f"transitions {'the same, byte for byte' if told == day.told else 'DIFFER'}", flush=True)
    if told != day.told:
        raise SystemExit(1)
    return begin_s, run_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=DAY_H, help="in rows of 5,000; 0 = none")
    parser.add_argument("--small-hours", type=float, default=1.0, help="in rows of 250, a tenth of it in rows of 25")
    parser.add_argument("directory", nargs="?")
    it = parser.parse_args()
    print(f"{machine()}; {GAUGES:,} gauges with four levels, a trend and two derived datastreams each, every 10 s")
    for hours, rows in ((it.hours, 1), (it.small_hours, 20), (it.small_hours / 10, 200)):
        if hours:
            with tempfile.TemporaryDirectory(dir=it.directory, prefix="siaga-bench-") as folder:
                measure(Path(folder), hours, rows)


if __name__ == "__main__":
    main()
