"""A siren that does not answer: told to people by a real receiver, acknowledged by a name, gone when it answers."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiomqtt import Message
from msgspec.structs import replace

from command_center.broker_link import BrokerLink, Connection
from gateway.mqtt.broker import Broker as Where
from sensors.broker_address import broker_address
from sensors.settings import MqttSettings, NotifySettings
from tests.e2e.broker import Broker
from tests.e2e.test_actuators import SIREN, now_us
from tests.unit.command_center.little_city import LEVEL, entry, raised
from tests.unit.command_center.notify.city_of_contacts import RULES, city_of, contact
from tests.unit.command_center.notify.receivers import http_receiver
from tests.unit.command_center.running import Gateway, Running, running, until

pytestmark = pytest.mark.broker


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with http_receiver() as (inbox, address):
        for name in ("POSKO", "MENDERS", "FAR"):
            monkeypatch.setenv(name, f"json://{address}/{name}")
        yield inbox


def open_troubles(center: Running) -> list[Any]:
    return list(center.get("/troubles")["items"])


def test_a_siren_that_does_not_answer_is_told_until_somebody_acts_and_is_gone_when_it_answers(
    tmp_path: Path, nats: Broker, ways: Any
) -> None:
    people = (
        contact("POSKO"),
        contact("MENDERS", "menders", areas=("35.76",)),
        contact("FAR", areas=("99",)),  # not their area
    )
    row = replace(SIREN, confirm_s=1.0)
    city = replace(city_of(*people, rules=replace(RULES, maintainers="menders")), actuators=(row,))
    mqtt, notify = MqttSettings(url=nats.url), NotifySettings(public_url="http://wall.example")
    with running(tmp_path, Gateway(tmp_path, city), mqtt=mqtt, notify=notify) as center:
        center.gateway.append(entry([(LEVEL, now_us(), 400.0)], now_us=now_us()))
        center.wait_ready()
        at = now_us()
        center.gateway.append(entry([(LEVEL, at, 612.0)], raised("kuning", time_us=at, at_us=at), now_us=at))
        until(lambda: [one["kind"] for one in open_troubles(center)] == ["unconfirmed"])
        until(lambda: bool(ways.of("/MENDERS")) and len(ways.of("/POSKO")) == 2)  # the alarm's message, and this
        said = ways.of("/MENDERS")[0]
        assert "HORN was told on and did not answer" in said.text
        assert said.body["title"] == "Trouble of the warning system: HORN"
        assert ways.of("/FAR") == []
        link = next(word for word in said.text.split() if "/a/" in word).replace("http://wall.example", center.url)
        assert "HORN was told on" in center.client.get(link).text
        assert "Acknowledged by MENDERS of the city" in center.client.post(link).text
        [trouble] = open_troubles(center)
        assert (trouble["severity"], trouble["acknowledged_by"]) == (3, "MENDERS of the city")
        again = center.client.post(f"/troubles/{trouble['id']}/acknowledge", json={}, headers=center.log_in()).json()
        assert again["acknowledged_by"] == "MENDERS of the city"  # the first name stays
        failed = 'siaga_actuator_failed_total{actuator="HORN"} 3.0'  # only then is no try left to answer
        until(lambda: failed in center.client.get(f"{center.url}/metrics").text)
        nats.publish("siaga/actuator/HORN/state", b"on")
        until(lambda: open_troubles(center) == [])
        [past] = center.get("/troubles", state="all")["items"]
        assert past["cleared_at"] is not None
        audit = center.client.get("/audit", headers=center.log_in()).json()["items"]
        told = [(one["what"], one["who"]) for one in audit if one["what"].startswith("trouble")]
        assert told == [
            ("trouble unconfirmed called", ""),
            ("trouble unconfirmed acknowledged", "MENDERS of the city"),
            ("trouble unconfirmed cleared", ""),
        ]
        figures = center.client.get(f"{center.url}/metrics").text
        for line in (
            'siaga_actuator_commands_total{actuator="HORN"} 3.0',
            'siaga_actuator_confirmed_total{actuator="HORN"} 1.0',
            failed,
            'siaga_troubles{kind="unconfirmed"} 0.0',
            "siaga_trouble_calls_total 1.0",
        ):
            assert line in figures


class Clumsy:
    """A use that makes a mistake on its first connection."""

    topics: Sequence[str] = ("answer/#",)

    def __init__(self) -> None:
        self.began = 0
        self.heard = threading.Event()

    async def serve(self, connection: Connection) -> None:
        self.began += 1
        if self.began == 1:
            raise RuntimeError("a mistake")
        while True:
            await connection.publish("answer/1", b"here")
            await asyncio.sleep(0.05)

    async def hear(self, message: Message) -> None:
        assert message.payload == b"here"
        self.heard.set()


def test_a_link_that_ends_by_a_mistake_of_ours_is_told_and_begun_anew(nats: Broker) -> None:
    use = Clumsy()
    link = BrokerLink(Where(name="main", address=broker_address(nats.url)), "test", use)
    errors = []

    async def story() -> None:
        task = asyncio.create_task(link.run())
        async with asyncio.timeout(20):
            while not use.heard.is_set():
                errors.append(link.error)
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(story())
    assert "a mistake of Siaga's: RuntimeError" in errors
    assert (use.began, link.connections, link.error) == (2, 2, "")
