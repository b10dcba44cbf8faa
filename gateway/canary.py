"""The embedded broker's canary: is a QoS 1 publish accepted, stored and delivered?

A port that accepts connections, or a PINGRESP, says nothing about storage: after a full disk NATS goes on with QoS 0
and drops QoS 1 until it is restarted.  So each beat sends a message through the broker's store and waits for it.
"""

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from gateway.errors import BrokerError, ProtocolError
from gateway.mqtt.codec import (
    CONNACK_REASONS,
    SUBACK_FAILURE,
    Connack,
    Decoder,
    Received,
    Suback,
    connect,
    pubacks,
    publish,
    subscribe,
)

TOPIC: Final = "siaga/canary/broker"
KEEP_ALIVE_S: Final = 60
MAX_PACKET_BYTES: Final = 4_096  # it hears nobody but itself
MAX_PACKET_ID: Final = 65_535
PATIENCE_AT_START: Final = 60  # failed beats, each a second or more, while a started broker does not listen yet
PATIENCE_UNPROVEN: Final = 8  # while it listens and has not done its work once: its disk may be slow, or full
FAILURES: Final = (OSError, TimeoutError, ProtocolError, BrokerError)


@dataclass(frozen=True, slots=True)
class Login:
    """As whom to connect, and, with TLS, whom to trust."""

    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    server_name: str | None = None  # what the certificate is made out to; None = the host


class Canary:
    """Publishes to a broker and listens for it, beat after beat, over one connection."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        login: "Login | None" = None,
        period_s: float = 5.0,
        timeout_s: float = 2.0,
        failures: int = 3,
    ) -> None:
        self._host, self._port = host, port
        self._login = login or Login()
        self._period_s = period_s
        self._timeout_s = timeout_s
        self._failures = failures
        self._beats = 0

    async def first_beat(self, deadline_s: float) -> None:
        """Wait until the broker does its work; BrokerError when it does not within `deadline_s`."""
        give_up = time.monotonic() + deadline_s
        while True:
            try:
                async with self._connection() as connection:
                    await self._beat(connection)
                return
            except FAILURES as error:
                if time.monotonic() > give_up:
                    raise BrokerError(f"the broker at {self._host}:{self._port} fails: {_reason(error)}") from error
                await asyncio.sleep(0.02)

    async def until_failed(self, life: Callable[[], int | None]) -> str:
        """Beat until so many beats in a row fail; why the last one did.

        `life` tells the broker's present life (its pid; None while it is dead).  Before the first good beat of a life
        there is more patience, most of all before it listens: it may have a large store to read.
        """
        proven: int | None = None  # a life that has done its work
        seen, failed = proven, 0
        while True:
            try:
                async with self._connection() as connection:
                    while True:
                        await self._beat(connection)
                        proven, failed = life(), 0
                        await asyncio.sleep(self._period_s)
            except FAILURES as error:
                now = life()
                failed = failed + 1 if now is not None and now == seen else 1
                seen = now
                if failed >= self._patience(error, is_proven=now is not None and now == proven):
                    return _reason(error)
                await asyncio.sleep(min(1.0, self._period_s))

    def _patience(self, error: Exception, *, is_proven: bool) -> int:
        """How many failed beats in a row are allowed."""
        if is_proven:
            return self._failures
        return PATIENCE_AT_START if isinstance(error, ConnectionRefusedError) else PATIENCE_UNPROVEN

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator["_Connection"]:
        async with asyncio.timeout(self._timeout_s):
            tls, name = self._login.tls, self._login.server_name if self._login.tls is not None else None
            streams = await asyncio.open_connection(self._host, self._port, ssl=tls, server_hostname=name)
            connection = _Connection(*streams, self._login)
        try:
            async with asyncio.timeout(self._timeout_s):
                await connection.open()
            yield connection
        finally:
            connection.close()

    async def _beat(self, connection: "_Connection") -> None:
        self._beats += 1
        async with asyncio.timeout(self._timeout_s):
            await connection.echo(self._beats)


class _Connection:
    """One clean MQTT session that is subscribed to the canary's topic at QoS 1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, login: Login) -> None:
        self._reader, self._writer, self._login = reader, writer, login
        self._decoder = Decoder(MAX_PACKET_BYTES)

    async def open(self) -> None:
        """CONNECT and SUBSCRIBE; BrokerError when either is refused."""
        name = f"siaga-canary-{os.getpid()}"
        user, password = self._login.user, self._login.password
        hello = connect(name, keep_alive_s=KEEP_ALIVE_S, user=user, password=password, clean=True)
        self._writer.write(hello + subscribe(1, (TOPIC,)))
        subscribed = False
        while not subscribed:
            for answer in (await self._read()).answers:
                if isinstance(answer, Connack) and answer.code:
                    raise BrokerError(f"connection refused: {CONNACK_REASONS.get(answer.code, answer.code)}")
                if isinstance(answer, Suback):
                    if SUBACK_FAILURE in answer.codes:
                        raise BrokerError("subscription refused")
                    subscribed = True

    async def echo(self, number: int) -> None:
        """Publish `number` at QoS 1 and wait until it comes back at QoS 1."""
        word = str(number).encode()
        self._writer.write(publish(TOPIC, word, packet_id=number % MAX_PACKET_ID + 1))
        back = False
        while not back:
            publishes = (await self._read()).publishes
            self._writer.write(pubacks([packet_id for packet_id in publishes.packet_id if packet_id]))
            back = bool(dict(zip(publishes.payload, publishes.packet_id, strict=True)).get(word))

    def close(self) -> None:
        """Close the connection without waiting for a broker that may hang."""
        self._writer.transport.abort()

    async def _read(self) -> Received:
        data = await self._reader.read(MAX_PACKET_BYTES)
        if not data:
            raise BrokerError("the broker closed the connection")
        return self._decoder.feed(data)


def _reason(error: Exception) -> str:
    return str(error) or "no answer in time"
