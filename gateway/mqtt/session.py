"""One broker connection: connects, subscribes, reads in paces, acknowledges what is on disk.

    socket ─▶ _Wire (pauses itself) ─▶ take() ─▶ [ingest, detector, commit] ─▶ acknowledge() ─▶ socket

The wire stops reading after each read; `read_on` lets it go on.  Whoever drives the session does so a tick later while
messages keep coming: one wake-up for many messages costs a tenth.

While a commit waits for the disk, `drain` keeps the socket empty (a broker closes a client that does not read): what
comes is held up to `max_unacknowledged` messages.  Beyond it a QoS 1 message is let go without an acknowledgement (the
broker sends it again, at the latest when we connect again, which we then do), a QoS 0 message is lost; both are
counted.  A message that the broker sends again while its first copy is held is recognised by its packet id.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.errors import BrokerError, ProtocolError
from gateway.ingest import Arrivals
from gateway.mqtt import codec
from sensors.broker_address import BrokerAddress
from sensors.settings import MqttSettings

FIRST_BACKOFF_S: Final = 0.2
NO_LIMIT: Final = 2**31

_log = logging.getLogger("gateway.mqtt")


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker by its name in the catalogue, and where it is."""

    name: str
    address: BrokerAddress


@dataclass(slots=True)
class Withheld:
    """What a session let go while too much waited for the disk."""

    dropped_qos0: int = 0
    left_to_broker: int = 0  # QoS 1: not acknowledged, so it comes again
    repeated: int = 0  # QoS 1: sent again while its first copy is held


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
        self.withheld = Withheld()
        self._unacknowledged: set[int] = set()  # packet ids handed over by `take` and not acknowledged
        self._held = codec.Received()  # drained while a commit waits
        self._held_ids: set[int] = set()
        self._let_go = False  # a QoS 1 message of this connection
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
                _log.warning("broker %s (%s): %s; trying again", self.broker.name, self.broker.address.url, self.error)
            await asyncio.sleep(_backoff_s(failures, self._settings.reconnect_max_s))

    @property
    def unacknowledged(self) -> int:
        """Messages in memory that the broker has no acknowledgement for."""
        return len(self._unacknowledged) + len(self._held.publishes)

    def take(self) -> tuple[int, Arrivals]:
        """(connection number, what has arrived since the last `take`)."""
        self._receive(NO_LIMIT)  # one read's worth: the wire pauses itself
        received, self._held = self._held, codec.Received()
        self._unacknowledged |= self._held_ids
        self._held_ids = set()
        return self.connections, Arrivals(self.broker.name, received.publishes, received.oversized)

    def drain(self) -> None:
        """Read what has arrived into memory, within the bound."""
        self._receive(self._settings.max_unacknowledged)

    def acknowledge(self, connection: int, arrivals: Arrivals) -> None:
        """Tell the broker that these are on disk; those of an earlier connection will be delivered again."""
        if connection != self.connections or self._wire is None or not self.connected:
            return
        ids = [packet_id for packet_id in arrivals.publishes.packet_id if packet_id]
        self._unacknowledged.difference_update(ids)
        ids += [big.packet_id for big in arrivals.oversized if big.packet_id]
        if ids:
            self._wire.send(codec.pubacks(ids))
        if self._let_go:
            _log.warning("broker %s: connecting again, to be sent what was let go", self.broker.name)
            self._wire.close()

    def _receive(self, limit: int) -> None:
        if self._wire is None or not self.connected:
            return
        received = self._wire.take()
        self._held.oversized += received.oversized
        if not (self._held_ids or self._unacknowledged) and self.unacknowledged + len(received.publishes) <= limit:
            self._held.publishes.extend(received.publishes)
            self._held_ids.update(packet_id for packet_id in received.publishes.packet_id if packet_id)
            return
        for place, packet_id in enumerate(received.publishes.packet_id):
            if packet_id and (packet_id in self._held_ids or packet_id in self._unacknowledged):
                self.withheld.repeated += 1
            elif self.unacknowledged >= limit:
                self.withheld.left_to_broker += packet_id > 0
                self.withheld.dropped_qos0 += packet_id == 0
                self._let_go = self._let_go or packet_id > 0
            else:
                self._held.publishes.append_from(received.publishes, place)
                if packet_id:
                    self._held_ids.add(packet_id)

    def read_on(self) -> None:
        """Let the wire read."""
        if self._wire is not None:
            self._wire.resume()

    async def _connect_once(self) -> None:
        loop = asyncio.get_running_loop()
        decoder = codec.Decoder(self._settings.max_packet_bytes)
        async with asyncio.timeout(self._settings.connect_timeout_s):
            _, wire = await loop.create_connection(
                lambda: _Wire(decoder, self._arrived), self.broker.address.host, self.broker.address.port
            )
        self._wire = wire
        async with asyncio.timeout(self._settings.connect_timeout_s):
            await self._handshake(wire)
        self.connections += 1
        self.reconnects += 1
        self._forget_packet_ids()
        self.connected, self.error = True, ""
        _log.info("connected to broker %s (%s)", self.broker.name, self.broker.address.url)
        self._arrived.set()
        await self._keep_alive(wire)

    def _forget_packet_ids(self) -> None:
        """What is held from an earlier connection is stored, and never acknowledged on this one."""
        self._unacknowledged, self._held_ids, self._let_go = set(), set(), False
        self._held.publishes.packet_id = [0] * len(self._held.publishes)
        self._held.oversized = [replace(big, packet_id=0) for big in self._held.oversized]

    async def _handshake(self, wire: "_Wire") -> None:
        """CONNECT, and SUBSCRIBE only where the broker has no session of ours or the filters changed."""
        broker, address = self.broker, self.broker.address
        keep_alive_s, user, password = self._settings.keep_alive_s, address.user or "", address.password or ""
        wire.send(codec.connect(self._client_id, keep_alive_s=keep_alive_s, user=user, password=password))
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
        """PINGREQ every half keep-alive; nothing heard for one and a half means that the broker is gone (3.1.2.10)."""
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
                    raise BrokerError("nothing heard from the broker for one and a half keep-alives") from None
                wire.send(codec.pingreq())

    def _drop(self) -> None:
        self.drain()  # what has arrived is not lost with the connection
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
        if self._transport is not None:
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

    def close(self) -> None:
        """Close once all is sent."""
        if self._transport is not None:
            self._transport.close()

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
            self.resume()
            if self.lost.is_set() and not self._early.answers:
                raise BrokerError(self.loss or "the broker closed the connection")
        return self._early.answers.pop(0)

    def take(self) -> codec.Received:
        """What has arrived; ProtocolError closes the connection and is told by `run`."""
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
