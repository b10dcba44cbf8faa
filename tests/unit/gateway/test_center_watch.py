"""`siaga/status` says that nobody watches, and takes it back."""

import asyncio

import msgspec

from gateway.center_watch import TOPIC, CenterWatch
from sensors.settings import MqttSettings
from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker
from tests.unit.gateway.mqtt.scripted_session import Notes, connected, until

NOW_US = 1_780_000_000_000_000
QUIET = MqttSettings(canary_period_s=60.0, reconnect_max_s=0.01)


def told(broker: ScriptedBroker) -> list[bytes]:
    return [payload for topic, payload, _, _ in broker.published if topic == TOPIC]


def test_silence_is_said_once_per_connection_and_taken_back() -> None:
    async def story() -> None:
        async with ScriptedBroker() as broker, connected(broker, Notes()) as session:
            await until(lambda: session.standing.connected)
            watch = CenterWatch("kota-uji", started_s=100.0)

            async def look(heard_s: float | None, now_s: float) -> None:
                before = len(told(broker))
                watch.look(heard_s, now_s, NOW_US)
                for _ in range(50):
                    watch.tell([session])
                    await asyncio.sleep(0.002)
                    if len(told(broker)) > before:
                        break

            await look(None, 109.0)  # not known yet
            await look(None, 111.0)
            await look(None, 112.0)
            broker.cut()
            await until(lambda: session.connections == 2)
            await look(None, 113.0)
            await look(113.5, 114.0)
            said = [(msgspec.json.decode(p[1]), p[2], p[3]) for p in broker.published if p[0] == TOPIC]
            silent = {"command_center": "silent", "since": "2026-05-28T20:26:29Z", "city": "kota-uji"}
            ok = {"command_center": "ok", "since": "2026-05-28T20:26:40Z", "city": "kota-uji"}
            assert said == [(silent, 1, True), (silent, 1, True), (ok, 1, True)]

    asyncio.run(story())


def test_a_broker_that_does_not_acknowledge_is_told_once() -> None:
    async def story() -> None:
        async with (
            ScriptedBroker(acknowledges=False) as broker,
            connected(broker, Notes(), settings=QUIET) as session,
        ):
            await until(lambda: session.standing.connected)
            watch = CenterWatch("kota-uji", started_s=100.0)
            for now_s in range(111, 131):
                watch.look(None, now_s, NOW_US)
                watch.tell([session])
                await asyncio.sleep(0.01)
            assert len([p for p in broker.published if p[0] == TOPIC]) == 1
            watch.close()

    asyncio.run(story())
