"""The log: what a reading costs on the disk and in time, by the size of a commit: `python -m tests.bench.log`."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gateway.log.columns import Encoder, decode
from gateway.log.rows import Entry
from gateway.log.upkeep import CHECKPOINT_PAGES
from gateway.log.writer import LogWriter
from sensors.batch import Batch
from sensors.settings import LogSettings
from tests.bench.machine import machine, median_s

NOW_US = 1_780_000_000_000_000
SIZES = (1, 50, 500, 5_000)
DATASTREAMS = 5_000
READINGS = 200_000  # of one size, at most
MIN_COMMITS, MAX_COMMITS = 60, 2_000


def readings(size: int, now_us: int, rng: np.random.Generator) -> Batch:
    """A tick of readings that carry a time of their own, up to two seconds old, with one decimal."""
    time_us = now_us - rng.integers(0, 2_000, size) * 1_000
    return Batch(
        datastream=rng.integers(0, DATASTREAMS, size).astype(np.int32),
        time_us=time_us,
        value=np.round(rng.normal(200, 50, size), 1),
        receive_us=np.full(size, now_us, np.int64),
        device_us=time_us,
        origin=np.zeros(size, np.uint8),
        quality=np.ones(size, np.uint8),
        reasons=np.zeros(size, np.uint16),
    )


def written_bytes() -> int:
    """What this process had written to disks, as the kernel counts it (write_bytes of /proc/self/io)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def measure(folder: Path, size: int) -> None:
    """Commits of `size` readings, the write-ahead log emptied as the gateway does it."""
    rng = np.random.default_rng(1)
    commits = max(MIN_COMMITS, min(MAX_COMMITS, READINGS // size))
    entries = [Entry(NOW_US + n, "observations", 1, readings(size, NOW_US + n, rng)) for n in range(commits)]
    with LogWriter(folder, LogSettings(), 1) as writer:
        before, took_s = written_bytes(), []
        for entry in entries:
            began = time.perf_counter()
            writer.append(entry)
            took_s.append(time.perf_counter() - began)
            if writer.wal_pages >= CHECKPOINT_PAGES:
                writer.empty_wal()
        writer.empty_wal(truncate=True)
        on_disk = (written_bytes() - before) / commits / size
        stored = writer.sizes[0] / commits / size
    took_s.sort()
    print(
        f"commit of {size:>5,}: {on_disk:9.1f} B written a reading, {stored:7.1f} B stored,"
        f" p50 {took_s[commits // 2] * 1e3:6.2f} ms, p99 {took_s[commits * 99 // 100] * 1e3:6.2f} ms,"
        f" {sum(took_s) / commits / size * 1e6:8.2f} µs a reading"
    )


def main() -> None:
    print(machine())
    encoder = Encoder()
    for size in SIZES:
        batch = readings(size, NOW_US, np.random.default_rng(1))
        blob = encoder.encode(batch)
        encode_s = median_s(lambda: encoder.encode(batch), 101)  # noqa: B023
        decode_s = median_s(lambda: decode(blob, len(batch), 2), 101)  # noqa: B023
        print(
            f"columns of {size:>5,}: encode {encode_s * 1e6:7.1f} µs, decode {decode_s * 1e6:7.1f} µs,"
            f" {len(blob) / size:6.2f} B a reading"
        )
    for size in SIZES:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
            measure(Path(folder), size)


if __name__ == "__main__":
    main()
