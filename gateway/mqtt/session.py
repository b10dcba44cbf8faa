"""One broker connection: connects, subscribes, reads in paces, acknowledges what is on disk.

    socket ─▶ _Wire (pauses itself) ─▶ take() ─▶ [ingest, detector, commit] ─▶ acknowledge() ─▶ socket

The wire stops reading after each read; `read_on` lets it go on.  Whoever drives the session does so a tick later while
messages keep coming (one wake-up for many messages costs a tenth), and not at all while more than
`max_unacknowledged` messages are not on disk: the broker holds the rest.
"""

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from gateway.errors import BrokerError, ProtocolError
from gateway.ingest import Arrivals
from gateway.mqtt import codec
from sensors.settings import MqttSettings

FIRST_BACKOFF_S: Final = 0.2

_log = logging.getLogger("gateway.mqtt")


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect, and as whom."""

    name: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @staticmethod
    def from_url(name: str, url: str) -> "Broker":
        """`mqtt://[user:password@]host[:port]`; BrokerError for anything else."""
        parts = urlsplit(url)
        try:
            port = parts.port or 1883
        except ValueError as error:
            raise BrokerError(f"broker {name}: {error}") from error
        if parts.scheme not in ("mqtt", "tcp") or not parts.hostname:
            raise BrokerError(f"broker {name}: expected mqtt://host:port, got {url!r}")
        return Broker(name, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))

    @property
    def url(self) -> str:
        """The address without the password."""
        return f"mqtt://{self.host}:{self.port}"


class Memory(Protocol):
    """Remembers across restarts which filters the broker's session of ours holds."""

    async def recall_filters(self, source: str) -> tuple[str, ...]:
        """The filters, () where there is no memory."""

    async def remember_filters(self, source: str, filters: tuple[str, ...]) -> None:
        """Note the filters."""


