"""Ingest: bytes from the wire to a batch, and a batch to the disk."""

import tempfile
from pathlib import Path

from gateway.ingest import Arrivals, Ingest
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt import codec
from sensors.catalogue import Catalogue, City, Datastream, MapView, Station, Text
from sensors.settings import LogSettings
from tests.bench.machine import machine, median_s

NOW = 1_780_000_000_000_000
MESSAGES = 5_000


def catalogue() -> Catalogue:
    """5,000 datastreams."""
    city = City(
        code="bench",
        name=Text("b", "b"),
        time_zone="Asia/Jakarta",
        zone_label="WIB",
        map=MapView(lon=0, lat=0, zoom=1),
    )
    stations = tuple(
        Station(station=f"S{n}", name="s", kind="river", lat=0, lon=0, area="35.76", agency="a") for n in range(5_000)
    )
    datastreams = tuple(
        Datastream(number=n, station=f"S{n}", property="level", kind="river_level", unit="cm", interval_calm_s=60)
        for n in range(5_000)
    )
    return Catalogue(city=city, stations=stations, datastreams=datastreams)


def main() -> None:
    print(machine())
    payload = b'{"ts":1780000000000,"value":123.25,"unit":"cm"}     '
    stream = b"".join(
        codec.publish(f"telemetry/S{n}/level", payload, packet_id=n % 65_535 + 1) for n in range(MESSAGES)
    )
    ingest = Ingest(catalogue(), 65_536)
    decode_s = median_s(lambda: codec.Decoder(1 << 20).feed(stream))
    arrivals = [Arrivals("b", codec.Decoder(1 << 20).feed(stream).publishes)]
    read_s = median_s(lambda: ingest.read(arrivals, NOW))
    batch = ingest.read(arrivals, NOW).batch
    print(f"wire to topics and payloads: {decode_s / MESSAGES * 1e6:6.3f} µs a message")
    print(f"payloads to columns:         {read_s / MESSAGES * 1e6:6.3f} µs a message")
    with tempfile.TemporaryDirectory() as folder, LogWriter(Path(folder), LogSettings(), 1) as writer:
        commit_s = median_s(lambda: writer.append(Entry(NOW, "observations", 1, batch)), runs=41)
        print(f"commit of {MESSAGES:,}, fsync included: {commit_s * 1e3:6.2f} ms")


if __name__ == "__main__":
    main()
