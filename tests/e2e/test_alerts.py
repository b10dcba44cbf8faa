"""A warning over a real broker: retained while it holds, gone once it is over, though the command center was away."""

import asyncio
from pathlib import Path

import pytest
from aiomqtt import Client

from sensors.settings import MqttSettings
from tests.e2e.broker import Broker
from tests.unit.command_center.alerts.warning_city import PHONE, Office, row, warning_city
from tests.unit.command_center.little_city import raised
from tests.unit.command_center.running import Gateway, running, until

pytestmark = pytest.mark.broker


def in_force(broker: Broker) -> dict[str, bytes]:
    """What a subscriber that comes now gets."""

    async def hear() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        async with Client("127.0.0.1", broker.port) as client:
            await client.subscribe("siaga/alert/#", qos=1)
            while True:
                try:
                    async with asyncio.timeout(0.5):
                        message = await anext(aiter(client.messages))
                except TimeoutError:
                    return found
                assert isinstance(message.payload, bytes)
                found[message.topic.value] = message.payload

    return asyncio.run(hear())


def test_who_subscribes_gets_what_is_in_force(tmp_path: Path, nats: Broker) -> None:
    gateway, mqtt = Gateway(tmp_path, warning_city()), MqttSettings(url=nats.url)
    with running(tmp_path, gateway, mqtt=mqtt) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        office = Office(center)
        first = office.issue(office.wait("draft"))
        xml = office.public(first["xml"]).content
        until(lambda: in_force(nats) == {f"siaga/alert/{first['id']}": xml})
        second = office.post(f"/{first['id']}/update", {**PHONE})
        until(lambda: list(in_force(nats)) == [f"siaga/alert/{second['id']}"])
        private = office.post(f"/{second['id']}/update")
        scope = {"scope": "Private", "addresses": "camat@kota.go.id"}
        private = office.post(f"/{private['id']}/edit", {"revision": private["revision"], **scope})
        office.issue(private)
        until(lambda: in_force(nats) == {})


def test_what_ended_while_nobody_was_connected_is_cleared(tmp_path: Path, nats: Broker) -> None:
    gateway, mqtt = Gateway(tmp_path, warning_city()), MqttSettings(url=nats.url)
    with running(tmp_path, gateway, mqtt=mqtt) as center:
        center.gateway.append(row(raised("kuning", value=612.0)))
        office = Office(center)
        first = office.issue(office.wait("draft"))
        until(lambda: len(in_force(nats)) == 1)
    gateway.renew()
    with running(tmp_path, gateway, mqtt=MqttSettings(url="mqtt://127.0.0.1:1")) as center:
        gone = Office(center).post(f"/{first['id']}/cancel", {**PHONE})
    gateway.renew()
    with running(tmp_path, gateway, mqtt=mqtt):
        until(lambda: list(in_force(nats)) == [f"siaga/alert/{gone['id']}"])
