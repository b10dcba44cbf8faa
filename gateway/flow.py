"""The flow: read in paces, judge, commit, acknowledge.

    sources ──gather──▶ Engine ──entry──▶ commit (thread) ──▶ acknowledge, doorbell
       ▲                                     │
       └── the next tick is read and judged ─┘ meanwhile; at most one commit is under way

What was taken from a session is acknowledged when the commit that holds it is on disk, never before.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final

from gateway.clock import STEP_US, Clock
from gateway.committer import Committer
from gateway.engine import Engine
from gateway.errors import BrokerError
from gateway.ingest import Arrivals
from gateway.log.rows import Entry
from gateway.measured import Measured
from gateway.mqtt.held import Taken
from gateway.mqtt.session import Session
from gateway.pacing import Pacing
from gateway.readings import Request
from gateway.sources import Sources
from sensors.settings import Settings

TIMER_CHECK_S: Final = 0.25
DRAIN_S: Final = 0.25  # while a commit waits for the disk, sockets are emptied so often
OVERRUN_S: Final = 0.25  # a socket that never runs dry, of what is not even kept, holds up the others no longer
BATCH: Final = 10_000  # messages in one row: beyond it nothing is gained

_log = logging.getLogger("gateway")

Hook = Callable[[], Awaitable[None]]
Handed = list[tuple[Session, Taken]]


class Flow:
    """One task's work.  `before_tick` is called between two ticks, `doorbell` after a commit with its seq."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        committer: Committer,
        sources: Sources,
        clock: Clock,
        arrived: asyncio.Event,
    ) -> None:
        self.before_tick: Hook | None = None
        self.doorbell: Callable[[int], None] | None = None
        self.on_messages: Callable[[Iterable[str], int], None] | None = None
        self.measured: Measured | None = None
        self.requests_unsent = 0
        self._gathering_since = self._taken_at = time.monotonic()  # no message of this tick is older than that
        self._engine, self._committer, self._sources, self._clock = engine, committer, sources, clock
        self._arrived = arrived
        self._pacing = Pacing(settings.ingest)
        self._batch = max(1, min(BATCH, settings.mqtt.max_unacknowledged // 2))
        self._checkpoint_s = settings.log.checkpoint_s
        self._checkpoint_at = time.monotonic() + settings.log.checkpoint_s
        self._stepped_us = clock.stepped_us  # by our clock, that the log has a row for
        self._reconnects = 0  # of all sources, that the engine knows of
        self._commits: asyncio.TaskGroup | None = None
        self._under_way: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; ends with everything taken on disk."""
        async with asyncio.TaskGroup() as self._commits:
            await self.commit(lambda: self._engine.start(self._clock.now_us()))
            while not stop.is_set():
                if not self._pacing.is_flowing:
                    await self._wait()
                if self.before_tick is not None:
                    await self.before_tick()
                await self._gather()
                await self._tick()
                if any(session.held.waiting for session in self._sources):  # drained meanwhile, or left for a next row
                    self._arrived.set()
                if not self._pacing.is_flowing:
                    for session in self._sources:
                        session.read_on()
            await self.commit(self._last)

    async def now_us(self) -> int:
        """The present; a row says where our clock was set: time that it left out or gives again is nobody's silence."""
        now_us = self._clock.now_us()
        step_us = self._clock.stepped_us - self._stepped_us  # whoever read the clock first after the step
        if step_us or self._engine.now_us - now_us > STEP_US:
            self._stepped_us += step_us
            await self.commit(lambda: self._engine.start(now_us, step_us))
        return now_us

    async def commit(self, make: Callable[[], Entry | None]) -> None:
        """Make an entry that holds no message durable, after all before it.

        `make` is called once those are on disk: a commit that meets damage begins a new log and the detector anew, and
        what was computed before that is no row of the new log.  Where `make` gives None there is none.
        """
        await self.settled()
        entry = make()
        if entry is not None:
            await self._hand_over(entry, [])
            await self.settled()

    async def settled(self) -> None:
        """Nothing is under way any more; the sockets are drained for as long as that takes."""
        while self._under_way is not None and not self._under_way.done():
            await asyncio.wait({self._under_way}, timeout=DRAIN_S)
            if not self._under_way.done():
                for session in self._sources:
                    session.drain()

    async def _wait(self) -> None:
        """Until something arrives, or it is time to look at the timers."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TIMER_CHECK_S):
                await self._arrived.wait()
        self._arrived.clear()

    async def _gather(self) -> None:
        """Read until the tick is over: its time is up, enough is there, or a broker waits with its window full."""
        sessions = list(self._sources)
        was_waiting = any(session.held.waiting for session in sessions)  # drained during a commit, after the last take
        for session in sessions:
            session.receive()
        if not self._pacing.is_flowing and not any(session.held.waiting for session in sessions):
            return
        now = time.monotonic()
        self._gathering_since = self._taken_at if was_waiting else now
        tick_s = self._pacing.begin(now)
        end_s = time.monotonic() + tick_s
        while not self._is_enough(sessions):
            left_s = end_s - time.monotonic()
            dry = not any(session.has_more for session in sessions)
            if dry and (left_s <= 0 or any(session.is_window_full for session in sessions)):
                break
            if left_s <= -OVERRUN_S:
                break
            if dry:
                await asyncio.sleep(self._pacing.pause_s(left_s, min(session.window_size for session in sessions)))
            await _look(sessions)
        if tick_s and not any(session.has_more for session in sessions):
            for session in sessions:
                session.note_dry()
        self._pacing.end(time.monotonic(), sum(session.held.waiting for session in sessions))

    def _is_enough(self, sessions: list[Session]) -> bool:
        waiting = sum(session.held.waiting for session in sessions)
        return waiting >= self._batch or any(session.held.is_half_full for session in sessions)

    async def _tick(self) -> None:
        """What was gathered: judged, and handed over to the commit."""
        handed: Handed = [(session, session.take()) for session in self._sources if session.held.has_something]
        self._taken_at = time.monotonic()
        arrivals = [Arrivals(s.broker.name, taken.publishes, taken.oversized) for s, taken in handed if len(taken)]
        now_us = await self.now_us()
        if self._engine.change_due(now_us):
            await self.commit(lambda: self._engine.reload(self._engine.city, now_us))
        if not arrivals and not self._engine.due(now_us):
            if handed:  # what was passed over: its turn is after what came before it
                await self.settled()
            self._acknowledge(handed)
            return
        if self.on_messages is not None:
            self.on_messages([arrival.source for arrival in arrivals], now_us)
        reconnects = sum(session.standing.reconnects for session in self._sources)
        if reconnects != self._reconnects:
            self._reconnects = reconnects
            self._engine.connected(now_us)
        log_id = self._committer.writer.log_id
        entry = self._engine.take(arrivals, now_us, holds_live=self._committer.holds_live)
        if arrivals:
            self._clock.hear(self._engine.disagreement)
        await self.settled()
        await self._send(self._engine.requests)
        if self._committer.writer.log_id != log_id:  # the commit before this one began a new log, and the detector anew
            entry = self._engine.judge_again(now_us)
        if entry is None:
            self._acknowledge(handed)
        else:
            await self._hand_over(self._with_checkpoint(entry), handed)

    def _last(self) -> Entry:
        entry = self._engine.idle(self._clock.now_us())
        return replace(entry, checkpoint=self._engine.checkpoint())

    def _with_checkpoint(self, entry: Entry) -> Entry:
        if time.monotonic() < self._checkpoint_at:
            return entry
        self._checkpoint_at = time.monotonic() + self._checkpoint_s
        return replace(entry, checkpoint=self._engine.checkpoint())

    async def _hand_over(self, entry: Entry, handed: Handed) -> None:
        """Begin the commit of an entry once the one before it is done."""
        await self.settled()
        if self._commits is None:
            raise RuntimeError("hand over before run")
        self._under_way = self._commits.create_task(
            self._make_durable(entry, handed, self._gathering_since), name="gateway.commit"
        )

    async def _make_durable(self, entry: Entry, handed: Handed, gathering_since: float) -> None:
        began = time.monotonic()
        seq = await self._committer.commit(entry)
        durable = time.monotonic()
        self._acknowledge(handed)
        if self.measured is not None:
            messages = sum(len(taken) for _, taken in handed)
            self.measured.note(messages, entry.dead_letters, durable - gathering_since, durable - began)
        if self.doorbell is not None:
            self.doorbell(seq)

    def _acknowledge(self, handed: Handed) -> None:
        for session, taken in handed:
            session.acknowledge(taken)

    async def _send(self, requests: Iterable[Request]) -> None:
        """Send what ingest wants said to a source, at QoS 0: it asks again where that was in vain."""
        for request in requests:
            session = self._sources.session(request.source)
            try:
                if session is None:
                    raise BrokerError("no such source")
                await session.publish(request.topic, request.payload, qos=0)
            except BrokerError as error:
                self.requests_unsent += 1
                _log.warning("%s is not sent to %s: %s", request.topic, request.source, error)


async def _look(sessions: list[Session]) -> None:
    """Read every socket once, without waiting for more."""
    for session in sessions:
        session.read_on()
    await asyncio.sleep(0)  # the loop asks which sockets are readable …
    await asyncio.sleep(0)  # … and reads them
    for session in sessions:
        session.receive()
