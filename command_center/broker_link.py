"""The one way in which the command center is an MQTT client: which brokers there are, and a connection that lives.

Sirens hang on it (`command_center.actuators.link`), and so does what leaves under `siaga/` (`command_center.mqtt_out`).
A connection that breaks is made anew with full jitter; a mistake of ours behind it is told, and it is begun anew, too.
"""

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from aiomqtt import Client, Message, MqttError, ProtocolVersion

from command_center.clock import now_us
from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.own_login import with_login
from gateway.sources import brokers
from sensors.broker_access import read_door
from sensors.catalogue import City
from sensors.settings import Settings

ANSWER_S: Final = 10.0  # CONNACK, SUBACK and PUBACK have to come within
RECONNECT_S: Final = 10.0  # the longest pause between two attempts
WINDOW: Final = 100  # messages published and not acknowledged yet
MOST_HEARD: Final = 10_000  # messages that wait to be read; beyond, aiomqtt leaves them out and says so in the log
COMPLAIN_EVERY: Final = 60  # failed connections
QOS: Final = 1  # of what we publish
# We hear at QoS 0: a clean session loses what comes while it is away whatever the level is, and at the embedded broker
# each subscription at QoS 1 holds back 20,000 packet ids of 65,535, so that a client has three of them at most.
HEARD_QOS: Final = 0

_log = logging.getLogger("command_center.broker")


def brokers_of(settings: Settings, city: City) -> dict[str, Broker]:
    """The brokers by name, the first one first, with our login where it is the embedded one of our data directory.

    Empty where neither settings nor city name one and no embedded one was opened here.  Raises SettingsError.
    """
    if not settings.mqtt.url and not city.sources and read_door(Path(settings.data_dir)) is None:
        return {}
    return {broker.name: broker for broker in brokers(with_login(settings, "command-center"), city)}


class Connection:
    """One connection while it lives."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait for the acknowledgement.  Raises MqttError where it does not come."""
        await self._client.publish(topic, payload, qos=QOS, retain=retain, timeout=ANSWER_S)


class Use(Protocol):
    """What a connection is for."""

    @property
    def topics(self) -> Sequence[str]:
        """Filters to hear when a connection begins."""

    async def serve(self, connection: Connection) -> None:
        """Use the connection until it breaks: returns only by an error, or cancelled."""

    async def hear(self, message: Message) -> None:
        """A message under one of `topics`."""


class BrokerLink:
    """Keeps one connection to one broker; `run` lives, the rest says how it goes."""

    def __init__(self, broker: Broker, purpose: str, use: Use) -> None:
        self.broker, self._purpose, self._use = broker, purpose, use
        self.connected = False
        self.error = ""  # why it is not connected, or what it may not hear; empty = nothing is wrong
        self.since_us = now_us()  # it is as it is
        self.connections = 0  # ever
        self._failures = 0  # in a row

    async def run(self) -> None:
        """Connect for ever."""
        while True:
            try:
                await self._connect()
            except* (MqttError, OSError, BrokerError) as found:
                self._lost("; ".join(dict.fromkeys(str(error) or type(error).__name__ for error in _leaves(found))))
            except* Exception as found:  # noqa: BLE001 - ours; no siren may hang on it unseen
                _log.exception("a mistake of Siaga's, in the link to %s", self.broker.name)
                self._lost("; ".join(f"a mistake of Siaga's: {type(error).__name__}" for error in _leaves(found)))
            finally:
                self.connected = False
            await asyncio.sleep(random.uniform(0, min(RECONNECT_S, 1.5 ** min(10, self._failures))))  # noqa: S311 (jitter)

    async def _connect(self) -> None:
        """One connection, until it breaks."""
        async with _opened(self._client()) as client:
            refused = [topic for topic in self._use.topics if not await _subscribed(client, topic)]
            self._made(f"we may not hear {', '.join(refused)}" if refused else "")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._use.serve(Connection(client)), name=f"command_center.{self._purpose}")
                async for message in client.messages:  # also tells at once that the broker is gone
                    await self._use.hear(message)

    def _made(self, error: str) -> None:
        self.connected, self.error, self.since_us = True, error, now_us()
        self.connections += 1
        self._failures = 0
        _log.info("%s: connected to %s%s", self._purpose, self.broker.name, error and f"; {error}")

    def _lost(self, why: str) -> None:
        if self.connected or not self.error:
            self.since_us = now_us()
        self.error = why
        if self._failures % COMPLAIN_EVERY == 0:
            _log.error("%s: broker %s: %s", self._purpose, self.broker.name, why)
        self._failures += 1

    def _client(self) -> Client:
        """Raises BrokerError where a secret or a certificate cannot be read."""
        broker = self.broker
        user, password = broker.credentials()
        client = Client(
            broker.address.host,
            broker.address.port,
            username=user or None,
            password=password or None,
            identifier=f"siaga-{self._purpose}-{secrets.token_hex(4)}",
            protocol=ProtocolVersion.V5 if broker.protocol == "5" else ProtocolVersion.V311,
            tls_context=broker.tls(),
            # The authority still counts; to this machine's own broker we go by an address that no certificate bears.
            tls_insecure=True if broker.address.tls and broker.server_name else None,
            timeout=ANSWER_S,
            max_queued_incoming_messages=MOST_HEARD,
            max_inflight_messages=WINDOW,
        )
        client.pending_calls_threshold = WINDOW
        return client


@contextlib.asynccontextmanager
async def _opened(client: Client) -> AsyncIterator[Client]:
    """The client, connected.

    aiomqtt keeps why the broker went in a future that it does not always look at: looked at here, so that the loop does
    not complain of an exception that nobody retrieved.
    """
    gone = client._disconnected
    try:
        async with client:
            yield client
    finally:
        if gone.done() and not gone.cancelled():
            gone.exception()


async def _subscribed(client: Client, topic: str) -> bool:
    """Whether the broker lets us hear it."""
    codes = await client.subscribe(topic, qos=HEARD_QOS)
    return all((code if isinstance(code, int) else code.value) < 128 for code in codes)  # 3.1.1 and 5: section 3.9.3


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
