"""Who may do what at the embedded broker, asked of the real server."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.devices.opening import local_opening
from gateway.devices.registry import Registry
from gateway.embedded_broker import command, write_configuration
from sensors.broker_access import Role, embedded_access
from tests.unit.gateway.pull.page_server import eventually
from tests.unit.gateway.test_embedded_broker import free_port

pytestmark = pytest.mark.broker
NOW_US = 1_780_000_000_000_000
Message = tuple[str, bytes]


class Client:
    """An MQTT client of a test; `connected` is None until the broker has answered."""

    def __init__(self, port: int, name: str, user: str = "", password: str = "") -> None:
        self.connected: bool | None = None
        self.got: list[Message] = []
        self.granted: list[bool] = []
        self._client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=False)
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = lambda *a: setattr(self, "connected", not a[3].is_failure)
        self._client.on_disconnect = lambda *_: setattr(self, "connected", False)
        self._client.on_message = lambda *a: self.got.append((a[2].topic, a[2].payload))
        self._client.on_subscribe = lambda *a: self.granted.extend(not code.is_failure for code in a[3])
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert eventually(lambda: self.connected is not None)

    def publish(self, topic: str, payload: bytes = b"1", qos: int = 1, *, retain: bool = False) -> None:
        """Publish; a broker that drops it acknowledges it all the same."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(5)

    def may_subscribe(self, topics: str, qos: int = 1) -> bool:
        before = len(self.granted)
        self._client.subscribe(topics, qos)
        assert eventually(lambda: len(self.granted) > before)
        return self.granted[-1]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Server:
    """The real server with its data directory, and clients that end with it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.opening = local_opening(self.port)
        self.clients: list[Client] = []
        self.process = subprocess.Popen(command(data_dir, self.port), stderr=subprocess.DEVNULL)

    def client(self, name: str, user: str = "", password: str = "") -> Client:
        found: list[Client] = []

        def connects() -> bool:
            try:
                found.append(Client(self.port, name, user, password))
            except ConnectionRefusedError:
                return False
            return True

        assert eventually(connects)
        self.clients += found
        return found[-1]

    def own(self, role: Role) -> Client:
        """One of our own programs."""
        access = embedded_access(self.data_dir, role)
        assert access is not None
        return self.client(f"own-{role}", access.user, access.password)

    def tell(self) -> None:
        """What `siaga run` does when the list of devices has changed."""
        write_configuration(self.data_dir, self.opening)
        os.kill(self.process.pid, signal.SIGHUP)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as found:
        yield found


@contextmanager
def running(data_dir: Path) -> Iterator[Server]:
    server = Server(data_dir)
    try:
        yield server
    finally:
        for client in server.clients:
            client.close()
        server.process.kill()
        server.process.wait()


def test_a_device_publishes_under_its_own_station_and_hears_nothing_of_others(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    secret = registry.add("S1", NOW_US, ("application/+/device/#",))
    registry.add("S2", NOW_US)
    with running(tmp_path) as server:
        gateway = server.own("gateway")
        assert gateway.connected
        assert gateway.may_subscribe("#")
        device = server.client("S1", "S1", secret)
        assert device.connected
        for topic in ("telemetry/S2/level", "telemetry/S2", "telemetry/+/x".replace("+", "*"), "siaga/status",
                      "$MQTT/msgs/telemetry/S2/level", "$JS/API/STREAM/LIST", "application"):  # fmt: skip
            device.publish(topic)
            device.publish(topic, qos=0)
        mine = ["telemetry/S1", "telemetry/S1/level", "application/7/device/1/event/up"]
        for topic in mine:
            device.publish(topic)
        assert eventually(lambda: len(gateway.got) >= len(mine))
        assert [topic for topic, _ in gateway.got] == mine
        others = "#", "telemetry/S1/level", "siaga/#", "siaga/actuator/S2/set", "siaga/actuator/+/set"
        assert not any(device.may_subscribe(topics) for topics in others)
        assert not server.client("S1-x", "S1", "wrong").connected
        assert not server.client("S2-x", "S2", secret).connected
        assert not server.client("nobody").connected


def test_a_siren_hears_what_it_is_told_and_says_how_it_stands_and_nothing_for_others(tmp_path: Path) -> None:
    secret = Registry(tmp_path).add("HORN", NOW_US, hears=("cmnd/HORN/POWER",))
    reading = Registry(tmp_path).add("dinas-kominfo", NOW_US, reads=True)
    with running(tmp_path) as server:
        center, device = server.own("command-center"), server.client("HORN", "HORN", secret)
        assert device.may_subscribe("siaga/actuator/HORN/set")
        assert device.may_subscribe("cmnd/HORN/POWER")
        assert not any(device.may_subscribe(topics) for topics in ("cmnd/OTHER/POWER", "siaga/alarm/#"))
        center.publish("siaga/alarm/A/level", b"{}", retain=True)
        reader = server.client("reader", "dinas-kominfo", reading)
        leaves = ("alarm/#", "alert/#", "observation/#", "status")
        assert all(reader.may_subscribe(f"siaga/{name}", qos=0) for name in leaves)
        assert not any(reader.may_subscribe(topics) for topics in ("siaga/#", "siaga/actuator/HORN/set", "telemetry/#"))
        assert eventually(lambda: reader.got == [("siaga/alarm/A/level", b"{}")])
        for topic in ("siaga/alarm/A/b", "telemetry/dinas-kominfo/level"):
            reader.publish(topic)
        assert center.may_subscribe("siaga/actuator/+/state")
        for name in ("OTHER", "HORN"):
            center.publish(f"siaga/actuator/{name}/set", b"on")
            device.publish(f"siaga/actuator/{name}/state", b"on")
        device.publish("siaga/actuator/HORN/set", b"off")
        assert eventually(lambda: bool(device.got) and bool(center.got))
        assert device.got == [("siaga/actuator/HORN/set", b"on")]
        assert center.got == [("siaga/actuator/HORN/state", b"on")]


def test_whoever_is_revoked_or_rotated_is_cut_off_and_nobody_else_notices(server: Server) -> None:
    nobody = server.client("nobody")
    assert nobody.connected  # no device yet: this machine is trusted
    gateway = server.own("gateway")
    registry = Registry(server.data_dir)
    secrets = {station: registry.add(station, NOW_US) for station in ("S1", "S2", "S3")}
    server.tell()
    assert eventually(lambda: not nobody.connected)
    devices = {station: server.client(station, station, secret) for station, secret in secrets.items()}
    assert all(device.connected for device in devices.values())

    registry.revoke("S1", NOW_US)
    new = registry.rotate("S2", NOW_US)
    server.tell()
    assert eventually(lambda: not devices["S1"].connected and not devices["S2"].connected)
    assert not server.client("S1-again", "S1", secrets["S1"]).connected
    assert not server.client("S2-old", "S2", secrets["S2"]).connected
    assert server.client("S2-new", "S2", new).connected
    assert devices["S3"].connected
    assert gateway.connected


def test_each_of_our_own_programs_may_do_its_own_work_only(tmp_path: Path) -> None:
    Registry(tmp_path).add("S1", NOW_US)
    with running(tmp_path) as server:
        everything = server.own("gateway")
        assert everything.may_subscribe("#")
        topics = (
            "telemetry/S1/level", "siaga/alarm/S1/level", "siaga/status", "siaga/canary/x", "siaga/canary/broker",
            "spBv1.0/g/NCMD/n", "spBv1.0/g/NDATA/n", "cmnd/horn/POWER", "application/1/device/2/command/down", "other",
        )  # fmt: skip
        canaries = {"siaga/canary/x", "siaga/canary/broker"}
        allowed: dict[Role, set[str]] = {
            "gateway": {"telemetry/S1/level", "siaga/status", *canaries, "spBv1.0/g/NCMD/n"},
            "command-center": {
                "siaga/alarm/S1/level", "siaga/status", *canaries,
                "cmnd/horn/POWER", "application/1/device/2/command/down",
            },
            "simulator": {"telemetry/S1/level"},
            "publish": {"telemetry/S1/level"},
            "canary": {"siaga/canary/broker"},
        }  # fmt: skip
        for role, expected in allowed.items():
            everything.got.clear()
            sender = everything if role == "gateway" else server.own(role)
            for topic in topics:
                sender.publish(topic)
            assert eventually(lambda expected=expected: len(everything.got) >= len(expected))  # type: ignore[misc]
            assert {topic for topic, _ in everything.got} == expected, role


def test_a_damaged_list_lets_no_device_in_and_our_own_programs_work(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    secret = registry.add("S1", NOW_US)
    registry.file.write_text("{", encoding="utf-8")
    with running(tmp_path) as server:
        assert server.own("gateway").connected
        assert not server.client("S1", "S1", secret).connected
        assert not server.client("nobody").connected
