"""The subjects of a measurement as processes: the gateway and those it is compared with."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from gateway.log.reader import LogReader
from gateway.log.schema import FILE, open_reading
from tests.bench.brokers import BenchBroker

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
SETTLED_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one subject did with one load."""

    messages: int
    seconds: float  # from the first to the last
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds if self.seconds else float("nan")

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of the subject's process, a message."""
        return self.cpu_s / self.messages * 1e6 if self.messages else float("nan")


Load = Callable[[], None]


def consumer(kind: str, broker: BenchBroker, packet_bytes: int, load: Load) -> Result:
    """One of `tests.bench.consumers` under a load."""
    argv = [sys.executable, "-m", "tests.bench.consumers", kind, str(broker.port), str(packet_bytes)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        _line_with(process.stdout, "ready")
        load()
        told = json.loads(_line_with(process.stdout, "{"))
    return Result(**told)


@contextlib.contextmanager
def gateway(broker: BenchBroker, city: Path, kept: Path | None = None) -> Iterator[tuple[int, Path]]:
    """A gateway that is connected: its pid and its data directory (`kept`, or one for now)."""
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as fresh:
        data_dir = str(kept or fresh)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SIAGA_")}
        environment |= {"SIAGA_CITY": str(city), "SIAGA_MQTT_URL": broker.url}
        argv = [sys.executable, "-m", "command_center", "gateway", "--data-dir", data_dir]
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stderr is not None
            _line_with(process.stderr, "connected")
            time.sleep(1.0)
            try:
                yield process.pid, Path(data_dir)
            finally:
                process.terminate()
                process.stderr.read()


def gateway_under(broker: BenchBroker, city: Path, load: Load) -> Result:
    """The gateway under a load: durable, with everything that it does."""
    with gateway(broker, city) as (pid, data_dir):
        before_s = cpu_s(pid)
        load()
        settled(data_dir)
        used_s = cpu_s(pid) - before_s
        return logged(data_dir, used_s)


def logged(data_dir: Path, used_s: float) -> Result:
    """What stands in the log: from the first row with readings to the last."""
    with open_reading(data_dir / FILE) as log:
        messages, first_us, last_us = log.execute(
            "SELECT sum(n), min(now_us), max(now_us) FROM batch WHERE n > 0"
        ).fetchone()
    log.close()
    return Result(int(messages or 0), ((last_us or 0) - (first_us or 0)) / 1e6, used_s)


def counted(data_dir: Path) -> int:
    """Readings in the log."""
    return logged(data_dir, 0.0).messages


def settled(data_dir: Path) -> None:
    """Wait until the log has not grown for `SETTLED_S`."""
    with LogReader(data_dir) as reader:
        last, since = reader.last_seq(), time.monotonic()
        while time.monotonic() - since < SETTLED_S:
            time.sleep(0.1)
            if (seq := reader.last_seq()) != last:
                last, since = seq, time.monotonic()


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _line_with(stream: IO[str], text: str) -> str:
    for line in stream:
        if text in line:
            return line
    raise RuntimeError(f"ended without {text!r}")
