"""Brokers of two makes, and publishing to them."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import paho.mqtt.client
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway import embedded_broker
from tests.e2e.processes import Process, Processes, accepts, free_port, until

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
IN_FLIGHT = 1_000
PUBACK_S = 10.0
MOSQUITTO_CONFIGURATION = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
max_queued_messages 0
max_inflight_messages 1000
user root
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that answers."""

    process: Process
    port: int

    @property
    def url(self) -> str:
        """As `SIAGA_MQTT_URL` wants it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def publish(self, topic: str, payload: object, *, qos: int = 1, retain: bool = False) -> None:
        """Publish one message and wait for its PUBACK.  Bytes go as they are, anything else as JSON."""
        self.publish_all([(topic, payload)], qos=qos, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, object]], *, qos: int = 1, retain: bool = False) -> None:
        """Publish (topic, payload) pairs over one connection and wait for every PUBACK; ConnectionError without one."""
        client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            sent = [client.publish(topic, as_bytes(payload), qos, retain) for topic, payload in messages]
            for message in sent:
                message.wait_for_publish(PUBACK_S)
                if not message.is_published():
                    raise ConnectionError(f"no PUBACK from port {self.port} within {PUBACK_S:g} s")
        finally:
            client.disconnect()
            client.loop_stop()

    def observe(self, datastream: str, value: float | None, **more: object) -> None:
        """Publish one reading of a datastream (`{station}:{property}`); `more`: its other keys (ts, unit, origin)."""
        self.publish("telemetry/" + datastream.replace(":", "/"), {"value": value, **more})


def as_bytes(payload: object) -> bytes:
    """Bytes as they are, anything else as JSON."""
    return payload if isinstance(payload, bytes) else msgspec.json.encode(payload)


def start_nats(processes: Processes, data_dir: Path, port: int | None = None) -> Broker:
    """The embedded broker with its store in `data_dir`, as `siaga run` starts it."""
    port = port or free_port()
    process = processes.start("nats", list(embedded_broker.command(data_dir, port)))
    until(lambda: accepts(port) or process.exit_code is not None, "the NATS server's MQTT port")
    return Broker(process, port)


def start_mosquitto(processes: Processes, folder: Path, port: int | None = None, more: str = "") -> Broker:
    """Debian's Mosquitto with its store in `folder`; `more` goes behind its configuration."""
    if MOSQUITTO is None:
        pytest.fail("there is no mosquitto: `make test` installs it")
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "mosquitto.conf"
    file.write_text(MOSQUITTO_CONFIGURATION.format(port=port, folder=folder) + more, encoding="utf-8")
    process = processes.start("mosquitto", [MOSQUITTO, "-c", str(file)])
    until(lambda: accepts(port) or process.exit_code is not None, "Mosquitto's port")
    return Broker(process, port)
