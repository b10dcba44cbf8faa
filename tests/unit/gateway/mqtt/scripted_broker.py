"""A broker on a loopback port that does as a test says: a small MQTT 3.1.1 and 5 server with faults to switch on."""

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Final, Self

CONNECT: Final = 1
PUBLISH: Final = 3
PUBACK: Final = 4
SUBSCRIBE: Final = 8
UNSUBSCRIBE: Final = 10
PINGREQ: Final = 12
DISCONNECT: Final = 14


@dataclass(slots=True)
class Connect:
    """What a CONNECT said."""

    level: int
    client_id: str
    clean: bool
    keep_alive_s: int
    properties: bytes
    user: str = ""
    password: str = ""
    published_before: int = 0


@dataclass(slots=True)
class Session:
    """The broker's memory of a client."""

    filters: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ScriptedBroker:
    """Delivers a client's publishes back to it where it is subscribed to that very topic, and what a test gives it."""

    levels: tuple[int, ...] = (4, 5)
    closes_at_connect: tuple[int, ...] = ()  # levels
    connack: bytes = b""  # properties of MQTT 5
    swallows_subscriptions: int = 0  # of the coming ones: acknowledged and forgotten
    drops_at_subscribe: int = 0  # of the coming ones: the connection ends instead of SUBACK
    delivers: bool = True
    puback_code: int = 0
    acknowledges: bool = True
    granted_qos: int = 1
    connects: list[Connect] = field(default_factory=list)
    subscribed: list[list[str]] = field(default_factory=list)
    unsubscribed: list[list[str]] = field(default_factory=list)
    unsubscribe_ids: list[int] = field(default_factory=list)
    published_ids: list[int] = field(default_factory=list)
    published: list[tuple[str, bytes, int, bool]] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    pings: int = 0
    sessions: dict[str, Session] = field(default_factory=dict)
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _by_client: dict[str, asyncio.StreamWriter] = field(default_factory=dict)
    _level: int = 0
    _next_id: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self, disconnect_code: int | None = None) -> None:
        """End every connection, with a DISCONNECT of MQTT 5 where a code is given."""
        for writer in self._writers:
            if disconnect_code is not None:
                writer.write(bytes((0xE0, 1, disconnect_code)))
                writer.close()
            else:
                writer.transport.abort()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        """Raw bytes to every client."""
        for writer in self._writers:
            writer.write(data)

    def deliver(self, topic: str, payload: bytes, *, qos: int = 1) -> int:
        """A PUBLISH to every client; its packet id."""
        self._next_id = self._next_id % 65_535 + 1 if qos else self._next_id
        head = _string(topic) + (struct.pack(">H", self._next_id) if qos else b"")
        body = head + (b"\0" if self._level == 5 else b"") + payload
        self.send(bytes((0x30 | qos << 1,)) + _length(len(body)) + body)
        return self._next_id

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            first, body = await _packet(reader)
            connect = _connect(body)
            connect.published_before = len(self.published)
            self.connects.append(connect)
            if connect.level in self.closes_at_connect:
                return
            if connect.level not in self.levels:
                writer.write(b"\x20\x02\x00\x01")
                return
            self._level = connect.level
            if (before := self._by_client.get(connect.client_id)) is not None:
                before.transport.abort()  # one connection per client id
            self._by_client[connect.client_id] = writer
            present = connect.client_id in self.sessions and not connect.clean
            if connect.clean:
                self.sessions.pop(connect.client_id, None)
            session = Session() if connect.clean else self.sessions.setdefault(connect.client_id, Session())
            properties = _length(len(self.connack)) + self.connack if connect.level == 5 else b""
            answer = bytes((present, 0)) + properties
            writer.write(b"\x20" + _length(len(answer)) + answer)
            while first >> 4 != DISCONNECT:
                first, body = await _packet(reader)
                if not self._answer(first, body, session, connect.level, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            if writer in self._writers:
                self._writers.remove(writer)

    def _answer(self, first: int, body: bytes, session: Session, level: int, writer: asyncio.StreamWriter) -> bool:
        kind, none = first >> 4, b"\0" if level == 5 else b""
        if kind == SUBSCRIBE:
            filters = _filters(body, level, options=True)
            self.subscribed.append(filters)
            if self.drops_at_subscribe:
                self.drops_at_subscribe -= 1
                return False
            if self.swallows_subscriptions:
                self.swallows_subscriptions -= 1
            else:
                session.filters += filters
            answer = body[:2] + none + bytes((self.granted_qos,)) * len(filters)
            writer.write(b"\x90" + _length(len(answer)) + answer)
        elif kind == UNSUBSCRIBE:
            filters = _filters(body, level, options=False)
            self.unsubscribed.append(filters)
            self.unsubscribe_ids.append(body[0] << 8 | body[1])
            session.filters = [name for name in session.filters if name not in filters]
            answer = body[:2] + none + (b"\0" * len(filters) if level == 5 else b"")
            writer.write(b"\xb0" + _length(len(answer)) + answer)
        elif kind == PUBLISH:
            self._published(first, body, session, level, writer)
        elif kind == PUBACK:
            self.acknowledged.append(body[0] << 8 | body[1])
        elif kind == PINGREQ:
            self.pings += 1
            writer.write(b"\xd0\x00")
        return True

    def _published(self, first: int, body: bytes, session: Session, level: int, writer: asyncio.StreamWriter) -> None:
        length = body[0] << 8 | body[1]
        topic, at, qos = body[2 : 2 + length].decode(), 2 + length, first >> 1 & 3
        packet_id, at = (body[at : at + 2], at + 2) if qos else (b"", at)
        payload = body[at + (level == 5) :]
        self.published.append((topic, payload, qos, bool(first & 1)))
        self.published_ids.append(packet_id[0] << 8 | packet_id[1] if qos else 0)
        if qos and self.acknowledges:
            code = bytes((self.puback_code,)) if level == 5 and self.puback_code else b""
            writer.write(b"\x40" + bytes((2 + len(code),)) + packet_id + code)
        if self.delivers and topic in session.filters and not self.puback_code:
            self.deliver(topic, payload)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return first, await reader.readexactly(length)
        shift += 7


def _connect(body: bytes) -> Connect:
    level, flags, keep_alive_s, at = body[6], body[7], body[8] << 8 | body[9], 10
    properties = b""
    if level == 5:
        properties, at = body[11 : 11 + body[10]], 11 + body[10]
    texts = []
    for _ in range(1 + bool(flags & 0x80) + bool(flags & 0x40)):
        length = body[at] << 8 | body[at + 1]
        texts.append(body[at + 2 : at + 2 + length].decode())
        at += 2 + length
    name, *login = texts
    user, password = (*login, "", "")[:2]
    return Connect(level, name, bool(flags & 2), keep_alive_s, properties, user, password)


def _filters(body: bytes, level: int, *, options: bool) -> list[str]:
    at, found = 2 + (level == 5), []
    while at < len(body):
        length = body[at] << 8 | body[at + 1]
        found.append(body[at + 2 : at + 2 + length].decode())
        at += 2 + length + options
    return found


def _string(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, low = size >> 7, size & 0x7F
        out.append(low | (0x80 if size else 0))
        if not size:
            return bytes(out)
