"""One TCP or TLS connection and its decoder; reading stops after each read until it is asked to go on.

One wake-up for many messages costs a tenth of a wake-up for each: whoever drives the session lets the socket fill up
for a moment, then reads.
"""

import asyncio
import logging
import ssl
from typing import Final, TypeVar

from gateway.errors import BrokerError, ProtocolError
from gateway.mqtt.broker import Broker, told
from gateway.mqtt.codec import Decoder
from gateway.mqtt.packets import Disconnect, Received, reason_text

FULL_READ_BYTES: Final = 131_072  # asyncio reads 256 KiB at most: after half of it there is likely more
SHUTDOWN_S: Final = 2.0  # a broker that does not answer the end of TLS is not waited for
MAX_UNSENT_BYTES: Final = 1_048_576  # a broker that reads nothing gets no more publishes beyond it

_log = logging.getLogger("gateway.mqtt")
A = TypeVar("A")


class Link(asyncio.Protocol):
    """Bytes in and out.  `lost` is set once the connection is of no use, with the reason in `loss`."""

    def __init__(self, level: int, max_packet_bytes: int, arrived: asyncio.Event) -> None:
        self.level = level
        self.lost = asyncio.Event()
        self.loss = ""
        self.goodbye: Disconnect | None = None  # the broker's own, MQTT 5
        self.bytes_received = 0
        self._decoder = Decoder(max_packet_bytes, level=level)
        self._arrived = arrived
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._early = Received()  # what came while an answer was awaited
        self._early_bytes = 0
        self._last_read_bytes = 0
        self._data = asyncio.Event()
        self.is_cut_off = True  # where it is lost: by the other side, without a word

    @property
    def is_held(self) -> bool:
        """True while we ourselves do not read."""
        return self._transport is not None and not self._transport.is_reading()

    @property
    def has_more(self) -> bool:
        """True where the last read was so large that more is likely waiting."""
        return self._last_read_bytes >= FULL_READ_BYTES

    @property
    def unsent_bytes(self) -> int:
        """What the broker has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's: the socket is open."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"expected a stream transport, got {type(transport).__name__}")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """asyncio's: bytes came."""
        self._chunks.append(data)
        self._last_read_bytes = len(data)
        self.bytes_received += len(data)
        self._data.set()
        self._arrived.set()
        if self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's: the socket is closed."""
        if exc is not None and not self.loss:
            self.loss = told(exc) if isinstance(exc, OSError) else str(exc)
        self._end()

    def send(self, data: bytes) -> None:
        """Queue bytes; nothing where the connection is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def read_on(self) -> None:
        """Read once more."""
        self._last_read_bytes = 0
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self, why: str = "") -> None:
        """Close once all is sent."""
        self.loss = self.loss or why
        if self._transport is not None:
            self._transport.close()

    def fail(self, why: str) -> None:
        """The connection is of no use any more, as we ourselves see it."""
        if not self.lost.is_set():
            self.is_cut_off = False
        self.loss = self.loss or why
        self._end()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def answer(self, kind: type[A]) -> A:
        """The broker's next answer, which must be a `kind`; messages that come before it are kept.

        Raises BrokerError where the connection ends, ProtocolError for another answer.
        """
        while not self._early.answers:
            if self.lost.is_set():
                raise BrokerError(self.loss or "the broker closed the connection")
            await self._data.wait()
            self._data.clear()
            self._decode()
            self.read_on()
        answer = self._early.answers.pop(0)
        if isinstance(answer, Disconnect):
            self.goodbye = answer
            raise BrokerError(f"the broker ends the connection: {in_words(answer.code, answer.reason)}")
        if not isinstance(answer, kind):
            raise ProtocolError(f"expected {kind.__name__.upper()}, got {type(answer).__name__.upper()}")
        return answer

    def take(self) -> tuple[Received, int]:
        """What has arrived, and how many bytes it was; bytes that are not MQTT end the connection."""
        try:
            self._decode()
        except ProtocolError as error:
            _log.warning("the broker sends what is not MQTT: %s", error)
            self.fail(f"the broker sends what is not MQTT: {error}")
        received, self._early = self._early, Received()
        size, self._early_bytes = self._early_bytes, 0
        for answer in received.answers:
            if isinstance(answer, Disconnect):
                self.goodbye = answer
                self.fail(f"the broker ends the connection: {in_words(answer.code, answer.reason)}")
        return received, size

    def _decode(self) -> None:
        if not self._chunks:
            return
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._early_bytes += len(data)
        self._decoder.feed(data, self._early)

    def _end(self) -> None:
        self.lost.set()
        self._data.set()
        self._arrived.set()


def in_words(code: int, own: str) -> str:
    """A broker's code, and what it says beside it."""
    return f"{reason_text(code)} ({own})" if own else reason_text(code)


async def dial(broker: Broker, level: int, max_packet_bytes: int, arrived: asyncio.Event) -> Link:
    """An open connection; BrokerError where TLS fails, OSError where nobody answers.  The caller limits the time."""
    context = broker.tls()
    server_name = (broker.server_name or broker.address.host) if context is not None else None
    try:
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: Link(level, max_packet_bytes, arrived),
            broker.address.host,
            broker.address.port,
            ssl=context,
            server_hostname=server_name,
            ssl_shutdown_timeout=SHUTDOWN_S if context is not None else None,
        )
    except ssl.SSLError as error:
        raise BrokerError(told(error)) from error
    return link
