"""What we publish at QoS 1 on one connection: packet ids, and who waits for which PUBACK."""

import asyncio
from typing import Final

from gateway.errors import BrokerError
from gateway.mqtt import codec
from gateway.mqtt.link import MAX_UNSENT_BYTES, Link, in_words
from gateway.mqtt.packets import ConnackProperties

MAX_PACKET_ID: Final = 65_535
MAX_IN_FLIGHT: Final = 64  # beyond it a publisher waits
REFUSED: Final = 0x80  # a PUBACK's code from here on is a refusal (MQTT 5, 3.4.2.1)


class Publisher:
    """One connection's."""

    def __init__(self, link: Link, terms: ConnackProperties) -> None:
        self._link, self._terms = link, terms
        self._has_failed = False
        self._waiting: dict[int, asyncio.Future[None]] = {}  # done = whoever waited has gone; the broker has not
        self._limit = min(MAX_IN_FLIGHT, terms.receive_maximum)
        self._room = asyncio.Event()  # something was acknowledged, or the connection ended
        self._last_id = 0
        self.acknowledged = 0  # PUBACKs so far

    async def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish; at QoS 1 this returns when the broker has acknowledged it.  BrokerError where that fails."""
        if qos == 0:
            self._send(topic, payload, 0, retain=retain)
            return
        while len(self._waiting) >= max(1, self._limit - 1):  # one place is kept for the canary
            self._room.clear()
            await self._room.wait()
        await self._begin(topic, payload, retain=retain)

    def beat(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        """Publish at QoS 1 at once, where the publisher `is_full` not; done with the PUBACK, or with a BrokerError."""
        return self._begin(topic, payload, retain=False)

    @property
    def is_full(self) -> bool:
        """Whether the broker takes no more before it has acknowledged something (Receive Maximum)."""
        return len(self._waiting) >= self._limit

    def free_id(self) -> int:
        """A packet id that nothing in flight bears."""
        while True:
            self._last_id = self._last_id % MAX_PACKET_ID + 1
            if self._last_id not in self._waiting:
                return self._last_id

    def _begin(self, topic: str, payload: bytes, *, retain: bool) -> asyncio.Future[None]:
        if self.is_full:
            raise BrokerError("too much is published and not acknowledged")
        packet_id = self.free_id()
        self._send(topic, payload, packet_id, retain=retain)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[packet_id] = future
        return future

    @property
    def has_ended(self) -> bool:
        """Whether the connection is of no use any more."""
        return self._has_failed or self._link.lost.is_set()

    def settle(self, packet_id: int, code: int) -> None:
        """A PUBACK came."""
        future = self._waiting.pop(packet_id, None)
        if future is None:
            return
        self.acknowledged += 1
        self._room.set()
        if future.done():
            return
        if code >= REFUSED:
            future.set_exception(BrokerError(f"the broker refuses what we publish: {in_words(code, '')}"))
        else:
            future.set_result(None)

    def fail(self, why: str) -> None:
        """The connection ended, whoever ended it: nothing more will be acknowledged."""
        self._has_failed = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BrokerError(why or "the connection ended"))
                future.exception()  # looked at: whoever waited may have gone, which is nothing to complain of
        self._waiting.clear()
        self._room.set()

    def _send(self, topic: str, payload: bytes, packet_id: int, *, retain: bool) -> None:
        if self._link.lost.is_set():
            raise BrokerError("not connected")
        if packet_id and self._terms.maximum_qos < 1:
            raise BrokerError("the broker takes nothing at QoS 1")
        if retain and not self._terms.retain_available:
            raise BrokerError("the broker keeps no retained messages")
        if self._link.unsent_bytes > MAX_UNSENT_BYTES:
            raise BrokerError("the broker does not take what we send")
        packet = codec.publish(topic, payload, packet_id=packet_id, retain=retain, level=self._link.level)
        limit = self._terms.maximum_packet_size
        if limit is not None and len(packet) > limit:
            raise BrokerError(f"a packet of {len(packet)} bytes, the broker takes {limit}")
        self._link.send(packet)
