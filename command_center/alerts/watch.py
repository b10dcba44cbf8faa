"""Drafts by rule: once a second each alarm is held against the story of its warnings (`command_center.alerts.due`).

A draft lies ready for people.  Only where the city's standing order says so (`[cap] automatic`) is it issued without a
hand, and only what is confirmed.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from command_center.alarms.alarm import Alarm
from command_center.alerts import compose, life, store
from command_center.alerts.due import Due, due, goes_by_itself, is_for, over
from command_center.alerts.office import AUTOMATIC, MAX_OPEN, AlertOffice, act_of
from command_center.alerts.record import Authorisation, Record, State
from command_center.alerts.store import Step
from command_center.clock import now_us
from command_center.errors import AlertFaulty, CapError, NotAllowed, OperationsError
from command_center.picture.tail import Tail
from sensors.catalogue import Catalogue
from sensors.times import SECOND_US

WATCH_S: Final = 1.0
MAX_TROUBLES: Final = 10  # that are told at once
STANDING_ORDER: Final = "standing_order"
BEHIND_US: Final = 5 * SECOND_US
_COMPLAIN_EVERY: Final = 30  # failed looks: once a minute

_log = logging.getLogger("command_center.alerts")


@dataclass(frozen=True, slots=True)
class _Story:
    """The warnings of one datastream with one status."""

    status: str
    head: Record | None  # the newest live message
    draft: Record | None  # that lies open


class AlertWatch:
    """Looks at alarms and warnings; `error` says why the newest look failed."""

    def __init__(self, office: AlertOffice, tail: Tail) -> None:
        self._office, self._tail = office, tail
        self.error = ""
        self._failures = 0

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look(now_us())
            await asyncio.sleep(WATCH_S)

    async def look(self, at_us: int) -> None:
        """Draft what is due, write anew what is outdated, discard what is needed no longer."""
        catalogue = self._office.writer.catalogue
        if catalogue is None or self._tail.at_end_us < at_us - BEHIND_US:  # alarms may have moved on in the log
            return
        try:
            async with self._office.lock:
                self.error = "; ".join(await self._look(catalogue, at_us))
        except OperationsError as error:
            self.error = str(error)
        if self.error and self._failures % _COMPLAIN_EVERY == 0:
            _log.error("warnings are not drafted or issued by rule: %s", self.error)
        self._failures = self._failures + 1 if self.error else 0

    async def _look(self, catalogue: Catalogue, at_us: int) -> list[str]:
        """Look at everything; what could not be done, one alarm's trouble being no other's."""
        records = await asyncio.to_thread(store.unfinished, self._office.operations, at_us)
        by_datastream: dict[str, list[Record]] = {}
        for record in records:
            if record.about.datastream:
                by_datastream.setdefault(record.about.datastream, []).append(record)
        room = MAX_OPEN - sum(1 for record in records if record.is_open)
        troubles: list[str] = []
        alarms = {alarm.datastream: alarm for alarm in self._office.desk.open_alarms()}
        for name in sorted(alarms.keys() | by_datastream.keys()):
            known = by_datastream.get(name, [])
            alarm = alarms.get(name) or await self._office.desk.find(known[-1].about.alarm_id)
            datastream = catalogue.datastream_by_id.get(name)
            is_of_kind = datastream is not None and datastream.kind in catalogue.city.cap.kinds
            if alarm is not None and (known or (is_of_kind and room > 0)):
                try:
                    room -= await self._look_at(alarm, known, catalogue, at_us)
                except (NotAllowed, AlertFaulty, CapError) as error:
                    troubles.append(f"{name}: {error}")
        return troubles[:MAX_TROUBLES]

    async def _look_at(self, alarm: Alarm, known: list[Record], catalogue: Catalogue, at_us: int) -> int:
        """One alarm; how many drafts were made."""
        held, cap = compose.warned_of(alarm), catalogue.city.cap
        now = "" if held is None else compose.status_of(held, catalogue)
        made = 0
        for status in sorted({record.alert.status for record in known} | ({now} if now else set())):
            story = _story(status, known, at_us)
            is_now = status == now or not now
            wanted = due(alarm, status, story.head, cap, at_us) if is_now else over(alarm, status, story.head, cap)
            made += await self._settle(alarm, story, wanted, at_us)
        return made

    async def _settle(self, alarm: Alarm, story: _Story, wanted: Due | None, at_us: int) -> int:
        draft = story.draft
        if wanted is None:
            if draft is not None and draft.is_untouched and not alarm.muted:
                gone = life.discarded(draft)
                await self._office.keep([Step(gone, act_of(gone, "discarded", "", at_us, "no longer due"))])
            return 0
        if draft is not None and (is_for(draft, wanted) or not draft.is_untouched):
            await self._send(alarm, draft, wanted, at_us)
            return 0
        key = f"rule {wanted.key}"
        if await asyncio.to_thread(store.was_made_for, self._office.operations, key):
            return 0
        new = replace(await self._office.writer.written(alarm, wanted.msg_type, story.head, at_us), made_for=key)
        if draft is not None:  # the same draft, with what is so now
            alert = replace(new.alert, identifier=draft.id)
            chain = draft.chain if story.head is None else story.head.chain
            new = replace(new, id=draft.id, chain=chain, alert=alert, revision=draft.revision + 1)
        act = "drafted" if draft is None else "rewritten"
        await self._office.keep([Step(new, act_of(new, act, "", at_us))])
        await self._send(alarm, new, wanted, at_us)
        return int(draft is None)

    async def _send(self, alarm: Alarm, draft: Record, wanted: Due, at_us: int) -> None:
        """Issue it, where the city's standing order says so."""
        cap = self._office.writer.known().city.cap
        if not draft.is_untouched or not is_for(draft, wanted) or not goes_by_itself(alarm, wanted.held, cap):
            return
        order = Authorisation(
            by=cap.automatic_authority,
            means=STANDING_ORDER,
            recorded_by=AUTOMATIC,
            at_us=at_us,
            revision=draft.revision,
        )
        ready = replace(draft, state=State.AUTHORISED, authorisation=order)
        first = Step(ready, act_of(ready, "authorised", AUTOMATIC, at_us, f"by {order.by} ({STANDING_ORDER})"))
        # Where that is refused, the draft lies there for a person, who sees its faults.
        await self._office.keep([first, *await self._office.steps_to_issue(ready, AUTOMATIC, at_us)])


def _story(status: str, known: list[Record], at_us: int) -> _Story:
    same = [record for record in known if record.alert.status == status]
    return _Story(
        status=status,
        head=next((one for one in reversed(same) if one.is_live(at_us)), None),
        draft=next((one for one in reversed(same) if one.is_open), None),
    )
