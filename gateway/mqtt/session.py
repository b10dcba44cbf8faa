"""One broker: connects, subscribes, reads in paces, acknowledges what is on disk, publishes.

    socket ─▶ Link (pauses itself) ─▶ receive() ─▶ Held ─▶ take() ─▶ [ingest, detector, commit] ─▶ acknowledge()

Whoever drives the session reads a tick later while messages keep coming.  While a commit waits for the disk, `drain`
keeps the socket empty (a broker closes a client that does not read) and `Held` keeps the bounds.
"""

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.errors import BrokerError, ProtocolError
from gateway.mqtt import codec
from gateway.mqtt.broker import Broker, told
from gateway.mqtt.flow_proof import FlowProof, Memory
from gateway.mqtt.handshake import LEVELS, NAMES, Caller, Granted, subscribe, unsubscribe
from gateway.mqtt.held import Held, Taken
from gateway.mqtt.in_flight import InFlightWindow
from gateway.mqtt.link import Link
from gateway.mqtt.packets import MQTT_5, MQTT_311, Connack
from gateway.mqtt.publisher import Publisher
from gateway.mqtt.standing import Standing
from gateway.mqtt.takeover import TakeoverWatch
from gateway.subscription import may_hear_ours
from gateway.topic_filter import covers
from sensors.settings import MqttSettings

FIRST_BACKOFF_S: Final = 0.2
PUBLISH_S: Final = 10.0
TRY_5_AGAIN_S: Final = 86_400.0  # a broker that spoke 3.1.1 only may have been renewed
MIB: Final = 1_048_576
MOST_IN_FLIGHT: Final = 65_535  # packet ids
MOST_NAMED: Final = 5  # filters in a sentence

_log = logging.getLogger("gateway.mqtt")


