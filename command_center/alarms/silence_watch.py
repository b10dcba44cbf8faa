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
        catalogue, latest = directory.catalogue, self._picture.latest
        causes = {is_exercise: at_risk(catalogue, alarms, latest, now_us, for_exercise=is_exercise)
                  for is_exercise in {_is_exercise(alarm) for alarm in lost}}  # fmt: skip
        steps = []
        for alarm in lost:
            cause = causes[_is_exercise(alarm)].get(_station(alarm))
            if cause is not None:
                after = louder(alarm, cause, catalogue.city.silence.rising_severity, now_us)
                event = AlarmEvent(alarm.id, now_us, Event.WORSE, "", f"silent, and {cause}")
                steps.append((alarm, after, event))
        await self._desk.find_out(steps)


def is_lost_in_calm(alarm: Alarm) -> bool:
    """Whether it tells of nothing but a gauge that is silent, and was not rising."""
    silence = alarm.silence
    if silence is None or alarm.held or alarm.historical or alarm.aside is not None:
        return False
    return not silence.lost_rising and not silence.at_risk


def at_risk(
    catalogue: Catalogue, alarms: Iterable[Alarm], latest: Latest, now_us: int, *, for_exercise: bool
) -> dict[str, str]:
    """The stations at which a lost gauge is the operator's, and why.

    `upstream`: a level is held there; `rain`: in its basin.  What is simulated counts for exercises alone.  Looks at
    each alarm, reach, station and gauge once: a link may take a thousand gauges with it.
    """
    below = _below({_station(one) for one in alarms if _holds(one, for_exercise=for_exercise)}, catalogue)
    basin_of = {one.station: one.basin for one in catalogue.stations}
    gauges = (d for d in catalogue.datastreams if d.kind == "rain" and d.derivation is None)
    wet = {basin_of.get(d.station, "") for d in gauges if _rains(d, latest, now_us, for_exercise=for_exercise)} - {""}
    found = {}
    for station in catalogue.stations:
        if station.kind in _KINDS and station.station in below:
            found[station.station] = UPSTREAM
        elif station.kind in _KINDS and station.basin in wet:
            found[station.station] = RAIN
    return found


def louder(alarm: Alarm, cause: str, severity: int, now_us: int) -> Alarm:
    """The alarm with the operator called, for that cause."""
    assert alarm.silence is not None, "only what is silent is at risk"  # noqa: S101 - a mistake of ours
    silence = replace(alarm.silence, at_risk=cause, severity=max(alarm.silence.severity, severity))
    return called_anew(replace(alarm, silence=silence, changed_us=now_us), now_us, louder=True)


def _below(codes: Iterable[str], catalogue: Catalogue) -> set[str]:
    """Every station downstream of any of these."""
    downstream: dict[str, list[str]] = {}
    for reach in catalogue.reaches:
        downstream.setdefault(reach.upstream, []).append(reach.downstream)
    found: set[str] = set()
    waiting = list(codes)
    while waiting:
        for code in downstream.get(waiting.pop(), ()):
            if code not in found:
                found.add(code)
                waiting.append(code)
    return found


def _station(alarm: Alarm) -> str:
    return alarm.datastream.partition(":")[0]


def _is_exercise(alarm: Alarm) -> bool:
    return alarm.silence is not None and alarm.silence.exercise


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
