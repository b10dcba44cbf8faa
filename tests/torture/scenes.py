"""Where the faults happen: gateway and broker each a process, or all of it under `siaga run` on a small disk."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from tests.bench.city import write_bench_city
from tests.e2e.broker import Broker
from tests.e2e.link import Link
from tests.e2e.processes import Process, Processes, accepts, children_of, free_port, until
from tests.e2e.site import Site
from tests.torture.devices import Devices

DEVICES: Final = 50
SMALL_DISK_MIB: Final = 768
FULL_S: Final = 6.0
STOPPED_S: Final = 2.0
_BLOCK: Final = b"\0" * 65_536

Fault = Callable[[Devices], float]  # strikes, and returns the time from which healing counts
# What limits the log must not be what loses readings here: the disk is.
SETTINGS: Final = {"SIAGA_MQTT_RECONNECT_MAX_S": "1.0"}


class Scene(Protocol):
    """Something that runs and can be hurt.  Each fault mends what a supervisor or an operator would have mended."""

    data_dir: Path
    mqtt_port: int
    faults: dict[str, Fault]

    def close(self) -> None:
        """Let go of what is not a process."""


class Apart:
    """Broker and gateway, each a process; the gateway reaches the broker over a link that can be cut."""

    def __init__(self, site: Site, make: str) -> None:
        self._site = site
        self._city = str(write_bench_city(site.folder / "bench", DEVICES))
        self.data_dir = site.data_dir
        self._broker = site.start_nats() if make == "nats" else site.start_mosquitto()
        self.mqtt_port = self._broker.port
        self._link = Link(self.mqtt_port)
        self._gateway = self._start_gateway()
        self.faults: dict[str, Fault] = {
            "gateway killed": self._kill_gateway,
            "gateway stopped for 2 s": self._stop_gateway,
            "gateway's connection cut": self._cut_link,
            "devices' connection cut": cut_devices,
        }
        if make == "nats":
            self.faults["broker killed"] = self._kill_broker

    def close(self) -> None:
        """Cut the link for good."""
        self._link.close()

    def _start_gateway(self) -> Process:
        return self._site.start_gateway(Broker(self._broker.process, self._link.port), city=self._city, **SETTINGS)

    def _kill_gateway(self, _: Devices) -> float:
        struck = time.time()
        self._gateway.kill()
        self._gateway = self._start_gateway()
        return struck

    def _stop_gateway(self, _: Devices) -> float:
        self._gateway.signal(signal.SIGSTOP)
        time.sleep(STOPPED_S)
        self._gateway.signal(signal.SIGCONT)
        return time.time()

    def _cut_link(self, _: Devices) -> float:
        self._link.cut()
        return time.time()

    def _kill_broker(self, _: Devices) -> float:
        struck = time.time()
        self._broker.process.kill()
        self._broker = self._site.start_nats(self.mqtt_port)
        return struck


class Together:
    """`siaga run` in a data directory on a disk of its own that is small enough to fill."""

    def __init__(self, processes: Processes, folder: Path, disk: Path | None) -> None:
        self._processes = processes
        self._city = str(write_bench_city(folder / "bench", DEVICES))
        self._disk = disk
        self.data_dir = (disk or folder) / "data"
        self.mqtt_port, self._http_port = free_port(), free_port()
        self._run = self._start()
        self.faults: dict[str, Fault] = {
            "siaga run killed": self._kill_run,
            "gateway killed under siaga run": lambda _: self._kill_child("gateway"),
            "broker killed under siaga run": lambda _: self._kill_child("nats-server"),
            "command center killed under siaga run": lambda _: self._kill_child("command-center"),
            "devices' connection cut": cut_devices,
        }
        if disk is not None:
            self.faults["disk filled"] = self._fill_disk

    def close(self) -> None:
        """Nothing but processes here."""

    def _start(self) -> Process:
        process = self._processes.siaga(
            *("run", "--data-dir", self.data_dir, "--city", self._city, "--no-simulator"),
            *("--http-port", self._http_port, "--mqtt-port", self.mqtt_port),
            environment={"SIAGA_ADMIN_PASSWORD": "torture-torture"} | SETTINGS,
        )
        process.wait_for_line("Ctrl-C", 60)
        return process

    def _kill_run(self, _: Devices) -> float:
        struck = time.time()
        self._run.kill()
        until(lambda: not accepts(self.mqtt_port), "the broker to die with siaga run")
        self._run = self._start()
        return struck

    def _kill_child(self, name: str) -> float:
        pid = until(lambda: self._child(name), f"a child {name!r} of siaga run")
        os.kill(pid, signal.SIGKILL)
        return time.time()

    def _child(self, name: str) -> int:
        return next((pid for pid, line in children_of(self._run.pid).items() if name in line), 0)

    def _fill_disk(self, _: Devices) -> float:
        """Not a byte is left; a reader holds a snapshot, and the command center is killed meanwhile."""
        assert self._disk is not None
        filler = self._disk / "filler"
        reader = sqlite3.connect(f"file:{self.data_dir / 'log.db'}?mode=ro", uri=True, isolation_level=None)
        try:
            reader.execute("BEGIN")
            reader.execute("SELECT max(seq) FROM batch").fetchone()
            give_up = time.monotonic() + FULL_S
            with filler.open("ab", buffering=0) as file:
                while time.monotonic() < give_up:  # whoever gives room back to others: it is filled again
                    with contextlib.suppress(OSError):
                        while file.write(_BLOCK):
                            pass
                    if self._child("command-center") and time.monotonic() > give_up - FULL_S / 2:
                        self._kill_child("command-center")
                        break
                    time.sleep(0.2)
            time.sleep(max(0.0, give_up - time.monotonic()))
        finally:
            reader.close()
            filler.unlink()
        return time.time()


def cut_devices(devices: Devices) -> float:
    """The devices lose their own connection."""
    devices.cut()
    return time.time()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A small tmpfs; None where this user may not mount one."""
    disk = folder / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        yield None
        return
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={SMALL_DISK_MIB}m", "tmpfs", str(disk)], check=False)
    if done.returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
