"""The sink against influxdb-client's Points, interleaved on one VictoriaMetrics: rows a second until acknowledged.

Both write the same measurement, tags and fields of the same observations, in requests of the same size, one after the
other over one connection.  The Points get their values as ready Python objects; the sink gets a `Batch`, as it comes
from the log.  With gzip each compresses in its own way: the sink at level 1, the client as its `enable_gzip` does.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
from influxdb_client.client import influxdb_client as client
from influxdb_client.client.write.point import Point as ClientsPoint
from influxdb_client.client.write_api import SYNCHRONOUS

from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.sinks.influx import TAKEN, Influx
from gateway.sinks.line_protocol import LineProtocol
from gateway.sinks.sink import Sink
from gateway.sinks.store import SinkStore
from gateway.sinks.tags import TAGS, tag_names
from sensors.batch import Batch
from sensors.catalogue import Catalogue
from sensors.origin import Origin
from sensors.settings import InfluxSettings, LogSettings
from sensors.times import NEVER
from tests.bench.ingest import NOW, catalogue
from tests.bench.machine import machine
from tests.e2e.processes import Processes
from tests.e2e.victoria import Victoria, start_victoria

Point: Any = ClientsPoint  # the client is untyped
InfluxDBClient: Any = client.InfluxDBClient

DATASTREAMS: Final = 5_000
ROUNDS: Final = 7
BATCHES: Final = 20  # of ours in a round; Points get fewer, they are slower
POINT_BATCHES: Final = 2


def batches(rows: int, count: int, first: int) -> list[Batch]:
    """Centimetres with two decimals, each observation at a time of its own."""
    rng = np.random.default_rng(first)
    made = []
    for n in range(first, first + count):
        time_us = NOW + n * 1_000_000 + np.arange(rows, dtype=np.int64)
        made.append(
            Batch(
                datastream=rng.integers(0, DATASTREAMS, rows).astype(np.int32),
                time_us=time_us,
                value=np.round(rng.normal(200, 50, rows), 2),
                receive_us=time_us,
                device_us=np.full(rows, NEVER, np.int64),
                origin=np.zeros(rows, np.uint8),
                quality=np.ones(rows, np.uint8),
                reasons=np.zeros(rows, np.uint16),
            )
        )
    return made


class Rivals:
    """Writes batches in both ways; seconds and process seconds of each call are kept."""

    def __init__(self, server: Victoria, *, gzip: bool, rows: int) -> None:
        self._settings = InfluxSettings(url=server.url, org="bench", bucket="bench", gzip=gzip, batch_rows=rows)
        self._influx = Influx(self._settings)
        self._lines = LineProtocol(self._settings)
        city = catalogue(DATASTREAMS)
        self._lines.learn(city)
        self._tags = [_tags(city, n) for n in range(DATASTREAMS)]
        self._client = InfluxDBClient(url=server.url, token="", org="bench", enable_gzip=gzip)
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def sink(self, made: list[Batch]) -> None:
        """Ours."""
        for batch in made:
            assert self._influx.write(self._lines.lines(batch)) == TAKEN

    def points(self, made: list[Batch]) -> None:
        """A Point a row, as the client's documentation shows it."""
        for batch in made:
            columns = (batch.datastream, batch.value, batch.quality, batch.time_us)
            self._api.write(
                bucket="bench",
                record=[
                    _point(self._tags[number], value, quality, time_us)
                    for number, value, quality, time_us in zip(*(c.tolist() for c in columns), strict=True)
                ],
            )

    def format_only(self, made: list[Batch]) -> None:
        """Ours without a server."""
        for batch in made:
            self._lines.lines(batch)

    def close(self) -> None:
        """Close the connections."""
        self._influx.close()
        self._client.close()


