"""One worker a target: what waits for it, in its pace, until it is sent; none waits for another.

A failure backs off exponentially, longest ten minutes, or for as long as the other side asks.  The attempt is on
record before it begins: killed on the way, it is made again, marked as perhaps a repeat.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from command_center.alarms.alarm import HIGHEST_SEVERITY
from command_center.errors import NotStored, OperationsError
from command_center.notify.address import NoAddress
from command_center.notify.answering import is_over
from command_center.notify.desk_link import DeskLink
from command_center.notify.message import Composer, Message, Told
from command_center.notify.notice import Attempt, Result, Waiting, Why
from command_center.notify.outbox import Outbox
from command_center.notify.pace import Budget, pick
from command_center.notify.store import begun_since
from command_center.notify.way import Delivery, Way
from command_center.operations import Operations
from sensors.contacts import Contact
from sensors.times import MINUTE_US, SECOND_US

BACK_OFF_S: Final = 2.0  # after the first failure; twice as long after each
LONGEST_BACK_OFF_S: Final = 600.0
LONGEST_HIGHEST_S: Final = 30.0  # and of the highest severity
LONGEST_ASKED_S: Final = 3_600.0  # a `retry_after` beyond it is not believed
FAILING_AFTER: Final = 3  # failures in a row
NOWHERE: Final = Budget(per_minute=30, lines=40)  # of what has no address
ILLUSTRATIVE: Final = ("illustrative", "ilustrasi")  # a contact made up to show: without an address it is no fault
LOOK_S: Final = 30.0  # should nobody ring

_log = logging.getLogger("command_center.notify")


@dataclass(slots=True)
class TargetState:
    """How it goes with a target."""

    target: str
    contact: str = ""
    kind: str = ""
    sent: int = 0
    failed: int = 0  # attempts
    failures: int = 0  # in a row
    error: str = ""  # of the newest attempt; empty = it was sent
    sent_us: int | None = None  # the newest
    waits: int = 0

    @property
    def is_failing(self) -> bool:
        """Whether somebody has to look."""
        return self.failures >= FAILING_AFTER


class TargetWorker:
    """Sends to one target; `run` lives."""

    def __init__(self, target: str, outbox: Outbox, operations: Operations, desk: DeskLink) -> None:
        self._outbox, self._operations, self._desk = outbox, operations, desk
        self.state = TargetState(target)
        self._rung = asyncio.Event()
        self._begun_us: deque[int] = deque(maxlen=1_000)
        self._not_before_us = 0  # the back-off
        self._asked_us = 0  # until when the other side wants nothing

    def ring(self) -> None:
        """Something may wait."""
        self._rung.set()

    async def run(self) -> None:
        """Send for ever."""
        await self._remember()
        while True:
            self._rung.clear()
            try:
                wait_s = await self._step()
            except NotStored as error:
                _log.warning("%s waits: %s", self.state.target, error)
                wait_s = BACK_OFF_S
            except OperationsError as error:
                _log.error("%s: %s", self.state.target, error)
                wait_s = BACK_OFF_S
            except Exception as error:  # noqa: BLE001 - ours; it must not cost the city its alarms
                _log.exception("%s: a mistake of Siaga's", self.state.target)
                wait_s = self._note_mistake(error)
            if wait_s > 0:
                await self._wait(wait_s)

    def _note_mistake(self, error: Exception) -> float:
        """It is told like a failure of the way out; seconds until the next attempt."""
        self._note(Delivery(Result.UNKNOWN, f"a mistake of Siaga's: {type(error).__name__}"), self._desk.now_us())
        return back_off_s(self.state.failures)

    async def _remember(self) -> None:
        """What this minute's budget has spent already, before a restart."""
        since_us = self._desk.now_us() - MINUTE_US
        try:
            self._begun_us.extend(await asyncio.to_thread(begun_since, self._operations, self.state.target, since_us))
        except OperationsError as error:
            _log.error("%s: the last minute's messages are not known: %s", self.state.target, error)

    async def _wait(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._rung.wait()
        except TimeoutError:
            return

    async def _step(self) -> float:
        """Send what is next; seconds until there is something to do again."""
        waiting = await self._still_wanted(await asyncio.to_thread(self._outbox.waiting, self.state.target))
        self.state.waits = len(waiting)
        now_us = self._desk.now_us()
        if not waiting:
            return LOOK_S
        resting_us = self._rests_until_us(waiting) - now_us
        if resting_us > 0:
            return min(resting_us / SECOND_US, LOOK_S)
        contact = self._desk.contact(waiting[0].notice.contact, self.state.target)
        if contact is None:
            await asyncio.to_thread(self._outbox.withdraw, waiting, now_us, "no contact has this target any more")
            return 0.0
        self.state.contact = contact.contact
        return await self._send_next(await self._desk.way(self.state.target), contact, waiting, now_us)

    async def _send_next(
        self, way: Way | NoAddress, contact: Contact, waiting: Sequence[Waiting], now_us: int
    ) -> float:
        budget = NOWHERE if isinstance(way, NoAddress) else way.budget
        chosen = pick(now_us, waiting, self._begun_us, budget)
        if not chosen.notices:
            again_us = now_us + round(LOOK_S * SECOND_US) if chosen.again_us is None else chosen.again_us
            return min(max((again_us - now_us) / SECOND_US, 0.01), LOOK_S)
        if isinstance(way, NoAddress) and contact.source.casefold().startswith(ILLUSTRATIVE):
            await asyncio.to_thread(self._outbox.withdraw, chosen.notices, now_us, f"illustrative contact; {way}")
            return 0.0
        is_recorded = await asyncio.to_thread(self._outbox.begin, chosen.notices, now_us)
        self._begun_us.append(now_us)
        if isinstance(way, NoAddress):
            delivery = Delivery(Result.REFUSED, str(way))
        else:
            message = await self._compose(contact, chosen.notices, now_us, unrecorded=not is_recorded)
            delivery = await way.send(message)
            self.state.kind = way.kind
        now_us = self._desk.now_us()
        attempt = Attempt(self._begun_us[-1], delivery.result, now_us, delivery.detail)
        await asyncio.to_thread(partial(self._outbox.end, chosen.notices, attempt, is_recorded=is_recorded))
        self._note(delivery, now_us)
        return 0.0

    async def _compose(self, contact: Contact, notices: Sequence[Waiting], now_us: int, *, unrecorded: bool) -> Message:
        told = []
        for one in notices:
            story = await self._desk.story(one.notice)
            told.append(Told(one, story, self._desk.link(one.notice)))
        message = Composer(self._desk.catalogue(), contact.language, now_us).compose(told, unrecorded=unrecorded)
        return replace(message, token=self._desk.token(notices[-1].notice)) if message.button else message

    def _note(self, delivery: Delivery, now_us: int) -> None:
        """When the next attempt may be."""
        state = self.state
        if delivery.result is Result.SENT:
            state.sent += 1
            state.failures, state.error, state.sent_us, self._not_before_us = 0, "", now_us, 0
            return
        state.failed += 1
        state.failures += 1
        state.error = delivery.detail
        self._not_before_us = now_us + round(back_off_s(state.failures) * random.uniform(0.75, 1.0) * SECOND_US)  # noqa: S311 - no secret
        if delivery.retry_after_s is not None:
            asked_s = min(max(0.0, delivery.retry_after_s), LONGEST_ASKED_S)
            self._asked_us = now_us + round(asked_s * SECOND_US)
            self._not_before_us = self._asked_us
        if state.failures == 1 or state.failures % 20 == 0:
            _log.warning("%s, attempt %d in a row: %s", state.target, state.failures, delivery.detail)

    def _rests_until_us(self, waiting: Sequence[Waiting]) -> int:
        """Until when nothing is tried.  The highest severity is tried sooner, never before the other side wants it."""
        if all(one.notice.severity < HIGHEST_SEVERITY for one in waiting):
            return self._not_before_us
        last_us = self._begun_us[-1] if self._begun_us else 0
        has_new = any(one.notice.severity >= HIGHEST_SEVERITY and not one.attempts for one in waiting)
        sooner_us = 0 if has_new else last_us + round(LONGEST_HIGHEST_S * SECOND_US)
        return max(self._asked_us, min(self._not_before_us, sooner_us))

    async def _still_wanted(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """What waits, without reminders of what has been acknowledged since, and troubles that are over."""
        wanted: list[Waiting] = []
        over: list[Waiting] = []
        for one in waiting:
            is_reminder = one.notice.why in (Why.REPEAT, Why.ESCALATED)
            asks = is_reminder or not one.notice.rank  # of a rank are all alarms of a level: their first is told anyway
            story = await self._desk.story(one.notice) if asks else None
            gone = story is not None and is_over(story, is_reminder=is_reminder)
            (over if gone else wanted).append(one)
        if over:
            reason = "acknowledged, muted, closed or over before it was sent"
            await asyncio.to_thread(self._outbox.withdraw, over, self._desk.now_us(), reason)
        return wanted


def back_off_s(failures: int) -> float:
    """How long after so many failures in a row the next attempt is made, at most.

    >>> [back_off_s(n) for n in (1, 2, 5, 99)]
    [2.0, 4.0, 32.0, 600.0]
    """
    doublings = min(max(0, failures - 1), 20)
    return float(min(BACK_OFF_S * 2.0**doublings, LONGEST_BACK_OFF_S))
