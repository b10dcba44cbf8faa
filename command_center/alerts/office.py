"""The office of warnings: people's acts, one at a time, each stored with its audit before it counts.

alarm ──compose──> draft ──authorise──> issue ──> /alerts.atom, /alerts/{id}.xml
                     └── what rules draft (`command_center.alerts.watch`) lies here for people as well
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from command_center.alarms.alarm import Alarm
from command_center.alarms.desk import AlarmDesk
from command_center.alerts import compose, life, store
from command_center.alerts.life import Authorising, Edit, Line, Means, Note
from command_center.alerts.message import reference
from command_center.alerts.record import AlertAct, Record, State, is_all_clear
from command_center.alerts.store import Step
from command_center.alerts.writer import Drafting, Writer
from command_center.errors import NotAllowed
from command_center.operations import Operations
from sensors.catalogue import Catalogue

MAX_OPEN: Final = 500  # drafts that nobody has issued or discarded
AUTOMATIC: Final = "Siaga (automatic)"

_log = logging.getLogger("command_center.alerts")


class Sending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With `authorised_by` an update or a cancelling goes out at once, without it a draft lies ready."""

    authorised_by: Line = ""
    means: Means | None = None
    comment: Note = ""


class AlertOffice:
    """Every warning of ours; used from the event loop."""

    def __init__(self, operations: Operations, desk: AlarmDesk, writer: Writer) -> None:
        self.operations, self.desk, self.writer = operations, desk, writer
        self.lock = asyncio.Lock()
        self.issued = 0  # messages, since the start

    async def draft(self, drafting: Drafting, by: str, now_us: int) -> Record | None:
        """A draft for an alarm, or in a person's own words; None where there is no such alarm.

        The same again gives the draft that lies there.  Raises NotAllowed, NotStored.
        """
        async with self.lock:
            if not drafting.alarm:
                return await self._by_hand(drafting, by, now_us)
            alarm = await self.desk.find(drafting.alarm)
            return None if alarm is None else await self._for_alarm(alarm, by, now_us)

    async def edit(self, alert_id: str, edit: Edit, by: str, now_us: int) -> Record | None:
        """A person's changes to a draft; None where there is none of that identifier."""
        return await self._act(alert_id, "edited", by, now_us, edit.comment, lambda one: life.edited(one, edit, by))

    async def authorise(self, alert_id: str, act: Authorising, by: str, now_us: int) -> Record | None:
        """Somebody who may has said yes; None where there is no warning of that identifier."""
        cap = self.writer.known().city.cap

        def change(record: Record) -> Record:
            return life.authorised(record, act, by, cap, now_us)

        comment = f"by {act.authorised_by or by} ({act.means or 'login'}) {act.comment}".strip()
        return await self._act(alert_id, "authorised", by, now_us, comment, change)

    async def discard(self, alert_id: str, by: str, comment: str, now_us: int) -> Record | None:
        """Throw a draft away; None where there is none of that identifier."""
        return await self._act(alert_id, "discarded", by, now_us, comment, life.discarded)

    async def issue(self, alert_id: str, by: str, now_us: int) -> Record | None:
        """Send it out; None where there is none of that identifier.  Raises NotAllowed, AlertFaulty, NotStored."""
        async with self.lock:
            record = await asyncio.to_thread(store.find, self.operations, alert_id)
            if record is None or record.issued_us is not None:
                return record
            return await self.keep(await self.steps_to_issue(record, by, now_us))

    async def follow(
        self, alert_id: str, kind: Literal["Update", "Cancel"], sending: Sending, by: str, now_us: int
    ) -> Record | None:
        """The next message of a story, its references right: a draft, or sent at once where it is authorised.

        None where there is no warning of that identifier.  Raises NotAllowed, AlertFaulty, NotStored.
        """
        async with self.lock:
            head = await asyncio.to_thread(store.find, self.operations, alert_id)
            if head is None:
                return None
            chain = await asyncio.to_thread(store.of_chain, self.operations, head.chain)
            done = _done_before(head, kind, chain)
            if done is not None:
                return done
            draft, steps = _open_of(chain, kind, by, now_us)
            if draft is None:
                steps.append(await self._next(head, kind, by, now_us))
            record = draft or steps[-1].record
            if sending.authorised_by:
                steps += await self._sent_at_once(record, sending, by, now_us)
            return await self.keep(steps) if steps else record

    async def keep(self, steps: Sequence[Step]) -> Record:
        """Store the steps; the record of the last that is not the end of another message."""
        await asyncio.to_thread(store.store, self.operations, steps)
        for step in steps:
            self.issued += step.xml is not None
            _log.info("alert %s: %s by %s", step.record.id, step.act.act, step.act.by or "rule")
        own = [step.record for step in steps if step.act.act not in (State.SUPERSEDED, State.CANCELLED)]
        return own[-1]

    async def steps_to_issue(self, record: Record, by: str, now_us: int) -> list[Step]:
        """The message issued, and what it takes the place of ended."""
        catalogue = self.writer.known()
        await self._check_reality(record, catalogue, now_us)
        sent, xml = life.issued(record, by, now_us, ZoneInfo(catalogue.city.time_zone))
        steps = [Step(sent, act_of(sent, "issued", by, now_us), xml)]
        before = await self._before(record)
        if before is not None:
            gone = life.ended(before, sent)
            steps.append(Step(gone, act_of(gone, gone.state, by, now_us, f"by {sent.id}")))
        return steps

    async def _before(self, record: Record) -> Record | None:
        """The message whose place it takes, still the newest of its story.  Raises NotAllowed where another came."""
        chain = await asyncio.to_thread(store.of_chain, self.operations, record.chain)
        heads = [one for one in chain if one.state is State.ISSUED]
        is_first = record.alert.msg_type == "Alert"
        newest = heads[-1] if heads else None
        named = None if newest is None else reference(newest.alert)
        if (newest is None) != is_first or (named is not None and named not in (record.alert.references or "").split()):
            raise NotAllowed(
                f"{record.id} follows a message that is not the newest of its story: discard it, draft anew"
            )
        return newest

    async def _check_reality(self, record: Record, catalogue: Catalogue, now_us: int) -> None:
        """Actual is for what is real, by a sender that the city names."""
        if record.alert.status != "Actual":
            return
        sender = catalogue.city.cap.sender
        if record.alert.sender != sender:
            raise NotAllowed(
                f"Actual needs the sender of [cap] in city.toml: expected {record.alert.sender}, got {sender!r}"
            )
        if not record.about.datastream and self.writer.is_exercise(now_us):
            raise NotAllowed("readings are simulated or replayed now: only an exercise can be issued")
        alarm = await self.desk.find(record.about.alarm_id) if record.about.level else None
        held = None if alarm is None else compose.warned_of(alarm)
        if held is not None and held.exercise:
            raise NotAllowed("what holds now is simulated, replayed or made up: only an exercise can be issued")

    async def _sent_at_once(self, record: Record, sending: Sending, by: str, now_us: int) -> list[Step]:
        act = Authorising(
            revision=record.revision,
            authorised_by=sending.authorised_by,
            means=sending.means,
            comment=sending.comment,
        )
        ready = life.authorised(record, act, by, self.writer.known().city.cap, now_us)
        comment = f"by {act.authorised_by} ({act.means or 'login'}) {act.comment}".strip()
        steps = [Step(ready, act_of(ready, "authorised", by, now_us, comment))]
        return steps + await self.steps_to_issue(ready, by, now_us)

    async def _act(
        self, alert_id: str, name: str, by: str, now_us: int, comment: str, change: Callable[[Record], Record]
    ) -> Record | None:
        async with self.lock:
            record = await asyncio.to_thread(store.find, self.operations, alert_id)
            if record is None:
                return None
            after = change(record)
            return (
                record if after == record else await self.keep([Step(after, act_of(after, name, by, now_us, comment))])
            )

    async def _for_alarm(self, alarm: Alarm, by: str, now_us: int) -> Record:
        """The draft for an alarm: the first message of a story, or the next of the one that lives."""
        held = compose.warned_of(alarm)
        if held is None:
            raise NotAllowed(f"{alarm.id} holds no level that the public is warned of")
        records = await asyncio.to_thread(store.unfinished, self.operations, now_us)
        status = compose.status_of(held, self.writer.known())
        same = [one for one in records if (one.about.datastream, one.alert.status) == (alarm.datastream, status)]
        draft = next((one for one in reversed(same) if one.is_open and one.alert.msg_type != "Cancel"), None)
        if draft is not None:
            return draft
        _check_room(records)
        head = next((one for one in reversed(same) if one.is_live(now_us)), None)
        if head is not None:
            return await self.keep([await self._next(head, "Update", by, now_us)])
        record = await self.writer.written(alarm, "Alert", None, now_us)
        record = replace(record, made_by=by, made_for=f"hand {record.id}")
        return await self.keep([Step(record, act_of(record, "drafted", by, now_us))])

    async def _next(self, head: Record, kind: Literal["Update", "Cancel"], by: str, now_us: int) -> Step:
        """The next message of a story as a person asks for it."""
        alarm = await self._alarm_of(head)
        if alarm is None:
            record = self.writer.copied(head, kind, now_us)
        else:
            held = compose.warned_of(alarm)
            if kind == "Update" and held is None:
                raise NotAllowed(f"what {head.id} warns of holds no longer: cancel it instead")
            if kind == "Update" and held is not None and held.exercise and head.alert.status == "Actual":
                raise NotAllowed(f"what holds now is simulated or made up, and {head.id} is Actual: cancel it instead")
            record = await self.writer.written(alarm, kind, head, now_us)
        record = replace(record, made_by=by, made_for=f"hand {record.id}")
        return Step(record, act_of(record, "drafted", by, now_us, f"{kind} of {head.id}"))

    async def _alarm_of(self, head: Record) -> Alarm | None:
        """The alarm that a story is about: the open one of its datastream, or the one that it began with."""
        about = head.about
        return (
            (self.desk.open_of(about.datastream) or await self.desk.find(about.alarm_id)) if about.datastream else None
        )

    async def _by_hand(self, drafting: Drafting, by: str, now_us: int) -> Record:
        key = hashlib.sha256(msgspec.json.encode([by, drafting])).hexdigest()
        known = await asyncio.to_thread(store.open_by_hand, self.operations, f"hand {key}")
        if known is not None:
            return known
        _check_room(await asyncio.to_thread(store.unfinished, self.operations, now_us))
        if not drafting.info:
            raise NotAllowed("expected an alarm, or info with a person's own words, got neither")
        record = self.writer.in_own_words(drafting, now_us)
        record = replace(record, made_by=by, made_for=f"hand {key} {record.id}")
        return await self.keep([Step(record, act_of(record, "drafted", by, now_us))])


