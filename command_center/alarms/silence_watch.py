"""Looks every second whether a gauge that was lost in calm is the operator's matter by now.

In calm a lost gauge is for who mends it.  With rain in its basin, or a level held upstream, nobody knows what the river
does there: the operator is called, and the alarm weighs as much as one of a gauge that was lost while it rose.
"""

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from command_center.alarms.alarm import RAIN, UPSTREAM, Alarm, Event
from command_center.alarms.desk import AlarmDesk
from command_center.alarms.step import called_anew
from command_center.alarms.store import AlarmEvent
from command_center.picture.latest import Latest
from command_center.picture.picture import Picture
from sensors.catalogue import Catalogue, Datastream
from sensors.origin import Origin
from sensors.quality import Quality
from sensors.times import HOUR_US

RAIN_LASTS_US: Final = HOUR_US  # so old a reading still says that it rains
_GOOD: Final = (Quality.PASS, Quality.NOT_EVALUATED)
_KINDS: Final = ("river", "weir", "rain")  # of stations that tell what comes down a basin


class SilenceWatch:
    """Over the desk's open alarms and what the picture shows."""

    def __init__(self, desk: AlarmDesk, picture: Picture) -> None:
        self._desk, self._picture = desk, picture

    async def beat(self, now_us: int) -> None:
        """Call the operator for what is no longer lost in calm."""
        directory = self._picture.directory
        alarms = self._desk.open_alarms()
        lost = [alarm for alarm in alarms if is_lost_in_calm(alarm)]
        if directory is None or not lost:
            return
        steps = []
        for alarm in lost:
            cause = at_risk(alarm, directory.catalogue, alarms, self._picture.latest, now_us)
            if cause:
                after = louder(alarm, cause, directory.catalogue.city.silence.rising_severity, now_us)
                event = AlarmEvent(alarm.id, now_us, Event.WORSE, "", f"silent, and {cause}")
                steps.append((alarm, after, event))
        await self._desk.find_out(steps)


def is_lost_in_calm(alarm: Alarm) -> bool:
    """Whether it tells of nothing but a gauge that is silent, and was not rising."""
    silence = alarm.silence
    if silence is None or alarm.held or alarm.historical or alarm.aside is not None:
        return False
    return not silence.lost_rising and not silence.at_risk


def at_risk(alarm: Alarm, catalogue: Catalogue, alarms: Iterable[Alarm], latest: Latest, now_us: int) -> str:
    """Why a lost gauge is the operator's: `upstream` (a level is held there), `rain` (in its basin); "" = it is not."""
    code = alarm.datastream.partition(":")[0]
    station = catalogue.station_by_id.get(code)
    if station is None or station.kind not in _KINDS:
        return ""
    is_exercise = alarm.silence is not None and alarm.silence.exercise
    above = _above(code, catalogue)
    if any(one.datastream.partition(":")[0] in above and _holds(one, for_exercise=is_exercise) for one in alarms):
        return UPSTREAM
    basin = {one.station for one in catalogue.stations if station.basin and one.basin == station.basin}
    gauges = (d for d in catalogue.datastreams if d.kind == "rain" and d.derivation is None and d.station in basin)
    return RAIN if any(_rains(one, latest, now_us, for_exercise=is_exercise) for one in gauges) else ""


def louder(alarm: Alarm, cause: str, severity: int, now_us: int) -> Alarm:
    """The alarm with the operator called, for that cause."""
    assert alarm.silence is not None, "only what is silent is at risk"  # noqa: S101 - a mistake of ours
    silence = replace(alarm.silence, at_risk=cause, severity=max(alarm.silence.severity, severity))
    return called_anew(replace(alarm, silence=silence, changed_us=now_us), now_us, louder=True)


def _above(code: str, catalogue: Catalogue) -> set[str]:
    """Every station upstream of one, itself left out."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        here = waiting.pop()
        for reach in catalogue.reaches:
            if reach.downstream == here and reach.upstream not in found and reach.upstream != code:
                found.add(reach.upstream)
                waiting.append(reach.upstream)
    return found


def _holds(alarm: Alarm, *, for_exercise: bool) -> bool:
    """Whether a level is held that can be believed; nothing simulated or made up makes a real loss graver."""
    if alarm.refutation is not None or alarm.aside is not None:
        return False
    return any(not h.historical and not h.verify and (for_exercise or not h.exercise) for h in alarm.held)


def _rains(gauge: Datastream, latest: Latest, now_us: int, *, for_exercise: bool) -> bool:
    number = gauge.number
    if not latest.heard(number) or (not for_exercise and Origin(int(latest.origin[number])).is_exercise):
        return False
    is_fresh = now_us - int(latest.time_us[number]) <= RAIN_LASTS_US
    return is_fresh and int(latest.quality[number]) in _GOOD and float(latest.value[number]) > 0.0
