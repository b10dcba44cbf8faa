"""Debian's VictoriaMetrics: a real server that takes the InfluxDB v2 write API, and gives back what it has."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests import plain_http
from tests.e2e.processes import Process, Processes, free_port, until

VICTORIA = shutil.which("victoria-metrics", path="/usr/bin:/usr/local/bin")


@dataclass(slots=True)
class Victoria:
    """A server that answers."""

    process: Process
    port: int
    folder: Path

    @property
    def url(self) -> str:
        """As `SIAGA_INFLUX_URL` wants it."""
        return f"http://127.0.0.1:{self.port}"

    def series(self, name: str) -> list[tuple[dict[str, str], list[int], list[float]]]:
        """Everything stored under a metric's name: labels, times (ms) and values of each series."""
        plain_http.get(f"{self.url}/internal/force_flush").raise_for_status()
        answer = plain_http.get(f"{self.url}/api/v1/export", params={"match[]": name}, timeout=60).raise_for_status()
        items: list[dict[str, Any]] = [msgspec.json.decode(line) for line in answer.content.splitlines()]
        return [(item["metric"], item["timestamps"], item["values"]) for item in items]

    def count(self, name: str) -> int:
        """How many samples are stored under a metric's name."""
        return sum(len(times) for _, times, _ in self.series(name))


def start_victoria(processes: Processes, folder: Path, port: int | None = None, *options: str) -> Victoria:
    """A server with its store in `folder`; with folder and port of an earlier one it is the same server again."""
    if VICTORIA is None:
        pytest.fail("there is no victoria-metrics: `make test` installs it")
    port = port or free_port()
    process = processes.start(
        "victoria-metrics",
        [
            VICTORIA,
            f"-storageDataPath={folder}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-search.latencyOffset=0s",
            "-search.disableCache",
            "-dedup.minScrapeInterval=1ms",  # a point that is written twice is one, as in InfluxDB
            *options,
        ],
    )
    until(lambda: _answers(port) or process.exit_code is not None, "VictoriaMetrics' port")
    return Victoria(process, port, folder)


def _answers(port: int) -> bool:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}/health", timeout=1).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
