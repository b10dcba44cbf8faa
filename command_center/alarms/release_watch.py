"""Looks every second whether the highest level is confirmed."""

from command_center.alarms import set_aside
from command_center.alarms.alarm import Event
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.release import confirmed, waits
from command_center.alarms.store import AlarmEvent
from command_center.picture.picture import Picture


class ReleaseWatch:
    """Over the desk's open alarms and what the picture shows."""

    def __init__(self, desk: AlarmDesk, picture: Picture) -> None:
        self._desk, self._picture = desk, picture

    async def beat(self, now_us: int) -> None:
        """Release what is confirmed by now."""
        directory = self._picture.directory
        waiting = [alarm for alarm in self._desk.open_alarms() if waits(alarm)]
        if directory is None or not waiting:
            return
        steps = []
        for alarm in waiting:
            found = confirmed(alarm, directory, self._picture.latest, self._desk.open_of, now_us)
            if found is not None:
                comment = found.how if not found.who else f"{found.how}: {found.who}"
                event = AlarmEvent(alarm.id, now_us, Event.RELEASED, "", comment)
                steps.append((alarm, set_aside.release(alarm, found), event))
        await self._desk.find_out(steps)
