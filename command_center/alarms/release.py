"""Whether the highest level is confirmed, so that sirens and mass messages may go out.

The console sounds at once; a siren that wakes a town for a broken sensor is not believed the next time.  One of these
is enough: a second good reading over the level, a gauge beside it, a named person, or `release_after_s` unrefuted.
"""

from collections.abc import Callable, Iterable

import numpy as np

from command_center.alarms.alarm import Alarm, Release
from command_center.picture.directory import Directory
from command_center.picture.latest import Latest
from sensors.catalogue import Datastream
from sensors.quality import Quality
from sensors.times import SECOND_US

NEIGHBOUR_SEVERITY = 3  # so bad a level beside it speaks for it
_GOOD = (Quality.PASS, Quality.NOT_EVALUATED)

OpenOf = Callable[[str], Alarm | None]


def waits(alarm: Alarm) -> bool:
    """Whether something of this alarm waits for a confirmation."""
    is_asked = alarm.aside is None and alarm.refutation is None and not alarm.historical
    return is_asked and alarm.holds_highest and alarm.release is None


def confirmed(alarm: Alarm, directory: Directory, latest: Latest, open_of: OpenOf, now_us: int) -> Release | None:
    """What confirms an alarm that `waits`; None = nothing yet.

    Parameters
    ----------
    alarm : one that waits
    directory, latest : the catalogue in force, and the newest observation of each datastream
    open_of : gives the open alarm of `{station}:{property}`
    now_us : int, microseconds UTC
    """
    datastream = directory.catalogue.datastream_by_id.get(alarm.datastream)
    if datastream is not None and _is_read_again(alarm, datastream, latest):
        return Release(how="reading", who=alarm.datastream, at_us=now_us)
    for beside in () if datastream is None else gauges_beside(datastream, directory):
        other = open_of(beside)
        if other is not None and _speaks(other, for_exercise=alarm.shown.exercise):
            return Release(how="neighbour", who=beside, at_us=now_us)
    if now_us >= unrefuted_us(alarm, directory):
        return Release(how="time", who="", at_us=now_us)
    return None


def unrefuted_us(alarm: Alarm, directory: Directory) -> int:
    """When an alarm that `waits` is confirmed by nobody's having refuted it, microseconds UTC."""
    called_us = alarm.changed_us if alarm.called_us is None else alarm.called_us
    return called_us + round(directory.catalogue.city.alarms.release_after_s * SECOND_US)


def _is_read_again(alarm: Alarm, datastream: Datastream, latest: Latest) -> bool:
    worst = max((held for held in alarm.held if not held.historical), key=lambda held: held.rank, default=None)
    if worst is None or worst.limit is None or not latest.heard(datastream.number):
        return False
    number, value = datastream.number, float(latest.value[datastream.number])
    falls = any(level.level == worst.level and level.direction == "falling" for level in datastream.levels)
    reaches = value <= worst.limit if falls else value >= worst.limit
    is_another = int(latest.time_us[number]) > worst.time_us
    return is_another and reaches and not np.isnan(value) and int(latest.quality[number]) in _GOOD


def gauges_beside(datastream: Datastream, directory: Directory) -> Iterable[str]:
    """The ids of what may speak for a datastream: its declared neighbour, and the next gauges of its river."""
    if datastream.neighbour:
        yield datastream.neighbour
    here, reaches = datastream.station, directory.catalogue.reaches
    stations = {r.downstream for r in reaches if r.upstream == here} | {
        r.upstream for r in reaches if r.downstream == here
    }
    yield from (d.id for d in directory.datastreams if d.station in stations and d.levels)


def _speaks(alarm: Alarm, *, for_exercise: bool) -> bool:
    """Whether what a gauge beside it shows can be believed; nothing simulated or made up speaks for what is real."""
    held = (h for h in alarm.held if not h.historical and not h.verify and (for_exercise or not h.exercise))
    is_trusted = alarm.refutation is None and alarm.aside is None
    return is_trusted and max((h.severity for h in held), default=0) >= NEIGHBOUR_SEVERITY