class Session:
    """A persistent session with one broker; `run` keeps it connected until cancelled."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: tuple[str, ...],
        settings: MqttSettings,
        memory: Memory,
        arrived: asyncio.Event,
    ) -> None:
        self.broker = broker
        self.connected = False
        self.error = ""
        self.reconnects = -1  # the first connection is none
        self.connections = 0
        self.unacknowledged = 0  # handed over by `take` and not acknowledged, of the present connection
        self._client_id, self._filters = client_id, filters
        self._settings, self._memory, self._arrived = settings, memory, arrived
        self._wire: _Wire | None = None

    async def run(self) -> None:
        """Connect, and connect again with full jitter, whatever the reason: a password may be mended at the broker.

        The first failure is logged, then every tenth; `error` holds the newest.
        """
        failures = 0
        while True:
            try:
                await self._connect_once()
                failures = 0
            except TimeoutError:
                self.error = f"no answer within {self._settings.connect_timeout_s:g} s"
            except (OSError, BrokerError, ProtocolError) as error:
                self.error = str(error) or type(error).__name__
            failures = failures + 1 if not self.connected else 1
            self._drop()
            if failures % 10 == 1:
                _log.warning("broker %s (%s): %s; trying again", self.broker.name, self.broker.url, self.error)
            await asyncio.sleep(_backoff_s(failures, self._settings.reconnect_max_s))

    def take(self) -> tuple[int, Arrivals]:
        """(connection number, what has arrived since the last `take`)."""
        wire = self._wire
        arrivals = Arrivals(self.broker.name)
        if wire is not None and self.connected:
            received = wire.take()
            arrivals.publishes, arrivals.oversized = received.publishes, received.oversized
            self.unacknowledged += sum(1 for packet_id in received.publishes.packet_id if packet_id)
        return self.connections, arrivals

    def acknowledge(self, connection: int, arrivals: Arrivals) -> None:
        """Tell the broker that these are on disk; those of an earlier connection will be delivered again."""
        if connection != self.connections or self._wire is None or not self.connected:
            return
        ids = [packet_id for packet_id in arrivals.publishes.packet_id if packet_id]
        ids += [big.packet_id for big in arrivals.oversized if big.packet_id]
        self.unacknowledged -= sum(1 for packet_id in arrivals.publishes.packet_id if packet_id)
        if ids:
            self._wire.send(codec.pubacks(ids))

    def read_on(self) -> None:
        """Let the wire read, unless too much is not on disk yet."""
        if self._wire is not None and self.unacknowledged < self._settings.max_unacknowledged:
            self._wire.resume()

    async def _connect_once(self) -> None:
        loop = asyncio.get_running_loop()
        decoder = codec.Decoder(self._settings.max_packet_bytes)
        async with asyncio.timeout(self._settings.connect_timeout_s):
            _, wire = await loop.create_connection(
                lambda: _Wire(decoder, self._arrived), self.broker.host, self.broker.port
            )
        self._wire = wire
        async with asyncio.timeout(self._settings.connect_timeout_s):
            await self._handshake(wire)
        self.connections += 1
        self.reconnects += 1
        self.unacknowledged = 0
        self.connected, self.error = True, ""
        _log.info("connected to broker %s (%s)", self.broker.name, self.broker.url)
        self._arrived.set()
        await self._keep_alive(wire)

    async def _handshake(self, wire: "_Wire") -> None:
        """CONNECT, and SUBSCRIBE only where the broker has no session of ours or the filters changed."""
        broker = self.broker
        keep_alive_s = self._settings.keep_alive_s
        wire.send(codec.connect(self._client_id, keep_alive_s=keep_alive_s, user=broker.user, password=broker.password))
        answer = await wire.answer()
        if not isinstance(answer, codec.Connack):
            raise ProtocolError(f"expected CONNACK, got {type(answer).__name__}")
        if answer.code:
            reason = codec.CONNACK_REASONS.get(answer.code, f"code {answer.code}")
            raise BrokerError(f"broker {broker.name} refuses: {reason}")
        remembered = await self._memory.recall_filters(broker.name)
        if answer.session_present and remembered == self._filters:
            return
        gone = tuple(name for name in remembered if name not in self._filters) if answer.session_present else ()
        if gone:
            wire.send(codec.unsubscribe(1, gone))
            await wire.answer()
        wire.send(codec.subscribe(2, self._filters))
        answer = await wire.answer()
        if not isinstance(answer, codec.Suback) or codec.SUBACK_FAILURE in answer.codes:
            raise BrokerError(f"broker {broker.name} refuses the subscription to {', '.join(self._filters)}")
        await self._memory.remember_filters(broker.name, self._filters)

    async def _keep_alive(self, wire: "_Wire") -> None:
        """PINGREQ every half keep-alive; silence of one whole keep-alive means that the broker is gone."""
        half_s = self._settings.keep_alive_s / 2
        quiet = 0
        while True:
            before = wire.bytes_received
            try:
                async with asyncio.timeout(half_s):
                    await wire.lost.wait()
                raise BrokerError(wire.loss or "the broker closed the connection")
            except TimeoutError:
                quiet = 0 if wire.bytes_received != before or wire.is_held else quiet + 1
                if quiet > 2:
                    raise BrokerError("nothing heard from the broker for a whole keep-alive") from None
                wire.send(codec.pingreq())

    def _drop(self) -> None:
        self.connected = False
        if self._wire is not None:
            self._wire.abort()
            self._wire = None

    async def close(self) -> None:
        """Say goodbye; the broker keeps the session."""
        if self._wire is not None and self.connected:
            self._wire.send(codec.disconnect())
            await asyncio.sleep(0)
        self._drop()


def _backoff_s(failures: int, longest_s: float) -> float:
    """Full jitter, so that many clients do not come back together."""
    return random.uniform(0, min(longest_s, FIRST_BACKOFF_S * 2 ** min(failures, 10)))  # noqa: S311 (not for secrets)


class _Wire(asyncio.Protocol):
    """Bytes in and out; reading stops after each read until `resume`, so that one wake-up takes many messages."""

    def __init__(self, decoder: codec.Decoder, arrived: asyncio.Event) -> None:
        self._decoder, self._arrived = decoder, arrived
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._early = codec.Received()  # what came while an answer was awaited
        self._handshaking = True
        self._data = asyncio.Event()
        self.lost = asyncio.Event()
        self.loss = ""
        self.bytes_received = 0

    @property
    def is_held(self) -> bool:
        """True while we ourselves do not read."""
        return self._transport is not None and not self._transport.is_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: the socket is open."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"expected a stream transport, got {type(transport).__name__}")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """asyncio's: bytes came."""
        self._chunks.append(data)
        self.bytes_received += len(data)
        self._data.set()
        self._arrived.set()
        if not self._handshaking and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's: the socket is closed."""
        self.loss = str(exc) if exc is not None else ""
        self.lost.set()
        self._data.set()
        self._arrived.set()

    def send(self, data: bytes) -> None:
        """Queue bytes; what we send is small and bounded by what we received."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def answer(self) -> codec.Answer:
        """The broker's next answer; messages that come before it are kept.  BrokerError if the connection ends."""
        while not self._early.answers:
            await self._data.wait()
            self._data.clear()
            self._decode()
            if self.lost.is_set() and not self._early.answers:
                raise BrokerError(self.loss or "the broker closed the connection")
        return self._early.answers.pop(0)

    def take(self) -> codec.Received:
        """What has arrived; ProtocolError closes the connection and is told by `run`."""
        self._handshaking = False
        try:
            self._decode()
        except ProtocolError as error:
            _log.warning("the broker sends what is not MQTT 3.1.1: %s", error)
            self.loss = str(error)
            self.lost.set()
        received, self._early = self._early, codec.Received()
        return received

    def _decode(self) -> None:
        if not self._chunks:
            return
        data = b"".join(self._chunks)
        self._chunks.clear()
        received = self._decoder.feed(data)
        self._early.publishes.extend(received.publishes)
        self._early.answers += received.answers
        self._early.oversized += received.oversized