@dataclass(slots=True)
class _Connection:
    """What belongs to one connection."""

    link: Link
    publisher: Publisher
    window: InFlightWindow
    ping_s: float


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
        self.filters = filters
        self.standing = Standing()
        self.connections = 0
        self.held = Held(settings.max_unacknowledged, settings.max_unacknowledged_mib * MIB)
        self._settings, self._memory, self._arrived = settings, memory, arrived
        self._caller = Caller(broker, client_id, settings, arrived)
        self._proof = FlowProof(broker, client_id, settings.canary_period_s, memory, self.standing)
        self._takeover = TakeoverWatch(settings.takeover_backoff_s)
        self._on: _Connection | None = None
        self._by_us = False  # we ended the connection ourselves, to make it anew at once

    async def run(self) -> None:
        """Connect, and connect again with full jitter, whatever the reason: a password may be mended at the broker.

        The first failure is logged, then every tenth; `standing.error` holds the newest.
        """
        failures = 0
        while True:
            error = await self._live()
            failures = 1 if self.standing.connected else failures + 1
            at_once = self.standing.connected and self._by_us
            away_s = self._end(error)
            if away_s:
                name, why = self.broker.name, self.standing.taken_over
                _log.error("broker %s: %s; %s; keeping away for %.0f s", name, error, why, away_s)
            elif not at_once:
                if failures % 10 == 1:
                    url = self.broker.address.url
                    _log.warning("broker %s (%s): %s; trying again", self.broker.name, url, error)
                away_s = _backoff_s(failures, self._settings.reconnect_max_s)
            await asyncio.sleep(away_s)

    def refilter(self, filters: tuple[str, ...]) -> None:
        """Other filters are wanted: the connection is made anew; the broker keeps the session meanwhile."""
        if filters != self.filters:
            self.filters = filters
            self._reconnect("other filters are wanted")

    def receive(self) -> None:
        """Decode what the socket brought."""
        self._receive(bounded=False)

    def drain(self) -> None:
        """Decode what the socket brought, within the bounds, and read on: for while a commit waits."""
        self._receive(bounded=True)
        self.read_on()

    def take(self) -> Taken:
        """What has arrived since the last `take`."""
        return self.held.take(self.connections)

    def acknowledge(self, taken: Taken) -> None:
        """Tell the broker that these are on disk; those of an earlier connection will be delivered again."""
        ids = self.held.on_disk(taken, self.connections)
        if self._on is None:
            return
        self._proof.note_acknowledged(time.monotonic())
        if ids:
            self._on.link.send(codec.pubacks(ids))
        if self.held.let_go:
            self.held.let_go = False
            self._reconnect("to be sent what was let go")

    def read_on(self) -> None:
        """Let the socket be read once more."""
        if self._on is not None:
            self._on.link.read_on()

    @property
    def takeovers(self) -> int:
        """Signs that another gateway uses our client id, so far."""
        return self._takeover.signs

    @property
    def has_more(self) -> bool:
        """Whether the socket likely holds more than was read."""
        return self._on is not None and self._on.link.has_more

    @property
    def window_size(self) -> int:
        """How many unacknowledged messages the broker lets pass, as far as known."""
        return MOST_IN_FLIGHT if self._on is None else self._on.window.size

    @property
    def is_window_full(self) -> bool:
        """Whether the broker waits for acknowledgements."""
        return self._on is not None and self._on.window.is_full(self.held.unacknowledged)

    def note_dry(self) -> None:
        """A tick ran its time and ended with nothing left to read."""
        if self._on is not None:
            self._on.window.note_dry(self.held.unacknowledged)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int, retain: bool = False, within_s: float | None = PUBLISH_S
    ) -> None:
        """Publish; at QoS 1 this returns when the broker has acknowledged it.

        BrokerError where there is no connection, the broker refuses, or no acknowledgement comes within `within_s`
        (None: before the connection's end).
        """
        on = self._on
        if on is None:
            raise BrokerError(f"broker {self.broker.name}: not connected")
        try:
            async with asyncio.timeout(within_s):
                await on.publisher.publish(topic, payload, qos=qos, retain=retain)
        except TimeoutError:
            raise BrokerError(f"broker {self.broker.name}: no acknowledgement within {within_s:g} s") from None

    async def close(self, *, unsubscribe_all: bool = False) -> None:
        """Say goodbye; the broker keeps the session, without its subscriptions where `unsubscribe_all`."""
        if self._on is not None:
            link = self._on.link
            if unsubscribe_all:
                packet_id = self._on.publisher.free_id()
                link.send(codec.unsubscribe(packet_id, self._wanted(self.filters), level=link.level))
                await self._memory.remember(self.broker.known_as, "filters", "")
            link.send(codec.disconnect(level=link.level))
            link.close()
            await asyncio.sleep(0)
        self._end("stopped")

    async def _live(self) -> str:
        """One connection from dial to end; why it ended, or was none."""
        try:
            await self._attend(await self._connect())
        except TimeoutError:
            self._takeover.unreachable()
            return f"no answer within {self._settings.connect_timeout_s:g} s"
        except OSError as error:
            self._takeover.unreachable()
            return told(error)
        except (BrokerError, ProtocolError) as error:
            return str(error)
        except ValueError as error:  # a host's name or a login that no packet can carry: this source's fault alone
            return f"its address or login cannot be used: {error}"
        except Exception as error:  # noqa: BLE001 (logged; whatever it is, it must not end the other sessions)
            _log.exception("broker %s: a fault of ours", self.broker.name)
            return f"a fault of ours, see the log: {type(error).__name__}"
        return "ended"

    async def _connect(self) -> _Connection:
        filters = self.filters
        levels = await self._levels()
        if self._proof.remedy.clean:
            await self._caller.forget(levels)
            self._proof.remedy.clean = False  # once
            await self._memory.remember(self.broker.known_as, "filters", "")
            self._lost("we had our session dropped, for nothing flowed on it: what waited in it is lost")
        link, connack = await self._caller.call(levels)
        try:
            await self._note_level(link.level, levels)
            async with asyncio.timeout(self._settings.connect_timeout_s):
                refused = await self._reconcile(link, connack, self._wanted(filters))
        except BaseException:
            link.abort()
            raise
        on = self._begin(link, connack, filters, refused)
        if filters != self.filters:
            self._reconnect("other filters are wanted")
        return on

    async def _levels(self) -> tuple[int, ...]:
        """The protocol levels to try, in order: 3.1.1 first where only that worked, 5 first again once a day."""
        wanted = LEVELS[self.broker.protocol]
        noted = (await self._memory.recall(self.broker.known_as, "protocol")).split()
        fresh = len(noted) == 2 and time.time() - float(noted[1]) < TRY_5_AGAIN_S
        return (MQTT_311, MQTT_5) if len(wanted) > 1 and fresh and noted[0] == NAMES[MQTT_311] else wanted

    async def _note_level(self, level: int, tried: tuple[int, ...]) -> None:
        noted = await self._memory.recall(self.broker.known_as, "protocol")
        is_new = not noted.startswith(f"{NAMES[level]} ") or (tried[0] == MQTT_5 and level == MQTT_311)
        if len(tried) > 1 and is_new:
            await self._memory.remember(self.broker.known_as, "protocol", f"{NAMES[level]} {time.time():.0f}")

    def _wanted(self, filters: tuple[str, ...]) -> tuple[str, ...]:
        """`filters` with our canary's topic, where it is not under one of them."""
        canary = self._proof.topic
        need = self.broker.canary and not any(covers(one, canary) for one in filters)
        return (*filters, canary) if need else filters

    async def _reconcile(self, link: Link, connack: Connack, wanted: tuple[str, ...]) -> str:
        """Make the broker's subscriptions ours: SUBSCRIBE only what it lacks; why the canary's was refused, else ""."""
        name = self.broker.known_as
        before = tuple(filter(None, (await self._memory.recall(name, "filters")).split("\n")))
        if before and not connack.session_present:
            self._lost("the broker has lost our session, and what waited in it")
            await self._memory.remember(name, "filters", "")  # a session without subscriptions exists from now on
            before = ()
        gone = tuple(one for one in before if one not in wanted)
        weak = tuple(filter(None, (await self._memory.recall(name, "qos0")).split("\n")))
        present = () if self._proof.remedy.resubscribe else tuple(one for one in before if one not in weak)
        missing = tuple(one for one in wanted if one not in present)
        if gone:
            await unsubscribe(link, gone)
        answer = await subscribe(link, missing, optional=self._proof.topic) if missing else Granted()
        granted = tuple(one for one in wanted if one != self._proof.topic) if answer.refused else wanted
        if granted != before:
            await self._memory.remember(name, "filters", "\n".join(granted))
        if answer.at_qos_0 != weak:  # asked for again at each connection: the broker may be mended
            await self._memory.remember(name, "qos0", "\n".join(answer.at_qos_0))
        self._note_promises(connack, answer.at_qos_0)
        return answer.refused

    def _note_promises(self, connack: Connack, at_qos_0: tuple[str, ...]) -> None:
        """Say where the broker promises less than we asked for."""
        ours_s, theirs_s, weaker = self.broker.session_expiry_s, connack.properties.session_expiry_s, []
        if at_qos_0:
            told_filters = ", ".join(at_qos_0[:MOST_NAMED]) + (", …" if len(at_qos_0) > MOST_NAMED else "")
            weaker.append(f"the broker grants QoS 0 instead of 1, messages may be lost on the way: {told_filters}")
        if theirs_s is not None and theirs_s < ours_s:
            weaker.append(f"the broker keeps our session for {theirs_s} s without us, not for the {ours_s} s asked for")
        downgraded = "; ".join(weaker)
        if downgraded and downgraded != self.standing.downgraded:
            _log.warning("broker %s: %s", self.broker.name, downgraded)
        self.standing.downgraded = downgraded

    def _lost(self, why: str) -> None:
        """Our session at the broker is gone: said and counted."""
        filters = ", ".join(self.filters[:MOST_NAMED]) + (", …" if len(self.filters) > MOST_NAMED else "")
        at = datetime.fromtimestamp(time.time(), UTC)
        self.standing.session_lost += 1
        self.standing.session_note = f"{at:%Y-%m-%dT%H:%M:%SZ}: {why} ({filters})"
        _log.error("broker %s: %s: all that came for %s while it did not reach us", self.broker.name, why, filters)

    def _begin(self, link: Link, connack: Connack, filters: tuple[str, ...], refused: str) -> _Connection:
        settings, terms, now_s = self._settings, connack.properties, time.monotonic()
        keep_alive_s = settings.keep_alive_s if terms.server_keep_alive_s is None else terms.server_keep_alive_s
        publisher = Publisher(link, terms)
        window = InFlightWindow(settings.max_unacknowledged if link.level == MQTT_5 else MOST_IN_FLIGHT)
        on = self._on = _Connection(link, publisher, window, keep_alive_s / 2 or float("inf"))
        self.connections += 1
        self.held.forget_packet_ids()
        note = f"no canary, its subscription is refused: {refused}" if refused else ""
        self._proof.begin(publisher if self.broker.canary and not refused else None, note, now_s)
        self._takeover.connected(now_s)
        self._by_us = False
        standing = self.standing
        standing.connected, standing.error, standing.filters = True, "", filters
        standing.protocol = NAMES[link.level]
        standing.reconnects += 1
        _log.info("connected to broker %s (%s, MQTT %s)", self.broker.name, self.broker.address.url, standing.protocol)
        self._arrived.set()
        return on

    async def _attend(self, on: _Connection) -> None:
        """PINGREQ every half keep-alive, a beat every period; BrokerError at the connection's end.

        Nothing heard for one and a half keep-alives means that the broker is gone (3.1.2.10).
        """
        heard_at, heard_bytes = time.monotonic(), -1
        ping_at = heard_at + on.ping_s
        while True:
            now_s = time.monotonic()
            if on.link.bytes_received != heard_bytes or on.link.is_held:
                heard_at, heard_bytes = now_s, on.link.bytes_received
            if now_s - heard_at >= 3 * on.ping_s:
                raise BrokerError("nothing heard from the broker for one and a half keep-alives")
            if now_s >= ping_at:
                on.link.send(codec.pingreq())
                ping_at = now_s + on.ping_s
            if now_s >= self._proof.next_at:
                await self._beat(now_s)
            self._note_rival(now_s)
            try:
                async with asyncio.timeout(max(0.0, min(ping_at, self._proof.next_at) - now_s)):
                    await on.link.lost.wait()
            except TimeoutError:
                continue
            raise BrokerError(on.link.loss or "the broker closed the connection")

    async def _beat(self, now_s: float) -> None:
        try:
            await self._proof.beat(now_s, self.held.unacknowledged)
        except BrokerError:
            self._by_us = True
            raise

    def _receive(self, *, bounded: bool) -> None:
        on = self._on
        if on is None:
            return
        received, size = on.link.take()
        if not size:
            return
        for packet_id, code in received.pubacks:
            on.publisher.settle(packet_id, code)
        topics, ids = received.publishes.topic, received.publishes.packet_id
        passed_over: frozenset[int] = frozenset()
        if self._proof.topic_bytes in topics or may_hear_ours(self.filters):
            passed_over = self._proof.hear(topics, received.publishes.payload, self._takeover)
        if not self.held.unacknowledged:
            self._proof.note_acknowledged(time.monotonic())
        self.held.add(received, size, bounded=bounded, passed_over=passed_over)
        self._proof.note_messages(len(ids) - ids.count(0) - len(passed_over))

    def _reconnect(self, why: str) -> None:
        """End the connection to make it anew at once."""
        if self._on is not None:
            self._by_us = True
            _log.info("broker %s: connecting again: %s", self.broker.name, why)
            self._on.link.close(why)

    def _end(self, error: str) -> float:
        """The connection is over: keep what has arrived; how long to keep away because of a rival, else 0."""
        on, standing, now_s = self._on, self.standing, time.monotonic()
        away_s = 0.0
        if on is not None:
            self._receive(bounded=True)  # what has arrived is not lost with the connection
            code = on.link.goodbye.code if on.link.goodbye is not None else None
            cut_off = on.link.lost.is_set() and on.link.is_cut_off and not self._by_us
            away_s = self._takeover.ended(now_s, by_broker=cut_off, code=code, error=error)
            away_s *= random.uniform(0.8, 1.2)  # noqa: S311 (not for secrets)
            on.publisher.fail(error)
            on.link.abort()
            self._on = None
        self._note_rival(now_s)
        standing.connected, standing.error = False, error
        return away_s

    def _note_rival(self, now_s: float) -> None:
        self.standing.taken_over = self._takeover.reason if self._takeover.is_near(now_s) else ""


def _backoff_s(failures: int, longest_s: float) -> float:
    """Full jitter, so that many clients do not come back together."""
    return random.uniform(0, min(longest_s, FIRST_BACKOFF_S * 2 ** min(failures, 10)))  # noqa: S311 (not for secrets)
