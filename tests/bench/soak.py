"""Memory over many messages, and a long backlog: `python -m tests.bench.soak memory|backlog [--messages N]`.

`memory` sends QoS 0 through Mosquitto; `backlog` lets NATS collect QoS 1 while the gateway is away, then starts it.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from tests.bench.brokers import BenchBroker, running
from tests.bench.city import write_bench_city
from tests.bench.machine import machine
from tests.bench.subjects import counted, gateway, logged, settled
from tests.bench.throughput import load
from tests.bench.traffic import TOPICS

SAMPLE_S: Final = 1.0
WARM_MESSAGES: Final = 1_000_000
MIB: Final = 1024 * 1024


class Watch:
    """Resident memory of a process against what stands in its log, sampled until closed."""

    def __init__(self, pid: int, data_dir: Path) -> None:
        self.samples: list[tuple[int, float]] = []  # (messages in the log, MiB)
        self._pid, self._data_dir = pid, data_dir
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop sampling."""
        self._done.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self.samples.append((counted(self._data_dir), resident_mib(self._pid)))


def resident_mib(pid: int) -> float:
    """Resident memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory of process {pid}")


def memory(city: Path, messages: int) -> None:
    """Through Mosquitto, QoS 0."""
    with running("Mosquitto") as broker, gateway(broker, city) as (pid, data_dir):
        watch = Watch(pid, data_dir)
        load(broker.port, messages, 0)()
        settled(data_dir)
        watch.close()
        tell("memory", watch, data_dir)


def backlog(city: Path, messages: int) -> None:
    """Through NATS, QoS 1: collected first, then taken in."""
    with running("NATS") as broker, tempfile.TemporaryDirectory(prefix="siaga-bench-") as kept:
        with gateway(broker, city, Path(kept)):
            pass  # its subscription stands, the broker keeps what comes for it
        collect(broker, messages)
        with gateway(broker, city, Path(kept)) as (pid, data_dir):
            watch = Watch(pid, data_dir)
            settled(data_dir)
            watch.close()
            tell("backlog", watch, data_dir)


def collect(broker: BenchBroker, messages: int) -> None:
    """Let the broker collect."""
    began = time.monotonic()
    load(broker.port, messages, 1)()
    print(f"{messages:,} messages collected by the broker in {time.monotonic() - began:.0f} s", flush=True)


def tell(name: str, watch: Watch, data_dir: Path) -> None:
    """Print what was seen."""
    result = logged(data_dir, 0.0)
    warm = [mib for count, mib in watch.samples if count >= WARM_MESSAGES] or [mib for _, mib in watch.samples]
    middle = sorted(warm)[len(warm) // 2]
    spread = max(abs(max(warm) - middle), abs(min(warm) - middle)) / middle
    log_bytes = (data_dir / "log.db").stat().st_size
    print(
        f"{name}: {result.messages:,} messages in {result.seconds:.0f} s ({result.per_s:,.0f}/s);"
        f" resident after the first million {min(warm):.0f} to {max(warm):.0f} MiB, median {middle:.0f}"
        f" (± {spread:.1%}); log {log_bytes / MIB:,.0f} MiB = {log_bytes / result.messages:.1f} B a reading"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("memory", "backlog"))
    parser.add_argument("--messages", type=int, default=0)
    it = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as folder:
        city = write_bench_city(Path(folder) / "bench", TOPICS)
        if it.what == "memory":
            memory(city, it.messages or 20_000_000)
        else:
            backlog(city, it.messages or 9_000_000)


if __name__ == "__main__":
    main()
