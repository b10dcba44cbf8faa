"""A session against a scripted broker: how tests make one and wait for it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from gateway.mqtt.broker import Broker
from gateway.mqtt.heartbeat import canary_topic
from gateway.mqtt.session import Session
from sensors.broker_address import broker_address
from sensors.settings import MqttSettings
from tests.unit.gateway.mqtt.scripted_broker import ScriptedBroker

CANARY = canary_topic("siaga-test")
FILTERS = ("telemetry/#",)
BEAT_S = 0.04
SETTINGS = MqttSettings(reconnect_max_s=0.01, canary_period_s=BEAT_S, connect_timeout_s=2.0, takeover_backoff_s=30.0)


class Notes:
    """A memory that ends with the test."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    async def recall(self, source: str, what: str) -> str:
        return self.known.get((source, what), "")

    async def remember(self, source: str, what: str, text: str) -> None:
        self.known[source, what] = text


async def until(condition: Callable[[], object], within_s: float = 30.0) -> None:
    give_up = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up
        await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def connected(
    broker: ScriptedBroker,
    notes: Notes,
    filters: tuple[str, ...] = FILTERS,
    settings: MqttSettings = SETTINGS,
    **more: object,
) -> AsyncIterator[Session]:
    """A session that runs, is read from all the time and acknowledges at once."""
    arrived = asyncio.Event()
    address = broker_address(f"mqtt://127.0.0.1:{broker.port}")
    session = Session(Broker("uji", address, **more), "siaga-test", filters, settings, notes, arrived)  # type: ignore[arg-type]  # (a test names the fields)
    runs, read = asyncio.create_task(session.run()), asyncio.create_task(keep_reading(session))
    try:
        yield session
    finally:
        runs.cancel()
        read.cancel()
        await asyncio.wait({runs, read})
        await session.close()


async def keep_reading(session: Session) -> None:
    while True:
        session.receive()
        session.acknowledge(session.take())
        session.read_on()
        await asyncio.sleep(0.002)


def levels(broker: ScriptedBroker) -> list[int]:
    return [connect.level for connect in broker.connects]
