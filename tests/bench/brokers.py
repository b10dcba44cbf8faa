"""Brokers for measurements: as fast as they go, nothing durable asked of them."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from gateway.devices.opening import MAX_ACK_PENDING
from gateway.embedded_broker import find_program
from tests.e2e.broker import MOSQUITTO
from tests.e2e.processes import accepts, free_port, until

Make = Literal["Mosquitto", "NATS"]
MAKES: Final[tuple[Make, ...]] = ("Mosquitto", "NATS")
_MOSQUITTO: Final = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 20000
set_tcp_nodelay true
user root
"""
_NATS: Final = """
server_name: "bench"
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{folder}", max_file_store: 8G, max_memory_store: 1G }}
mqtt {{ listen: "127.0.0.1:{port}", ack_wait: "60s", max_ack_pending: {pending} }}
"""


@dataclass(frozen=True, slots=True)
class BenchBroker:
    """A broker and its port."""

    make: Make
    port: int

    @property
    def url(self) -> str:
        """As the gateway wants it."""
        return f"mqtt://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running(make: Make) -> Iterator[BenchBroker]:
    """A fresh broker of this make."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="siaga-bench-") as name:
        folder = Path(name)
        if make == "Mosquitto":
            if MOSQUITTO is None:
                raise FileNotFoundError("there is no mosquitto: scripts/test-setup installs it")
            file = folder / "mosquitto.conf"
            file.write_text(_MOSQUITTO.format(port=port), encoding="utf-8")
            argv = [MOSQUITTO, "-c", str(file)]
        else:
            file = folder / "nats.conf"
            text = _NATS.format(port=port, folder=folder / "store", pending=MAX_ACK_PENDING)
            file.write_text(text, encoding="utf-8")
            argv = [str(find_program()), "--config", str(file)]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: accepts(port), f"{make} to listen")
            yield BenchBroker(make, port)
        finally:
            process.terminate()
            process.wait(20)
