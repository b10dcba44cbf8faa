"""A source's canary at work: sends the beats, hears them, and says what to do where nothing flows."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.errors import BrokerError
from gateway.mqtt.broker import Broker
from gateway.mqtt.heartbeat import MISSED_ALLOWED, Heartbeat, Verdict, canary_topic
from gateway.mqtt.publisher import Publisher
from gateway.mqtt.standing import Standing
from gateway.mqtt.takeover import TakeoverWatch
from gateway.subscription import OURS

DROPPED_AT: Final = 4  # the fourth remedy: the session is dropped; a slow broker may deliver half a minute late
MOST_PATIENCE: Final = 16  # times the beats that are waited for, where healing does not help
_OURS: Final = f"{OURS}/".encode()

_log = logging.getLogger("gateway.mqtt")


class Memory(Protocol):
    """Remembers short texts about a source across restarts."""

    async def recall(self, source: str, what: str) -> str:
        """What was noted, "" where nothing was."""

    async def remember(self, source: str, what: str, text: str) -> None:
        """Note it."""


@dataclass(slots=True)
class Remedy:
    """What the next connection does otherwise, because nothing flowed on those before."""

    tried: int = 0  # in a row
    resubscribe: bool = False  # SUBSCRIBE to all, whatever the broker may have
    clean: bool = False  # have the broker drop our session first
    beats_allowed: int = MISSED_ALLOWED


class FlowProof:
    """One source's.  `remedy` is for whoever makes the connections."""

    def __init__(self, broker: Broker, client_id: str, period_s: float, memory: Memory, standing: Standing) -> None:
        self.topic = canary_topic(client_id)
        self.topic_bytes = self.topic.encode()
        self.remedy = Remedy()
        self._source, self._known_as, self._period_s = broker.name, broker.known_as, period_s
        self._memory, self._standing = memory, standing
        self._heart = Heartbeat(period_s)
        self._publisher: Publisher | None = None  # of the present connection, where there is a canary
        self._qos1_messages = 0
        self._pubacks = 0  # of this connection, at the last beat
        self._acknowledged_at = 0.0  # when we last acknowledged, or had nothing to

    @property
    def next_at(self) -> float:
        """When the next beat is due (monotonic seconds); never where there is no canary."""
        return self._heart.next_at if self._publisher is not None else float("inf")

    def begin(self, publisher: Publisher | None, note: str, now_s: float) -> None:
        """A connection was made; without a `publisher` there is no canary on it, for the reason in `note`."""
        self._publisher, self._pubacks = publisher, 0
        self._heart.begin(now_s)
        self._acknowledged_at = now_s
        self.remedy.resubscribe = self.remedy.clean = False
        self._standing.canary_ms = None
        if publisher is None:
            self._standing.flows = None
        if self._standing.flows is not False:  # still to be proved otherwise
            self._standing.canary_note = note

    def note_messages(self, qos1: int) -> None:
        """So many QoS 1 messages came that are not ours."""
        self._qos1_messages += qos1

    def note_acknowledged(self, now_s: float) -> None:
        """We acknowledged, or have nothing to."""
        self._acknowledged_at = now_s

    async def beat(self, now_s: float, unacknowledged: int) -> None:
        """Judge the beat before and send the next; BrokerError where nothing flows, with the `remedy` set.

        `unacknowledged`: messages that the broker waits for.
        """
        publisher = self._publisher
        if publisher is None:
            return
        progress, self._pubacks = publisher.acknowledged > self._pubacks, publisher.acknowledged
        if publisher.is_full and progress:  # other messages of ours are before this beat, and get on
            self._heart.postpone(now_s)
            return
        if self._heart.is_out:
            holding = unacknowledged > 0 and now_s - self._acknowledged_at > self._period_s / 2
            verdict = self._heart.judge(self._qos1_messages, holding=holding)
            if verdict in (Verdict.GOOD, Verdict.OTHERS):
                await self._proved(came_back=verdict is Verdict.GOOD)
            elif self._heart.missed >= self.remedy.beats_allowed:
                await self._stands_still()
        payload = self._heart.beat(now_s, self._qos1_messages)
        if publisher.is_full:  # nothing of ours is acknowledged: this beat is missed without being sent
            return
        try:
            sent = publisher.beat(self.topic, payload)
        except BrokerError as error:
            self._give_up(publisher, error)
            return
        number = self._heart.number
        sent.add_done_callback(lambda done: self._acknowledged(publisher, number, done))

    def hear(self, topics: Sequence[bytes], payloads: Sequence[bytes], takeover: TakeoverWatch) -> frozenset[int]:
        """The places of what Siaga publishes itself; our canary's beats are heard on the way."""
        now_s = time.monotonic()
        places = [place for place, topic in enumerate(topics) if topic.startswith(_OURS)]
        for place in places:
            if topics[place] != self.topic_bytes:
                continue
            stranger = self._heart.heard(payloads[place], now_s)
            if stranger is not None and takeover.rival_beat(*stranger, now_s):
                self._standing.taken_over = takeover.reason
                _log.error("broker %s: %s", self._source, takeover.reason)
            elif stranger is None and self._heart.is_complete:
                self._flows()
        return frozenset(places)

    def _acknowledged(self, publisher: Publisher, number: int, done: "asyncio.Future[None]") -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._heart.acknowledged(number)
            if self._heart.is_complete:
                self._flows()
        elif not publisher.has_ended:
            self._give_up(publisher, error)

    def _give_up(self, publisher: Publisher, error: BaseException) -> None:
        """The broker does not let us publish: this connection goes on without a canary."""
        if publisher is self._publisher and not publisher.has_ended:
            self._publisher = None
            self._standing.flows, self._standing.canary_note = None, f"no canary: {error}"
            _log.warning("broker %s: %s", self._source, self._standing.canary_note)

    def _flows(self) -> None:
        standing = self._standing
        if standing.flows is False:
            _log.warning("broker %s: messages flow again", self._source)
        standing.flows, standing.canary_note = True, ""
        standing.canary_ms = self._heart.round_trip_ms

    async def _proved(self, *, came_back: bool) -> None:
        self._flows()
        self.remedy = Remedy()
        if came_back and not await self._memory.recall(self._known_as, "canary"):
            await self._memory.remember(self._known_as, "canary", "came back")

    async def _stands_still(self) -> None:
        """Nothing flows: end the connection, with a remedy for the next one.

        First all is subscribed again, with growing patience: a broker may deliver late, and what waits in its session
        is worth waiting for.  Where beats are acknowledged and still do not come back after `DROPPED_AT` of that (about
        two minutes), the broker's session of ours is at fault and is made anew, once, and only at a broker where a beat
        ever came back: elsewhere we may simply not be allowed to hear ourselves.
        """
        remedy, standing = self.remedy, self._standing
        standing.flows, standing.canary_note, standing.canary_ms = False, self._heart.trouble, None
        standing.healed += 1
        remedy.tried += 1
        remedy.resubscribe = True
        came_back = await self._memory.recall(self._known_as, "canary")
        remedy.clean = remedy.tried == DROPPED_AT and self._heart.is_acknowledged and bool(came_back)
        remedy.beats_allowed = MISSED_ALLOWED * min(MOST_PATIENCE, 2 ** max(0, remedy.tried - 1))
        how = "with a new session" if remedy.clean else "and subscribing again"
        _log.warning("broker %s: %s; connecting again %s", self._source, standing.canary_note, how)
        raise BrokerError(standing.canary_note)
