"""What people do about alarms and datastreams, each under a name: the one list of acts, for API, phone and console."""

from collections.abc import Sequence
from typing import Final

from command_center.alarms import life_cycle, set_aside
from command_center.alarms.alarm import Alarm, Event, Refutation, Release
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.store import AlarmEvent
from command_center.errors import NotAllowed
from sensors.times import HOUR_US, MINUTE_US, rfc3339

LONGEST_SHELF_US: Final = 24 * HOUR_US
LONGEST_REFUTATION_US: Final = 60 * MINUTE_US


class Acts:
    """Each answers with the alarms after it, None where one of them does not exist; raises NotStored, NotAllowed."""

    def __init__(self, desk: AlarmDesk) -> None:
        self._desk = desk

    async def acknowledge(self, alarm_ids: Sequence[str], by: str, comment: str, now_us: int) -> list[Alarm] | None:
        """Seen, and acted on.  Where somebody did before, that name stays, and what `by` says is a note."""
        act = AlarmEvent("", now_us, Event.ACKNOWLEDGED, by, comment)
        return await self._desk.act(alarm_ids, lambda alarm: life_cycle.acknowledge(alarm, by, now_us), act)

    async def close(self, alarm_id: str, by: str, comment: str, now_us: int) -> list[Alarm] | None:
        """Off the list; AlarmActive while what it warns of is still there."""
        act = AlarmEvent("", now_us, Event.CLOSED, by, comment)
        return await self._desk.act([alarm_id], lambda alarm: life_cycle.close(alarm, by, now_us), act)

    async def note(self, alarm_id: str, by: str, comment: str, now_us: int) -> list[Alarm] | None:
        """Words on record."""
        act = AlarmEvent("", now_us, Event.NOTE, by, comment)
        return await self._desk.act([alarm_id], lambda alarm: alarm, act)

    async def shelve(self, alarm_id: str, by: str, reason: str, now_us: int, until_us: int) -> list[Alarm] | None:
        """On the shelf for a time."""
        _within(now_us, until_us, LONGEST_SHELF_US, "a shelf")
        act = AlarmEvent("", now_us, Event.SHELVED, by, f"until {rfc3339(until_us)}: {reason}")
        return await self._desk.act(
            [alarm_id], lambda alarm: set_aside.shelve(alarm, by, reason, now_us, until_us), act
        )

    async def unshelve(self, alarm_id: str, by: str, comment: str, now_us: int) -> list[Alarm] | None:
        """Off the shelf."""
        act = AlarmEvent("", now_us, Event.UNSHELVED, by, comment)
        return await self._desk.act([alarm_id], lambda alarm: set_aside.unshelve(alarm, now_us), act)

    async def refute(
        self, alarm_id: str, by: str, seen: str, comment: str, now_us: int, until_us: int
    ) -> list[Alarm] | None:
        """Not so, as `by` saw by `seen`: repeats stop, the gauge stands out, and speaks again at `until_us`."""
        _within(now_us, until_us, LONGEST_REFUTATION_US, "a refutation")
        if seen not in set_aside.SEEN_BY:
            raise NotAllowed(f"seen by: expected one of {', '.join(set_aside.SEEN_BY)}, got {seen!r}")
        refutation = Refutation(by=by, seen=seen, comment=comment, at_us=now_us, until_us=until_us, rank=0, severity=0)
        act = AlarmEvent("", now_us, Event.REFUTED, by, f"seen by {seen}, until {rfc3339(until_us)}: {comment}")
        return await self._desk.act([alarm_id], lambda alarm: set_aside.refute(alarm, refutation), act)

    async def confirm(self, alarm_id: str, by: str, comment: str, now_us: int) -> list[Alarm] | None:
        """It is so, as `by` saw: sirens and mass messages of the highest level may go out."""
        act = AlarmEvent("", now_us, Event.RELEASED, by, comment)
        released = Release(how="person", who=by, at_us=now_us)
        return await self._desk.act([alarm_id], lambda alarm: set_aside.release(alarm, released), act)


def _within(now_us: int, until_us: int, longest_us: int, what: str) -> None:
    if not now_us < until_us <= now_us + longest_us:
        longest_min = longest_us // MINUTE_US
        raise NotAllowed(f"{what}: expected an end after now and within {longest_min} min, got {rfc3339(until_us)}")