def _tags(city: Catalogue, number: int) -> list[tuple[str, str]]:
    datastream = city.datastream_by_number[number]
    station = city.station_by_id[datastream.station]
    names = tag_names(InfluxSettings().tags)
    pairs = [(n, Origin.LIVE.word if n == "origin" else TAGS[n](datastream, station, city)) for n in names]
    return [(name, value) for name, value in pairs if value]


def _point(tags: list[tuple[str, str]], value: float, quality: int, time_us: int) -> Any:
    point = Point("observation")
    for name, text in tags:
        point.tag(name, text)
    return point.field("value", value).field("quality", quality).time(time_us * 1000)


def timed(work: Callable[[list[Batch]], None], made: list[Batch]) -> tuple[float, float]:
    """Rows a second, and process microseconds a row."""
    rows = sum(len(batch) for batch in made)
    began, cpu = time.perf_counter(), time.process_time()
    work(made)
    return rows / (time.perf_counter() - began), (time.process_time() - cpu) / rows * 1e6


def compare(server: Victoria, *, gzip: bool, rows: int, first: int) -> None:
    """One line of the table."""
    rivals = Rivals(server, gzip=gzip, rows=rows)
    ours, theirs, ratios = [], [], []
    for n in range(ROUNDS + 1):  # the first does not count: the server meets the series
        at = first + n * 100
        ours.append(timed(rivals.sink, batches(rows, BATCHES, at)))
        theirs.append(timed(rivals.points, batches(rows, POINT_BATCHES, at + 50)))
        ratios.append(ours[-1][0] / theirs[-1][0])
    alone = median(timed(rivals.format_only, batches(rows, BATCHES, first))[1] for _ in range(ROUNDS))
    rivals.close()
    print(
        f"{'gzip' if gzip else 'plain':<5} {rows:>6,} rows a request:"
        f" sink {median(r for r, _ in ours[1:]) / 1e3:6,.0f} k/s"
        f" ({median(c for _, c in ours[1:]):5.2f} µs CPU, lines alone {alone:4.2f}),"
        f" Points {median(r for r, _ in theirs[1:]) / 1e3:6,.1f} k/s ({median(c for _, c in theirs[1:]):5.2f} µs),"
        f" {median(ratios[1:]):5.1f} x"
    )


def whole(server: Victoria, *, gzip: bool, first: int) -> None:
    """The sink as it runs: log read, repeats sought, lines, requests, cursor stored."""
    settings = InfluxSettings(url=server.url, org="bench", bucket="bench", gzip=gzip)
    speeds = []
    for n in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            data_dir, made = Path(folder), batches(2_000, 100, first + n * 100)
            with LogWriter(data_dir, LogSettings(), 1) as writer:
                writer.install_catalogue(catalogue(DATASTREAMS), NOW)
                for batch in made:
                    writer.append(Entry(NOW, "observations", 1, batch))
            with SinkStore(data_dir, "influx", 1) as store, Influx(settings) as influx:
                sink = Sink(data_dir, settings, influx, store, threading.Event())

                def hand_on(_made: list[Batch], sink: Sink = sink) -> None:
                    while sink.step():
                        pass

                speeds.append(timed(hand_on, made))
                assert sink.counters()["points"] == 200_000
                sink.close()
    print(
        f"{'gzip' if gzip else 'plain':<5} from the log, {settings.batch_rows:,} rows a request, rows of 2,000:"
        f" {median(r for r, _ in speeds[1:]) / 1e3:6,.0f} k/s ({median(c for _, c in speeds[1:]):.2f} µs CPU)"
    )


def main() -> None:
    """Print the table."""
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(Path(folder))
        try:
            server = start_victoria(processes, Path(folder) / "victoria")
            first = 0
            for rows in (5_000, 10_000, 20_000):
                for gzip in (False, True):
                    compare(server, gzip=gzip, rows=rows, first=first)
                    first += 1_000
            for gzip in (False, True):
                whole(server, gzip=gzip, first=first)
                first += 1_000
        finally:
            processes.close()


if __name__ == "__main__":
    main()
