"""Sirens over a real broker: told by alarms and people, heard, found wanting, proven."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client
import pytest
from msgspec.structs import replace
from paho.mqtt.enums import CallbackAPIVersion

from sensors.actuator import Actuator
from sensors.origin import Origin
from sensors.settings import MqttSettings
from tests.e2e.broker import Broker
from tests.unit.command_center.little_city import LEVEL, LEVEL_ID, entry, little_city, raised, returned
from tests.unit.command_center.running import Gateway, Running, running, until

pytestmark = pytest.mark.broker
SIREN = Actuator(
    actuator="HORN",
    kind="siren",
    station="ROLAK",
    datastream=LEVEL_ID,
    level="kuning",
    confirm_s=2.0,
    source="SK 3/2025",
)


class Siren:
    """A device that does what it is told, and says so."""

    def __init__(self, port: int, *, answers: bool = True) -> None:
        self.got: list[tuple[dict[str, str], bool]] = []  # (command, retained)
        self._answers = answers
        self._client = paho.mqtt.client.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("siaga/actuator/HORN/set", 1)
        self._client.loop_start()

    @property
    def sets(self) -> list[str]:
        return [command["set"] for command, _ in self.got]

    def _hear(self, _client: Any, _data: Any, message: paho.mqtt.client.MQTTMessage) -> None:
        command = msgspec.json.decode(message.payload, type=dict[str, str])
        self.got.append((command, message.retain))
        if self._answers:
            self._client.publish("siaga/actuator/HORN/state", command["set"], 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def siren(broker: Broker, *, answers: bool = True) -> Iterator[Siren]:
    found = Siren(broker.port, answers=answers)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def center_with(tmp_path: Path, broker: Broker, *rows: Actuator) -> Iterator[Running]:
    """A command center whose city has these actuators, ready, with a link to the broker."""
    folder = tmp_path / "center"
    folder.mkdir(exist_ok=True)
    city = replace(little_city(), actuators=rows or (SIREN,))
    with running(folder, Gateway(folder, city), mqtt=MqttSettings(url=broker.url)) as center:
        center.gateway.append(entry([(LEVEL, now_us(), 400.0)], now_us=now_us()))
        center.wait_ready()
        yield center


def now_us() -> int:
    return time.time_ns() // 1000


def cross(center: Running, *transitions: Callable[..., Any], level: str = "kuning", **fields: Any) -> None:
    at = now_us()
    told = [make(level, time_us=at, at_us=at, **fields) for make in transitions]
    center.gateway.append(entry([(LEVEL, at, 612.0)], *told, now_us=at, origin=fields.get("origin", Origin.LIVE)))
    center.wait_applied()


def last(center: Running, name: str = "HORN") -> dict[str, Any]:
    return center.get(f"/actuators/{name}")["last"] or {}


def test_an_alarm_sounds_the_siren_and_its_end_stops_it(tmp_path: Path, nats: Broker) -> None:
    with siren(nats) as horn, center_with(tmp_path, nats) as center:
        cross(center, raised)
        until(lambda: last(center).get("state") == "confirmed")
        assert (last(center)["why"], last(center)["by"], horn.sets) == ("alarm", "", ["on"])
        command, retained = horn.got[0]
        assert (set(command), retained) == ({"id", "set", "issued_at", "expires_at"}, False)
        cross(center, returned)
        until(lambda: horn.sets == ["on", "off"] and last(center)["state"] == "confirmed")
        [item] = center.get("/actuators")["items"]
        assert (item["said"], item["proven_days"], item["unproven"]) == ("off", 0.0, False)
        assert center.get("/actuators")["troubles"] == []


def test_a_restart_repeats_nothing_and_forgets_no_proof(tmp_path: Path, nats: Broker) -> None:
    with siren(nats) as horn:
        with center_with(tmp_path, nats) as center:
            cross(center, raised)
            until(lambda: last(center).get("state") == "confirmed")
        with center_with(tmp_path, nats) as again:
            time.sleep(2.5)  # two beats
            assert horn.sets == ["on"]
            assert last(again)["state"] == "confirmed"
            assert again.get("/actuators")["items"][0]["unproven"] is False


def test_a_siren_that_does_not_answer_is_told_again_and_then_said_to_be_in_trouble(
    tmp_path: Path, nats: Broker
) -> None:
    with siren(nats, answers=False) as horn, center_with(tmp_path, nats) as center:
        cross(center, raised)
        until(lambda: last(center).get("attempt") == 3 and last(center)["state"] == "unconfirmed")
        assert horn.sets == ["on", "on", "on"]
        [trouble] = center.get("/actuators")["troubles"]
        assert (trouble["actuator"], trouble["kind"]) == ("HORN", "unconfirmed")
        assert any("HORN was told on" in fault for fault in _health(center)["faults"])


def _health(center: Running) -> Any:
    return center.client.get(f"{center.url}/healthz").json()


def test_nothing_simulated_reaches_a_siren_and_nothing_reaches_one_that_is_made_up(
    tmp_path: Path, nats: Broker
) -> None:
    rows = SIREN, replace(SIREN, actuator="TOY", source="illustrative", topic_set="siaga/actuator/HORN/set")
    with siren(nats) as horn, center_with(tmp_path, nats, *rows) as center:
        cross(center, raised, origin=Origin.SIMULATED)
        time.sleep(2.5)  # two beats
        assert (horn.sets, last(center)) == ([], {})
        refused = center.client.post("/actuators/TOY/test", json={}, headers=center.log_in())
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_allowed")


def test_a_person_sounds_it_with_words_and_tests_it_with_a_record(tmp_path: Path, nats: Broker) -> None:
    with siren(nats) as horn, center_with(tmp_path, nats) as center:
        assert center.get("/actuators")["items"][0]["unproven"] is True
        who, path = center.log_in(), "/actuators/HORN"
        assert center.client.post(f"{path}/set", json={"set": "on"}).status_code == 401
        assert center.client.post(f"{path}/set", json={"set": "on"}, headers=who).json()["error"]["where"] == (
            "body.comment"
        )
        center.client.post(f"{path}/set", json={"set": "on", "comment": "dyke breach"}, headers=who)
        until(lambda: last(center).get("state") == "confirmed")
        assert (last(center)["by"], last(center)["comment"], horn.sets) == ("admin", "dyke breach", ["on"])
        center.client.post(f"{path}/set", json={"set": "off", "comment": "over"}, headers=who)
        center.client.post(f"{path}/test", json={"comment": "monthly"}, headers=who)
        until(lambda: horn.sets[-2:] == ["on", "off"] and last(center)["state"] == "confirmed")
        whys = [command["why"] for command in center.get(path)["commands"]]
        assert whys == ["test", "test", "person", "person"]


def test_an_autonomous_siren_that_sounds_while_our_gauge_is_normal_is_told(tmp_path: Path, nats: Broker) -> None:
    alone = replace(SIREN, topic_set="-", topic_state="float/HORN", datastream="", level="")
    with center_with(tmp_path, nats, alone) as center:
        refused = center.client.post("/actuators/HORN/test", json={}, headers=center.log_in())
        assert refused.status_code == 409

        def heard() -> bool:
            nats.publish("float/HORN", b"on")
            return bool(center.get("/actuators")["troubles"])

        until(heard)
        [trouble] = center.get("/actuators")["troubles"]
        assert (trouble["kind"], trouble["text"]["id"]) == (
            "sounds_alone",
            "HORN berbunyi, alat ukur kita normal: periksa alat ukur",
        )
        cross(center, raised, level="hijau")
        until(lambda: center.get("/actuators")["troubles"] == [])


def test_what_the_broker_does_not_take_in_time_is_never_sent(tmp_path: Path, nats: Broker) -> None:
    row = replace(SIREN, expires_s=1.0)
    with center_with(tmp_path, nats, row) as center:
        nats.process.kill()
        nats.process.wait(10)
        until(lambda: any(one["kind"] == "broker" for one in center.get("/actuators")["troubles"]))
        who = center.log_in()
        center.client.post("/actuators/HORN/set", json={"set": "on", "comment": "now"}, headers=who)
        until(lambda: last(center)["state"] == "expired")
        kinds = {one["kind"] for one in center.get("/actuators")["troubles"]}
        assert kinds == {"broker", "expired"}


def test_a_city_with_many_sirens_hears_each_of_them(tmp_path: Path, nats: Broker) -> None:
    rows = [replace(SIREN, actuator=f"HORN{n}", topic_set="-", datastream="", level="") for n in range(6)]
    with center_with(tmp_path, nats, *rows) as center:

        def heard() -> bool:
            nats.publish_all([(f"siaga/actuator/HORN{n}/state", b"off") for n in range(6)])
            return all(item["said"] == "off" for item in center.get("/actuators")["items"])

        until(heard)
