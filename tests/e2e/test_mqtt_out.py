"""What leaves over MQTT, heard by subscribers of a real broker: true after restarts, kills and outages."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client
import pytest
from msgspec.structs import replace
from paho.mqtt.enums import CallbackAPIVersion

from sensors.catalogue import Catalogue
from sensors.settings import MqttOutSettings, MqttSettings
from tests.e2e.broker import Broker, start_nats
from tests.e2e.site import Site
from tests.unit.command_center.little_city import (
    DISCHARGE,
    LEVEL,
    LEVEL_ID,
    RAIN,
    entry,
    little_city,
    raised,
    returned,
)
from tests.unit.command_center.running import Gateway, Running, running, until

pytestmark = pytest.mark.broker
ALARM = "siaga/alarm/ROLAK/level"
OBSERVATION = "siaga/observation"


def city() -> Catalogue:
    """The level is public, the discharge for agencies, the rain for nobody outside."""
    found = little_city()
    sharing = {LEVEL: "public", DISCHARGE: "agency", RAIN: "internal"}
    return replace(found, datastreams=tuple(replace(d, sharing=sharing[d.number]) for d in found.datastreams))


class Subscriber:
    """Another program: what it was told under `siaga/`, newest first known by topic, empty ones as gone."""

    def __init__(self, port: int) -> None:
        self.held: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes, bool]] = []
        subscribed = threading.Event()
        self._client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._hear
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe("siaga/#", 1)
        assert subscribed.wait(10)

    def _hear(self, _client: Any, _data: Any, message: paho.mqtt.client.MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload), message.retain))
        self.held[message.topic] = bytes(message.payload)
        if not message.payload:
            del self.held[message.topic]

    def alarm(self, key: str) -> Any:
        """A field of the alarm that stands there; None: none does."""
        payload = self.held.get(ALARM)
        return None if payload is None else msgspec.json.decode(payload)[key]

    def observations(self, station: str, name: str) -> list[dict[str, Any]]:
        """What it heard of a datastream."""
        topic = f"{OBSERVATION}/{station}/{name}"
        return [msgspec.json.decode(payload) for found, payload, _ in self.heard if found == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    found = Subscriber(broker.port)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def center(folder: Path, gateway: Gateway, broker: Broker, **out: Any) -> Iterator[Running]:
    with running(folder, gateway, mqtt=MqttSettings(url=broker.url), mqtt_out=MqttOutSettings(**out)) as found:
        yield found


def now_us() -> int:
    return time.time_ns() // 1000


def cross(gateway: Gateway, *moves: Any) -> None:
    """The river crosses levels now."""
    gateway.append(entry([(LEVEL, now_us(), 612.0)], *moves, now_us=now_us()))


def acknowledge(found: Running) -> None:
    [alarm] = found.get("/alarms", state="unacknowledged")["items"]
    path = f"/alarms/{alarm['id']}/acknowledge"
    assert found.client.post(path, json={"comment": ""}, headers=found.log_in()).status_code == 200


def test_an_alarm_stands_while_it_is_open_and_the_newest_observations_go_by(tmp_path: Path, nats: Broker) -> None:
    gateway = Gateway(tmp_path, city())
    with subscriber(nats) as heard, center(tmp_path, gateway, nats, observations=True) as found:
        begun = now_us()
        gateway.append(entry([(LEVEL, begun, 400.0), (DISCHARGE, begun, 12.5), (RAIN, begun, 3.0)], now_us=begun))
        found.wait_ready()
        until(lambda: bool(heard.observations("ROLAK", "level")) and bool(heard.observations("ROLAK", "discharge")))
        [first] = heard.observations("ROLAK", "level")
        assert (first["value"], first["unit"], first["quality"], first["origin"], first["producer"]) == (
            *(400.0, "cm", 1),
            *("live", "BPBD"),
        )
        gateway.append(entry([(LEVEL, begun - 60_000_000, 390.0)], now_us=now_us()))  # late: it does not go out
        cross(gateway, raised("kuning", time_us=begun, at_us=begun))
        until(lambda: heard.alarm("state") == "unacknowledged")
        assert [heard.alarm(key) for key in ("datastream", "level", "severity", "value", "silent", "exercise")] == [
            *(LEVEL_ID, "kuning", 3, 600.0, False, False),
        ]
        acknowledge(found)
        until(lambda: heard.alarm("state") == "acknowledged")
        until(lambda: [one["value"] for one in heard.observations("ROLAK", "level")] == [400.0, 612.0])
        cross(gateway, returned("kuning", time_us=now_us(), at_us=now_us()))
        until(lambda: ALARM not in heard.held)
        assert heard.observations("POS", "rain") == []
        assert not any(retain for topic, _, retain in heard.heard if topic.startswith(OBSERVATION))
        assert "siaga_mqtt_out_late_total 1.0" in found.client.get(f"{found.url}/metrics").text
    with subscriber(nats) as later:
        time.sleep(0.2)  # what is retained would be here
        assert later.held == {}


def test_what_ended_while_we_or_the_broker_were_away_is_cleared_and_nothing_is_said_of_lost_futures(
    tmp_path: Path, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    data, gateway = tmp_path / "center", Gateway(tmp_path / "center", city())
    data.mkdir()
    broker = site.start_nats()
    with caplog.at_level(logging.ERROR, "asyncio"):
        with center(data, gateway, broker) as found:
            cross(gateway, raised("kuning", time_us=now_us(), at_us=now_us()))
            found.wait_ready()
            with subscriber(broker) as heard:
                until(lambda: heard.alarm("state") == "unacknowledged")
            acknowledge(found)
        gateway = Gateway(data, city())
        with center(data, gateway, Broker(broker.process, 1)) as found:  # away: no broker is there
            cross(gateway, returned("kuning", time_us=now_us(), at_us=now_us()))
            found.wait_applied()
        gateway = Gateway(data, city())
        broker.publish("siaga/alarm/NOBODY/level", b"{}", retain=True)  # somebody else's
        with center(data, gateway, broker) as found:
            until(lambda: _held(broker) == set())
            cross(gateway, raised("hijau", time_us=now_us(), at_us=now_us()))
            until(lambda: _held(broker) == {ALARM})
            broker.process.kill()
            until(lambda: "siaga_mqtt_out_connected 0.0" in found.client.get(f"{found.url}/metrics").text)
            acknowledge(found)
            cross(gateway, returned("hijau", time_us=now_us(), at_us=now_us()))
            found.wait_applied()
            again = start_nats(site.processes, site.data_dir, broker.port)
            until(lambda: _held(again) == set())
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


def _held(broker: Broker) -> set[str]:
    """The alarms that are retained."""
    with subscriber(broker) as heard:
        time.sleep(0.3)  # what is retained comes at once
        return {topic for topic in heard.held if topic.startswith("siaga/alarm/")}
