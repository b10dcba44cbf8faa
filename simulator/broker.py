"""The simulator's side of MQTT: an address, a connection, and publishing many messages with few in flight."""

import asyncio
import math
import os
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiomqtt import Client, MqttError

from sensors.broker_address import BrokerAddress
from simulator.errors import BrokerUnreachable

WINDOW = 256  # messages published and not acknowledged yet
ACKNOWLEDGE_TIMEOUT_S = 10.0


class Message(NamedTuple):
    """One PUBLISH, QoS 1, never retained."""

    topic: str
    payload: bytes


class Publisher:
    """Publishes at QoS 1 over one connection; use `connect` to get one."""

    def __init__(self, client: Client, address: BrokerAddress) -> None:
        self._client = client
        self._address = address
        self.acknowledged = 0

    async def publish(self, message: Message) -> None:
        """Publish and wait for the acknowledgement; BrokerUnreachable if it does not come."""
        await self.publish_all([message])

    async def publish_all(self, messages: Iterable[Message]) -> None:
        """Publish in order, at most WINDOW unacknowledged at any time; returns when all are acknowledged.

        At the first failure the rest is given up and BrokerUnreachable raised; `acknowledged` says how many arrived
        for certain, and those after it may or may not have.
        """
        window: deque[asyncio.Task[None]] = deque()
        try:
            for message in messages:
                if len(window) >= WINDOW:
                    await self._acknowledgement(window)
                window.append(asyncio.create_task(self._send(message), name="simulator.publish"))
            while window:
                await self._acknowledgement(window)
        finally:
            for task in window:
                task.cancel()
            await asyncio.gather(*window, return_exceptions=True)

    async def heard(self, topics: str) -> AsyncIterator[Message]:
        """What anybody publishes under a topic filter, our own included; BrokerUnreachable where the broker goes."""
        try:
            await self._client.subscribe(topics, qos=0)
            async for message in self._client.messages:
                if isinstance(message.payload, bytes) and not message.retain:
                    yield Message(message.topic.value, message.payload)
        except MqttError as error:
            raise BrokerUnreachable(self._address.url, str(error)) from error

    async def _send(self, message: Message) -> None:
        # Without a timeout of its own: aiomqtt's would cost a task and a timer for every message.
        await self._client.publish(message.topic, message.payload, qos=1, timeout=math.inf)
        self.acknowledged += 1

    async def _acknowledgement(self, window: deque[asyncio.Task[None]]) -> None:
        """Wait for the oldest message in flight."""
        try:
            async with asyncio.timeout(ACKNOWLEDGE_TIMEOUT_S):
                await window.popleft()
        except TimeoutError as error:
            raise BrokerUnreachable(self._address.url, f"silent for {ACKNOWLEDGE_TIMEOUT_S:.0f} s") from error
        except MqttError as error:
            raise BrokerUnreachable(self._address.url, f"no acknowledgement: {error}") from error


@asynccontextmanager
async def connect(address: BrokerAddress, name: str) -> AsyncIterator[Publisher]:
    """A connection under the client id `{name}-{pid}`; BrokerUnreachable if there is none to be had or it breaks."""
    client = Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        identifier=f"{name}-{os.getpid()}",
        tls_context=ssl.create_default_context(cafile=address.ca_file or None) if address.tls else None,
        # The authority still counts; to this machine's own broker we go by an address that no certificate bears.
        tls_insecure=True if address.tls and address.server_name else None,
        max_inflight_messages=WINDOW,
    )
    client.pending_calls_threshold = WINDOW
    try:
        async with client:
            yield Publisher(client, address)
    except MqttError as error:
        raise BrokerUnreachable(address.url, str(error)) from error
