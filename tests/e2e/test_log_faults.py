"""The log in trouble under a running city: a full disk is held and said, a damaged file is set aside and told."""

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests import plain_http
from tests.e2e.api import Api
from tests.e2e.broker import Broker
from tests.e2e.logs import distinct
from tests.e2e.processes import until
from tests.e2e.site import Site
from tests.e2e.small_city import RIVER

pytestmark = pytest.mark.broker


@pytest.fixture
def small_disk(site: Site) -> Iterator[Path]:
    """The site's data directory as a disk of 24 MiB of its own."""
    site.data_dir.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(site.data_dir)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield site.data_dir
    subprocess.run(["umount", "--lazy", str(site.data_dir)], check=True)


def faults(api: Api) -> list[str]:
    """What /healthz finds wrong."""
    return list(plain_http.get(f"{api.url}/healthz").json()["faults"])


def values(api: Api) -> list[float]:
    """The river's, as far as they are told; none while a new log has no row yet."""
    with contextlib.suppress(httpx.HTTPStatusError):
        return [observation["value"] for observation in api.observations(RIVER)]
    return []


def publish(broker: Broker, first: int, count: int) -> None:
    """Readings of the river, a millisecond apart."""
    topic, start_ms = "telemetry/" + RIVER.replace(":", "/"), 1_760_000_000_000
    broker.publish_all([(topic, {"ts": start_ms + n, "value": n % 50}) for n in range(first, first + count)])


def fill(ballast: Path) -> None:
    """Take all room that is left on the disk; others write on it meanwhile, so that some of it may be gone before."""
    with ballast.open("ab") as file:
        while free := room(ballast.parent):
            try:
                os.posix_fallocate(file.fileno(), ballast.stat().st_size, free)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            else:
                return


def room(folder: Path) -> int:
    """Bytes that are free on a folder's disk."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def test_a_full_disk_holds_the_broker_and_is_said_and_nothing_is_lost(
    site: Site, mosquitto: Broker, small_disk: Path
) -> None:
    gateway = site.start_gateway(mosquitto, SIAGA_LOG_RESERVE_MIB="2", SIAGA_LOG_MIN_FREE_MIB="0")
    _process, api = site.start_command_center()
    gateway.wait_for_line("room is held in reserve")
    publish(mosquitto, 0, 100)
    until(lambda: len(distinct(site.data_dir)) == 100, "the first readings")
    ballast = small_disk / "ballast"
    for n in (1, 2):  # the second time the reserve's room is taken, too
        fill(ballast)
        publish(mosquitto, n * 100, 100)
        gateway.wait_for_line(("the reserve is let go", "the brokers are held")[n - 1])
    until(lambda: any("cannot write its log" in fault for fault in faults(api)), "/healthz says so")
    ballast.unlink()
    gateway.wait_for_line("the log can be written again")
    until(lambda: len(distinct(site.data_dir)) == 300, "all readings in the log")
    until(lambda: not any("cannot write its log" in fault for fault in faults(api)), "/healthz is content again")
    until((small_disk / "reserve").exists, "the reserve is held again")


def test_a_damaged_log_is_set_aside_and_told_until_somebody_has_seen_to_it(site: Site, mosquitto: Broker) -> None:
    gateway = site.start_gateway(mosquitto)
    _process, api = site.start_command_center()
    publish(mosquitto, 0, 300)
    until(lambda: len(api.observations(RIVER)) == 300, "the first readings on the wall")
    gateway.stop()
    file = site.data_dir / "log.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the write-ahead log would mend it
    with file.open("r+b") as log:
        log.write(os.urandom(4096))
    publish(mosquitto, 300, 50)  # the broker keeps them for us, by the name that it knew us by
    gateway = site.start_gateway(mosquitto)
    gateway.wait_for_line("it is set aside as log.db.damaged-")
    publish(mosquitto, 350, 50)
    until(lambda: values(api) == [n % 50 for n in range(300, 400)], "what came after")
    until(lambda: any("damaged and set aside" in fault for fault in faults(api)), "/healthz says so")
    [damaged] = list(site.data_dir.glob("log.db.damaged-*Z"))
    assert site.processes.siaga("log", "salvage", damaged).wait(30) == 0
    until(lambda: not any("damaged and set aside" in fault for fault in faults(api)), "/healthz is content again")
    export = site.processes.siaga("log", "export", "--file", f"{damaged}.salvaged.db")
    assert export.wait(30) == 0
    assert len([line for line in export.lines if line.startswith("2025-")]) == 300