def act_of(record: Record, act: str, by: str, now_us: int, comment: str = "") -> AlertAct:
    """What was done about a warning."""
    return AlertAct(alert_id=record.id, at_us=now_us, act=act, by=by, revision=record.revision, comment=comment)


def _done_before(head: Record, kind: str, chain: Sequence[Record]) -> Record | None:
    """The message that did it already; None where it is still to be done.  Raises NotAllowed where it cannot be."""
    if head.issued_us is None:
        raise NotAllowed(f"{head.id} is {head.state}: only what is issued can have an update or a cancelling")
    if head.ended_by:
        after = next(one for one in chain if one.id == head.ended_by)
        if after.alert.msg_type == kind:
            return after
        raise NotAllowed(f"{head.id} is {head.state} by {after.id}: that is the newest of its story")
    if head.alert.msg_type == "Cancel" or is_all_clear(head.alert):
        raise NotAllowed(f"{head.id} has ended its story: draft a new warning")
    return None


def _open_of(chain: Sequence[Record], kind: str, by: str, now_us: int) -> tuple[Record | None, list[Step]]:
    """The draft of that kind in a story, and the steps that make room for one: what a rule alone wrote may go.

    Raises NotAllowed where a person's draft of another kind lies there.
    """
    draft = next((one for one in chain if one.is_open), None)
    if draft is None or draft.alert.msg_type == kind:
        return draft, []
    if not draft.is_untouched:
        what = f"a draft of {draft.alert.msg_type}, lies open in this story: issue or discard it"
        raise NotAllowed(f"{draft.id}, {what}")
    gone = life.discarded(draft)
    return None, [Step(gone, act_of(gone, "discarded", by, now_us, f"makes room for: {kind}"))]


def _check_room(records: Sequence[Record]) -> None:
    drafts = sum(1 for one in records if one.is_open)
    if drafts >= MAX_OPEN:
        raise NotAllowed(f"expected at most {MAX_OPEN} open drafts, got {drafts}: discard some")
