"""The live view's fan-out: so many walls, and a city in which every datastream changes once a second.

`python -m tests.bench.walls [--walls 200] [--seconds 20]`: a real log writer with the gateway's doorbell, the command
center as a process of its own, the walls' connections in a third.  What a commit holds is spread over the second as the
gateway's ticks spread it.  Latency: from the end of a commit to the frame with its readings in the viewer's hands, for
every commit and every wall.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from command_center.clock import now_us
from gateway.log.rows import Entry
from sensors.batch import Batch
from sensors.city import load_city
from sensors.origin import Origin
from sensors.times import NEVER
from tests.bench.city import write_bench_city
from tests.bench.machine import at
from tests.e2e.api import Api
from tests.e2e.processes import Process, Processes
from tests.e2e.site import Site
from tests.unit.command_center.running import Gateway

DATASTREAMS: Final = 5_000
TICKS_PER_S: Final = 20  # the gateway's tick while messages keep coming
SETTLE_S: Final = 2.0
MARK: Final = 1  # the lowest number: in every commit, so that a frame's first reading tells the newest commit in it


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    it = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as name:
        folder = Path(name)
        with _command_center(folder) as (gateway, process, api):
            commits = Commits(gateway)
            commits.run_for(SETTLE_S)
            alone = _cpu_share(process, commits, it.seconds / 2)
            print(f"no wall: {alone:.1%} of a core for {DATASTREAMS:,} changes a second")
            port = int(api.url.rpartition(":")[2])
            out = folder / "viewers.npz"
            with _viewers(port, it.walls, it.seconds + 1, out) as viewers:
                first = len(commits.ms)
                share = _cpu_share(process, commits, it.seconds)
                last = len(commits.ms)
                commits.run_for(1.0)
                assert viewers.wait() == 0, viewers
            _tell(it.walls, it.seconds, share, latencies_ms(out, commits, first, last), np.load(out))


class Commits:
    """Commits of a gateway, `TICKS_PER_S` a second, and when each was done."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._random = np.random.default_rng(1)
        self._numbers = np.array_split(np.arange(2, DATASTREAMS + 1, dtype=np.int32), TICKS_PER_S)
        self.ms: list[int] = []  # the time that its readings bear
        self.done_us: list[int] = []

    def run_for(self, seconds: float) -> None:
        """Commit at a steady pace."""
        begun = time.monotonic()
        for tick in range(round(seconds * TICKS_PER_S)):
            time.sleep(max(0.0, begun + tick / TICKS_PER_S - time.monotonic()))
            now = now_us() // 1000 * 1000
            batch = self._batch(self._numbers[tick % TICKS_PER_S], now)
            self._gateway.append(Entry(now, "observations", 1, batch))
            self.ms.append(now // 1000)
            self.done_us.append(time.time_ns() // 1000)

    def _batch(self, numbers: NDArray[np.int32], now: int) -> Batch:
        numbers = np.concatenate([[np.int32(MARK)], numbers]).astype(np.int32)
        n = len(numbers)
        time_us = np.full(n, now, np.int64)
        return Batch(
            datastream=numbers,
            time_us=time_us,
            value=self._random.integers(0, 20_000, n) / 100,
            receive_us=time_us.copy(),
            device_us=np.full(n, NEVER, np.int64),
            origin=np.full(n, Origin.LIVE, np.uint8),
            quality=np.ones(n, np.uint8),
            reasons=np.zeros(n, np.uint16),
        )


def latencies_ms(out: Path, commits: Commits, first: int, last: int) -> NDArray[np.float64]:
    """Of the commits from `first` to before `last`: how long each took to each viewer that got it in a delta."""
    found = np.load(out)
    times, done = np.array(commits.ms), np.array(commits.done_us)
    parts = []
    for viewer in np.unique(found["viewer"]):
        mine = found["viewer"] == viewer
        received = found["received_us"][mine]
        # The frame that brings a commit is the first whose newest reading is not older.
        frame = np.searchsorted(found["newest_ms"][mine], times[first:last])
        there = frame < len(received)
        parts.append((received[frame[there]] - done[first:last][there]) / 1000)
    latencies: NDArray[np.float64] = np.sort(np.concatenate(parts))
    return latencies


def _tell(
    walls: int, seconds: float, share: float, found: NDArray[np.float64], seen: dict[str, NDArray[np.int64]]
) -> None:
    sent = float(seen["bytes"]) / (seconds + 1) / walls
    print(f"{walls} walls: {share:.1%} of a core; {sent / 1000:.0f} kB/s to each, {int(seen['snapshots'])} snapshots")
    shares, ordered = {"median": 0.5, "p99": 0.99, "most": 1.0}, found.tolist()
    print(
        "commit to frame in hand: " + ", ".join(f"{name} {at(ordered, share):.0f} ms" for name, share in shares.items())
    )


@contextmanager
def _command_center(folder: Path) -> Iterator[tuple[Gateway, Process, Api]]:
    """A command center on the log of a gateway that has 5,000 datastreams."""
    path = write_bench_city(folder / "bench", DATASTREAMS)
    city, faults = load_city(str(path))
    assert not faults, faults[:3]
    site = Site(folder, Processes(folder))
    numbers = {(d.station, d.property, d.unit): n for n, d in enumerate(city.datastreams, MARK)}
    gateway = Gateway(site.data_dir, city.numbered(numbers))
    loop = asyncio.new_event_loop()
    site.data_dir.mkdir()
    gateway.append(Entry(now_us(), "observations", 1))
    thread = threading.Thread(target=loop.run_forever, name="status socket", daemon=True)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(gateway.serve(), loop)
    try:
        process, api = site.start_command_center(city=str(path))
        yield gateway, process, api
    finally:
        site.close()
        serving.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result(5)  # it is cancelled by then
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        gateway.close()


@contextmanager
def _viewers(port: int, walls: int, seconds: float, out: Path) -> Iterator[subprocess.Popen[str]]:
    """The walls' process, all of them looking."""
    argv = [sys.executable, "-m", "tests.bench.viewers", str(port), str(walls), str(seconds), str(out)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "the walls got no snapshot"
            yield process
        finally:
            process.kill()


def _cpu_share(process: Process, commits: Commits, seconds: float) -> float:
    """The share of a core that a process takes while commits go on."""
    before, begun = cpu_s(process.pid), time.monotonic()
    commits.run_for(seconds)
    return (cpu_s(process.pid) - before) / (time.monotonic() - begun)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
