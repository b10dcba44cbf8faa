"""Where the gateway's time goes at full load, stage by stage: bytes that were read, up to the commit on disk.

`python -m tests.bench.stages [--batch N]`
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from gateway.ingest import Arrivals, Ingest
from gateway.log.columns import Encoder
from gateway.log.rows import Entry
from gateway.log.writer import LogWriter
from gateway.mqtt.codec import Decoder, pubacks
from sensors.city import load_city
from sensors.detector import step
from sensors.rules import compile_rules
from sensors.settings import LogSettings
from sensors.state import fresh_state
from tests.bench.city import write_bench_city
from tests.bench.machine import machine
from tests.bench.traffic import TOPICS, Traffic

ROUNDS: Final = 40
P = ParamSpec("P")
T = TypeVar("T")


class Stages:
    """Seconds by stage, summed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, work: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
        """Run `work` as part of a stage."""
        began = time.perf_counter()
        result = work(*arguments, **more)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=10_000)
    batch_size = parser.parse_args().batch
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        stages = measured(Path(folder), batch_size)
    print(
        f"{machine()}; {ROUNDS} batches of {batch_size:,} QoS 1 messages over {TOPICS:,} datastreams with 4 levels each"
    )
    messages, whole = ROUNDS * batch_size, sum(stages.seconds.values())
    for name, seconds in stages.seconds.items():
        print(f"{name:46} {seconds / messages * 1e6:6.3f} µs a message {seconds / whole:6.1%}")
    print(f"{'together':46} {whole / messages * 1e6:6.3f} µs a message")


def measured(folder: Path, batch_size: int) -> Stages:
    """Every stage of every batch; the first batch does not count."""
    catalogue, _ = load_city(str(write_bench_city(folder / "bench", TOPICS)))
    catalogue = catalogue.numbered({(d.station, d.property, d.unit): n for n, d in enumerate(catalogue.datastreams)})
    now_us = time.time_ns() // 1000
    ingest, state = Ingest(catalogue, 65_536), fresh_state(compile_rules(catalogue, now_us), now_us)
    decoder, encoder, traffic, stages = Decoder(1 << 20), Encoder(), Traffic(TOPICS, 1), Stages()
    with LogWriter(folder, LogSettings(), 1) as writer:
        writer.install_catalogue(catalogue, now_us)
        for number in range(ROUNDS + 1):
            stages = Stages() if number == 1 else stages
            data = b"".join(traffic.next_round() for _ in range(-(-batch_size // TOPICS)))
            data = data[: batch_size * traffic.packet_bytes]
            now_us += 100_000
            received = stages.time("wire: bytes to topics and payloads", decoder.feed, data).publishes
            arrivals = [Arrivals("bench", received)]
            batch = stages.time("ingest: payloads to columns", ingest.read, arrivals, now_us).batch
            now_us = max(now_us, int(batch.receive_us.max()))
            state, _ = stages.time("detector: levels and silence", step, state, batch, now_us)
            blob = stages.time("encode: columns to a blob", encoder.encode, batch)
            entry = Entry(now_us, "observations", 1, batch)
            stages.time("commit: encode again, SQLite, fsync", writer.append, entry)
            stages.time("acknowledge: packet ids to PUBACKs", pubacks, received.packet_id)
            assert blob
    stages.seconds["commit: SQLite, fsync"] = (
        stages.seconds.pop("commit: encode again, SQLite, fsync") - stages.seconds["encode: columns to a blob"]
    )
    return stages


if __name__ == "__main__":
    main()
